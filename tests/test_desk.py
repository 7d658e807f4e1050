"""The review desk: a scan belongs to one officer at a time, whatever process asks."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import accounts, db, desk, dossiers, purging, review
from oms.errors import Conflict, NotFound, Refused
from oms.models import AuditEntry, DeskDraft, DeskLease, Document, Page, Scan, now
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


def drafts_of(session: Session) -> list[tuple[int, str]]:
    return [(one.place, one.text) for one in session.scalars(select(DeskDraft).order_by(DeskDraft.place))]


def test_a_draft_is_no_correction_and_is_its_authors_alone(
    session: Session, scan: Scan, officer: Actor, other: Actor
) -> None:
    page = first_page(session, scan)
    desk.keep_text(session, scan, 1, "trang một, sửa\r\n", version=page.version, actor=officer)
    desk.keep_text(session, scan, 1, "trang một, sửa nữa", version=page.version, actor=officer)
    assert page.text == "trang một" and page.corrections == [] and actions(session) == []
    assert drafts_of(session) == [(1, "trang một, sửa nữa")]
    unsaved = desk.unsaved_text(desk.find_drafts(session, scan, actor=officer)[1], page)
    assert unsaved is not None and (unsaved.text, unsaved.changed) == ("trang một, sửa nữa", False)
    assert desk.find_drafts(session, scan, actor=other) == {} and desk.list_unsaved(session, actor=other) == []
    assert [draft.place for draft, _scan in desk.list_unsaved(session, actor=officer)] == [1]
    review.correct(session, page, "trang một, sửa nữa", actor=officer)
    assert drafts_of(session) == [], "what was confirmed is no draft any more"


def test_a_draft_beside_a_text_somebody_else_saved_says_so(
    session: Session, scan: Scan, officer: Actor, other: Actor
) -> None:
    page = first_page(session, scan)
    seen = page.version
    desk.keep_text(session, scan, 1, "của tôi", version=seen, actor=officer)
    review.correct(session, page, "của người khác", actor=other)
    session.flush()
    desk.keep_text(session, scan, 1, "của tôi, tiếp", version=seen, actor=officer)
    unsaved = desk.unsaved_text(desk.find_drafts(session, scan, actor=officer)[1], page)
    assert unsaved is not None and unsaved.changed
    desk.keep_text(session, scan, 1, "của người khác", version=seen, actor=officer)
    assert drafts_of(session) == [], "the same text needs no draft"


def test_pages_with_unsaved_text_are_not_filed_and_filing_ends_the_form(
    session: Session, scan: Scan, officer: Actor, other: Actor
) -> None:
    one, two = review.list_pages(session, scan)
    filing = review.Filing(dossiers.components_of(scan.dossier)[0].id, "Quyết định")
    desk.keep_text(session, scan, 2, "trang hai, sửa", version=two.version, actor=officer)
    desk.keep_text(session, scan, 1, "của đồng nghiệp", version=one.version, actor=other)
    for person in (officer, other):
        desk.keep_form(session, scan, {"title": "Quyết", "pages": [one.id, two.id]}, actor=person)
    with pytest.raises(Conflict, match="Page 2 has text you typed"):
        review.file_pages(session, scan, [one.id, two.id], filing, actor=officer)
    review.file_pages(session, scan, [one.id], filing, actor=officer)
    drafts = desk.find_drafts(session, scan, actor=other)
    assert desk.typed_form(drafts[desk.FORM], [two]) == {"title": "Quyết", "pages": [two.id]}
    assert desk.FORM not in desk.find_drafts(session, scan, actor=officer)
    desk.discard(session, scan, 2, actor=officer)
    review.file_pages(session, scan, [two.id], filing, actor=officer)
    assert drafts_of(session) == [(1, "của đồng nghiệp")], "nobody throws away what a colleague typed"
    desk.keep_form(session, scan, {"title": "muộn", "pages": []}, actor=officer)
    assert len(drafts_of(session)) == 1, "nothing waits to be described"


def test_drafts_of_what_may_be_secret_are_not_kept_and_go_with_the_scan(
    session: Session, scan: Scan, officer: Actor, actor, settings: Settings
) -> None:
    page = first_page(session, scan)
    desk.keep_text(session, scan, 1, "chữ", version=page.version, actor=officer)
    page.secrecy = ["MẬT"]
    session.flush()
    for keep in (
        lambda: desk.keep_text(session, scan, 2, "chữ", version=None, actor=officer),
        lambda: desk.keep_form(session, scan, {"pages": []}, actor=officer),
    ):
        with pytest.raises(Conflict, match="may be secret"):
            keep()
    purging.purge(session, settings, scan, "Tài liệu có dấu mật", second=actor("bithu.sonv"), actor=officer)
    assert drafts_of(session) == []


def test_a_forgotten_draft_goes_after_a_month_and_a_foreign_one_is_not_taken(
    session: Session, scan: Scan, officer: Actor, actor
) -> None:
    desk.keep_text(session, scan, 1, "quên", version=None, actor=officer)
    session.flush()
    session.scalars(select(DeskDraft)).one().saved_at = now() - timedelta(days=31)
    desk.keep_text(session, scan, 2, "mới", version=None, actor=officer)
    assert drafts_of(session) == [(2, "mới")]
    with pytest.raises(NotFound):
        desk.keep_text(session, scan, 9, "trang nào", version=None, actor=officer)
    for username in ("bithu.sonv", "canbo.sotc"):
        with pytest.raises(Refused):
            desk.keep_text(session, scan, 1, "x", version=None, actor=actor(username))
