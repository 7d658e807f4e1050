"""Moving along the diagram: each box signed in its turn, the membership taken up with or after the dossier.

The one place where a membership changes is `_take_up`. A temporary stay changes nothing but the move itself.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from oms import audit, catalogue, db, dossiers, holds
from oms.errors import N_, BadInput, Conflict, Refused
from oms.membership.preparing import check_stay, start_limit, write_event, write_letter
from oms.membership.steps import (
    AWAY,
    DRAFT,
    EXTEND,
    INTRODUCING,
    LOST,
    TAKEN_UP,
    UNDER_WAY,
    Step,
    is_late,
    is_open_to,
    issuing_box,
    next_box,
    refusal_of,
)
from oms.membership.ways import holder_for
from oms.models import MembershipBox, MembershipKind, MembershipState, MembershipTransfer, UnitKind, now
from oms.organisation import today
from oms.permissions import Actor, authority, require, require_confirmed
from oms.vietnamese.text import nfc

# The steps a hold on the person or the dossier stops; the way back and the end stay open.
_ONWARD = frozenset({"submit", "sign", "confirm", "confirm-on-paper", "reissue", "extend"})
TEXT_LENGTH = 2000


def take(
    session: Session,
    step: Step,
    move: MembershipTransfer,
    *,
    actor: Actor,
    reason: str = "",
    version: int | None = None,
    paper: tuple[str, date | None] = ("", None),
) -> None:
    """Move along `step`, with its audit entry and its consequences, or raise.

    `paper` is number and date of the letter by which a body outside says that it received the member. Raises `Conflict`
    when somebody else moved it first; `version` is the one the actor saw.
    """
    words = _begin(session, step, move, actor, reason, version)
    start, lent = move.state, authority(actor, step.action, move.waiting_unit_id)
    if step.name == "submit":
        name, box = step.name, _submit(session, move)
    elif step.name in ("sign", "confirm", "confirm-on-paper"):
        name, box = _sign(step, move, actor, words, paper)
    else:
        name, box = step.name, None
        _go_elsewhere(step, move)
    if not move.state.is_open:
        move.closed_at, move.waiting_unit_id = now(), None
    told = {"box": box.position if box is not None else None, **lent}
    _finish(session, step, move, name, start, words, told, actor=actor)


def may_extend(move: MembershipTransfer, *, actor: Actor) -> bool:
    """True when the actor may give the temporary stay a later last day."""
    return is_open_to(EXTEND, move, actor=actor)


def extend(session: Session, move: MembershipTransfer, ends_on: date | None, reason: str, *, actor: Actor) -> None:
    """Give a temporary stay a later last day; counted from the day of the letter it may not become too long."""
    words = _begin(session, EXTEND, move, actor, reason, None)
    if ends_on is None or move.ends_on is None or ends_on <= move.ends_on:
        raise BadInput(N_("Enter a day after the present last day of the stay."))
    check_stay(move.issued_on or today(), ends_on, for_study=move.for_study)
    move.ends_on = move.due_on = ends_on
    told = authority(actor, EXTEND.action, move.waiting_unit_id) | {"until": ends_on.isoformat()}
    _finish(session, EXTEND, move, EXTEND.name, AWAY, words, told, actor=actor)


def _begin(
    session: Session, step: Step, move: MembershipTransfer, actor: Actor, reason: str, version: int | None
) -> str:
    """Lock, and refuse whatever may not be done; returns the reason as it is kept."""
    dossiers.hold(session, move.dossier)
    db.lock(session, move)
    db.lock(session, move)
    session.expire(move, ["boxes"])
    if version is not None and version != move.version:
        raise Conflict(N_("Somebody else just changed this move. Reload the page to see how it stands."))
    require(actor, step.action, move)
    if why := refusal_of(step, move, actor=actor):
        raise Refused(why)
    if move.state not in step.start or not step.fits(move):
        raise Conflict(
            N_("Move %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=move.number,
        )
    if step.name in _ONWARD:
        holds.require_none(session, move.dossier)
    words = nfc(reason).strip()[:TEXT_LENGTH]
    if step.needs_reason and not words:
        raise BadInput(N_("Write the reason in one sentence: the other side reads it."))
    if step.name in ("sign", "confirm") and move.state == UNDER_WAY and is_late(move) and not words:
        raise BadInput(N_("The letter comes after its last day. Write why: the reason stands beside the signature."))
    if step.binding:
        require_confirmed(actor)
    return words


def _finish(
    session: Session,
    step: Step,
    move: MembershipTransfer,
    name: str,
    start: MembershipState,
    words: str,
    told: Mapping[str, Any],
    *,
    actor: Actor,
) -> None:
    try:
        session.flush()
    except StaleDataError:
        raise Conflict(N_("Somebody else just changed this move. Reload the page to see how it stands.")) from None
    write_event(session, move, name, start, words, actor)
    audit.record(
        session,
        f"membership:{step.name}",
        move,
        actor=actor,
        words=words,
        start=start.value,
        end=move.state.value,
        letter=move.letter_sha256,
        **told,
    )
    session.expire(move, ["boxes", "events", "waiting_unit"])


def _submit(session: Session, move: MembershipTransfer) -> MembershipBox | None:
    """Fix the letter and show it to the sending side; a letter from outside has its first box signed on paper."""
    if move.kind == MembershipKind.TEMPORARY:
        check_stay(today(), move.ends_on, for_study=move.for_study)
    write_letter(session, move)
    for box in move.boxes:
        box.shown = not box.receiving
    first = move.boxes[0]
    if first.unit.kind == UnitKind.OUTSIDE_BODY:
        first.signer, first.signed_on, first.number = first.unit.name, move.basis_on, move.basis_number
        _issue(move, move.basis_on)
    else:
        move.state = INTRODUCING
    _wait_for_next(move)
    return first


def _sign(
    step: Step,
    move: MembershipTransfer,
    actor: Actor,
    words: str,
    paper: tuple[str, date | None],
) -> tuple[str, MembershipBox]:
    box = next_box(move)
    if box is None:
        raise Conflict(N_("Every box of this letter is signed. Reload the page."))
    if box is move.boxes[-1]:
        _require_dossier(move)
    box.note = words
    if step.outside:
        _sign_on_paper(box, *paper)
    else:
        box.signer, box.signed_on, box.signed_by_id = actor.name, today(), actor.account_id
    name = step.name
    if box.id == issuing_box(move).id:
        _issue(move, today())
        name = "issue"
    if box is move.boxes[-1]:
        _take_up(move, None if step.outside else actor)
    _wait_for_next(move)
    return name, box


def _sign_on_paper(box: MembershipBox, number: str, day: date | None) -> None:
    if not number.strip() or day is None:
        raise BadInput(N_("Enter number and date of the letter by which the body outside received the member."))
    if day > today():
        raise BadInput(N_("The date of the decision or letter lies in the future. Correct it."))
    box.signer, box.signed_on, box.number = box.unit.name, day, " ".join(nfc(number).split())[:80]


def _require_dossier(move: MembershipTransfer) -> None:
    """An official membership is taken up with or after the dossier, which is kept where the membership is."""
    if move.kind == MembershipKind.OFFICIAL and move.dossier.custodian_id != holder_for(move.to_unit).id:
        raise Conflict(
            N_(
                "The member dossier %(number)s is still with %(unit)s. It is handed over first; the membership is taken "
                "up after that."
            ),
            number=move.dossier.number,
            unit=move.dossier.custodian.name,
        )


def _issue(move: MembershipTransfer, day: date) -> None:
    """The letter leaves: the receiving side learns of it, and the time for presenting it runs."""
    move.state, move.issued_on = UNDER_WAY, day
    move.due_on = catalogue.time_limit("present_membership_letter", day).ends(day)
    for box in move.boxes:
        box.shown = True


def _take_up(move: MembershipTransfer, actor: Actor | None) -> None:
    """The last box is signed: the one place where a membership passes."""
    move.taken_up_on = today()
    move.received_by_id = actor.account_id if actor is not None else None
    if move.kind == MembershipKind.TEMPORARY and move.ends_on is not None:
        move.state, move.due_on = AWAY, move.ends_on
        return
    move.state = TAKEN_UP
    move.person.party_unit = move.to_unit


def _wait_for_next(move: MembershipTransfer) -> None:
    box = next_box(move)
    if move.state == AWAY:
        move.waiting_unit_id = issuing_box(move).unit_id
    else:
        move.waiting_unit_id = box.unit_id if box is not None else None


def _go_elsewhere(step: Step, move: MembershipTransfer) -> None:
    """Back, lost, found, issued again, ended."""
    assert step.end is not None  # only steps that sign or submit lead where the letter leads
    if step.name in ("return", "recall", "cancel"):
        _require_no_dossier_under_way(move)
    move.state = step.end
    if step.end == DRAFT:
        _forget_letter(move)
    elif step.end == LOST:
        limit = catalogue.time_limit("reissue_membership_letter", today())
        move.due_on, move.waiting_unit_id = limit.ends(today()), issuing_box(move).unit_id
    elif step.end == UNDER_WAY:
        if step.name == "reissue":
            move.copy, move.issued_on = move.copy + 1, today()
        day = move.issued_on or today()
        move.due_on = catalogue.time_limit("present_membership_letter", day).ends(day)
        _wait_for_next(move)


def _require_no_dossier_under_way(move: MembershipTransfer) -> None:
    if move.transfer is not None and move.transfer.state.is_open:
        raise Conflict(
            N_("Transfer %(number)s of the member dossier is still open. Recall or cancel it first."),
            number=move.transfer.number,
        )
    if move.kind == MembershipKind.OFFICIAL and move.issued_on and move.dossier.custodian_id != move.unit_id:
        raise Conflict(
            N_(
                "The member dossier has been handed over already. Take up the membership, or hand the dossier back first."
            )
        )


def _forget_letter(move: MembershipTransfer) -> None:
    """The letter is void: its boxes are empty again, and the receiving side no longer sees the move."""
    for box in move.boxes:
        box.signer = box.signed_on = box.signed_by_id = None
        box.number = box.note = ""
        box.shown = False
    move.letter = move.letter_sha256 = move.issued_on = move.waiting_unit_id = None
    move.copy, move.transfer_id = 1, None
    move.due_on = start_limit(move.basis_on)
