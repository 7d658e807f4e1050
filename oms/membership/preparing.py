"""Preparing a move: who goes where, by what, for how long; its boxes are laid out at once, and signed later.

What the letter says of the member is fixed when it is submitted, so later corrections of the person do not change it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, dossiers, holds, organisation
from oms.errors import N_, BadInput, Conflict
from oms.membership.ways import Station, destinations, holder_for, home_of, way
from oms.models import (
    Category,
    Dossier,
    MembershipBox,
    MembershipEvent,
    MembershipKind,
    MembershipState,
    MembershipTransfer,
    Unit,
    UnitKind,
    now,
)
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import nfc

NUMBER_LENGTH, CARD_LENGTH, TEXT_LENGTH = 80, 20, 2000


@dataclass(frozen=True)
class Wish:
    """What a move is to be: where to, by which decision, application or letter, and for how long.

    `outside` is the body the member comes from, where that is none of this system; then `number` and `day` are those of
    its letter. `fees_until` is any day of the last month whose membership fee is paid.
    """

    kind: MembershipKind
    receiver: Unit
    number: str
    day: date | None
    reason: str
    ends_on: date | None = None
    for_study: bool = False
    card_number: str = ""
    fees_until: date | None = None
    outside: Unit | None = None


def prepare(session: Session, dossier: Dossier, wish: Wish, *, actor: Actor) -> MembershipTransfer:
    """Begin the move of the member of a member dossier; one open move for each person. Raises `BadInput`, `Conflict`."""
    start = wish.outside or home_of(dossier)
    require(actor, Action.DOSSIER_READ, dossier)
    require(actor, Action.MEMBERSHIP_PREPARE, MembershipTransfer(unit_id=dossier.custodian_id, from_unit_id=start.id))
    if dossier.category != Category.PARTY_MEMBER:
        raise BadInput(N_("Membership moves with a member dossier. Open the member dossier of this person."))
    holds.require_none(session, dossier)
    stations = _check(session, dossier, wish, start)
    year = organisation.today().year
    move = MembershipTransfer(
        number=f"SH-{year}-{dossiers.next_number(session, f'membership-{year}'):04d}",
        person_id=dossier.person_id,
        dossier_id=dossier.id,
        unit_id=dossier.custodian_id,
        from_unit_id=start.id,
        prepared_by_id=actor.account_id,
    )
    _fill(move, wish)
    try:
        with session.begin_nested():
            session.add(move)
    except IntegrityError:
        raise Conflict(
            N_(
                "A move of this member is open already. Finish or cancel that one first: it stands on the page of the person."
            )
        ) from None
    _lay_out(session, move, stations)
    write_event(session, move, "new", None, move.reason, actor)
    audit.record(
        session, "membership:new", move, actor=actor, words=move.reason, number=move.number, to=move.to_unit_id
    )
    return move


def correct(session: Session, move: MembershipTransfer, wish: Wish, *, actor: Actor) -> None:
    """Say anew what the move is to be, while it is being prepared."""
    db.lock(session, move)
    db.lock(session, move)
    require(actor, Action.MEMBERSHIP_PREPARE, move)
    if move.state != MembershipState.DRAFT:
        raise Conflict(N_("The move is corrected while it is being prepared. Recall it first."))
    if (wish.outside is None) != (move.from_unit.kind != UnitKind.OUTSIDE_BODY):
        raise BadInput(N_("Whether a member comes from outside cannot be changed. Cancel the move and begin anew."))
    start = wish.outside or home_of(move.dossier)
    stations = _check(session, move.dossier, wish, start)
    move.from_unit_id = start.id
    _fill(move, wish)
    session.execute(delete(MembershipBox).where(MembershipBox.transfer_id == move.id))
    _lay_out(session, move, stations)
    session.flush()
    session.refresh(move)
    audit.record(session, "membership:correct", move, actor=actor, words=move.reason, to=move.to_unit_id)


def _fill(move: MembershipTransfer, wish: Wish) -> None:
    assert wish.day is not None  # `_check` refused a wish without one
    move.kind, move.to_unit_id = wish.kind, wish.receiver.id
    move.basis_number, move.basis_on = _line(wish.number, NUMBER_LENGTH), wish.day
    move.reason = nfc(wish.reason).strip()[:TEXT_LENGTH]
    temporary = wish.kind == MembershipKind.TEMPORARY
    move.ends_on, move.for_study = (wish.ends_on, wish.for_study) if temporary else (None, False)
    move.card_number = _line(wish.card_number, CARD_LENGTH) or None
    move.fees_until = wish.fees_until
    move.due_on = start_limit(wish.day)


def start_limit(day: date) -> date:
    """The last day for having the letter issued after the decision of `day`."""
    return catalogue.time_limit("start_membership_transfer", day).ends(day)


def _check(session: Session, dossier: Dossier, wish: Wish, start: Unit) -> list[Station]:
    """The way of the letter, when everything needed is said and lies in the rules."""
    if wish.outside is not None and wish.outside.kind != UnitKind.OUTSIDE_BODY:
        raise BadInput(
            N_("%(unit)s is a unit of this system. Its own officer begins the move."), unit=wish.outside.name
        )
    if not wish.number.strip() or wish.day is None:
        raise BadInput(N_("Enter number and date of the decision, the application or the letter that came."))
    if wish.day > organisation.today():
        raise BadInput(N_("The date of the decision or letter lies in the future. Correct it."))
    if not wish.reason.strip():
        raise BadInput(N_("Write why the member moves. Every body on the way reads it."))
    if wish.fees_until is not None and wish.fees_until > date(organisation.today().year, 12, 31):
        raise BadInput(N_("Membership fees are paid up to a month of this year at most. Correct the month."))
    if wish.kind == MembershipKind.TEMPORARY:
        check_stay(organisation.today(), wish.ends_on, for_study=wish.for_study)
    stations = way(session, wish.kind, start, wish.receiver)
    if wish.outside is not None and dossier.custodian_id != holder_for(wish.receiver).id:
        raise BadInput(
            N_("The member dossier lies with %(unit)s. Choose a cell of that organisation."),
            unit=dossier.custodian.name,
        )
    if wish.receiver.kind != UnitKind.OUTSIDE_BODY and wish.outside is None:
        possible = {unit.id for unit in destinations(session, wish.kind, start)}
        if wish.receiver.id not in possible:
            raise BadInput(N_("%(unit)s takes no members today. Choose another cell."), unit=wish.receiver.name)
    return stations


def check_stay(start: date, ends_on: date | None, *, for_study: bool) -> None:
    """Refuse a temporary stay without an end, or shorter or longer than the rules of the day `start` allow."""
    least = catalogue.time_limit("temporary_membership_min", start).ends(start)
    most_id = "temporary_membership_study" if for_study else "temporary_membership_max"
    most = catalogue.time_limit(most_id, start).ends(start)
    if ends_on is None or not least <= ends_on < most:
        raise BadInput(
            N_("A temporary stay that begins on %(start)s ends between %(least)s and %(most)s. Correct its last day."),
            start=f"{start:%d/%m/%Y}",
            least=f"{least:%d/%m/%Y}",
            most=f"{date.fromordinal(most.toordinal() - 1):%d/%m/%Y}",
        )


def _lay_out(session: Session, move: MembershipTransfer, stations: Sequence[Station]) -> None:
    session.add_all(
        MembershipBox(transfer_id=move.id, position=place, unit_id=station.unit.id, receiving=station.receiving)
        for place, station in enumerate(stations, start=1)
    )
    session.flush()
    session.expire(move, ["boxes"])


def write_letter(session: Session, move: MembershipTransfer) -> None:
    """Fix what the letter says of the member, with its check code."""
    person = move.person
    move.letter = {
        "full_name": person.full_name,
        "birth_date": person.birth_date.isoformat() if person.birth_date else None,
        "birth_precision": person.birth_precision.value if person.birth_precision else None,
        "joined": person.party_join_date.isoformat() if person.party_join_date else None,
        "official": person.party_official_date.isoformat() if person.party_official_date else None,
        "position": person.position,
        "workplace": person.unit.short_name,
        "card_number": move.card_number,
        "fees_until": move.fees_until.isoformat() if move.fees_until else None,
        "kind": move.kind.value,
        "ends_on": move.ends_on.isoformat() if move.ends_on else None,
        "from": move.from_unit.name,
        "to": move.to_unit.name,
        "dossier": move.dossier.number,
    }
    move.letter_sha256 = hash_letter(move.letter)
    session.flush()


def hash_letter(letter: dict[str, Any]) -> str:
    """The SHA-256 of what a letter says, in one way of writing it."""
    written = json.dumps(letter, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def write_event(
    session: Session, move: MembershipTransfer, step: str, start: MembershipState | None, reason: str, actor: Actor
) -> None:
    """Put a step into the course of the move."""
    event = MembershipEvent(
        transfer_id=move.id,
        step=step,
        start=start,
        end=move.state,
        reason=reason,
        taken_by_id=actor.account_id,
        at=now(),
    )
    session.add(event)
    session.flush()


def _line(words: str, length: int) -> str:
    return " ".join(nfc(words).split())[:length]
