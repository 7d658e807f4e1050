"""The order of a dossier: each act and its undoing, what is refused, and every page always accounted for."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import db, dossiers, fixity, holds, rearranging, review, sheets
from oms.errors import BadInput, Conflict, OmsError, Refused
from oms.models import AuditEntry, Document, Dossier, Job, Page, Rearrangement, ScanState
from oms.permissions import Actor
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]


@pytest.fixture
def papers(session: Session, world: World, actor: Find) -> tuple[Dossier, Document, Document]:
    """A dossier with a document of four pages and one of two."""
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    made = []
    for title, count in (("Lý lịch", 4), ("Phụ lục", 2)):
        scan = factories.make_scan(session, dossier, officer.account_id, tuple(f"{title} {n}" for n in range(count)))
        made.append(factories.make_document(session, dossier, scan, title=title, actor=officer))
    return dossier, made[0], made[1]


def pages_of(session: Session, document: Document) -> list[str]:
    return [page.id for page in dossiers.pages_of(session, [document.id])[document.id]]


def laid(session: Session, dossier: Dossier) -> dict[str, list[str]]:
    return {one.title + one.id: pages_of(session, one) for one in dossiers.contents(session, dossier)}


def acts(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).where(AuditEntry.outcome == "done").order_by(AuditEntry.seq)))


def test_each_act_changes_what_it_says_and_is_undone(
    session: Session, papers: tuple[Dossier, Document, Document], actor: Find
) -> None:
    dossier, document, other = papers
    officer = actor("canbo.sonv")
    sheets.count(session, dossier, {document.id: 2}, actor=officer)
    before, first, second = laid(session, dossier), pages_of(session, document), pages_of(session, other)
    reverse = list(reversed(first))
    cases: list[tuple[str, Callable[[], object], Callable[[], bool]]] = [
        (
            rearranging.REORDER_PAGES,
            lambda: rearranging.reorder_pages(session, document, reverse, actor=officer),
            lambda: pages_of(session, document) == reverse and document.sheets == 2,
        ),
        (
            rearranging.SPLIT,
            lambda: rearranging.split(session, document, first[3], actor=officer),
            lambda: sorted(map(len, laid(session, dossier).values())) == [1, 2, 3] and document.sheets is None,
        ),
        (
            rearranging.MERGE,
            lambda: rearranging.merge(session, document, other, actor=officer),
            lambda: list(laid(session, dossier).values()) == [first + second],
        ),
        (
            rearranging.MOVE,
            lambda: rearranging.move_pages(session, document, first[:1], target=other, actor=officer),
            lambda: pages_of(session, other) == second + first[:1],
        ),
        (
            rearranging.MOVE,
            lambda: rearranging.move_pages(session, other, second, target=None, actor=officer),
            lambda: (
                len(laid(session, dossier)) == 1
                and session.get_one(Page, second[0]).document_id is None
                and session.get_one(Page, second[0]).scan.state == ScanState.READ
            ),
        ),
        (
            rearranging.REORDER,
            lambda: rearranging.reorder_documents(session, dossier, [other.id, document.id], actor=officer),
            lambda: [one.id for one in dossiers.contents(session, dossier)] == [other.id, document.id],
        ),
        (
            rearranging.TURN,
            lambda: rearranging.turn_page(session, session.get_one(Page, first[0]), 90, actor=officer),
            lambda: session.get_one(Page, first[0]).turned == 90,
        ),
    ]
    for action, act, holds_now in cases:
        known = len(acts(session))
        session.execute(text("DELETE FROM jobs"))
        act()
        assert holds_now(), action
        done = rearranging.latest(session, dossier, actor=officer)
        assert done is not None and done.action == action
        if action != rearranging.TURN:
            kinds = sorted(session.scalars(select(Job.kind).where(Job.subject_id == dossier.id)))
            assert kinds == ["check_dossier", "index_dossier"], action
        rearranging.undo(session, dossier, done.id, actor=officer)
        assert laid(session, dossier) == before and session.get_one(Document, document.id).sheets == 2
        assert acts(session)[known:] == [action, rearranging.UNDO]
        with pytest.raises(Conflict):
            rearranging.undo(session, dossier, done.id, actor=officer)
        other = session.get_one(Document, other.id)


def test_what_cannot_be_changes_nothing(
    session: Session, papers: tuple[Dossier, Document, Document], world: World, actor: Find
) -> None:
    dossier, document, other = papers
    officer = actor("canbo.sonv")
    first = pages_of(session, document)
    stranger = factories.make_dossier(session, world.units["sonv"], "Lê Văn Tám")
    scan = factories.make_scan(session, stranger, officer.account_id, ("khác",))
    foreign = factories.make_document(session, stranger, scan, actor=officer)
    before, known = laid(session, dossier), len(acts(session))
    refused: list[tuple[type[OmsError], Callable[[], object]]] = [
        (Conflict, lambda: rearranging.reorder_pages(session, document, first[1:], actor=officer)),
        (Conflict, lambda: rearranging.reorder_pages(session, document, first, actor=officer, version=99)),
        (BadInput, lambda: rearranging.split(session, document, first[0], actor=officer)),
        (BadInput, lambda: rearranging.merge(session, document, document, actor=officer)),
        (BadInput, lambda: rearranging.merge(session, document, foreign, actor=officer)),
        (BadInput, lambda: rearranging.move_pages(session, document, [], target=other, actor=officer)),
        (BadInput, lambda: rearranging.move_pages(session, document, first[:1], target=document, actor=officer)),
        (BadInput, lambda: rearranging.turn_page(session, session.get_one(Page, first[0]), 45, actor=officer)),
        (Conflict, lambda: rearranging.reorder_documents(session, dossier, [document.id], actor=officer)),
        (Refused, lambda: rearranging.split(session, document, first[1], actor=actor("bithu.sonv"))),
        (Refused, lambda: rearranging.split(session, document, first[1], actor=actor("canbo.sotc"))),
    ]
    for error, act in refused:
        with pytest.raises(error):
            act()
    done = rearranging.split(session, document, first[2], actor=officer)
    kept = rearranging.latest(session, dossier, actor=officer)
    assert kept is not None
    review.describe(session, done, review.Filing(done.component_id, "Tên mới"), actor=officer)
    with pytest.raises(Conflict):
        rearranging.undo(session, dossier, kept.id, actor=officer)
    rearranging.merge(session, document, done, actor=officer)
    assert laid(session, dossier) == before
    words = "Đang xác minh đơn thư"
    holds.order(session, dossier, whole_person=False, reason=words, decision=words, actor=actor("bithu.sonv"))
    with pytest.raises(Refused):
        rearranging.split(session, document, first[1], actor=officer)
    assert [one for one in acts(session)[known:] if one != "hold:order"] == [
        rearranging.SPLIT,
        "document:describe",
        rearranging.MERGE,
    ]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_every_page_is_accounted_for_whatever_is_done(
    session: Session,
    papers: tuple[Dossier, Document, Document],
    actor: Find,
    steps: list[tuple[int, int, int]],
) -> None:
    dossier, officer = papers[0], actor("canbo.sonv")
    all_pages = set(session.scalars(select(Page.id)))
    for kind, one, two in steps:
        documents = dossiers.contents(session, dossier)
        if not documents:
            break
        document, other = documents[one % len(documents)], documents[two % len(documents)]
        ids = pages_of(session, document)
        done = rearranging.latest(session, dossier, actor=officer)
        try:
            if kind == 0:
                rearranging.split(session, document, ids[two % len(ids)], actor=officer)
            elif kind == 1:
                rearranging.merge(session, document, other, actor=officer)
            elif kind == 2:
                rearranging.move_pages(session, document, ids[: 1 + two % 3], target=other, actor=officer)
            elif kind == 3:
                rearranging.move_pages(session, document, ids[:1], target=None, actor=officer)
            elif kind == 4:
                rearranging.reorder_pages(session, document, ids[::-1], actor=officer)
            elif done is not None:
                rearranging.undo(session, dossier, done.id, actor=officer)
        except OmsError:
            pass
        filed = [id for each in dossiers.contents(session, dossier) for id in pages_of(session, each)]
        waiting = list(session.scalars(select(Page.id).where(Page.document_id.is_(None))))
        assert len(filed) + len(waiting) == len(all_pages) and {*filed, *waiting} == all_pages
        assert not list(fixity._check_scans(session))


def test_the_check_of_the_house_names_a_breach(engine: Engine, world: World, actor: Find) -> None:
    with db.writing(engine) as session:
        officer = actor("canbo.sonv")
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai", "ba"))
        document = factories.make_document(session, dossier, scan, actor=officer)
        document_id, scan_id = document.id, scan.id
    with db.reading(engine) as session:
        assert not list(fixity._check_scans(session))
    with db.writing(engine) as session:
        page = session.scalars(select(Page).where(Page.document_position == 1)).one()
        page.document_id = page.document_position = None
    with db.reading(engine) as session:
        found = {(one.kind, one.where) for one in fixity._check_scans(session)}
    assert found == {("page-order", f"document:{document_id}"), ("page-ledger", f"scan:{scan_id}")}
    for change in ("document_position = 0", "turned = 45"):
        with pytest.raises(IntegrityError), db.writing(engine) as session:
            session.execute(text(f"UPDATE pages SET {change} WHERE document_id IS NOT NULL"))
    with db.reading(engine) as session:
        assert session.scalar(select(Rearrangement.id)) is None
