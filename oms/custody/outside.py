"""Bodies outside the system: a dossier that leaves goes to one, a dossier that comes from one is entered with its slip.

Nobody has an account there. So the dossier still has exactly one custodian, and nobody there is asked: what comes is
entered by an officer with the list of the slip, checked line by line, and confirmed by the head as another person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, dossiers, organisation, whereabouts
from oms.custody.checking import forget_check
from oms.custody.moving import approving_unit
from oms.custody.sealing import manifest_hash
from oms.errors import N_, BadInput, Conflict
from oms.models import Dossier, Transfer, TransferEvent, TransferState, Unit, UnitKind, now
from oms.permissions import Action, Actor, can, require
from oms.vietnamese.text import fold, nfc

NAME_LENGTH = 200
TITLE_LENGTH, NUMBER_LENGTH = 300, 80
MOST_DOCUMENTS, MOST_SHEETS = 500, 10_000
"""Lines of a slip, sheets of one document: more is a slip of the hand."""


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
class Came:
    """One document of the slip: its title, its number where it has one, its sheets."""

    title: str
    sheets: int
    number: str = ""


@dataclass(frozen=True)
class Arrival:
    """What came with a dossier from outside: the slip of the sender, its date, and the documents it lists."""

    slip_number: str
    slip_on: date | None
    documents: Sequence[Came] = ()
    note: str = ""


def read_slip(written: str) -> tuple[Came, ...]:
    """The documents of a slip, one a line, as “title; sheets” or “title; number; sheets”; raises `BadInput`."""
    found = []
    for place, line in enumerate(filter(str.strip, written.splitlines()), start=1):
        *words, sheets = [part.strip() for part in line.split(";")]
        if not 1 <= len(words) <= 2 or not (sheets.isascii() and sheets.isdecimal()):
            raise BadInput(
                N_("Line %(line)s of the list: write title, number and sheets as “Birth certificate; 12/KS; 1”."),
                line=place,
            )
        found.append(Came(words[0], int(sheets[:6]), words[1] if len(words) == 2 else ""))
    return tuple(found)


def receive_from_outside(
    session: Session, dossier: Dossier, body: Unit, arrival: Arrival, *, actor: Actor, opened: bool = False
) -> Transfer:
    """Enter what came on paper from a body outside; it waits until a second person confirms it.

    `opened` says that the dossier was opened for it: sent back, it goes with it. Raises `Conflict` while the dossier is
    in another open transfer.
    """
    require(actor, Action.DOSSIER_EDIT, dossier)
    require(actor, Action.TRANSFER_RECEIVE, Transfer(to_unit_id=dossier.custodian_id))
    if body.kind != UnitKind.OUTSIDE_BODY:
        raise BadInput(
            N_("%(unit)s is a unit of this system. It hands the dossier over by a transfer."), unit=body.name
        )
    year = organisation.today().year
    transfer = Transfer(
        number=f"CH-{year}-{dossiers.next_number(session, f'transfer-{year}'):04d}",
        dossier_id=dossier.id,
        from_unit_id=body.id,
        to_unit_id=dossier.custodian_id,
        approving_unit_id=approving_unit(session, body, dossier.custodian).id,
        state=TransferState.ARRIVED,
        prepared_by_id=actor.account_id,
        received_by_id=actor.account_id,
        dispatched_at=now(),
    )
    _enter(transfer, dossier, arrival, opened=opened)
    try:
        with session.begin_nested():
            session.add(transfer)
    except IntegrityError:
        raise Conflict(
            N_("Dossier %(number)s is already in an open transfer. Finish or cancel that one first."),
            number=dossier.number,
        ) from None
    _write(session, transfer, "from-outside", None, actor)
    audit.record(session, "transfer:from_outside", transfer, actor=actor, words=transfer.reason, number=transfer.number)
    whereabouts.follow(session, dossier, dossier.custodian, actor=actor)
    return transfer


def may_relist(transfer: Transfer, *, actor: Actor) -> bool:
    """True while the actor may correct what was entered of the slip."""
    return transfer.state == TransferState.ARRIVED and can(actor, Action.TRANSFER_RECEIVE, transfer)


def relist(session: Session, transfer: Transfer, arrival: Arrival, *, actor: Actor) -> None:
    """Correct what was entered of the slip before it is confirmed; what was ticked of the old list is looked at anew."""
    dossiers.hold(session, transfer.dossier)
    db.lock(session, transfer)
    require(actor, Action.TRANSFER_RECEIVE, transfer)
    if not may_relist(transfer, actor=actor):
        raise Conflict(
            N_("Transfer %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=transfer.number,
        )
    _enter(transfer, transfer.dossier, arrival, opened=bool((transfer.manifest or {}).get("opened")))
    # Who typed the list last does not confirm it.
    transfer.prepared_by_id = transfer.received_by_id = actor.account_id
    forget_check(session, transfer)
    session.flush()
    _write(session, transfer, "relist", TransferState.ARRIVED, actor)
    audit.record(session, "transfer:relist", transfer, actor=actor, words=transfer.reason, number=transfer.number)


def _enter(transfer: Transfer, dossier: Dossier, arrival: Arrival, *, opened: bool) -> None:
    """Put the slip and its list into the transfer; raises `BadInput`."""
    slip = " ".join(nfc(arrival.slip_number).split())[:NUMBER_LENGTH]
    if not slip or arrival.slip_on is None:
        raise BadInput(N_("Enter number and date of the slip that came with the dossier."))
    if arrival.slip_on > organisation.today():
        raise BadInput(N_("The date of the slip lies in the future. Correct it."))
    if not 1 <= len(arrival.documents) <= MOST_DOCUMENTS:
        raise BadInput(
            N_("Enter the documents that came, one a line, at most %(most)s. Without a list nothing can be checked."),
            most=MOST_DOCUMENTS,
        )
    transfer.basis_number, transfer.basis_on = slip, arrival.slip_on
    transfer.reason = nfc(arrival.note).strip() or slip
    transfer.due_on = catalogue.time_limit("receive_transfer", arrival.slip_on).ends(arrival.slip_on)
    transfer.manifest = {
        "dossier": dossier.number,
        "opened": opened,
        "documents": [_listed(place, came) for place, came in enumerate(arrival.documents, start=1)],
        "scans": [],
        "waiting_pages": 0,
    }
    transfer.manifest_sha256 = manifest_hash(transfer.manifest)


def _listed(place: int, came: Came) -> dict[str, Any]:
    title = " ".join(nfc(came.title).split())[:TITLE_LENGTH]
    if not title:
        raise BadInput(N_("Line %(line)s of the list has no title. Write what the document is."), line=place)
    if not 1 <= came.sheets <= MOST_SHEETS:
        raise BadInput(N_("Line %(line)s of the list: count the sheets, from 1 on."), line=place)
    return {
        "id": None,
        "component": None,
        "title": title,
        "number": " ".join(nfc(came.number).split())[:NUMBER_LENGTH] or None,
        "issued_on": None,
        "issued_precision": None,
        "pages": 0,
        "sheets": came.sheets,
    }


def _write(session: Session, transfer: Transfer, step: str, start: TransferState | None, actor: Actor) -> None:
    session.add(
        TransferEvent(
            transfer_id=transfer.id,
            step=step,
            start=start,
            end=TransferState.ARRIVED,
            reason=transfer.reason,
            taken_by_id=actor.account_id,
        )
    )
    session.flush()
