"""Looking into dossiers of others: who asks, who decides, what opens, and that it closes in the same second."""

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageChops
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import accounts, consultations, db, papers, review, search, storage
from oms.consultations import Sought, Wish
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, OmsError, Refused
from oms.models import (
    Assignment,
    AuditEntry,
    Consultation,
    ConsultationKind,
    ConsultationState,
    Dossier,
    Loan,
    LoanState,
    Page,
    PaperKind,
    Role,
    Unit,
    Whereabout,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, can
from oms.recognition.marking import mark
from oms.search import finding
from oms.settings import Settings
from tests import factories
from tests.factories import World

Actors = Callable[[str], Actor]
READER, HEAD, OFFICER = "canbo.sotc", "bithu.sonv", "canbo.sonv"


@pytest.fixture
def dossier(session: Session, world: World, actor: Actors) -> Dossier:
    """A dossier of Sở Nội vụ with two documents of two pages each."""
    made = factories.make_dossier(session, world.units["sonv"], "Phạm Thị Lan")
    for title in ("Quyết định bổ nhiệm", "Bằng tốt nghiệp"):
        scan = factories.make_scan(session, made, world.accounts[OFFICER], (f"{title} một", f"{title} hai"))
        factories.make_document(session, made, scan, title=title, actor=actor(OFFICER))
    session.flush()
    return made


def stale(somebody: Actor) -> Actor:
    """The same, with a password given too long ago."""
    return replace(somebody, confirmed=False)


def wish(wanted: str, kind: ConsultationKind = ConsultationKind.SCREEN, days: int = 3) -> Wish:
    return Wish(wanted, kind, "Thẩm tra bổ nhiệm", "12-CV/ĐU", "Quyết định bổ nhiệm", today() + timedelta(days))


def ask(session: Session, actor: Actors, dossier: Dossier, kind: ConsultationKind = ConsultationKind.SCREEN):
    return consultations.request(session, wish(dossier.number, kind), actor=actor(READER))


def grant(session: Session, actor: Actors, dossier: Dossier, days: int = 3) -> tuple[Consultation, list[Page]]:
    """The first document granted to the reader."""
    request = ask(session, actor, dossier)
    offered = consultations.offer(session, request)
    pages = consultations.chosen_pages(offered, {offered[0][0].id: ""})
    consultations.approve(session, request, pages, today() + timedelta(days), actor=actor(HEAD))
    return request, pages


def lend(session: Session, actor: Actors, dossier: Dossier) -> Consultation:
    request = ask(session, actor, dossier, ConsultationKind.PAPER)
    consultations.approve(session, request, [], today() + timedelta(5), actor=actor(HEAD))
    return request


def open_to(session: Session, somebody: Actor) -> set[str]:
    """Ids of the pages open to somebody, asked both ways; the two answers are the same."""
    session.flush()
    session.expire_all()
    listed = set(session.scalars(select(Page.id).where(allowed(somebody, Action.CONSULTATION_LOOK))))
    assert listed == {
        page.id for page in session.scalars(select(Page)) if can(somebody, Action.CONSULTATION_LOOK, page)
    }
    return listed


def test_only_the_granted_pages_are_open_and_only_to_the_reader(
    session: Session, dossier: Dossier, actor: Actors, world: World
) -> None:
    request, pages = grant(session, actor, dossier)
    assert open_to(session, actor(READER)) == {page.id for page in pages}
    assert len(pages) == 2
    for other in ("bithu.sotc", "canbo.soyt", "canbo.khoi", "kiemtra.khoi", "quantri", HEAD):
        assert open_to(session, actor(other)) == set()
    other_page = session.scalars(
        select(Page).where(Page.id.not_in([page.id for page in pages]), Page.document_id.is_not(None))
    ).first()
    with pytest.raises(NotFound):
        consultations.get_page(session, request, other_page.id, actor=actor(READER))
    with pytest.raises(NotFound):
        consultations.get_page(session, request, pages[0].id, actor=actor("bithu.sotc"))


def test_a_range_of_pages_opens_no_other(session: Session, dossier: Dossier, actor: Actors) -> None:
    request = ask(session, actor, dossier)
    offered = consultations.offer(session, request)
    pages = consultations.chosen_pages(offered, {offered[0][0].id: "2"})
    assert [page.document_position for page in pages] == [2]
    for wrong in ("0", "3", "2-1", "x", "1-9"):
        with pytest.raises(BadInput, match="has pages 1 to 2"):
            consultations.chosen_pages(offered, {offered[0][0].id: wrong})
    with pytest.raises(BadInput, match="at least one document"):
        consultations.approve(session, request, [], today(), actor=actor(HEAD))


def test_a_grant_opens_nothing_else_of_the_dossier(
    session: Session, dossier: Dossier, actor: Actors, engine: Engine, settings: Settings
) -> None:
    _request, pages = grant(session, actor, dossier)
    reader = actor(READER)
    scan = pages[0].scan
    for action, thing in (
        (Action.DOSSIER_READ, dossier),
        (Action.SCAN_READ, scan),
        (Action.SCAN_DOWNLOAD, scan),
        (Action.PAGE_READ, pages[0]),
        (Action.DOCUMENT_READ, pages[0].document),
        (Action.PERSON_READ, dossier.person),
    ):
        assert not can(reader, action, thing), action
    session.commit()
    search.rebuild(engine, settings)
    with db.reading(engine) as reading:
        found = finding.find(reading, search.open_engine(settings), "bổ nhiệm", actor=reader)
        assert (found.total, found.hits) == (0, [])
    search._engine_at.cache_clear()


@pytest.mark.parametrize("cause", ["time", "custody", "end", "withdrawn page", "role", "refiled"])
def test_every_end_closes_in_the_same_second(
    session: Session, dossier: Dossier, actor: Actors, world: World, cause: str
) -> None:
    request, pages = grant(session, actor, dossier)
    reader = actor(READER)
    left = {page.id for page in pages}
    assert open_to(session, reader) == left
    assert consultations.seconds_left(request, actor=reader) > 2 * 24 * 3600
    if cause == "time":
        request.ends_at = now() + timedelta(seconds=30)
        assert open_to(session, reader) == left
        request.ends_at = now()
    elif cause == "custody":
        dossier.custodian_id = world.units["soyt"]
    elif cause == "end":
        consultations.end(session, request, "", actor=actor(HEAD))
    elif cause == "withdrawn page":
        session.delete(request.grants[0])
        session.delete(request.grants[1])
    elif cause == "role":
        for assignment in session.scalars(select(Assignment).where(Assignment.account_id == reader.account_id)):
            assignment.valid_from = assignment.valid_to = today() - timedelta(days=2)
        session.flush()
        reader = accounts.get_actor(session, READER, via="web")
    else:
        review.take_apart(session, pages[0].document, actor=actor(OFFICER))
    assert open_to(session, reader) == set()
    if cause not in ("role", "refiled", "withdrawn page"):
        assert consultations.seconds_left(request, actor=reader) == 0
    with pytest.raises((NotFound, Refused)):
        consultations.enter(session, request, actor=reader)


def test_the_grant_ends_when_the_day_is_over_in_vietnam(session: Session, dossier: Dossier, actor: Actors) -> None:
    request, _pages = grant(session, actor, dossier, days=0)
    left = request.ends_at - now()
    assert timedelta(0) < left <= timedelta(days=1)
    assert request.ends_at.utctimetuple()[3:6] == (17, 0, 0)


def test_who_asked_does_not_decide_with_whatever_roles(
    session: Session, dossier: Dossier, world: World, actor: Actors
) -> None:
    session.add(
        Assignment(account_id=world.accounts[READER], role=Role.HEAD, unit_id=world.units["sonv"], valid_from=today())
    )
    session.flush()
    both = accounts.get_actor(session, READER, via="web")
    request = consultations.request(session, wish(dossier.number), actor=both)
    offered = consultations.offer(session, request)
    pages = consultations.chosen_pages(offered, {offered[0][0].id: ""})
    with pytest.raises(Refused, match="own request"):
        consultations.approve(session, request, pages, today(), actor=both)
    with pytest.raises(Refused, match="own request"):
        consultations.refuse(session, request, "Không", actor=both)
    assert consultations.to_decide(session, actor=both) == []
    with pytest.raises(IntegrityError, match="two_people"), session.begin_nested():
        request.decided_by_id = both.account_id
        session.flush()


@pytest.mark.parametrize("username", ["canbo.sonv", "bithu.sotc", "truongban.khoi", "kiemtra.khoi", "quantri"])
def test_only_the_head_of_the_holder_decides(session: Session, dossier: Dossier, actor: Actors, username: str) -> None:
    request = ask(session, actor, dossier)
    with pytest.raises(Refused):
        consultations.approve(session, request, [], today(), actor=actor(username))
    assert request.state == ConsultationState.REQUESTED


def test_a_decision_needs_a_fresh_password_a_day_in_bounds_and_is_made_once(
    session: Session, dossier: Dossier, actor: Actors
) -> None:
    request = ask(session, actor, dossier)
    offered = consultations.offer(session, request)
    pages = consultations.chosen_pages(offered, {offered[0][0].id: ""})
    with pytest.raises(ConfirmationNeeded):
        consultations.approve(session, request, pages, today(), actor=stale(actor(HEAD)))
    head = actor(HEAD)
    for day in (today() - timedelta(1), consultations.last_day(request.kind) + timedelta(1)):
        with pytest.raises(BadInput, match="The last day can be"):
            consultations.approve(session, request, pages, day, actor=head)
    consultations.approve(session, request, pages, today(), actor=head, version=request.version)
    assert request.register_number == f"001/{today().year}"
    with pytest.raises(Conflict):
        consultations.refuse(session, request, "Muộn", actor=head)
    second = ask(session, actor, dossier)
    with pytest.raises(BadInput, match="reason"):
        consultations.refuse(session, second, " ", actor=head)
    consultations.refuse(session, second, "Chưa có công văn", actor=head)
    assert (second.state, second.answer) == (ConsultationState.REFUSED, "Chưa có công văn")


def test_after_a_change_of_custody_the_new_head_decides(
    session: Session, dossier: Dossier, world: World, actor: Actors
) -> None:
    request = ask(session, actor, dossier)
    dossier.custodian_id = world.units["btc"]
    session.flush()
    session.expire_all()
    with pytest.raises(Refused):
        consultations.refuse(session, request, "Không", actor=actor(HEAD))
    assert [one.id for one in consultations.to_decide(session, actor=actor("truongban.khoi"))] == [request.id]
    consultations.refuse(session, request, "Không", actor=actor("truongban.khoi"))
    assert request.holder_id == world.units["btc"]


def test_what_is_asked_for_is_one_answer_whether_it_exists(
    session: Session, dossier: Dossier, world: World, actor: Actors
) -> None:
    by_number = consultations.request(session, wish(dossier.number.lower()), actor=actor(READER))
    by_name = consultations.request(session, wish("pham thi lan"), actor=actor(READER))
    none = consultations.request(session, wish("HS-999999"), actor=actor(READER))
    assert by_number.dossier_id == by_name.dossier_id == dossier.id
    assert none.dossier_id is None and none.holder_id == world.units["btc"]
    assert {one.state for one in (by_number, by_name, none)} == {ConsultationState.REQUESTED}
    assert [one.id for one in consultations.to_decide(session, actor=actor("truongban.khoi"))] == [none.id]
    with pytest.raises(BadInput, match="No dossier is tied"):
        consultations.approve(session, none, [], today(), actor=actor("truongban.khoi"))
    factories.make_dossier(session, world.units["soyt"], "Phạm Thị Lan")
    twice = consultations.request(session, wish("Phạm Thị Lan"), actor=actor(READER))
    assert twice.dossier_id is None, "two people of one name: nobody guesses"


def test_a_request_is_known_to_its_asker_and_the_holder_only(session: Session, dossier: Dossier, actor: Actors) -> None:
    request, _pages = grant(session, actor, dossier)
    knowing = {READER, OFFICER, HEAD, "canbo2.sonv"}
    for username in factories.ACCOUNTS:
        somebody = actor(username)
        listed = session.scalars(select(Consultation.id).where(allowed(somebody, Action.CONSULTATION_READ))).all()
        assert (listed == [request.id]) == can(somebody, Action.CONSULTATION_READ, request) == (username in knowing)


@pytest.mark.parametrize("field", ["wanted", "purpose", "basis", "needed", "until"])
def test_a_request_says_what_is_missing(session: Session, actor: Actors, field: str) -> None:
    empty = {"until": today() - timedelta(1)}.get(field, "  ")
    with pytest.raises(BadInput):
        consultations.request(session, replace(wish("HS-1"), **{field: empty}), actor=actor(READER))
    with pytest.raises(Refused):
        consultations.request(session, wish("HS-1"), actor=actor("quantri"))


def test_each_look_is_written_with_its_purpose(session: Session, dossier: Dossier, actor: Actors) -> None:
    request, pages = grant(session, actor, dossier)
    consultations.enter(session, request, actor=actor(READER))
    consultations.look_at(session, request, pages[0], actor=actor(READER))
    consultations.look_at(session, request, pages[0], actor=actor(READER))
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "consultation:look")).all()
    assert [(entry.dossier_id, entry.object_id) for entry in entries] == [(dossier.id, pages[0].id)] * 2
    (line,) = consultations.log_of(session, dossier, actor=actor(OFFICER))
    assert (line.number, line.pages_granted, line.pages_looked_at) == (request.number, 2, 1)
    assert (line.purpose, line.first_look is not None) == ("Thẩm tra bổ nhiệm", True)
    with pytest.raises(Refused):
        consultations.log_of(session, dossier, actor=actor(READER))
    unit = session.get_one(Unit, dossier.custodian_id)
    assert consultations.register(session, unit, today().year, actor=actor(HEAD)) == [request]
    assert consultations.register(session, unit, today().year - 1, actor=actor(HEAD)) == []
    with pytest.raises(Refused):
        consultations.register(session, unit, today().year, actor=actor("bithu.sotc"))


def test_the_page_bears_the_reader_in_its_pixels(
    tmp_path: Path, session: Session, dossier: Dossier, actor: Actors
) -> None:
    request, _pages = grant(session, actor, dossier)
    page = factories.draw_page("QUYẾT ĐỊNH", "Điều 1. Bổ nhiệm bà Phạm Thị Lan")
    page.save(tmp_path / "page.png")
    moment = now()
    lines = consultations.mark_lines(request, actor(READER), moment)
    assert READER in lines[0] and request.number in lines[1]
    made = Image.open(io.BytesIO(mark(tmp_path / "page.png", lines)))
    assert made.size == page.size
    difference = ImageChops.difference(made.convert("L"), page.convert("L")).point(lambda value: 255 * (value > 20))
    # Every band as high as two lines of print, and every fifth of the width, carries some of the words.
    for top in range(0, page.height - 80, 80):
        assert difference.crop((0, top, page.width, top + 80)).getbbox(), top
    for left in range(0, page.width - 300, 200):
        assert difference.crop((left, 0, left + 300, page.height)).getbbox(), left
    other = Image.open(io.BytesIO(mark(tmp_path / "page.png", consultations.mark_lines(request, actor(HEAD), moment))))
    assert ImageChops.difference(made, other).getbbox(), "another reader, another picture"
    # Print stays print: where the page is black it is still dark, and white paper never becomes dark.
    grey, mask = made.convert("L"), page.convert("L")
    shown, under = np.asarray(grey), np.asarray(mask)
    assert np.quantile(shown[under < 30], 0.95) < 90
    assert np.quantile(shown[under > 250], 0.02) > 150


def test_a_copy_is_decided_by_itself_and_numbered(
    session: Session, dossier: Dossier, actor: Actors, settings: Settings
) -> None:
    request, pages = grant(session, actor, dossier)
    picture = factories.png_of(factories.draw_page("Trang"))
    for page in pages:
        page.image_sha256, _size = storage.put(settings.scans, [picture])
    session.flush()
    order = consultations.request_copy(session, request, "Nộp kèm tờ trình", actor=actor(READER))
    with pytest.raises(Conflict, match="asked for already"):
        consultations.request_copy(session, request, "Nữa", actor=actor(READER))
    with pytest.raises(Refused, match="not approved"):
        consultations.take_copy(session, settings, order, actor=actor(READER))
    with pytest.raises(ConfirmationNeeded):
        consultations.decide_copy(session, order, approved=True, actor=stale(actor(HEAD)))
    consultations.decide_copy(session, order, approved=True, actor=actor(HEAD))
    assert order.number == f"BS-001/{today().year}"
    with pytest.raises(ConfirmationNeeded):
        consultations.take_copy(session, settings, order, actor=stale(actor(READER)))
    assert order.taken == 0
    content = consultations.take_copy(session, settings, order, actor=actor(READER))
    with pikepdf.open(io.BytesIO(content)) as copy:
        assert len(copy.pages) == 2
    assert order.taken == 1
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "copy:take"))
    assert order.number in entry.body
    with pytest.raises(NotFound):
        consultations.take_copy(session, settings, order, actor=actor("bithu.sotc"))


def test_paper_goes_out_and_comes_back_with_a_check(session: Session, dossier: Dossier, actor: Actors) -> None:
    request = lend(session, actor, dossier)
    assert [loan.state for loan in consultations.open_loans(session, dossier.id)] == [LoanState.READY]
    assert open_to(session, actor(READER)) == set(), "borrowing paper opens no page on the screen"
    officer = actor(OFFICER)
    with pytest.raises(Refused):
        consultations.hand_out(session, request, fetched_by="Lê A", sheets=12, actor=actor(READER))
    with pytest.raises(BadInput, match="Count"):
        consultations.hand_out(session, request, fetched_by="Lê A", sheets=None, actor=officer)
    consultations.hand_out(session, request, fetched_by="Lê A", sheets=12, actor=officer)
    with pytest.raises(Conflict):
        consultations.hand_out(session, request, fetched_by="Lê A", sheets=12, actor=officer)
    with pytest.raises(Conflict, match="still away"):
        consultations.end(session, request, "", actor=actor(HEAD))
    with pytest.raises(BadInput, match="12 sheets went out and 11"):
        consultations.take_back(session, request, sheets=11, damage="", actor=officer)
    consultations.take_back(session, request, sheets=11, damage="Thiếu tờ số 4", actor=officer)
    assert request.loan is not None
    assert (request.loan.state, request.state) == (LoanState.RETURNED, ConsultationState.ENDED)
    assert consultations.open_loans(session, dossier.id) == []


def test_one_open_loan_per_dossier_the_next_one_waits(
    session: Session, dossier: Dossier, actor: Actors, world: World
) -> None:
    first = lend(session, actor, dossier)
    second = ask(session, actor, dossier, ConsultationKind.PAPER)
    with pytest.raises(Conflict, match="lent or promised"):
        consultations.approve(session, second, [], today(), actor=actor(HEAD))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Loan(consultation_id=second.id, dossier_id=dossier.id, due_on=today()))
        session.flush()
    session.expire_all()
    consultations.end(session, first, "", actor=actor(HEAD))
    consultations.approve(session, second, [], today(), actor=actor(HEAD))
    assert [loan.consultation_id for loan in consultations.open_loans(session, dossier.id)] == [second.id]


def test_no_paper_is_lent_while_a_transfer_holds_the_dossier_still(
    session: Session, dossier: Dossier, actor: Actors
) -> None:
    request = lend(session, actor, dossier)
    dossier.frozen = True
    session.flush()
    with pytest.raises(Conflict, match="handed over"):
        consultations.hand_out(session, request, fetched_by="Lê A", sheets=12, actor=actor(OFFICER))
    second = factories.make_dossier(session, dossier.custodian_id, "Vũ Văn Bình")
    waiting = ask(session, actor, second, ConsultationKind.PAPER)
    second.frozen = True
    session.flush()
    with pytest.raises(Conflict, match="handed over"):
        consultations.approve(session, waiting, [], today(), actor=actor(HEAD))


def test_overdue_paper_is_told_to_both_sides_and_to_nobody_else(
    session: Session, dossier: Dossier, actor: Actors
) -> None:
    request = lend(session, actor, dossier)
    consultations.hand_out(session, request, fetched_by="Lê A", sheets=3, actor=actor(OFFICER))
    day = request.loan.due_on + timedelta(1)
    for username in (READER, OFFICER, HEAD):
        assert consultations.overdue(session, actor=actor(username), day=day - timedelta(1)) == []
        assert [one.id for one in consultations.overdue(session, actor=actor(username), day=day)] == [request.id]
    for username in ("canbo.soyt", "bithu.sotc", "kiemtra.khoi"):
        assert consultations.overdue(session, actor=actor(username), day=day) == []


def test_where_is_a_dossier_is_answered_by_its_holder_only(
    session: Session, dossier: Dossier, world: World, actor: Actors
) -> None:
    reader = actor("canbo.soyt")
    found = consultations.ask(session, Sought("phạm thị lan", "Bổ nhiệm", 1985), actor=reader)
    missing = consultations.ask(session, Sought("Không Có Ai", "Bổ nhiệm"), actor=reader)
    assert [one.unit_id for one in found.answers] == [world.units["sonv"]]
    assert [one.unit_id for one in missing.answers] == [world.units["btc"]]
    assert [one.answer for one in (*found.answers, *missing.answers)] == [None, None]
    (waiting,) = consultations.to_answer(session, actor=actor(OFFICER))
    assert consultations.to_answer(session, actor=actor("canbo.sotc")) == []
    with pytest.raises(Refused):
        consultations.answer(session, waiting, Whereabout.HERE, "", actor=actor("canbo.sotc"))
    with pytest.raises(BadInput, match="whom to contact"):
        consultations.answer(session, waiting, Whereabout.CONTACT, "", actor=actor(OFFICER))
    consultations.answer(session, waiting, Whereabout.HERE, "Gửi công văn", actor=actor(OFFICER))
    with pytest.raises(Conflict):
        consultations.answer(session, waiting, Whereabout.NOT_HERE, "", actor=actor(OFFICER))
    wrong_year = consultations.ask(session, Sought("Phạm Thị Lan", "Bổ nhiệm", 1950), actor=reader)
    assert [one.unit_id for one in wrong_year.answers] == [world.units["btc"]]


def test_two_heads_at_once_one_decides(engine: Engine, world: World, actor: Actors) -> None:
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"])
        request_id = ask(session, actor, made, ConsultationKind.PAPER).id
        second = factories.make_account(session, "phobithu.sonv", Role.HEAD, session.get_one(Unit, world.units["sonv"]))
        assert second.id
    start, results = threading.Barrier(2), []

    def decide(username: str) -> None:
        somebody = actor(username)
        start.wait()
        try:
            with db.writing(engine) as session:
                request = session.get_one(Consultation, request_id)
                if username == HEAD:
                    consultations.approve(session, request, [], today(), actor=somebody)
                else:
                    consultations.refuse(session, request, "Không", actor=somebody)
            results.append("done")
        except OmsError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=decide, args=(name,)) for name in (HEAD, "phobithu.sonv")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["Conflict", "done"]
    with db.reading(engine) as session:
        request = session.get_one(Consultation, request_id)
        assert (request.loan is not None) == (request.state == ConsultationState.APPROVED)


def test_slip_log_and_register_are_printed_from_what_happened(
    session: Session, dossier: Dossier, actor: Actors
) -> None:
    request, pages = grant(session, actor, dossier)
    consultations.look_at(session, request, pages[0], actor=actor(READER))
    lent = lend(session, actor, dossier)
    printing = papers.Printing(actor(OFFICER), papers.PURPOSES[0])
    waiting = ask(session, actor, dossier)
    with pytest.raises(Conflict, match="not granted"):
        papers.consultation_slip(session, waiting, printing=printing)
    for made in (request, lent):
        assert papers.consultation_slip(session, made, printing=printing).body.startswith(b"%PDF")
    assert papers.consultation_log(session, dossier, printing=printing).body.startswith(b"%PDF")
    unit = session.get_one(Unit, dossier.custodian_id)
    kind, year = PaperKind.CONSULTATION_REGISTER, today().year
    lines = papers.registers.read_register(session, kind, unit, year, actor=actor(OFFICER))
    assert [(row[0], row[3], row[7]) for row in lines.rows] == [
        (1, dossier.number, f"001/{year}"),
        (2, dossier.number, f"002/{year}"),
    ]
    assert papers.registers.draw(session, kind, unit, year, printing=printing).body.startswith(b"%PDF")
