"""The review desk: a scan belongs to one officer at a time, whatever process asks."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import accounts, db, desk, dossiers, purging, review
from oms.errors import Conflict, Refused
from oms.models import AuditEntry, DeskLease, Document, Page, Scan, now
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World


@pytest.fixture
def officer(actor: Callable[[str], Actor]) -> Actor:
    return actor("canbo.sonv")


@pytest.fixture
def other(actor: Callable[[str], Actor]) -> Actor:
    return actor("canbo2.sonv")


@pytest.fixture
def scan(session: Session, world: World, officer: Actor) -> Scan:
    dossier = factories.make_dossier(session, world.units["sonv"])
    return factories.make_scan(session, dossier, officer.account_id, ("trang một", "trang hai"))


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def first_page(session: Session, scan: Scan) -> Page:
    return review.get_page(session, scan, 1)


def let_run_out(session: Session, scan: Scan) -> None:
    session.get_one(DeskLease, scan.id).until = now() - timedelta(seconds=1)
    session.flush()


def test_a_scan_belongs_to_whoever_opened_it_first(session: Session, scan: Scan, officer: Actor, other: Actor) -> None:
    mine = desk.take(session, scan, actor=officer, opening=True)
    assert mine.mine and mine.name == officer.name
    theirs = desk.take(session, scan, actor=other, opening=True)
    assert not theirs.mine and (theirs.name, theirs.key) == (officer.name, mine.key)
    page = first_page(session, scan)
    filing = review.Filing(dossiers.components_of(scan.dossier)[0].id, "Quyết định")
    with pytest.raises(Conflict, match=officer.name):
        review.correct(session, page, "của người kia", actor=other)
    with pytest.raises(Conflict, match="take the scan over"):
        review.file_pages(session, scan, [page.id], filing, actor=other)
    assert page.text == "trang một" and session.scalars(select(Document)).all() == []
    assert actions(session) == [], "having a scan open is no event"
    document = review.file_pages(session, scan, [page.id], filing, actor=officer)
    with pytest.raises(Conflict):
        review.take_apart(session, document, actor=other)


def test_what_ran_out_is_free_and_what_is_renewed_is_not(
    session: Session, scan: Scan, officer: Actor, other: Actor
) -> None:
    first = desk.take(session, scan, actor=officer, opening=True)
    let_run_out(session, scan)
    assert desk.find_seat(session, scan, actor=officer) is None
    review.correct(session, first_page(session, scan), "không ai giữ", actor=other)
    assert desk.take(session, scan, actor=officer).key != first.key, "a seat that ran out is a new one"
    again = desk.take(session, scan, actor=officer)
    assert again.mine and again.until > now() + desk.LEASE / 2
    let_run_out(session, scan)
    assert desk.take(session, scan, actor=other).mine


def test_taking_over_by_hand_is_written_down_with_the_name(
    session: Session, scan: Scan, officer: Actor, other: Actor
) -> None:
    desk.take(session, scan, actor=officer)
    assert desk.take_over(session, scan, actor=other).mine
    assert actions(session) == ["scan:take_over"]
    lost = desk.take(session, scan, actor=officer)
    assert not lost.mine and lost.name == other.name
    with pytest.raises(Conflict):
        review.correct(session, first_page(session, scan), "của tôi", actor=officer)
    desk.take_over(session, scan, actor=other)
    assert actions(session) == ["scan:take_over"], "what is one's own is not taken from anybody"


def test_a_tab_that_closes_late_gives_back_only_its_own_seat(session: Session, scan: Scan, officer: Actor) -> None:
    old = desk.take(session, scan, actor=officer, opening=True)
    new = desk.take(session, scan, actor=officer, opening=True)
    assert old.key != new.key and desk.take(session, scan, actor=officer).key == new.key
    desk.give_back(session, scan, old.key, actor=officer)
    assert desk.find_seat(session, scan, actor=officer) is not None
    desk.give_back(session, scan, new.key, actor=officer)
    assert desk.find_seat(session, scan, actor=officer) is None


@pytest.mark.parametrize("username", ["bithu.sonv", "canbo.sotc", "quantri", "kiemtra.khoi"])
def test_who_may_not_file_takes_no_scan(session: Session, scan: Scan, actor, username: str) -> None:
    for act in (desk.take, desk.take_over):
        with pytest.raises(Refused):
            act(session, scan, actor=actor(username))
    assert session.scalars(select(DeskLease)).all() == [] and actions(session) == []


def test_what_is_destroyed_leaves_no_lease(
    session: Session, scan: Scan, officer: Actor, actor, settings: Settings
) -> None:
    desk.take(session, scan, actor=officer)
    purging.purge(session, settings, scan, "Tài liệu có dấu mật", second=actor("bithu.sonv"), actor=officer)
    assert session.scalars(select(DeskLease)).all() == []


def test_of_two_who_ask_at_once_one_gets_the_scan(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        ids = [
            factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"trang {n}",)).id for n in range(8)
        ]
        people = [accounts.get_actor(session, name, via="web") for name in ("canbo.sonv", "canbo2.sonv")]
    start = threading.Barrier(2)
    got: dict[str, list[str]] = {person.name: [] for person in people}

    def ask(person: Actor) -> None:
        # A session of its own, without the line of writers of this process: as two processes would.
        with db.open_session(engine, writing=True) as session:
            for scan_id in ids:
                start.wait()
                if desk.take(session, session.get_one(Scan, scan_id), actor=person, opening=True).mine:
                    got[person.name].append(scan_id)
                session.commit()

    threads = [threading.Thread(target=ask, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one for found in got.values() for one in found) == sorted(ids), "each scan has exactly one officer"
    with db.reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(DeskLease)) == len(ids)
