"""Where no closed box can be built, a real installation says so and stops; a demonstration goes on under a banner."""

import pytest

from oms import box, db, fixity, health, installation
from oms.box import Rung, asking
from oms.errors import OmsError, Unavailable
from oms.models import Fact
from oms.recognition import open_scan
from oms.settings import Settings, SettingsError
from tests import factories


@pytest.fixture
def standing_on(monkeypatch):
    """`standing_on(Rung.WEAK)`: as on a machine that can build no better box."""
    kept = asking._permission.weak

    def stand(rung):
        monkeypatch.setattr(box, "rung", lambda: rung)
        monkeypatch.setattr(asking, "rung", lambda: rung)
        monkeypatch.setattr(asking, "_idle", [])

    yield stand
    box.permit(kept)


@pytest.fixture
def demo(engine):
    """The installation holds invented people."""
    with db.writing(engine) as session:
        session.add(Fact(key="demo", value="yes"))


def test_a_real_installation_does_not_start_behind_weaker_walls_unless_it_is_written(
    engine, settings, standing_on, monkeypatch
):
    standing_on(Rung.WEAK)
    with pytest.raises(Unavailable, match="OMS_BOX=weak"):
        installation.require_box(settings, engine)
    monkeypatch.setattr("os.getuid", lambda: 1000)
    installation.require_box(Settings(home=settings.home, database_url=settings.database_url, box="weak"), engine)
    standing_on(Rung.FULL)
    installation.require_box(settings, engine)


def test_root_does_not_start_behind_weaker_walls_unless_that_is_written_too(engine, settings, standing_on, monkeypatch):
    standing_on(Rung.WEAK)
    monkeypatch.setattr("os.getuid", lambda: 0)
    with pytest.raises(Unavailable, match="OMS_BOX=weak-as-root"):
        installation.require_box(Settings(home=settings.home, database_url=settings.database_url, box="weak"), engine)
    said = Settings(home=settings.home, database_url=settings.database_url, box="weak-as-root")
    installation.require_box(said, engine)


@pytest.mark.parametrize("given", ["full", "weak"])
def test_without_any_box_no_setting_helps(engine, settings, standing_on, given):
    standing_on(Rung.NONE)
    with pytest.raises(Unavailable, match="bubblewrap"):
        installation.require_box(Settings(home=settings.home, database_url=settings.database_url, box=given), engine)


def test_a_demonstration_starts_anywhere(engine, settings, standing_on, demo):
    for rung in Rung:
        standing_on(rung)
        installation.require_box(settings, engine)


def test_a_setting_nobody_knows_is_named(engine, settings):
    with pytest.raises(SettingsError, match="OMS_BOX"):
        installation.require_box(Settings(home=settings.home, database_url=settings.database_url, box="off"), engine)


def test_no_file_is_opened_behind_walls_that_were_not_permitted(engine, settings, standing_on, tmp_path):
    (tmp_path / "a.png").write_bytes(factories.stamped_png(""))
    standing_on(Rung.WEAK)
    installation.allow_box(settings, engine)
    with pytest.raises(box.NoBox):
        open_scan(tmp_path / "a.png")
    said = Settings(home=settings.home, database_url=settings.database_url, box="weak-as-root")
    installation.allow_box(said, engine)
    assert open_scan(tmp_path / "a.png").pages == 1
    asking._idle.pop().close()
    standing_on(Rung.NONE)
    with pytest.raises(box.NoBox):
        open_scan(tmp_path / "a.png")


def test_a_demonstration_opens_files_behind_weaker_walls(engine, settings, standing_on, demo, tmp_path):
    (tmp_path / "a.png").write_bytes(factories.stamped_png(""))
    standing_on(Rung.WEAK)
    installation.allow_box(settings, engine)
    assert open_scan(tmp_path / "a.png").pages == 1
    asking._idle.pop().close()


def test_check_and_system_page_name_it(engine, settings, world, session, actor, standing_on):
    standing_on(Rung.WEAK)
    assert "box-open" in {problem.kind for problem in fixity.check(engine, settings, fast=True)}
    found = {
        finding.name: finding.tone for finding in health.examine(session, settings, actor=actor("quantri")).findings
    }
    assert found["Files from outside"] == health.DANGER


def test_every_page_says_so(client_as, standing_on):
    client = client_as("canbo.sonv")
    assert "banner-danger" not in client.get("/").text
    for rung in (Rung.WEAK, Rung.NONE):
        standing_on(rung)
        assert "banner-danger" in client.get("/").text
        assert "banner-danger" in client_as("").get("/sign-in").text


def test_a_fault_of_the_box_has_words(engine, settings, standing_on):
    standing_on(Rung.NONE)
    assert isinstance(installation.box_fault(settings, engine), OmsError)
