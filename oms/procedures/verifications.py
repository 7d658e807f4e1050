"""Verification with minutes (thẩm tra, xác minh): a doubt is asked about where it can be known, and minutes settle it.

Opened from a contradiction or by hand; limit, one extension in writing and the days for the minutes are dated data
(`catalogue/time_limits.yaml`). Which value holds is still the matter of a decision: the minutes only lead to one.
Source: TT 11/2012/TT-BNV Đ11.2.c as amended by TT 06/2019/TT-BNV.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, checks, db, dossiers
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    Correction,
    Document,
    Dossier,
    Finding,
    FindingState,
    Verification,
    VerificationOutcome,
    VerificationState,
)
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, allowed, can, require
from oms.procedures.corrections import Proposal, propose
from oms.procedures.fields import fields_of, get_correctable, get_field
from oms.procedures.writing import check_number, check_reason, check_text, tidy_lines

LIMIT, EXTENSION, MINUTES = "verification", "verification_extension", "verification_minutes"
"""The limits of `catalogue/time_limits.yaml`."""
# What a contradiction calls a value (`catalogue/forms.yaml`) that a decision can correct under another name.
_FIELD_OF = {"id_number": "personal_id"}


@dataclass(frozen=True)
class Case:
    """What is opened: the question, who verifies, the bodies asked, and the value or paper in doubt, where there is one."""

    question: str
    verifiers: str
    bodies: str = ""
    field: str = ""
    document_id: str = ""


@dataclass(frozen=True)
class Minutes:
    """What the minutes say; `right_value` only where a value is found to be wrong."""

    on: date
    present: str
    compared: str
    found: str
    conclusion: str
    outcome: VerificationOutcome
    right_value: str = ""


def open_case(session: Session, dossier: Dossier, case: Case, *, actor: Actor) -> Verification:
    """Open a verification by hand; its limit begins today."""
    dossiers.hold(session, dossier)
    require(actor, Action.VERIFICATION_OPEN, dossier)
    return _open(session, dossier, case, None, actor)


def send_to_verification(
    session: Session, finding: Finding, case: Case, *, reason: str, actor: Actor, version: int | None = None
) -> Verification:
    """Send a contradiction to verification: the finding waits, and the case that settles it is opened with it.

    One that was sent before cases were kept here gets its case, with the limit it has.
    """
    dossiers.hold(session, finding.dossier)
    require(actor, Action.VERIFICATION_OPEN, finding.dossier)
    if finding.state != FindingState.SENT:
        checks.settle(session, finding, "send", reason=reason, actor=actor, version=version)
    else:
        require(actor, Action.CHECK_SETTLE, finding)
    return _open(session, finding.dossier, case, finding, actor)


def _open(session: Session, dossier: Dossier, case: Case, finding: Finding | None, actor: Actor) -> Verification:
    _refuse_own(dossier, actor)
    if case.field:
        get_correctable(session, case.field, dossier)
    if case.document_id:
        _document(session, dossier, case.document_id, actor)
    limit = catalogue.time_limit(LIMIT, today())
    year = today().year
    made = Verification(
        number=f"XM-{year}-{dossiers.next_number(session, f'verification-{year}'):04d}",
        dossier_id=dossier.id,
        finding_id=finding.id if finding else None,
        question=_question(case.question),
        field=case.field or None,
        document_id=case.document_id or None,
        verifiers=_verifiers(case.verifiers),
        bodies=tidy_lines(case.bodies),
        opened_by_id=actor.account_id,
        due_on=(finding.due_on if finding else None) or limit.ends(today()),
        basis=limit.basis,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Conflict(N_("This contradiction is being verified already. Open that verification.")) from None
    audit.record(session, "verification:open", made, actor=actor, words=made.question, finding=made.finding_id)
    return made


def field_of(session: Session, finding: Finding) -> str:
    """The value a decision can correct that a contradiction is about; empty for one that is about none, or about one of
    the record that no two officers verified."""
    key = _FIELD_OF.get(finding.key or "", finding.key or "")
    known = fields_of(session, finding.dossier)
    return key if key in known else {"name": "full_name", "birth": "birth_date"}.get(finding.kind.value, "")


def describe(
    session: Session, verification: Verification, case: Case, *, actor: Actor, version: int | None = None
) -> None:
    """Correct what is asked, who verifies and whom they ask, while it is being verified."""
    dossier = _begin(session, verification, (VerificationState.OPEN,), actor, version)
    if case.field and case.field != verification.field:
        get_correctable(session, case.field, dossier)
    if case.document_id and case.document_id != verification.document_id:
        _document(session, dossier, case.document_id, actor)
    verification.question, verification.verifiers = _question(case.question), _verifiers(case.verifiers)
    verification.bodies = tidy_lines(case.bodies)
    verification.field, verification.document_id = case.field or None, case.document_id or None
    session.flush()
    audit.record(session, "verification:describe", verification, actor=actor, words=verification.question)


def extend(
    session: Session,
    verification: Verification,
    days: int,
    *,
    document: str,
    on: date,
    reason: str,
    actor: Actor,
    version: int | None = None,
) -> None:
    """Give `days` working days more, once, by a paper written before the limit ended; the law gives no second time."""
    _begin(session, verification, (VerificationState.OPEN,), actor, version)
    limit = catalogue.time_limit(EXTENSION, today())
    if verification.extended_on is not None:
        raise Refused(
            N_(
                "This verification was extended on %(day)s by %(document)s already. The law gives one extension "
                "(%(basis)s): end the verification and write the minutes."
            ),
            day=verification.extended_on.strftime("%d/%m/%Y"),
            document=verification.extension_document,
            basis=limit.basis,
        )
    if not 1 <= days <= limit.amount:
        raise BadInput(
            N_("An extension has 1 to %(most)s working days (%(basis)s)."), most=limit.amount, basis=limit.basis
        )
    if on > min(today(), verification.due_on) or on < _opened_on(verification):
        raise BadInput(
            N_("The extension is given in writing while the limit runs: correct the day of the paper (until %(day)s)."),
            day=min(today(), verification.due_on).strftime("%d/%m/%Y"),
        )
    number, why = (
        check_number(document, N_("Write the number of the paper that gives the extension.")),
        check_reason(reason),
    )
    verification.extension_document, verification.extension_reason = number, why
    verification.first_due_on = verification.due_on
    verification.due_on = catalogue.calendar_of_work().after(verification.due_on, days)
    verification.extended_on, verification.extended_by_id = on, actor.account_id
    finding = verification.finding
    if finding is not None and finding.state == FindingState.SENT:
        finding.due_on = verification.due_on
    session.flush()
    audit.record(session, "verification:extend", verification, actor=actor, words=why, days=days)


def end(session: Session, verification: Verification, on: date, *, actor: Actor, version: int | None = None) -> None:
    """The verification is over; the days for the minutes begin."""
    _begin(session, verification, (VerificationState.OPEN,), actor, version)
    if not _opened_on(verification) <= on <= today():
        raise BadInput(N_("The verification ends between the day it was opened and today. Correct the day."))
    verification.state, verification.ended_on = VerificationState.ENDED, on
    verification.minutes_due_on = catalogue.time_limit(MINUTES, today()).ends(on)
    session.flush()
    audit.record(session, "verification:end", verification, actor=actor)


def may_write_minutes(verification: Verification) -> bool:
    """True while the minutes can be written, and corrected until they are signed or a correction rests on them."""
    signed = verification.minutes_document_id is not None or verification.correction_id is not None
    return verification.state == VerificationState.ENDED or (
        verification.state == VerificationState.CONCLUDED and not signed
    )


def conclude(
    session: Session, verification: Verification, minutes: Minutes, *, actor: Actor, version: int | None = None
) -> None:
    """Write the minutes; what they conclude settles the contradiction the case came from."""
    states = (VerificationState.ENDED, VerificationState.CONCLUDED)
    _begin(session, verification, states, actor, version)
    if not may_write_minutes(verification):
        raise Conflict(
            N_("The signed minutes are in the dossier already. What they say is changed by new minutes only.")
        )
    ended = verification.ended_on
    if ended is None or not ended <= minutes.on <= today():
        raise BadInput(N_("The minutes are dated between the end of the verification and today. Correct the day."))
    wrong = minutes.outcome == VerificationOutcome.WRONG
    right = minutes.right_value.strip()
    if right and not (wrong and verification.field):
        raise BadInput(N_("A right value is written only where the minutes find that a value is wrong."))
    if right:
        right = get_field(verification.field or "", verification.dossier).checked(right)
    # All of it is read before any of it is written: a page that comes back shows the row as it is.
    written = {
        "present": check_text(minutes.present, N_("Name who was present, one a line.")),
        "compared": check_text(minutes.compared, N_("Write what was compared: papers, registers, statements.")),
        "found": check_text(minutes.found, N_("Write what was found.")),
        "conclusion": check_text(minutes.conclusion, N_("Write the conclusion of the minutes.")),
    }
    for name, text in written.items():
        setattr(verification, name, text)
    verification.outcome, verification.right_value = minutes.outcome, right
    verification.minutes_on, verification.concluded_by_id = minutes.on, actor.account_id
    verification.state = VerificationState.CONCLUDED
    session.flush()
    audit.record(
        session,
        "verification:conclude",
        verification,
        actor=actor,
        words=verification.conclusion,
        concluded=minutes.outcome.value,
    )
    if verification.finding is not None:
        stands = minutes.outcome == VerificationOutcome.STANDS
        state = FindingState.EXPLAINED if stands else FindingState.ACCEPTED
        reason = f"{verification.number}: {verification.conclusion}"
        checks.settle_by_minutes(session, verification.finding, state, reason=reason, actor=actor)


def file_minutes(
    session: Session, verification: Verification, document_id: str, *, actor: Actor, version: int | None = None
) -> None:
    """Name the document of the dossier that is the scan of the signed minutes."""
    dossier = _begin(session, verification, (VerificationState.CONCLUDED,), actor, version)
    if verification.correction_id is not None:
        raise Conflict(N_("A correction rests on these minutes already. They stay as they are."))
    _document(session, dossier, document_id, actor)
    verification.minutes_document_id = document_id
    session.flush()
    audit.record(session, "verification:file_minutes", verification, actor=actor, document=document_id)


def may_correct(verification: Verification) -> bool:
    """True when one click leads from the minutes to a correction: they name the right value, and are in the dossier."""
    return bool(verification.right_value and verification.minutes_document_id) and verification.correction_id is None


def correct(session: Session, verification: Verification, *, actor: Actor, version: int | None = None) -> Correction:
    """Propose the correction the minutes lead to, with the minutes as its document."""
    dossier = _begin(session, verification, (VerificationState.CONCLUDED,), actor, version)
    if not may_correct(verification):
        raise Conflict(
            N_("A correction rests on signed minutes that name the right value. Scan and file them, then choose them.")
        )
    proposal = Proposal(
        verification.field or "",
        verification.right_value,
        f"{verification.number}: {verification.conclusion}"[:1000],
        verification.minutes_document_id or "",
    )
    correction = propose(session, dossier, proposal, actor=actor)
    verification.correction_id = correction.id
    session.flush()
    return correction


def give_up(
    session: Session, verification: Verification, reason: str, *, actor: Actor, version: int | None = None
) -> None:
    """End a verification without minutes, with a reason; its contradiction is open again."""
    _begin(session, verification, (VerificationState.OPEN, VerificationState.ENDED), actor, version)
    verification.given_up_because = check_reason(reason)
    verification.state = VerificationState.CANCELLED
    session.flush()
    audit.record(session, "verification:give_up", verification, actor=actor, words=verification.given_up_because)
    if verification.finding is not None and verification.finding.state == FindingState.SENT:
        checks.settle(session, verification.finding, "reopen", reason=verification.given_up_because, actor=actor)


def _begin(
    session: Session,
    verification: Verification,
    states: tuple[VerificationState, ...],
    actor: Actor,
    version: int | None,
) -> Dossier:
    dossier = verification.dossier
    dossiers.hold(session, dossier)
    db.lock(session, verification)
    require(actor, Action.VERIFICATION_LEAD, verification)
    _refuse_own(dossier, actor)
    if version is not None and version != verification.version:
        raise Conflict(N_("Somebody else just changed this verification. Reload the page and look again."))
    if verification.state not in states:
        raise Conflict(
            N_("Verification %(number)s is not at the point where this is done. Reload the page."),
            number=verification.number,
        )
    return dossier


def _opened_on(verification: Verification) -> date:
    return verification.opened_at.astimezone(HANOI).date()


def _refuse_own(dossier: Dossier, actor: Actor) -> None:
    if dossier.person_id == actor.person_id:
        raise Refused(N_("Nobody verifies what their own dossier says. Another officer does."))


def _question(text: str) -> str:
    return check_text(text, N_("Write what is doubtful: it is the first sentence of the minutes."))


def _verifiers(text: str) -> str:
    return check_text(text, N_("Name who verifies, one a line: they sign the minutes."))


def _document(session: Session, dossier: Dossier, document_id: str, actor: Actor) -> Document:
    found = session.get(Document, document_id)
    if found is None or found.dossier_id != dossier.id or not can(actor, Action.DOCUMENT_READ, found):
        raise BadInput(N_("Choose a document of this dossier. File the paper first if need be."))
    return found


def named_document(
    session: Session, verification: Verification, document_id: str | None, *, actor: Actor
) -> Document | None:
    """A document the case names, where it still lies in the dossier and may be read."""
    require(actor, Action.VERIFICATION_READ, verification)
    if document_id is None:
        return None
    return session.scalar(
        select(Document).where(
            Document.id == document_id,
            Document.dossier_id == verification.dossier_id,
            allowed(actor, Action.DOCUMENT_READ),
        )
    )


def view(session: Session, verification: Verification, *, actor: Actor) -> None:
    """Write down that the actor opened a verification."""
    require(actor, Action.VERIFICATION_READ, verification)
    audit.record(session, "verification:view", verification, actor=actor, number=verification.number)
