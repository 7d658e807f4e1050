"""Late papers: outside the dossier, seen by the unit that brings them and, once sent on, by whoever holds the dossier."""

import io
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import custody, db, intake, purging, storage
from oms.errors import BadInput, Conflict, Refused
from oms.models import AttachedFile, AuditEntry, LatePaper, Scan, Transfer
from oms.permissions import Action, allowed, can
from oms.settings import Settings
from tests.factories import World, draw_page, png_of
from tests.test_custody import Actors, bring, prepare

PAPER = png_of(draw_page("QUYẾT ĐỊNH nâng lương"))
REASON = "Khung kép của sổ văn thư, không phải dấu mật"


@pytest.fixture
def arrival(settings: Settings, engine: Engine) -> Iterator[intake.Arrival]:
    found = intake.examine(settings, [PAPER], "nâng lương.png")
    intake.keep(settings, found)
    yield found
    intake.discard(found)


def moved(session: Session, world: World, actor: Actors) -> Transfer:
    return bring(session, prepare(session, world, actor("canbo.sonv")), "accepted", actor)


def entries(session: Session, action: str) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


def sees(session: Session, somebody: object, paper: LatePaper) -> bool:
    listed = session.scalar(select(LatePaper.id).where(allowed(somebody, Action.LATE_PAPER_READ)))
    assert (listed == paper.id) == can(somebody, Action.LATE_PAPER_READ, paper)
    return listed == paper.id


def test_it_waits_is_sent_on_and_taken_in(
    session: Session, settings: Settings, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    transfer, officer, holder = moved(session, world, actor), actor("canbo.sonv"), actor("canbo.sotc")
    for wrong in ("canbo.sotc", "bithu.sonv", "canbo.soyt"):
        with pytest.raises(Refused):
            custody.bring(session, transfer, arrival, "Quyết định", actor=actor(wrong))
    with pytest.raises(BadInput):
        custody.bring(session, transfer, arrival, " ", actor=officer)
    paper = custody.bring(session, transfer, arrival, "Quyết định nâng lương", actor=officer)
    with pytest.raises(Conflict):
        custody.bring(session, transfer, arrival, "Lần nữa", actor=officer)
    assert sees(session, officer, paper) and not sees(session, holder, paper)
    with pytest.raises(Refused):
        custody.take_in(session, settings, paper, actor=holder)
    custody.send_on(session, paper, actor=officer)
    assert sees(session, holder, paper) and not sees(session, actor("canbo.soyt"), paper)
    assert custody.late_to_answer(session, actor=holder) == [paper]
    with pytest.raises(Refused):
        custody.take_in(session, settings, paper, actor=officer)
    scan = custody.take_in(session, settings, paper, actor=holder)
    assert (scan.dossier_id, scan.sha256, paper.state) == (transfer.dossier_id, arrival.sha256, "filed")
    assert session.query(AttachedFile).count() == 0 and storage.path_of(settings.scans, arrival.sha256).exists()
    with pytest.raises(Conflict):
        custody.open_late(session, paper, actor=officer)
    assert sees(session, officer, paper) and not sees(session, holder, paper)
    assert [entries(session, f"late_paper:{step}") for step in ("bring", "send", "file")] == [1, 1, 1]


def test_it_follows_the_dossier_and_tells_nobody_where(
    session: Session, settings: Settings, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    transfer, officer = moved(session, world, actor), actor("canbo.sonv")
    paper = custody.bring(session, transfer, arrival, "Quyết định", actor=officer)
    custody.send_on(session, paper, actor=officer)
    transfer.dossier.custodian_id = world.units["soyt"]
    session.flush()
    session.expire(transfer.dossier)
    assert not sees(session, actor("canbo.sotc"), paper) and sees(session, actor("canbo.soyt"), paper)
    with pytest.raises(BadInput):
        custody.give_back(session, paper, "", actor=actor("canbo.soyt"))
    custody.give_back(session, paper, "Đã có trong hồ sơ", actor=actor("canbo.soyt"))
    assert (paper.state, paper.answer) == ("returned", "Đã có trong hồ sơ")
    assert not sees(session, actor("canbo.soyt"), paper)
    custody.send_on(session, paper, actor=officer)
    remove = custody.take_back(session, settings, paper, actor=officer)
    remove()
    assert paper.state == "withdrawn" and not storage.path_of(settings.scans, arrival.sha256).exists()


def test_before_it_has_gone_and_after_it_came_back_there_is_no_late_paper(
    session: Session, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    officer = actor("canbo.sonv")
    draft = prepare(session, world, officer)
    transfer = moved(session, world, actor)
    transfer.dossier.custodian_id = world.units["sonv"]
    session.flush()
    for one in (draft, transfer):
        with pytest.raises(Conflict):
            custody.bring(session, one, arrival, "Quyết định", actor=officer)


def test_a_secret_among_them_is_destroyed(
    engine: Engine, settings: Settings, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    with db.writing(engine) as session:
        paper = custody.bring(session, moved(session, world, actor), arrival, "Quyết định", actor=actor("canbo.sonv"))
        file = session.get_one(AttachedFile, paper.file_id)
        _minutes, remove = purging.purge_attached(
            session, settings, file, REASON, second=actor("bithu.sonv"), actor=actor("canbo.sonv")
        )
    remove()
    with db.reading(engine) as session:
        assert session.get_one(LatePaper, paper.id).state == "destroyed"
    assert not storage.path_of(settings.scans, arrival.sha256).exists()


def test_on_the_pages(client_as: Callable[[str], FlaskClient], engine: Engine, world: World, actor: Actors) -> None:
    with db.writing(engine) as session:
        transfer_id = moved(session, world, actor).id
    officer, holder = client_as("canbo.sonv"), client_as("canbo.sotc")
    form = {"title": "Quyết định nâng lương", "file": (io.BytesIO(PAPER), "ql.png")}
    assert f"/late-papers/of/{transfer_id}" in officer.get(f"/transfers/{transfer_id}").text
    assert client_as("canbo.soyt").post(f"/late-papers/of/{transfer_id}", data={"title": "x"}).status_code == 404
    assert (
        "Quyết định nâng lương" in officer.post(f"/late-papers/of/{transfer_id}", data=form, follow_redirects=True).text
    )
    with db.reading(engine) as session:
        page = f"/late-papers/{session.query(LatePaper).one().id}"
    assert "nâng lương" not in holder.get("/late-papers").text
    assert holder.get(f"{page}/file").status_code == holder.post(f"{page}/take-in").status_code == 404
    assert officer.post(f"{page}/send").status_code == 302
    assert "Đảng bộ cơ sở Sở Tài chính" not in officer.get("/late-papers").text
    assert holder.get(f"{page}/file").data == PAPER
    assert holder.post(f"{page}/take-in").status_code == 302
    with db.reading(engine) as session:
        assert session.query(Scan).count() == 1
