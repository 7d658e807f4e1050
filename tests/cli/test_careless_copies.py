"""A copy of the folder made while OMS was at work is no backup, and says so (CR-5); what the disk has spoilt is named,
never shown, and costs the rest nothing (CR-7)."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import cli, db, installation, search, storage
from oms.models import Page
from oms.settings import Settings
from tests import factories
from tests.api.conftest import Caller, caller  # noqa: F401 - a fixture
from tests.factories import World

NOTE = f"run/{installation.COPIED}"


def test_a_copy_of_a_folder_at_work_is_never_called_well(
    oms: Any, world: World, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("only a database file lies in the folder")
    search.rebuild(engine, settings)
    assert oms("check").code == cli.DONE
    at_rest, at_work = tmp_path / "at rest", tmp_path / "at work"
    engine.dispose()
    shutil.copytree(settings.home, at_rest)
    with installation.keep_in_use(settings):
        shutil.copytree(settings.home, at_work)
    assert oms("check").code == cli.DONE, "where it was made all is well"

    monkeypatch.setenv("OMS_HOME", str(at_rest))
    assert oms("check").code == cli.DONE, "a folder may move to another disk while nothing runs"
    monkeypatch.setenv("OMS_HOME", str(at_work))
    for _ in range(2):  # no start makes it forget
        answer = oms("check", "--repair")
        assert answer.code == cli.PROBLEMS and "copied-folder" in answer.out
        assert "may be missing, and no look can tell" in answer.out and NOTE in answer.out
    (at_work / NOTE).unlink()
    assert oms("check").code == cli.DONE


def test_whoever_was_killed_here_is_no_copy(settings: Settings, engine: Engine) -> None:
    lock = settings.home / "run" / "in-use.lock"
    with installation.keep_in_use(settings):
        left = lock.read_text()
        with installation.keep_in_use(settings):
            pass
        assert lock.read_text() == left, "somebody is still here"
    assert left and lock.read_text() == ""
    lock.write_text(left)  # as `kill -9` leaves it
    with installation.keep_in_use(settings):
        assert installation.copied(settings) is None
    lock.write_text("1 2 3")
    with installation.keep_in_use(settings):
        assert installation.copied(settings) is not None


@pytest.fixture
def two(engine: Engine, settings: Settings, world: World, actor: Callable[[str], Any]) -> list[Any]:
    """Two scans with a stored page each."""
    scans = []
    with db.writing(engine) as session:
        officer = actor("canbo.sonv")
        dossier = factories.make_dossier(session, world.units["sonv"])
        for word in ("MỘT", "HAI"):
            picture = factories.png_of(factories.draw_page(word, size=(420, 300)))
            scan = factories.make_scan(session, dossier, officer.account_id)
            scan.sha256, scan.size = storage.put(settings.scans, [picture])
            scan.media_type, scan.file_name = "image/png", "a.png"
            page = session.query(Page).filter_by(scan_id=scan.id).one()
            page.image_sha256, _ = storage.put(settings.scans, [picture + word.encode()])
            scans.append((scan.id, scan.sha256, page.id, page.image_sha256))
    return scans


def spoil(settings: Settings, sha256: str) -> None:
    path = storage.path_of(settings.scans, sha256)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_spoilt_bytes_are_never_shown_and_all_others_are(
    client_as: Callable[[str], FlaskClient],
    caller: Callable[[str], Caller],  # noqa: F811
    settings: Settings,
    two: list[Any],
) -> None:
    client, program = client_as("canbo.sonv"), caller("canbo.sonv")
    client.set_cookie("language", "en")
    (bad, bad_file, bad_page, bad_image), (good, _file, good_page, _image) = two
    spoil(settings, bad_file)
    spoil(settings, bad_image)
    for address in (f"/scans/{bad}/original", f"/pages/{bad_page}/image.jpg", f"/pages/{bad_page}/thumbnail.jpg"):
        answer = client.get(address)
        assert answer.status_code == 503 and "The stored file is damaged" in answer.text, address
    assert program.get(f"scans/{bad}/original").status_code == 503
    assert client.get(f"/scans/{bad}").status_code == 200, "what is known of it is read on"
    for address in (f"/scans/{good}/original", f"/pages/{good_page}/image.jpg", f"/scans/{good}"):
        assert client.get(address).status_code == 200, address
    assert program.get(f"scans/{good}/original").status_code == 200


def test_pieces_of_a_spoilt_file_are_not_taken_for_it(settings: Settings, two: list[Any]) -> None:
    from oms.vault import Damaged

    spoil(settings, two[0][1])
    with pytest.raises(Damaged):
        storage.read(settings.scans, two[0][1])
    assert storage.read(settings.scans, two[1][1])


def test_a_spoilt_page_of_the_database_costs_what_stands_on_it(
    oms: Any, client_as: Callable[[str], FlaskClient], engine: Engine, settings: Settings, two: list[Any]
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("only a database file of SQLite is looked at page by page")
    search.rebuild(engine, settings)
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'pages'").one()
        (size,) = connection.exec_driver_sql("PRAGMA page_size").one()
    engine.dispose()
    with (settings.home / "oms.sqlite3").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    answer = client.get(f"/scans/{two[0][0]}")
    assert answer.status_code == 503 and "part of the database that is damaged" in answer.text
    assert [client.get(address).status_code for address in ("/people", "/transfers", "/healthz")] == [200] * 3
    told = oms("check")
    assert told.code == cli.PROBLEMS and "database-damaged" in told.out and "Restore the latest backup" in told.out


def test_a_file_that_is_no_database_is_said_in_a_sentence(oms: Any, world: World, settings: Settings) -> None:
    if settings.database_url:
        pytest.skip("only a database file can be no database")
    there = replace(settings, home=settings.home)
    (there.home / "oms.sqlite3").write_bytes(b"no database at all" * 1000)
    answer = oms("check")
    assert answer.code == cli.OUR_FAULT and "oms check" in answer.err and "Traceback" not in answer.err
