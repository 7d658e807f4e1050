"""Attestation (chứng nhận, xác nhận): the head of the managing body vouches for a short CV or the papers of a dossier.

Only while the original set is whole (TT 11/2012/TT-BNV Đ18.2); by the law of the day (`catalogue/corrections.yaml`,
`attesters`). What changes afterwards does not lift the attestation: it says that it is older than the change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, completeness, db, dossiers, record
from oms.catalogue import Component
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import Attestation, AttestationKind, AttestationState, DecidedBy, Dossier, now
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, authority, is_own, refuse_held, require, require_confirmed
from oms.procedures import contents
from oms.procedures.contents import DOCUMENTS, VALUES, Changed
from oms.procedures.writing import check_reason

PAGE_SIZE = 50


def ask(
    session: Session, dossier: Dossier, kind: AttestationKind, purpose: str, *, actor: Actor, form_id: str = ""
) -> Attestation:
    """Ask the head to attest; one waits per dossier and kind. Raises `Refused` while papers of the original set lack."""
    dossiers.hold(session, dossier)
    require(actor, Action.ATTESTATION_ASK, dossier)
    _require_original(session, dossier)
    form = catalogue.form(form_id or record.usual_form(dossier)).id if kind == AttestationKind.SHORT_CV else None
    rule = catalogue.attestation_rule(dossier.category.value, today())
    year = today().year
    made = Attestation(
        number=f"CN-{year}-{dossiers.next_number(session, f'attestation-{year}'):04d}",
        dossier_id=dossier.id,
        kind=kind,
        form_id=form,
        purpose=check_reason(purpose),
        decider=DecidedBy(rule.decided_by.value),
        basis=rule.basis,
        asked_by_id=actor.account_id,
    )
    if not _content(session, dossier, made)[_part(made)]:
        raise BadInput(N_("Nothing is there to attest: nobody verified a value of this form, or no paper is filed."))
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Conflict(N_("Such an attestation waits for the head already. Look at it first.")) from None
    audit.record(session, "attestation:ask", made, actor=actor, words=made.purpose, kind_of=kind.value)
    return made


def lacking(session: Session, dossier: Dossier) -> list[Component]:
    """The components of the original set that are not there: what must be filed before anything is attested."""
    found = completeness.presences(dossier, completeness.counting(session, dossiers.contents(session, dossier)))
    return [presence.component for presence in found if not presence.documents]


def _require_original(session: Session, dossier: Dossier) -> None:
    missing = lacking(session, dossier)
    if missing:
        names = "; ".join(component.label_vi for component in missing)
        raise Refused(
            N_(
                "The original set is not whole, and only a dossier with its original set is attested "
                "(TT 11/2012/TT-BNV Đ18.2). Missing: %(names)s."
            ),
            names=names,
        )


def attest(session: Session, attestation: Attestation, *, actor: Actor, version: int | None = None) -> None:
    """Vouch for what the dossier says today; asked again whether the original set is whole."""
    dossier = _begin(session, attestation, actor, version)
    _require_original(session, dossier)
    attestation.content = _content(session, dossier, attestation)
    attestation.attested_on = today()
    _close(session, attestation, AttestationState.ATTESTED, actor)
    audit.record(
        session,
        "attestation:attest",
        attestation,
        actor=actor,
        check=code_of(attestation),
        **authority(actor, Action.ATTESTATION_GIVE, attestation.deciding_body_id),
    )


def refuse(
    session: Session, attestation: Attestation, reason: str, *, actor: Actor, version: int | None = None
) -> None:
    """Do not attest, with a reason the officer reads."""
    _begin(session, attestation, actor, version)
    attestation.answer = check_reason(reason)
    _close(session, attestation, AttestationState.REFUSED, actor)
    told = authority(actor, Action.ATTESTATION_GIVE, attestation.deciding_body_id)
    audit.record(session, "attestation:refuse", attestation, actor=actor, words=attestation.answer, **told)


def withdraw(session: Session, attestation: Attestation, *, actor: Actor, version: int | None = None) -> None:
    """Take the own request back before it is decided."""
    require(actor, Action.ATTESTATION_READ, attestation)
    _refresh(session, attestation, version)
    if attestation.asked_by_id != actor.account_id:
        raise Refused(N_("Only whoever asked for an attestation takes it back; the head can refuse it."))
    attestation.state = AttestationState.WITHDRAWN
    session.flush()
    audit.record(session, "attestation:withdraw", attestation, actor=actor)


def _begin(session: Session, attestation: Attestation, actor: Actor, version: int | None) -> Dossier:
    _refresh(session, attestation, version)
    dossier = attestation.dossier
    dossiers.hold(session, dossier)
    require(actor, Action.ATTESTATION_GIVE, attestation)
    if is_own(actor, Action.ATTESTATION_GIVE, attestation.deciding_body_id, attestation.asked_by_id):
        raise Refused(N_("Nobody attests what they asked for themselves. Another head, or a delegate, attests."))
    if dossier.person_id == actor.person_id:
        raise Refused(N_("Nobody attests their own dossier."))
    if dossier.held:
        refuse_held(dossier)
    if dossier.frozen:
        raise Refused(N_("A transfer holds the dossier still. Attest when it has arrived, or was called back."))
    require_confirmed(actor)
    return dossier


def _refresh(session: Session, attestation: Attestation, version: int | None) -> None:
    db.lock(session, attestation)
    if version is not None and version != attestation.version:
        raise Conflict(N_("Somebody else just changed this attestation. Reload the page and look again."))
    if attestation.state != AttestationState.ASKED:
        raise Conflict(N_("Attestation %(number)s is settled already."), number=attestation.number)


def _close(session: Session, attestation: Attestation, state: AttestationState, actor: Actor) -> None:
    attestation.state, attestation.decided_by_id, attestation.decided_at = state, actor.account_id, now()
    session.flush()


def _part(attestation: Attestation) -> str:
    return VALUES if attestation.kind == AttestationKind.SHORT_CV else DOCUMENTS


def _content(session: Session, dossier: Dossier, attestation: Attestation) -> dict[str, Any]:
    if attestation.form_id is not None:
        return {VALUES: contents.values(session, dossier, attestation.form_id)}
    return {DOCUMENTS: contents.papers(session, dossier)}


def changes(session: Session, attestation: Attestation) -> Changed:
    """What is not as it was attested; nothing for what was never attested."""
    part = _part(attestation)
    if attestation.content is None:
        return contents.compare({}, {})
    return contents.compare(attestation.content[part], _content(session, attestation.dossier, attestation)[part])


def code_of(attestation: Attestation) -> str:
    """One check sum over what was attested; empty before."""
    return contents.code(attestation.content[_part(attestation)]) if attestation.content else ""


@dataclass(frozen=True)
class Attested:
    """An attestation as the page of a dossier tells of it: `changed` things are not as they were attested."""

    attestation: Attestation
    changed: int


def of_dossier(session: Session, dossier: Dossier, *, actor: Actor) -> list[Attested]:
    """The latest attestation of each kind, and those that wait; shown on the page of the dossier."""
    if not actor.has(Action.ATTESTATION_READ):
        return []
    shown = (AttestationState.ASKED, AttestationState.ATTESTED)
    found = session.scalars(
        select(Attestation)
        .where(
            Attestation.dossier_id == dossier.id, Attestation.state.in_(shown), allowed(actor, Action.ATTESTATION_READ)
        )
        .order_by(Attestation.asked_at.desc(), Attestation.id)
    ).all()
    latest = {(one.kind, one.state): one for one in reversed(found)}
    return [Attested(one, changes(session, one).total) for one in reversed(latest.values())]


def list_attestations(
    session: Session, *, actor: Actor, state: AttestationState | None = None, page: int = 1, size: int = PAGE_SIZE
) -> tuple[list[Attestation], int]:
    """A page of the attestations the actor may know of: those that wait first, then the latest; and how many in all."""
    condition = allowed(actor, Action.ATTESTATION_READ)
    if state is not None:
        condition &= Attestation.state == state
    found = session.scalars(
        select(Attestation)
        .where(condition)
        .options(
            joinedload(Attestation.dossier).joinedload(Dossier.person),
            joinedload(Attestation.dossier).joinedload(Dossier.custodian),
        )
        .order_by(Attestation.state != AttestationState.ASKED, Attestation.asked_at.desc(), Attestation.id)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    ).all()
    total = session.scalar(select(func.count()).select_from(Attestation).where(condition)) or 0
    audit.record(session, "attestation:list", actor=actor, total=total)
    return list(found), total


def to_give(session: Session, *, actor: Actor) -> Sequence[Attestation]:
    """What waits for the actor to be attested, the oldest first."""
    return session.scalars(
        select(Attestation)
        .where(
            allowed(actor, Action.ATTESTATION_GIVE),
            Attestation.state == AttestationState.ASKED,
            Attestation.asked_by_id != actor.account_id,
        )
        .options(joinedload(Attestation.dossier).joinedload(Dossier.person))
        .order_by(Attestation.asked_at, Attestation.id)
    ).all()


def view(session: Session, attestation: Attestation, *, actor: Actor) -> None:
    """Write down that the actor opened an attestation."""
    require(actor, Action.ATTESTATION_READ, attestation)
    audit.record(session, "attestation:view", attestation, actor=actor, number=attestation.number)
