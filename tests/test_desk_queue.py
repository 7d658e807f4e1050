"""What comes next at the desk, to whom, and what one sees of one's own pace."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import completeness, custody, desk, dossiers, review
from oms.models import (
    AuditEntry,
    Category,
    DeskDay,
    DeskLease,
    Document,
    Dossier,
    Page,
    Quality,
    Scan,
    ScanState,
    Unit,
    now,
)
from oms.permissions import Actor
from tests import factories
from tests.factories import World


@pytest.fixture
def officer(actor: Callable[[str], Actor]) -> Actor:
    return actor("canbo.sonv")


@pytest.fixture
def other(actor: Callable[[str], Actor]) -> Actor:
    return actor("canbo2.sonv")


def make_scan(session: Session, world: World, name: str, *, error: float = 0.0, whole: bool = False) -> Scan:
    """A read scan in a dossier of its own; `whole` when that dossier lacks nothing it must hold."""
    dossier = factories.make_dossier(session, world.units["sonv"], name)
    if whole:
        factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("đủ",))
        _fill(session, dossier, world)
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"trang của {name}",))
    review.get_page(session, scan, 1).expected_error = error
    session.flush()
    return scan


def _fill(session: Session, dossier: Dossier, world: World) -> None:
    """File a document for each component the dossier must hold."""
    for place, row in enumerate(completeness.wanted(dossier.category), start=1):
        add_document(session, dossier, row.id, place, world.accounts["canbo.sonv"])
    session.scalars(select(Scan).where(Scan.dossier_id == dossier.id)).one().state = ScanState.FILED
    session.flush()


def add_document(session: Session, dossier: Dossier, component_id: str, place: int, account_id: str) -> None:
    session.add(
        Document(
            dossier_id=dossier.id, position=place, component_id=component_id, title="Giấy tờ", filed_by_id=account_id
        )
    )
    session.flush()


def names(session: Session, actor: Actor, filters: desk.Filters | None = None) -> list[tuple[str, str]]:
    rows = desk.waiting_scans(session, actor=actor, filters=filters)
    return [(row.scan.dossier.person.full_name, row.reason) for row in rows]


def test_the_rule_of_the_order(session: Session, world: World, officer: Actor) -> None:
    make_scan(session, world, "Đủ Cũ", error=0.02, whole=True)
    make_scan(session, world, "Đủ Xấu", error=0.3, whole=True)
    make_scan(session, world, "Thiếu Rõ")
    asked = make_scan(session, world, "Chờ Chuyển", whole=True)
    make_scan(session, world, "Đủ Mới", error=0.001, whole=True)
    receiver = session.get_one(Unit, world.units["sotc"])
    custody.prepare(session, asked.dossier, receiver, "Điều động", actor=officer)
    session.flush()
    assert names(session, officer) == [
        ("Chờ Chuyển", "Somebody waits for this dossier"),
        ("Thiếu Rõ", "The dossier lacks papers it must hold"),
        ("Đủ Xấu", ""),
        ("Đủ Cũ", ""),
        ("Đủ Mới", ""),
    ], "a difference of two in a hundred is chance: the older one comes first"


def test_of_members_papers_those_of_the_first_priority_count(session: Session, world: World, officer: Actor) -> None:
    scan = make_scan(session, world, "Đảng Viên")
    scan.dossier.category = Category.PARTY_MEMBER
    session.flush()
    assert names(session, officer) == [("Đảng Viên", "The dossier lacks papers it must hold")]
    first = [row for row in completeness.wanted(Category.PARTY_MEMBER) if row.priority == 1]
    assert 0 < len(first) < len(completeness.wanted(Category.PARTY_MEMBER))
    for place, row in enumerate(first, start=1):
        add_document(session, scan.dossier, row.id, place, officer.account_id)
    assert names(session, officer) == [("Đảng Viên", "")], "papers of lower priority do not hurry anybody"


def test_filters_by_unit_kind_and_reading(session: Session, world: World, officer: Actor) -> None:
    good, bad = make_scan(session, world, "Rõ Ràng"), make_scan(session, world, "Mờ Nhạt")
    page = review.get_page(session, bad, 1)
    page.quality, page.kind = Quality.POOR, "decision"
    review.get_page(session, good, 1).kind = "cv"
    session.flush()
    for filters, found in [
        (desk.Filters(), {"Rõ Ràng", "Mờ Nhạt"}),
        (desk.Filters(kind="decision"), {"Mờ Nhạt"}),
        (desk.Filters(reading="doubtful"), {"Mờ Nhạt"}),
        (desk.Filters(reading="good"), {"Rõ Ràng"}),
        (desk.Filters(reading="handwriting"), set()),
        (desk.Filters(unit_id=world.units["sonv"], kind="cv"), {"Rõ Ràng"}),
        (desk.Filters(unit_id=world.units["sotc"]), set()),
    ]:
        assert {name for name, _reason in names(session, officer, filters)} == found, filters
        assert desk.count_waiting(session, actor=officer, filters=filters) == len(found), filters


def test_the_desk_gives_the_next_that_nobody_has(session: Session, world: World, officer: Actor, other: Actor) -> None:
    one, two, three = (make_scan(session, world, name) for name in ("Một Anh", "Hai Bình", "Ba Cường"))
    mine, theirs = (desk.take_next(session, actor=person) for person in (officer, other))
    assert mine is not None and theirs is not None and (mine[0], theirs[0]) == (one, two)
    [first, second, _third] = desk.waiting_scans(session, actor=officer)
    assert (first.holder, second.holder) == (officer.name, other.name)
    following = desk.take_next(session, actor=officer, beside=one.id)
    assert following is not None and following[0] is three, "what the other has is left out"
    assert desk.take_next(session, actor=officer, beside=three.id) is None
    back = desk.take_next(session, actor=officer, beside=three.id, backwards=True)
    assert back is not None and back[0] is one
    assert desk.take_next(session, actor=officer, beside=one.id, backwards=True) is None


def test_what_cannot_be_filed_is_not_given(session: Session, world: World, officer: Actor) -> None:
    still, marked = make_scan(session, world, "Đang Chuyển"), make_scan(session, world, "Có Dấu")
    still.dossier.frozen = True
    make_scan(session, world, "Bị Dừng").dossier.held = True
    page = review.get_page(session, marked, 1)
    page.secrecy = ["MẬT"]
    session.flush()
    assert desk.take_next(session, actor=officer) is None
    page.secrecy = []
    session.flush()
    found = desk.take_next(session, actor=officer)
    assert found is not None and found[0] is marked


def test_another_unit_is_given_nothing(session: Session, world: World, actor) -> None:
    make_scan(session, world, "Của Sở Nội vụ")
    for username in ("canbo.sotc", "bithu.sotc", "quantri", "kiemtra.khoi"):
        assert desk.take_next(session, actor=actor(username)) is None
        assert desk.list_unsaved(session, actor=actor(username)) == []
    assert session.scalars(select(DeskLease)).all() == []


def test_the_own_pace_counts_work_and_leaves_out_breaks(session: Session, officer: Actor, other: Actor) -> None:
    def pass_by(minutes: float) -> None:
        session.scalars(select(DeskDay)).one().seen_at = now() - timedelta(minutes=minutes)
        session.flush()

    desk.note(session, actor=officer)
    for _ in range(6):
        pass_by(2)
        desk.note(session, actor=officer, pages=2)
    assert desk.own_pace(session, actor=officer) == (desk.Pace(12, 60), desk.Pace(12, 60))
    pass_by(45)
    desk.note(session, actor=officer)
    assert desk.own_pace(session, actor=officer)[0] == desk.Pace(12, 60), "a break is no work"
    assert desk.own_pace(session, actor=other) == (desk.Pace(0, None), desk.Pace(0, None))
    row = session.scalars(select(DeskDay)).one()
    row.day -= timedelta(days=3)
    session.flush()
    desk.note(session, actor=officer, pages=1)
    assert desk.own_pace(session, actor=officer) == (desk.Pace(1, None), desk.Pace(13, 65))
    session.scalars(select(DeskDay).where(DeskDay.pages == 12)).one().day -= timedelta(days=4)
    session.flush()
    desk.note(session, actor=officer)
    assert len(session.scalars(select(DeskDay)).all()) == 1, "after a week it is gone"
    assert session.scalars(select(AuditEntry)).all() == [], "and nothing of it is in the log"


def test_reviewing_counts_pages_filed_only_for_who_filed(session: Session, world: World, officer: Actor) -> None:
    scan = make_scan(session, world, "Một Anh")
    desk.take(session, scan, actor=officer)
    page = session.scalars(select(Page).where(Page.scan_id == scan.id)).one()
    filing = review.Filing(dossiers.components_of(scan.dossier)[0].id, "Quyết định")
    review.file_pages(session, scan, [page.id], filing, actor=officer)
    assert session.scalars(select(DeskDay.pages)).all() == [0], "a program that files is not a person at the desk"
