"""Verification with minutes: its clock, the one extension, the minutes that settle, and the way to a correction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from oms import catalogue, checks, papers, procedures, purging
from oms.errors import BadInput, Conflict, Refused
from oms.models import (
    AuditEntry,
    Document,
    Dossier,
    Finding,
    FindingKind,
    FindingState,
    Verification,
    VerificationOutcome,
    VerificationState,
)
from oms.organisation import today
from oms.papers import Printing
from oms.permissions import Actor
from oms.procedures import verification_lists as lists
from oms.procedures import verifications as cases
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
CASE = cases.Case("Ngày sinh trong hai giấy tờ khác nhau", "Trần Văn An, chuyên viên", "UBND xã Hiệp Thạnh")
REASON = "Phải xác minh tại nơi sinh"
MINUTES = cases.Minutes(
    on=today(),
    present="Trần Văn An\nĐại diện UBND xã",
    compared="Sổ hộ tịch năm 1985",
    found="Sổ hộ tịch ghi 02/05/1985",
    conclusion="Lý lịch ghi nhầm tháng",
    outcome=VerificationOutcome.WRONG,
    right_value="02/05/1985",
)


@pytest.fixture
def made(session: Session, world: World, actor: Find) -> tuple[Dossier, Document]:
    """A dossier of Sở Nội vụ with one document."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("BIÊN BẢN",))
    return dossier, factories.make_document(session, dossier, scan, title="Biên bản", actor=actor("canbo.sonv"))


def find(session: Session, dossier: Dossier) -> Finding:
    """A contradiction about the birth date."""
    finding = Finding(dossier_id=dossier.id, kind=FindingKind.BIRTH, fingerprint="f" * 64, message="", details={})
    session.add(finding)
    session.flush()
    return finding


def send(session: Session, finding: Finding, who: Actor) -> Verification:
    case = replace(CASE, field=cases.field_of(session, finding))
    return cases.send_to_verification(session, finding, case, reason=REASON, actor=who)


def told(session: Session) -> list[str]:
    """What happened, in the order of the log."""
    kinds = ("verification:", "check:", "correction:")
    entries = session.scalars(select(AuditEntry.action).where(AuditEntry.outcome == "done").order_by(AuditEntry.seq))
    return [one for one in entries if one.startswith(kinds) and not one.endswith((":list", ":view"))]


def opened_before(session: Session, case: Verification, days: int) -> None:
    """As if it had been opened so many days ago."""
    case.opened_at -= timedelta(days=days)
    case.due_on -= timedelta(days=days)
    session.flush()


def test_from_a_contradiction_to_the_correction_by_one_click(session: Session, made, actor: Find) -> None:
    dossier, document = made
    who, finding = actor("canbo.sonv"), find(session, dossier)
    case = send(session, finding, who)
    assert case.number == f"XM-{today().year}-0001" and case.field == "birth_date" and "Đ11.2.c" in case.basis
    assert finding.state == FindingState.SENT and finding.due_on == case.due_on == today() + timedelta(days=90)
    cases.end(session, case, today(), actor=who)
    assert case.minutes_due_on == catalogue.calendar_of_work().after(today(), 5) == case.next_due_on
    cases.conclude(session, case, MINUTES, actor=who)
    assert finding.state == FindingState.ACCEPTED and finding.reason == f"{case.number}: Lý lịch ghi nhầm tháng"
    with pytest.raises(Conflict, match="signed minutes"):
        cases.correct(session, case, actor=who)
    cases.file_minutes(session, case, document.id, actor=who)
    correction = cases.correct(session, case, actor=who)
    assert (correction.field, correction.new_value, correction.document_id) == ("birth_date", "02/05/1985", document.id)
    assert case.correction_id == correction.id and not cases.may_correct(case) and case.number in correction.reason
    for again in (
        lambda: cases.correct(session, case, actor=who),
        lambda: cases.file_minutes(session, case, document.id, actor=who),
    ):
        with pytest.raises(Conflict):
            again()
    assert told(session) == [
        "check:send",
        "verification:open",
        "verification:end",
        "verification:conclude",
        "check:accept",
        "verification:file_minutes",
        "correction:propose",
    ]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(VerificationOutcome.STANDS, FindingState.EXPLAINED), (VerificationOutcome.UNCLEAR, FindingState.ACCEPTED)],
)
def test_minutes_settle_as_they_conclude(session: Session, made, actor: Find, outcome, state) -> None:
    who, finding = actor("canbo.sonv"), find(session, made[0])
    case = send(session, finding, who)
    cases.end(session, case, today(), actor=who)
    with pytest.raises(BadInput, match="right value"):
        cases.conclude(session, case, replace(MINUTES, outcome=outcome), actor=who)
    cases.conclude(session, case, replace(MINUTES, outcome=outcome, right_value=""), actor=who)
    assert finding.state == state and finding.due_on is None


def test_minutes_are_corrected_until_they_are_signed(session: Session, made, actor: Find) -> None:
    who = actor("canbo.sonv")
    case = cases.open_case(session, made[0], replace(CASE, field="birth_date"), actor=who)
    for wrong in (
        replace(MINUTES, on=today() + timedelta(days=1)),
        replace(MINUTES, found=" "),
        replace(MINUTES, right_value="31/02/1985"),
    ):
        with pytest.raises(Conflict):
            cases.conclude(session, case, MINUTES, actor=who)
        case.state, case.ended_on, case.minutes_due_on = VerificationState.ENDED, today(), today()
        with pytest.raises(BadInput):
            cases.conclude(session, case, wrong, actor=who)
        case.state, case.ended_on, case.minutes_due_on = VerificationState.OPEN, None, None
    cases.end(session, case, today(), actor=who)
    cases.conclude(session, case, MINUTES, actor=who)
    cases.conclude(session, case, replace(MINUTES, found="Sổ hộ tịch, trang 12"), actor=who)
    assert case.found == "Sổ hộ tịch, trang 12"
    cases.file_minutes(session, case, made[1].id, actor=who)
    with pytest.raises(Conflict, match="signed"):
        cases.conclude(session, case, MINUTES, actor=who)


def extend(session: Session, case: Verification, who: Actor, days: int = 30, on: date | None = None) -> None:
    words = {"document": "45-CV/ĐU", "on": on or today(), "reason": "Chờ trả lời của UBND xã"}
    cases.extend(session, case, days, actor=who, **words)  # type: ignore[arg-type]


def test_there_is_one_extension_of_at_most_thirty_working_days(session: Session, made, actor: Find) -> None:
    who, finding = actor("canbo.sonv"), find(session, made[0])
    case = send(session, finding, who)
    first = case.due_on
    for days in (0, 31):
        with pytest.raises(BadInput, match="30"):
            extend(session, case, who, days)
    with pytest.raises(BadInput, match="in writing"):
        extend(session, case, who, on=today() + timedelta(days=1))
    extend(session, case, who)
    assert case.due_on == finding.due_on == catalogue.calendar_of_work().after(first, 30) and case.first_due_on == first
    with pytest.raises(Refused, match=r"45-CV/ĐU already.*Đ11\.2\.c"):
        extend(session, case, who, 1)
    assert told(session) == ["check:send", "verification:open", "verification:extend"]


def test_an_extension_is_written_while_the_limit_runs(session: Session, made, actor: Find) -> None:
    who = actor("canbo.sonv")
    case = cases.open_case(session, made[0], CASE, actor=who)
    opened_before(session, case, 100)
    with pytest.raises(BadInput, match="while the limit runs"):
        extend(session, case, who)
    extend(session, case, who, on=case.due_on)
    assert case.due_on > today()


def test_what_is_verified_is_not_reopened_past_its_case(session: Session, made, actor: Find) -> None:
    who, finding = actor("canbo.sonv"), find(session, made[0])
    case = send(session, finding, who)
    with pytest.raises(Conflict, match=case.number):
        checks.settle(session, finding, "reopen", reason="Nhầm", actor=who)
    with pytest.raises(Conflict, match="already"):
        cases.send_to_verification(session, finding, CASE, reason=REASON, actor=who)
    with pytest.raises(BadInput, match="reason"):
        cases.give_up(session, case, "nhầm", actor=who)
    cases.give_up(session, case, "Mở nhầm hồ sơ khác", actor=who)
    assert (case.state, finding.state) == (VerificationState.CANCELLED, FindingState.OPEN)
    assert send(session, finding, who).number > case.number


def test_what_is_no_longer_found_stays_gone(session: Session, made, actor: Find) -> None:
    who, finding = actor("canbo.sonv"), find(session, made[0])
    case = send(session, finding, who)
    finding.state, finding.due_on = FindingState.GONE, None
    cases.end(session, case, today(), actor=who)
    cases.conclude(session, case, MINUTES, actor=who)
    assert finding.state == FindingState.GONE and case.state == VerificationState.CONCLUDED


def test_only_officers_of_the_holder_lead_and_nobody_their_own(session: Session, made, actor: Find) -> None:
    dossier = made[0]
    for name in ("canbo.sotc", "bithu.sonv", "kiemtra.khoi", "quantri"):
        with pytest.raises(Refused):
            cases.open_case(session, dossier, CASE, actor=actor(name))
    with pytest.raises(Refused, match="own dossier"):
        cases.open_case(session, dossier, CASE, actor=replace(actor("canbo.sonv"), person_id=dossier.person_id))
    assert told(session) == []
    case = cases.open_case(session, dossier, CASE, actor=actor("canbo.sonv"))
    for name in ("canbo.sotc", "bithu.sonv"):
        with pytest.raises(Refused):
            cases.end(session, case, today(), actor=actor(name))
    assert lists.list_cases(session, lists.Chosen(), actor=actor("bithu.sonv")) == ([case], 1)
    assert lists.list_cases(session, lists.Chosen(), actor=actor("canbo.sotc")) == ([], 0)
    dossier.held = True
    session.flush()
    with pytest.raises(Refused):
        cases.end(session, case, today(), actor=actor("canbo.sonv"))
    assert told(session) == ["verification:open"]


def test_the_list_has_what_is_due_first_and_the_start_page_what_is_near(
    session: Session, world, made, actor: Find
) -> None:
    who = actor("canbo.sonv")
    far, near, late, ended = (cases.open_case(session, made[0], CASE, actor=who) for _ in range(4))
    opened_before(session, near, 80)
    opened_before(session, late, 95)
    cases.end(session, ended, today(), actor=who)
    rows, total = lists.list_cases(session, lists.Chosen(), actor=who)
    assert (rows, total) == ([late, ended, near, far], 4)
    assert lists.list_cases(session, lists.Chosen(late=True), actor=who) == ([late], 1)
    assert list(lists.due_soon(session, actor=who)) == [late, ended, near]
    assert list(lists.due_soon(session, actor=actor("canbo.sotc"))) == []
    cases.give_up(session, late, "Mở nhầm hồ sơ khác", actor=who)
    assert lists.list_cases(session, lists.Chosen(late=True), actor=who) == ([], 0)
    assert lists.list_cases(session, lists.Chosen(every=True), actor=who)[1] == 4


def test_the_list_asks_as_often_for_many_as_for_one(session: Session, world: World, made, actor: Find) -> None:
    who = actor("canbo.sonv")

    def count() -> int:
        session.flush()
        session.expire_all()
        statements: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
        found, _total = lists.list_cases(session, lists.Chosen(), actor=who)
        _ = [(one.dossier.person.full_name, one.dossier.custodian.short_name) for one in found]
        return sum(statement.startswith("SELECT") for statement in statements)

    cases.open_case(session, made[0], CASE, actor=who)
    count()
    one = count()
    for place in range(5):
        cases.open_case(
            session, factories.make_dossier(session, world.units["sonv"], f"Người {place}"), CASE, actor=who
        )
    assert count() == one


def test_the_minutes_are_printed_with_one_number_wherever_the_dossier_goes(
    session: Session, world: World, made, actor: Find
) -> None:
    who, dossier = actor("canbo.sonv"), made[0]
    case = cases.open_case(session, dossier, replace(CASE, field="birth_date"), actor=who)
    with pytest.raises(Conflict, match="not written"):
        papers.verification_minutes(session, case, printing=Printing(who, "filing"))
    cases.end(session, case, today(), actor=who)
    cases.conclude(session, case, MINUTES, actor=who)
    paper = papers.verification_minutes(session, case, printing=Printing(who, "filing"))
    assert paper.body.startswith(b"%PDF") and "BBXM" in paper.number
    dossier.custodian_id = world.units["sotc"]
    session.flush()
    session.expire_all()
    again = papers.verification_minutes(session, case, printing=Printing(actor("canbo.sotc"), "filing"))
    assert again.number == paper.number
    with pytest.raises(Refused):
        papers.verification_minutes(session, case, printing=Printing(who, "filing"))


def test_nothing_of_a_destroyed_page_stays_in_its_case(session: Session, settings, world, made, actor: Find) -> None:
    from oms.models import FindingPlace

    dossier, document = made
    finding = find(session, dossier)
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("mật",))
    session.add(FindingPlace(finding_id=finding.id, place=1, page_id=scan.pages[0].id, text="mật"))
    case = send(session, finding, actor("canbo.sonv"))
    purging.destroy(session, settings, [scan])
    assert (case.finding_id, case.question) == (None, "") and document.title == "Biên bản"


def test_what_was_typed_about_a_secret_page_goes_with_it(session: Session, settings, made, actor: Find) -> None:
    dossier, document = made
    who, second = actor("canbo.sonv"), actor("bithu.sonv")
    scan = factories.make_scan(session, dossier, who.account_id, ("Kế hoạch phòng thủ khu vực Tà Nung năm nay",))
    paper = factories.make_document(session, dossier, scan, actor=who)
    naming = cases.open_case(session, dossier, replace(CASE, document_id=paper.id), actor=who)
    quoting = cases.open_case(session, dossier, replace(CASE, question="Có phải phòng thủ khu vực Tà Nung?"), actor=who)
    other = cases.open_case(session, dossier, replace(CASE, document_id=document.id), actor=who)
    proposals = [
        procedures.propose(session, dossier, procedures.Proposal(field, value, REASON, id), actor=who)
        for field, value, id in (("home_town", "xã Hiệp Thạnh", paper.id), ("staff_code", "SNV-1", document.id))
    ]
    purging.purge(session, settings, scan, "Tài liệu mật được quét nhầm", second=second, actor=who)
    assert [one.question for one in (naming, quoting, other)] == ["", "", CASE.question]
    assert [one.reason for one in proposals] == ["", REASON] and proposals[0].new_value == "xã Hiệp Thạnh"


def test_the_words_of_every_act_are_known() -> None:
    assert {"verification:open", "correction:decide"} <= set(procedures.IN_THE_LOG)
