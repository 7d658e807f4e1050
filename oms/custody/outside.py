"""Bodies outside the system: a dossier that leaves goes to one, a dossier that comes from one is entered with its slip.

Nobody has an account there. So the dossier still has exactly one custodian, and nobody here can read it any more.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, dossiers, organisation, whereabouts
from oms.errors import N_, BadInput
from oms.models import Dossier, Transfer, TransferEvent, TransferState, Unit, UnitKind, now
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import fold, nfc

NAME_LENGTH = 200


def outside_bodies(session: Session) -> list[Unit]:
    """The bodies outside that were named before, by name."""
    return list(session.scalars(select(Unit).where(Unit.kind == UnitKind.OUTSIDE_BODY).order_by(Unit.name)))


def find_outside_body(session: Session, name: str, *, actor: Actor) -> Unit:
    """The body outside of that name (marks do not matter), entered now when nobody named it before."""
    require(actor, Action.TRANSFER_ASK)
    words = " ".join(nfc(name).split())[:NAME_LENGTH]
    if len(words) < 3:
        raise BadInput(N_("Enter the full name of the body outside the system."))
    for body in outside_bodies(session):
        if fold(body.name) == fold(words):
            return body
    number = dossiers.next_number(session, "outside-body")
    body = Unit(code=f"ngoai_{number:04d}", kind=UnitKind.OUTSIDE_BODY, name=words)
    session.add(body)
    session.flush()
    audit.record(session, "unit:outside", body, actor=actor, words=words)
    return body


@dataclass(frozen=True)
class Arrival:
    """What came with a dossier from outside: the slip of the sender and its date."""

    slip_number: str
    slip_on: date | None
    note: str = ""


def receive_from_outside(session: Session, dossier: Dossier, body: Unit, arrival: Arrival, *, actor: Actor) -> Transfer:
    """Write down that a dossier opened here came from outside: it stands in the hand-over register with its slip."""
    require(actor, Action.DOSSIER_EDIT, dossier)
    if body.kind != UnitKind.OUTSIDE_BODY:
        raise BadInput(
            N_("%(unit)s is a unit of this system. It hands the dossier over by a transfer."), unit=body.name
        )
    if not arrival.slip_number.strip() or arrival.slip_on is None:
        raise BadInput(N_("Enter number and date of the slip that came with the dossier."))
    if arrival.slip_on > organisation.today():
        raise BadInput(N_("The date of the slip lies in the future. Correct it."))
    year = organisation.today().year
    note = nfc(arrival.note).strip()
    transfer = Transfer(
        number=f"CH-{year}-{dossiers.next_number(session, f'transfer-{year}'):04d}",
        dossier_id=dossier.id,
        from_unit_id=body.id,
        to_unit_id=dossier.custodian_id,
        approving_unit_id=body.id,
        state=TransferState.ACCEPTED,
        reason=note or arrival.slip_number.strip(),
        basis_number=" ".join(nfc(arrival.slip_number).split())[:80],
        basis_on=arrival.slip_on,
        prepared_by_id=actor.account_id,
        received_by_id=actor.account_id,
        dispatched_at=now(),
        closed_at=now(),
    )
    session.add(transfer)
    session.flush()
    session.add(
        TransferEvent(
            transfer_id=transfer.id,
            step="from-outside",
            start=None,
            end=TransferState.ACCEPTED,
            reason=transfer.reason,
            taken_by_id=actor.account_id,
        )
    )
    session.flush()
    audit.record(session, "transfer:from_outside", transfer, actor=actor, words=transfer.reason, number=transfer.number)
    whereabouts.follow(session, dossier, dossier.custodian, actor=actor)
    return transfer
