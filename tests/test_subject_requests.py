"""What people ask of their own dossier: the clocks, who answers, two people for a copy, and what becomes of a proof."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from oms import catalogue, intake, purging, storage
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, Refused
from oms.models import (
    Account,
    AuditEntry,
    CorrectionState,
    Document,
    Dossier,
    Scan,
    SubjectRequest,
    SubjectRequestKind,
    SubjectRequestState,
)
from oms.organisation import today
from oms.permissions import Actor
from oms.procedures import answering, requests
from oms.procedures.requests import Wish
from oms.settings import Settings
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
WRONG = Wish(SubjectRequestKind.CORRECTION, "Giấy khai sinh ghi quê quán khác", "home_town", "xã Hiệp Thạnh")


@pytest.fixture
def made(session: Session, settings: Settings, world: World, actor: Find) -> tuple[Dossier, Document]:
    """The dossier of the person with an account, with one paper that has a picture."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = dossier.person_id
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("QUYẾT ĐỊNH",))
    picture = factories.png_of(factories.draw_page("Quyết định", size=(300, 400)))
    scan.pages[0].image_sha256, _size = storage.put(settings.scans, [picture])
    document = factories.make_document(session, dossier, scan, title="Quyết định", actor=actor("canbo.sonv"))
    document.component_id = "cs_short_cv"
    session.flush()
    return dossier, document


@pytest.fixture
def person(made: tuple[Dossier, Document], actor: Find) -> Actor:
    """The person, who gave the password a moment ago."""
    return replace(actor("nguoilaodong.sonv"), person_id=made[0].person_id, confirmed=True)


def head(actor: Find, name: str = "bithu.sonv") -> Actor:
    return replace(actor(name), confirmed=True)


def copy_of(document: Document) -> Wish:
    return Wish(SubjectRequestKind.COPY, "Nộp hồ sơ thi nâng ngạch", document_ids=(document.id,))


def told(session: Session) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.action.like("request:%"), AuditEntry.outcome == "done")
    found = session.scalars(query.order_by(AuditEntry.seq)).all()
    return [one.removeprefix("request:") for one in found if not one.endswith((":list", ":view"))]


def test_a_correction_is_acknowledged_accepted_and_becomes_a_proposal(session, made, person, actor: Find) -> None:
    dossier, document = made
    request = requests.ask(session, dossier, WRONG, actor=person)
    working = catalogue.calendar_of_work()
    assert request.number == f"YC-{today().year}-0001"
    assert (request.acknowledge_due_on, request.due_on) == (working.after(today(), 2), today() + timedelta(days=10))
    officer = actor("canbo.sonv")
    assert list(answering.waiting(session, actor=officer)) == [request] and request.next_due_on == working.after(
        today(), 2
    )
    answering.acknowledge(session, request, actor=officer)
    with pytest.raises(Conflict):
        answering.acknowledge(session, request, actor=officer)
    assert request.next_due_on == request.due_on
    correction = answering.accept_correction(session, request, document.id, actor=officer)
    assert (correction.new_value, correction.document_id) == ("xã Hiệp Thạnh", document.id)
    assert request.number in correction.reason and correction.state == CorrectionState.PROPOSED
    assert request.state == SubjectRequestState.PROPOSED and list(answering.waiting(session, actor=officer)) == []
    assert told(session) == ["ask", "acknowledge", "accept"]


def test_only_the_person_asks_and_only_what_can_be(session, world, made, person, actor: Find) -> None:
    dossier, _document = made
    for name in ("canbo.sonv", "bithu.sonv", "canbo.sotc", "quantri"):
        with pytest.raises(NotFound):
            requests.ask(session, dossier, WRONG, actor=actor(name))
    for wrong in (
        replace(WRONG, reason="sai"),
        replace(WRONG, field="unit_id"),
        replace(WRONG, field="birth_date", value="31/02/1985"),
        replace(WRONG, field="full_name", value=dossier.person.full_name),
        Wish(SubjectRequestKind.COPY, "Nộp hồ sơ thi nâng ngạch", document_ids=("0" * 16,)),
        Wish(SubjectRequestKind.COPY, "Nộp hồ sơ thi nâng ngạch"),
    ):
        with pytest.raises(BadInput):
            requests.ask(session, dossier, wrong, actor=person)
    dossier.person.party_join_date = date(2010, 2, 3)
    with pytest.raises(Refused, match=r"Đ11\.3\.c"):
        requests.ask(session, dossier, replace(WRONG, field="birth_date", value="02/05/1985"), actor=person)
    assert told(session) == []
    requests.ask(session, dossier, WRONG, actor=person)
    with pytest.raises(Conflict, match="waits already"):
        requests.ask(session, dossier, WRONG, actor=person)


@pytest.mark.parametrize("how", ["kept from the person", "sealed"])
def test_papers_the_person_may_not_know_of_are_not_copied(session, made, person, actor: Find, how: str) -> None:
    dossier, document = made
    request = requests.ask(session, dossier, copy_of(document), actor=person)
    if how == "sealed":
        document.sealed = True
    else:
        document.component_id = "cs_verified_complaint"
    session.flush()
    with pytest.raises(BadInput, match="Choose the papers"):
        requests.ask(session, dossier, copy_of(document), actor=person)
    with pytest.raises(Conflict, match="contents list"):
        answering.forward(session, request, actor=actor("canbo.sonv"))


def test_a_copy_takes_two_people_and_is_marked(session, settings, world, made, person, actor: Find) -> None:
    dossier, document = made
    request = requests.ask(session, dossier, copy_of(document), actor=person)
    officer = actor("canbo.sonv")
    with pytest.raises(Refused, match="not open"):
        requests.take_copy(session, settings, request, actor=person)
    with pytest.raises(Refused):
        answering.forward(session, request, actor=head(actor))
    answering.forward(session, request, actor=officer)
    for refused in (actor("canbo.sonv"), head(actor, "bithu.sotc")):
        with pytest.raises(Refused):
            answering.grant(session, request, actor=refused)
    request.answered_by_id = world.accounts["bithu.sonv"]
    with pytest.raises(Refused, match="put forward"):
        answering.grant(session, request, actor=head(actor))
    assert list(answering.waiting(session, actor=head(actor))) == []
    request.answered_by_id = officer.account_id
    with pytest.raises(ConfirmationNeeded):
        answering.grant(session, request, actor=replace(head(actor), confirmed=False))
    assert list(answering.waiting(session, actor=head(actor))) == [request]
    answering.grant(session, request, actor=head(actor))
    assert request.copy_number == f"BS-001/{today().year}" and request.open_until == today() + timedelta(days=30)
    with pytest.raises(ConfirmationNeeded):
        requests.take_copy(session, settings, request, actor=replace(person, confirmed=False))
    with pytest.raises(NotFound):
        requests.take_copy(session, settings, request, actor=officer)
    assert requests.take_copy(session, settings, request, actor=person).startswith(b"%PDF")
    assert requests.take_copy(session, settings, request, actor=person) and request.taken == 2
    assert request.state == SubjectRequestState.HANDED_OVER
    request.open_until = today() - timedelta(days=1)
    session.flush()
    with pytest.raises(Refused, match="not open"):
        requests.take_copy(session, settings, request, actor=person)
    assert told(session) == ["ask", "forward", "grant", "take_copy", "take_copy"]


def test_a_copy_is_collected_on_paper(session, settings, made, person, actor: Find) -> None:
    request = requests.ask(session, made[0], copy_of(made[1]), actor=person)
    answering.forward(session, request, actor=actor("canbo.sonv"))
    answering.grant(session, request, actor=head(actor))
    with pytest.raises(BadInput, match="between"):
        answering.hand_out(session, request, today() - timedelta(days=1), actor=actor("canbo.sonv"))
    answering.hand_out(session, request, today(), actor=actor("canbo.sonv"))
    assert (request.state, request.collected_on) == (SubjectRequestState.HANDED_OVER, today())
    with pytest.raises(Refused, match="not open"):
        requests.take_copy(session, settings, request, actor=person)


def test_refusals_have_reasons_and_nobody_answers_about_themselves(
    session, settings, made, person, actor: Find
) -> None:
    dossier, document = made
    request = requests.ask(session, dossier, WRONG, actor=person)
    officer = actor("canbo.sonv")
    with pytest.raises(BadInput, match="reason"):
        answering.refuse(session, settings, request, "không", actor=officer)
    with pytest.raises(Refused, match="own dossier"):
        answering.refuse(
            session, settings, request, "Giấy tờ không rõ", actor=replace(officer, person_id=dossier.person_id)
        )
    for name in ("canbo.sotc", "bithu.sonv"):
        with pytest.raises(Refused):
            answering.refuse(session, settings, request, "Giấy tờ không rõ", actor=actor(name))
    answering.refuse(session, settings, request, "Giấy tờ không rõ", actor=officer)
    assert request.state == SubjectRequestState.REFUSED and request.answer == "Giấy tờ không rõ"
    copy = requests.ask(session, dossier, copy_of(document), actor=person)
    answering.forward(session, copy, actor=officer)
    with pytest.raises(Refused):
        answering.refuse(session, settings, copy, "Không đúng mục đích", actor=officer)
    answering.refuse(session, settings, copy, "Không đúng mục đích", actor=head(actor))
    assert copy.decided_by_id == head(actor).account_id
    with pytest.raises(Conflict, match="answered"):
        requests.withdraw(session, settings, copy, actor=person)
    assert told(session) == ["ask", "refuse", "ask", "forward", "refuse"]


@pytest.fixture
def proof(settings: Settings) -> intake.Arrival:
    """A photograph of a paper, looked at and kept."""
    picture = factories.png_of(factories.draw_page("Giấy khai sinh", size=(300, 400)))
    arrival = replace(intake.arrive(settings, [picture], "khai sinh.png"), looked=True)
    intake.keep(settings, arrival)
    intake.discard(arrival)
    return arrival


def test_a_proof_waits_outside_and_becomes_a_scan(session, settings, made, person, proof, actor: Find) -> None:
    dossier, document = made
    officer = actor("canbo.sonv")
    request = requests.ask(session, dossier, WRONG, actor=person, proof=proof)
    scans = select(Scan.sha256).where(Scan.dossier_id == dossier.id)
    assert proof.sha256 not in session.scalars(scans).all() and purging.is_named(session, proof.sha256)
    with pytest.raises(Conflict, match="proof"):
        answering.accept_correction(session, request, document.id, actor=officer)
    assert answering.open_proof(session, request, actor=officer) == (proof.sha256, "image/png", "khai sinh.png")
    answering.take_proof_in(session, settings, request, actor=officer)
    assert proof.sha256 in session.scalars(scans).all() and request.proof_sha256 is None
    assert answering.accept_correction(session, request, document.id, actor=officer)


def test_the_proof_of_a_request_that_is_over_leaves_nothing(
    session, settings, made, person, proof, actor: Find
) -> None:
    for over in (
        lambda request: requests.withdraw(session, settings, request, actor=person),
        lambda request: answering.refuse(session, settings, request, "Giấy tờ không rõ", actor=actor("canbo.sonv")),
    ):
        storage.put(settings.scans, [factories.png_of(factories.draw_page("Giấy khai sinh", size=(300, 400)))])
        over(requests.ask(session, made[0], WRONG, actor=person, proof=proof))()
        assert not storage.path_of(settings.scans, proof.sha256).exists()


def test_the_list_has_what_is_due_first_and_asks_as_often_for_many(session, world, made, person, actor: Find) -> None:
    officer, dossier = actor("canbo.sonv"), made[0]
    second = requests.ask(session, dossier, copy_of(made[1]), actor=person)
    first = requests.ask(session, dossier, WRONG, actor=person)
    first.acknowledge_due_on = today() - timedelta(days=1)
    session.flush()

    def count() -> tuple[int, list[SubjectRequest]]:
        session.flush()
        session.expire_all()
        statements: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
        found, _total = answering.list_requests(session, actor=officer)
        _ = [(one.dossier.person.full_name, one.dossier.custodian.short_name) for one in found]
        return sum(statement.startswith("SELECT") for statement in statements), found

    count()
    few, found = count()
    assert found == [first, second]
    assert answering.list_requests(session, actor=officer, state="late") == ([first], 1)
    assert answering.list_requests(session, actor=actor("canbo.sotc")) == ([], 0)
    for place in range(4):
        other = factories.make_dossier(session, world.units["sonv"], f"Người {place}")
        requests.ask(session, other, WRONG, actor=replace(person, person_id=other.person_id))
    assert count()[0] == few
