"""Leaving (nghỉ hưu, thôi việc, từ trần): within the limit from the decision copies are given and the dossier is closed.

The original stays where it is, in the group of those who left: closed, its contents list sealed under a check sum,
found and read like every dossier, changed by nobody until it is opened again. Who gets copies of what is dated data
(`catalogue/leavings.yaml`); copies need the consent of the head of the managing body.
Source: TT 11/2012/TT-BNV Đ9.3, TT 07/2019/TT-BNV Đ10.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, dossiers, jobs, milestones
from oms.catalogue import LeavingRule
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import (
    Category,
    Correction,
    CorrectionState,
    Document,
    Dossier,
    DossierStatus,
    Leaving,
    LeavingCopy,
    LeavingState,
    LeavingWay,
    Page,
    PaperLoss,
    PaperLossState,
    Scan,
    Verification,
    now,
)
from oms.models.verifications import RUNNING
from oms.organisation import today
from oms.permissions import Action, Actor, authority, is_own, refuse_held, require, require_confirmed
from oms.procedures import contents
from oms.procedures.writing import LINE_LENGTH, check_number, check_reason
from oms.vietnamese.text import nfc

LIMIT = "handle_leaving"
"""The limit of `catalogue/time_limits.yaml`."""
# A court declares a person dead who was missed for years; a decision about leaving is nearer to its day.
_YEARS_APART = {LeavingWay.RETIREMENT: 2, LeavingWay.RESIGNATION: 2, LeavingWay.DEATH: 10}


@dataclass(frozen=True)
class Left:
    """What an officer enters: how somebody leaves, by which decision (of a death: the certificate), and from which day."""

    way: LeavingWay
    decision_number: str
    decision_on: date
    leaves_on: date


@dataclass(frozen=True)
class Handed:
    """Copies that were given: to whom, what they are to the person (of a death), of which documents, and when."""

    receiver: str
    relation: str
    document_ids: tuple[str, ...]
    on: date


def begin(session: Session, dossier: Dossier, left: Left, *, actor: Actor) -> Leaving:
    """Enter that somebody leaves; the limit runs from the decision. One at a time for a dossier."""
    dossiers.hold(session, dossier)
    require(actor, Action.LEAVING_OPEN, dossier)
    _refuse_own(dossier, actor)
    rule = _rule(dossier, left.way)
    if left.decision_on > today():
        raise BadInput(N_("The decision is dated in the future. Correct the day."))
    _check_day(dossier, left)
    limit = catalogue.time_limit(LIMIT, left.decision_on)
    year = today().year
    made = Leaving(
        number=f"TV-{year}-{dossiers.next_number(session, f'leaving-{year}'):04d}",
        dossier_id=dossier.id,
        way=left.way,
        decision_number=check_number(left.decision_number, N_("Write the number of the written decision.")),
        decision_on=left.decision_on,
        leaves_on=left.leaves_on,
        due_on=limit.ends(left.decision_on),
        basis=rule.basis,
        opened_by_id=actor.account_id,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Conflict(N_("The leaving of this person is being handled already. Look at it first.")) from None
    audit.record(session, "leaving:open", made, actor=actor, words=made.decision_number, way=left.way.value)
    return made


def _check_day(dossier: Dossier, left: Left) -> None:
    """Refuse a day of leaving that must be a slip of the hand: how long the dossier is kept counts from it."""
    born = dossier.person.birth_date
    if born is not None and left.leaves_on < born:
        raise BadInput(
            N_("The day it takes effect lies before the birth of the person. Correct the day, or the birth date first.")
        )
    years = _YEARS_APART[left.way]
    early, late = sorted((left.leaves_on, left.decision_on))
    if (late.year - early.year, late.month, late.day) > (years, early.month, early.day):
        raise BadInput(
            N_(
                "The day it takes effect lies more than %(years)s years from the day of the decision. Look at the paper once "
                "more and correct the wrong day of the two."
            ),
            years=years,
        )


def _rule(dossier: Dossier, way: LeavingWay) -> LeavingRule:
    if dossier.category == Category.PARTY_MEMBER:
        raise Refused(
            N_(
                "The dossier of a Party member goes on with the membership: move it to the organisation that takes over."
            )
        )
    rule = catalogue.leaving_rule(way.value, dossier.category.value, today())
    if rule is None:
        raise NotFound(N_("The catalogue does not say what becomes of such a dossier. Ask the managing body."))
    return rule


def rule_of(leaving: Leaving) -> LeavingRule:
    """The rule of the copies, as it is on this day."""
    return _rule(leaving.dossier, leaving.way)


def to_copy(session: Session, leaving: Leaving) -> list[Document]:
    """The documents of which copies are given by the rule: those the person may read, in the order of the contents list."""
    rule, category = rule_of(leaving), leaving.dossier.category.value
    known = {row.id: row for row in catalogue.components(category) if row.subject_may_read}
    return [
        document
        for document in dossiers.contents(session, leaving.dossier)
        if document.component_id in known
        and (document.component_id in rule.components or known[document.component_id].group in rule.groups)
    ]


def consent(session: Session, leaving: Leaving, *, actor: Actor, version: int | None = None) -> None:
    """The head of the managing body agrees to the copies and to closing the dossier; not whoever entered it."""
    dossier = at_step(session, leaving, (LeavingState.OPEN,), Action.LEAVING_CONSENT, actor, version)
    if is_own(actor, Action.LEAVING_CONSENT, dossier.managing_body_id, leaving.opened_by_id):
        raise Refused(N_("Nobody consents to what they entered themselves. Another head, or a delegate, consents."))
    require_confirmed(actor)
    leaving.state, leaving.consented_by_id, leaving.consented_at = LeavingState.CONSENTED, actor.account_id, now()
    session.flush()
    told = authority(actor, Action.LEAVING_CONSENT, dossier.managing_body_id)
    audit.record(session, "leaving:consent", leaving, actor=actor, **told)


def hand_over(
    session: Session, leaving: Leaving, handed: Handed, *, actor: Actor, version: int | None = None
) -> LeavingCopy:
    """Write down copies that were given; no more often than the rule says."""
    at_step(session, leaving, (LeavingState.CONSENTED,), Action.LEAVING_HANDLE, actor, version)
    rule = rule_of(leaving)
    if len(leaving.copies) >= rule.most:
        raise Conflict(
            N_("Copies are given %(most)s time (%(basis)s), and were given."), most=rule.most, basis=rule.basis
        )
    receiver, relation = _line(handed.receiver), _line(handed.relation)
    if not receiver:
        raise BadInput(N_("Write who received the copies."))
    if rule.receiver == "family" and not relation:
        raise BadInput(N_("Write what the receiver was to the person: the copy is for the family."))
    if not leaving.decision_on <= handed.on <= today():
        raise BadInput(N_("The day of the hand-over lies before the decision or in the future. Correct the day."))
    papers = {document.id: document for document in to_copy(session, leaving)}
    chosen = [papers[id] for id in papers if id in handed.document_ids]
    if not chosen or len(chosen) != len(set(handed.document_ids)):
        raise BadInput(N_("Choose the papers of which copies were given, from those the rule allows."))
    copy = LeavingCopy(
        leaving=leaving,
        receiver=receiver,
        relation=relation,
        titles=[document.title for document in chosen],
        handed_on=handed.on,
        handed_by_id=actor.account_id,
    )
    session.add(copy)
    session.flush()
    audit.record(session, "leaving:hand_over", leaving, actor=actor, papers=len(chosen))
    return copy


def close(
    session: Session, leaving: Leaving, *, without_copy_because: str = "", actor: Actor, version: int | None = None
) -> None:
    """Close the dossier and seal its contents list; without a copy only for a reason. Raises `Conflict` while
    pages wait to be filed, or verifications, corrections and lost papers to be settled."""
    dossier = at_step(session, leaving, (LeavingState.CONSENTED,), Action.LEAVING_HANDLE, actor, version)
    if not leaving.copies:
        leaving.without_copy_because = check_reason(without_copy_because)
    waiting = _waiting_pages(session, dossier)
    if waiting:
        raise Conflict(
            N_("%(count)s pages of the dossier are not filed yet. File them before it is closed."), count=waiting
        )
    unfinished = _unfinished(session, dossier)
    if unfinished:
        raise Conflict(
            N_(
                "Not settled yet in this dossier: %(numbers)s. Settle each, or give it up with a reason, before the "
                "dossier is closed: afterwards nothing in it changes, and no paper of theirs can be filed."
            ),
            numbers=", ".join(unfinished),
        )
    papers = contents.papers(session, dossier)
    leaving.documents, leaving.pages = len(papers), contents.count_pages(session, dossier)
    leaving.sealed_sha256 = contents.code(papers)
    leaving.state, leaving.closed_by_id, leaving.closed_on = LeavingState.CLOSED, actor.account_id, today()
    dossier.status = DossierStatus.CLOSED
    session.flush()
    milestones.forget(session, [dossier.id])
    audit.record(
        session, "leaving:close", leaving, actor=actor, words=leaving.without_copy_because, documents=leaving.documents
    )
    jobs.dossier_changed(session, dossier.id, actor=actor)


def _waiting_pages(session: Session, dossier: Dossier) -> int:
    query = (
        select(func.count(Page.id))
        .join(Scan, Scan.id == Page.scan_id)
        .where(Scan.dossier_id == dossier.id, Page.document_id.is_(None), ~Scan.sealed)
    )
    return session.scalar(query) or 0


def _unfinished(session: Session, dossier: Dossier) -> list[str]:
    """The numbers of what would still change the dossier: verifications that run, corrections that wait, papers that are
    to be made anew."""
    waiting = (
        select(Verification.number).where(Verification.dossier_id == dossier.id, Verification.state.in_(RUNNING)),
        select(Correction.number).where(
            Correction.dossier_id == dossier.id, Correction.state == CorrectionState.PROPOSED
        ),
        select(PaperLoss.number).where(PaperLoss.dossier_id == dossier.id, PaperLoss.state == PaperLossState.OPEN),
    )
    return [number for query in waiting for number in sorted(session.scalars(query))]


def cancel(session: Session, leaving: Leaving, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """Take back what was entered, with a reason; copies that were given stay written down."""
    at_step(session, leaving, (LeavingState.OPEN, LeavingState.CONSENTED), Action.LEAVING_HANDLE, actor, version)
    leaving.state, leaving.cancelled_because = LeavingState.CANCELLED, check_reason(reason)
    session.flush()
    audit.record(session, "leaving:cancel", leaving, actor=actor, words=leaving.cancelled_because)


def is_as_sealed(session: Session, leaving: Leaving) -> bool:
    """Whether the contents list is the one that was sealed: a secret may have been destroyed since."""
    return leaving.sealed_sha256 == contents.code(contents.papers(session, leaving.dossier))


def at_step(
    session: Session,
    leaving: Leaving,
    states: Sequence[LeavingState],
    action: Action,
    actor: Actor,
    version: int | None,
) -> Dossier:
    """Lock a leaving in one of these states, and ask everything that is asked before any act on it."""
    db.lock(session, leaving)
    if version is not None and version != leaving.version:
        raise Conflict(N_("Somebody else just changed this. Reload the page and look again."))
    dossier = leaving.dossier
    dossiers.hold(session, dossier)
    require(actor, action, leaving)
    if leaving.state not in states:
        raise Conflict(N_("Leaving %(number)s is not at this step any more. Reload the page."), number=leaving.number)
    _refuse_own(dossier, actor)
    if dossier.held:
        refuse_held(dossier)
    if dossier.frozen:
        raise Refused(N_("A transfer holds the dossier still. Go on when it has arrived, or was called back."))
    return dossier


def _refuse_own(dossier: Dossier, actor: Actor) -> None:
    if dossier.person_id == actor.person_id:
        raise Refused(N_("Nobody handles the leaving of their own dossier. Another officer does."))


def _line(text: str) -> str:
    return " ".join(nfc(text).split())[:LINE_LENGTH]
