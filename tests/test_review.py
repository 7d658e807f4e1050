"""Text to record: corrections that keep what was before, filing and taking apart, dates as typed, words tied to boxes."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import desk, dossiers, review
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Document, Job, Original, Page, PageState, Precision, Quality, Scan, ScanState
from oms.permissions import Actor
from oms.review import Filing
from tests import factories
from tests.factories import World


@pytest.fixture
def officer(actor: Callable[[str], Actor]) -> Actor:
    return actor("canbo.sonv")


@pytest.fixture
def dossier(session: Session, world: World):
    return factories.make_dossier(session, world.units["sonv"])


@pytest.fixture
def scan(session: Session, dossier, officer: Actor):
    return factories.make_scan(session, dossier, officer.account_id, ("QUYẾT ĐỊNH bổ nhiêm", "trang hai", "trang ba"))


@pytest.fixture
def filing(dossier) -> Filing:
    return Filing(component_id=dossiers.components_of(dossier)[0].id, title="Quyết định bổ nhiệm")


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def in_order(session: Session, officer: Actor) -> list[Scan]:
    return [one.scan for one in desk.waiting_scans(session, actor=officer)]


def pages_of(session: Session, scan) -> list[Page]:
    return review.list_pages(session, scan)


def test_a_correction_keeps_what_was_before_with_who_and_when(session: Session, scan, officer: Actor) -> None:
    page = pages_of(session, scan)[0]
    review.correct(session, page, "QUYẾT ĐỊNH\r\nbổ nhiệm  ", actor=officer, version=page.version)
    session.flush()
    assert (page.text, page.text_read, page.corrected) == ("QUYẾT ĐỊNH\nbổ nhiệm", "QUYẾT ĐỊNH bổ nhiêm", True)
    [(correction, name)] = review.corrections_of(session, page)
    assert correction.text_before == "QUYẾT ĐỊNH bổ nhiêm" and correction.corrected_by_id == officer.account_id
    assert name == officer.name
    assert actions(session) == ["page:correct"]
    assert session.scalars(select(Job.kind)).all() == ["index_scan"]


def test_the_same_text_is_no_correction(session: Session, scan, officer: Actor) -> None:
    page = pages_of(session, scan)[0]
    review.correct(session, page, page.text, actor=officer)
    assert review.corrections_of(session, page) == [] and actions(session) == []


def test_two_people_at_once_the_second_is_told(session: Session, scan, officer: Actor, actor) -> None:
    page = pages_of(session, scan)[0]
    seen = page.version
    review.correct(session, page, "một", actor=officer, version=seen)
    session.flush()
    with pytest.raises(Conflict):
        review.correct(session, page, "hai", actor=actor("canbo2.sonv"), version=seen)
    assert page.text == "một"


@pytest.mark.parametrize("username", ["bithu.sonv", "canbo.sotc", "quantri", "kiemtra.khoi"])
def test_who_may_not_correct_cannot(session: Session, scan, filing: Filing, actor, username: str) -> None:
    pages = pages_of(session, scan)
    with pytest.raises(Refused):
        review.correct(session, pages[0], "x", actor=actor(username))
    with pytest.raises(Refused):
        review.file_pages(session, scan, [pages[0].id], filing, actor=actor(username))
    assert session.scalars(select(Document)).all() == []


def test_filing_in_parts_until_nothing_waits(session: Session, scan, filing: Filing, officer: Actor) -> None:
    one, two, three = pages_of(session, scan)
    document = review.file_pages(session, scan, [two.id, one.id], filing, actor=officer)
    assert (one.document_position, two.document_position, scan.state) == (2, 1, ScanState.READ)
    assert desk.waiting_pages(session, [scan.id])[scan.id].pages == 1
    review.file_pages(session, scan, [three.id], filing, actor=officer)
    assert scan.state == ScanState.FILED and desk.waiting_scans(session, actor=officer) == []
    assert actions(session) == ["document:file", "document:file"]
    assert document.position == 1


def test_a_page_lies_in_one_document_only(session: Session, scan, filing: Filing, officer: Actor) -> None:
    one = pages_of(session, scan)[0]
    review.file_pages(session, scan, [one.id], filing, actor=officer)
    with pytest.raises(Conflict):
        review.file_pages(session, scan, [one.id], filing, actor=officer)


def test_pages_of_nothing_twice_or_another_scan_are_refused(
    session: Session, dossier, scan, filing: Filing, officer: Actor
) -> None:
    one = pages_of(session, scan)[0]
    other = factories.make_scan(session, dossier, officer.account_id, ("khác",))
    for chosen in ([], [one.id, one.id], [pages_of(session, other)[0].id], ["0" * 16]):
        with pytest.raises(BadInput):
            review.file_pages(session, scan, chosen, filing, actor=officer)


def test_a_page_that_is_still_read_waits(session: Session, scan, filing: Filing, officer: Actor) -> None:
    one = pages_of(session, scan)[0]
    one.state = PageState.WAITING
    session.flush()
    with pytest.raises(Conflict):
        review.file_pages(session, scan, [one.id], filing, actor=officer)


def test_what_is_said_about_a_document_must_be_possible(session: Session, scan, dossier, officer: Actor) -> None:
    one = pages_of(session, scan)[0].id
    component = dossiers.components_of(dossier)[0].id
    for filing, error in [
        (Filing(component, "   "), BadInput),
        (Filing(component, "x" * 301), BadInput),
        (Filing(component, "Quyết định", issued_on=date(2999, 1, 1)), BadInput),
        (Filing("no_such", "Quyết định"), NotFound),
    ]:
        with pytest.raises(error):
            review.file_pages(session, scan, [one], filing, actor=officer)
    filed = review.file_pages(
        session,
        scan,
        [one],
        Filing(component, " Quyết định ", "15/QĐ-SNV", date(2015, 3, 1), Precision.MONTH, original=Original.COPY),
        actor=officer,
    )
    assert (filed.title, filed.number, filed.issued_precision) == ("Quyết định", "15/QĐ-SNV", Precision.MONTH)


def test_taking_apart_lets_the_pages_wait_again(session: Session, scan, filing: Filing, officer: Actor) -> None:
    ids = [page.id for page in pages_of(session, scan)]
    document = review.file_pages(session, scan, ids, filing, actor=officer)
    assert [found.id for found in review.take_apart(session, document, actor=officer)] == [scan.id]
    assert scan.state == ScanState.READ
    assert [page.document_id for page in pages_of(session, scan)] == [None, None, None]
    assert session.scalars(select(Document)).all() == []
    assert actions(session) == ["document:file", "document:take_apart"]


def test_the_place_of_a_page_in_scan_and_document(session: Session, scan, filing: Filing, officer: Actor) -> None:
    one, two, three = pages_of(session, scan)
    assert review.place_of(session, two) == review.Place(2, 3, one.id, three.id)
    review.file_pages(session, scan, [three.id, one.id], filing, actor=officer)
    assert review.place_of(session, one) == review.Place(2, 2, three.id, None)
    assert review.place_of(session, three) == review.Place(1, 2, None, one.id)


def test_what_waits_says_how_much_needs_a_look(session: Session, scan) -> None:
    one, two, _three = pages_of(session, scan)
    one.quality, one.expected_error, two.secrecy = Quality.POOR, 0.3, ["MẬT"]
    two.expected_error, two.corrected = 0.5, True
    session.flush()
    assert desk.waiting_pages(session, [scan.id]) == {scan.id: desk.Waiting(3, 1, True, 0.3)}


def test_the_scan_with_the_worst_page_that_waits_is_first(
    session: Session, scan, filing: Filing, officer: Actor
) -> None:
    better = factories.make_scan(session, scan.dossier, officer.account_id, ("đọc rõ",))
    one, two, _three = pages_of(session, scan)
    first, *_rest = pages_of(session, better)
    one.expected_error, two.expected_error, first.expected_error = 0.4, 0.02, 0.1
    session.flush()
    assert in_order(session, officer) == [scan, better]
    review.file_pages(session, scan, [one.id], filing, actor=officer)
    assert in_order(session, officer) == [better, scan], "what is filed does not count"
    first.corrected = True
    session.flush()
    assert in_order(session, officer) == [scan, better], "nor what was corrected"


@pytest.mark.parametrize(
    ("typed", "first", "precision"),
    [
        ("03/02/1998", date(1998, 2, 3), Precision.DAY),
        ("02/1998", date(1998, 2, 1), Precision.MONTH),
        (" 1998 ", date(1998, 1, 1), Precision.YEAR),
        ("ngày 3 tháng 2 năm 1998", date(1998, 2, 3), Precision.DAY),
        ("", None, None),
    ],
)
def test_dates_keep_the_precision_of_the_paper(typed: str, first, precision) -> None:
    assert dossiers.written_date(typed) == (first, precision)


@pytest.mark.parametrize("typed", ["31/02/1998", "hôm qua", "3/2/98", "13/1998"])
def test_a_date_that_is_none_is_named(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        dossiers.written_date(typed)
    assert typed in str(refused.value) and "Date of the document" in str(refused.value)


def test_corrected_words_keep_their_place_on_the_image() -> None:
    read = ["QUYẾT", "ĐỊNH", "bổ", "nhiêm", "ông"]
    assert review.tie_words("QUYẾT ĐỊNH\nbổ nhiệm ông", read) == [
        [(0, "QUYẾT"), (1, "ĐỊNH")],
        [(2, "bổ"), (3, "nhiệm"), (4, "ông")],
    ]


def test_words_typed_anew_have_no_place() -> None:
    lines = review.tie_words("một hai mới ba", ["một", "hai", "ba"])
    assert [number for number, _word in lines[0]] == [0, 1, 5, 2]


@given(st.text("ab \n", max_size=40), st.lists(st.text("ab", min_size=1, max_size=2), max_size=20))
def test_every_word_appears_once_with_its_own_number(text: str, read: list[str]) -> None:
    lines = review.tie_words(text, read)
    assert [word for line in lines for _number, word in line] == text.split()
    numbers = [number for line in lines for number, _word in line]
    assert len(set(numbers)) == len(numbers)
