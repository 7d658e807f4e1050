"""Correction by decision (đính chính): an officer proposes with reason and document, the head the law names decides.

The value changes in the transaction of the decision and in no other way; the old one stays with the correction, an old
name as another name of the person. What the law keeps as it is (`catalogue/corrections.yaml`) is refused with the law.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, db, dossiers, jobs, record
from oms.catalogue import FixedValue
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    Category,
    Correction,
    CorrectionState,
    DecidedBy,
    Document,
    Dossier,
    DossierStatus,
    Gender,
    Person,
    PersonAlias,
    Precision,
    now,
)
from oms.organisation import today
from oms.people import id_number_taken
from oms.permissions import Action, Actor, allowed, authority, is_own, refuse_held, require, require_confirmed
from oms.procedures.fields import get_correctable, get_field, in_record
from oms.procedures.writing import check_number, check_reason

PAGE_SIZE = 50


@dataclass(frozen=True)
class Proposal:
    """What an officer writes: the value, how it should read, why, and the document of the dossier that shows it."""

    field: str
    value: str
    reason: str
    document_id: str


def propose(session: Session, dossier: Dossier, proposal: Proposal, *, actor: Actor) -> Correction:
    """Propose that a value is wrong; one proposal waits per value. Raises `BadInput`, `Conflict`, `Refused`."""
    dossiers.hold(session, dossier)
    require(actor, Action.CORRECTION_PROPOSE, dossier)
    field = get_correctable(session, proposal.field, dossier)
    _refuse_fixed(session, dossier, proposal.field)
    old, new = field.written(session, dossier), field.checked(proposal.value)
    if old == new:
        raise BadInput(N_("The dossier says so already. Write how the value should read."))
    _document(session, dossier, proposal.document_id, actor)
    rule = catalogue.correction_rule(dossier.category.value, today())
    year = today().year
    correction = Correction(
        number=f"DC-{year}-{dossiers.next_number(session, f'correction-{year}'):04d}",
        dossier_id=dossier.id,
        field=proposal.field,
        old_value=old,
        new_value=new,
        reason=check_reason(proposal.reason),
        document_id=proposal.document_id,
        decider=DecidedBy(rule.decided_by.value),
        basis=rule.basis,
        proposed_by_id=actor.account_id,
    )
    try:
        with session.begin_nested():
            session.add(correction)
    except IntegrityError:
        raise Conflict(N_("A correction of this value waits for a decision already. Look at it first.")) from None
    audit.record(session, "correction:propose", correction, actor=actor, words=correction.reason, field=proposal.field)
    return correction


def _document(session: Session, dossier: Dossier, document_id: str, actor: Actor) -> Document:
    found = session.scalar(
        select(Document).where(
            Document.id == document_id, Document.dossier_id == dossier.id, allowed(actor, Action.DOCUMENT_READ)
        )
    )
    if found is None:
        raise BadInput(N_("Choose the document of this dossier that shows the right value. File it first if need be."))
    return found


def why_fixed(session: Session, dossier: Dossier, field: str) -> FixedValue | None:
    """The rule of law by which this value stays as it is today, or None."""
    for rule in catalogue.fixed_values(dossier.category.value, field, today()):
        if rule.members_only and not _is_member(session, dossier.person):
            continue
        if rule.months_before_retirement is not None and not _retires_within(
            dossier.person, rule.months_before_retirement
        ):
            continue
        return rule
    return None


def _refuse_fixed(session: Session, dossier: Dossier, field: str) -> None:
    rule = why_fixed(session, dossier, field)
    if rule is None:
        return
    if rule.members_only:
        raise Refused(
            N_(
                "For a Party member the birth date in the original member CV stands and is not corrected (%(basis)s). "
                "Where another paper says otherwise, settle the contradiction with this reason."
            ),
            basis=rule.basis,
        )
    raise Refused(
        N_("In the last %(months)s months before retirement the dossier is not corrected any more (%(basis)s)."),
        months=rule.months_before_retirement,
        basis=rule.basis,
    )


def _is_member(session: Session, person: Person) -> bool:
    if person.party_join_date or person.party_official_date:
        return True
    query = select(Dossier.id).where(Dossier.person_id == person.id, Dossier.category == Category.PARTY_MEMBER)
    return session.scalar(query.limit(1)) is not None


def _retires_within(person: Person, months: int) -> bool:
    """True from `months` before the last day of work by age; what is not known holds nothing up."""
    rule = catalogue.retirement_rule(today())
    if rule is None or person.birth_date is None or person.gender is None or person.birth_precision == Precision.YEAR:
        return False
    last = rule.leaves_on(person.birth_date, woman=person.gender == Gender.FEMALE)
    return last is not None and today() >= _months_before(last, months)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def decide(
    session: Session, correction: Correction, number: str, on: date, *, actor: Actor, version: int | None = None
) -> None:
    """Correct the value by a written decision; raises `Conflict` when the value is not the one proposed about."""
    dossier = _begin(session, correction, actor, version)
    if dossier.status == DossierStatus.CLOSED:
        raise Refused(
            N_(
                "The dossier was closed meanwhile: nothing in it changes any more. Refuse this correction with a reason."
            )
        )
    number = check_number(number, N_("Write the number of the written decision."))
    if on > today():
        raise BadInput(N_("The decision is dated in the future. Correct the day."))
    _refuse_fixed(session, dossier, correction.field)
    field, person = get_field(correction.field, dossier), dossier.person
    db.lock(session, person)
    if field.written(session, dossier) != correction.old_value:
        raise Conflict(N_("The value has changed since the proposal. Refuse this one and let it be proposed anew."))
    try:
        with session.begin_nested():
            field.put(dossier, correction.new_value)
    except IntegrityError:
        session.refresh(person)
        raise id_number_taken() from None
    if correction.field == "full_name":
        session.add(PersonAlias(person_id=person.id, name=correction.old_value, source=number))
    correction.decision_number, correction.decision_on = number, on
    _close(session, correction, CorrectionState.DECIDED, actor)
    key, text = in_record(correction.field, correction.new_value)
    record.follow_decision(session, dossier, key, text, reason=number, actor=actor)
    audit.record(
        session,
        "correction:decide",
        correction,
        actor=actor,
        words=number,
        field=correction.field,
        **authority(actor, Action.CORRECTION_DECIDE, correction.deciding_body_id),
    )
    for dossier_id in session.scalars(select(Dossier.id).where(Dossier.person_id == person.id)).all():
        jobs.dossier_changed(session, dossier_id, actor=actor)


def refuse(session: Session, correction: Correction, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """Leave the value as it is, with a reason the officer reads."""
    _begin(session, correction, actor, version)
    correction.answer = check_reason(reason)
    _close(session, correction, CorrectionState.REFUSED, actor)
    told = authority(actor, Action.CORRECTION_DECIDE, correction.deciding_body_id)
    audit.record(session, "correction:refuse", correction, actor=actor, words=correction.answer, **told)


def withdraw(session: Session, correction: Correction, *, actor: Actor, version: int | None = None) -> None:
    """Take the own proposal back before it is decided."""
    require(actor, Action.CORRECTION_READ, correction)
    _refresh(session, correction, version)
    if correction.proposed_by_id != actor.account_id:
        raise Refused(N_("Only whoever proposed a correction takes it back; the head can refuse it."))
    correction.state = CorrectionState.WITHDRAWN
    session.flush()
    audit.record(session, "correction:withdraw", correction, actor=actor)


def _begin(session: Session, correction: Correction, actor: Actor, version: int | None) -> Dossier:
    _refresh(session, correction, version)
    dossier = correction.dossier
    dossiers.hold(session, dossier)
    require(actor, Action.CORRECTION_DECIDE, correction)
    if is_own(actor, Action.CORRECTION_DECIDE, correction.deciding_body_id, correction.proposed_by_id):
        raise Refused(N_("Nobody decides about a correction they proposed. Another head, or a delegate, decides."))
    if dossier.person_id == actor.person_id:
        raise Refused(N_("Nobody decides about a correction of their own dossier."))
    if dossier.held:
        refuse_held(dossier)
    if dossier.frozen:
        raise Refused(N_("A transfer holds the dossier still. Decide when it has arrived, or was called back."))
    require_confirmed(actor)
    return dossier


def _refresh(session: Session, correction: Correction, version: int | None) -> None:
    db.lock(session, correction)
    if version is not None and version != correction.version:
        raise Conflict(N_("Somebody else just changed this correction. Reload the page and look again."))
    if correction.state != CorrectionState.PROPOSED:
        raise Conflict(N_("Correction %(number)s is settled already."), number=correction.number)


def _close(session: Session, correction: Correction, state: CorrectionState, actor: Actor) -> None:
    correction.state, correction.decided_by_id, correction.decided_at = state, actor.account_id, now()
    session.flush()


def list_corrections(
    session: Session, *, actor: Actor, state: CorrectionState | None = None, page: int = 1, size: int = PAGE_SIZE
) -> tuple[list[Correction], int]:
    """A page of the corrections the actor may know of: those that wait first, then the latest; and how many in all."""
    condition = allowed(actor, Action.CORRECTION_READ)
    if state is not None:
        condition &= Correction.state == state
    found = session.scalars(
        select(Correction)
        .where(condition)
        .options(
            joinedload(Correction.dossier).joinedload(Dossier.person),
            joinedload(Correction.dossier).joinedload(Dossier.custodian),
        )
        .order_by(Correction.state != CorrectionState.PROPOSED, Correction.proposed_at.desc(), Correction.id)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    ).all()
    total = session.scalar(select(func.count()).select_from(Correction).where(condition)) or 0
    audit.record(session, "correction:list", actor=actor, total=total)
    return list(found), total


def of_dossier(session: Session, dossier: Dossier, *, actor: Actor) -> Sequence[Correction]:
    """What was decided or waits about a dossier, the latest first; shown on its page."""
    if not actor.has(Action.CORRECTION_READ):
        return ()
    shown = (CorrectionState.PROPOSED, CorrectionState.DECIDED)
    return session.scalars(
        select(Correction)
        .where(Correction.dossier_id == dossier.id, Correction.state.in_(shown), allowed(actor, Action.CORRECTION_READ))
        .order_by(Correction.proposed_at.desc(), Correction.id)
    ).all()


def to_decide(session: Session, *, actor: Actor) -> Sequence[Correction]:
    """Proposals that wait for the actor, the oldest first."""
    return session.scalars(
        select(Correction)
        .where(
            allowed(actor, Action.CORRECTION_DECIDE),
            Correction.state == CorrectionState.PROPOSED,
            Correction.proposed_by_id != actor.account_id,
        )
        .options(joinedload(Correction.dossier).joinedload(Dossier.person))
        .order_by(Correction.proposed_at, Correction.id)
    ).all()


def basis_document(session: Session, correction: Correction, *, actor: Actor) -> Document | None:
    """The deciding document, where it still lies in the dossier and whoever looks may decide or read it."""
    require(actor, Action.CORRECTION_READ, correction)
    return session.scalar(
        select(Document).where(
            Document.id == correction.document_id, Document.dossier_id == correction.dossier_id, ~Document.sealed
        )
    )


def view(session: Session, correction: Correction, *, actor: Actor) -> None:
    """Write down that the actor opened a correction."""
    require(actor, Action.CORRECTION_READ, correction)
    audit.record(session, "correction:view", correction, actor=actor, number=correction.number)
