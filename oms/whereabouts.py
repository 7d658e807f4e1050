"""Where the paper of a dossier is: with its custodian, somewhere else, under way, or nobody knows.

Paper and file belong together. Where they part, both units are told until one of three things has happened: the
paper was found here, the paper follows the file, or the file follows the paper (by a transfer, which is not made here).
Every word about the paper leaves a row with who said it and when. Knows nothing of loans and transfers: they call it.
"""

import enum
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import Dossier, PaperMove, PaperState, Unit
from oms.permissions import Action, Actor, allowed, can
from oms.vietnamese.text import nfc

NOTE_LENGTH = 300


class Way(enum.StrEnum):
    """How a difference between paper and file is settled."""

    FOUND_HERE = "found_here"
    PAPER_FOLLOWS = "paper_follows"
    NOT_FOUND = "not_found"


def unit_of(dossier: Dossier) -> Unit:
    """The unit where the paper is, or was last."""
    return dossier.paper_unit or dossier.custodian


def differs(dossier: Dossier) -> bool:
    """True when the paper is not with the unit that holds the file, or nobody knows where it is."""
    apart = dossier.paper_unit_id is not None and dossier.paper_unit_id != dossier.custodian_id
    return apart or dossier.paper_state == PaperState.UNKNOWN


def differing() -> ColumnElement[bool]:
    """`differs` for a list."""
    apart = Dossier.paper_unit_id.is_not(None) & (Dossier.paper_unit_id != Dossier.custodian_id)
    return or_(apart, Dossier.paper_state == PaperState.UNKNOWN)


def follow(session: Session, dossier: Dossier, unit: Unit, *, actor: Actor, note: str = "") -> None:
    """The paper is with `unit` now, in its place; called where custody passes, with the unit that has the paper.

    Custody that passes without the paper calls it with the unit that kept the paper: that is then a difference.
    """
    _put(session, dossier, unit, PaperState.ON_SHELF, actor=actor, note=note)


def mark(session: Session, dossier: Dossier, state: PaperState, *, actor: Actor, note: str = "") -> None:
    """The paper stays with the unit it is with, in another state: lent, under way, back in its place."""
    _put(session, dossier, unit_of(dossier), state, actor=actor, note=note)


def _put(session: Session, dossier: Dossier, unit: Unit, state: PaperState, *, actor: Actor, note: str) -> None:
    before = unit_of(dossier)
    if (before.id, dossier.paper_state) == (unit.id, state) and dossier.paper_unit_id in (None, unit.id):
        return
    dossier.paper_unit = None if unit.id == dossier.custodian_id else unit
    dossier.paper_unit_id = None if unit.id == dossier.custodian_id else unit.id
    dossier.paper_state = state
    move = PaperMove(
        dossier_id=dossier.id,
        from_unit_id=before.id,
        to_unit_id=unit.id,
        state=state,
        note=nfc(note).strip()[:NOTE_LENGTH],
        moved_by_id=actor.account_id,
    )
    session.add(move)
    session.flush()
    audit.record(session, "paper:move", dossier, actor=actor, words=move.note, unit=unit.id, state=state.value)


def ways_open_to(dossier: Dossier, *, actor: Actor) -> tuple[Way, ...]:
    """How the actor may settle the difference: the holder of the file finds the paper, its holder sends it."""
    units = actor.units.get(Action.PAPER_MOVE, frozenset())
    ways: list[Way] = []
    if dossier.custodian_id in units:
        ways.append(Way.FOUND_HERE)
    if dossier.paper_unit_id in units and dossier.paper_state == PaperState.ON_SHELF:
        ways.append(Way.PAPER_FOLLOWS)
    if differs(dossier) and dossier.paper_state != PaperState.UNKNOWN:
        ways.append(Way.NOT_FOUND)
    return tuple(ways) if differs(dossier) and can(actor, Action.PAPER_MOVE, dossier) else ()


def settle(session: Session, dossier: Dossier, way: str, *, actor: Actor, note: str = "") -> None:
    """Settle a difference one `Way`; raises `Conflict` when there is none any more and `Refused` for another's way.

    The paper that follows is under way until the holder of the file finds it in its house. The third cure, the file
    that follows the paper, is a transfer to the unit that has the paper.
    """
    session.refresh(dossier, ["paper_unit_id", "paper_state", "custodian_id", "version"], with_for_update=True)
    if way not in set(Way):
        raise BadInput(N_("Say how the difference is settled: found here, the paper follows, or not found."))
    if not differs(dossier):
        raise Conflict(N_("Paper and file of %(number)s are together again. Reload the page."), number=dossier.number)
    if way not in ways_open_to(dossier, actor=actor):
        raise Refused(
            N_("This is said by the unit that has the paper or the file: %(paper)s, %(file)s."),
            paper=unit_of(dossier).name,
            file=dossier.custodian.name,
        )
    if way == Way.NOT_FOUND and not note.strip():
        raise BadInput(N_("Write where the paper was looked for and who was asked."))
    if way == Way.FOUND_HERE:
        _put(session, dossier, dossier.custodian, PaperState.ON_SHELF, actor=actor, note=note)
    else:
        state = PaperState.IN_TRANSIT if way == Way.PAPER_FOLLOWS else PaperState.UNKNOWN
        _put(session, dossier, unit_of(dossier), state, actor=actor, note=note)


def list_differences(session: Session, *, actor: Actor) -> list[Dossier]:
    """Dossiers whose paper and file are apart and that concern the actor's units, as holder of the one or the other."""
    return list(
        session.scalars(
            select(Dossier)
            .where(allowed(actor, Action.PAPER_READ), differing())
            .options(joinedload(Dossier.custodian), joinedload(Dossier.paper_unit))
            .order_by(Dossier.number)
        )
    )


def look_over(session: Session, dossiers: list[Dossier], *, actor: Actor) -> None:
    """Write down that the actor saw the list of differences."""
    audit.record(session, "paper:apart", actor=actor, total=len(dossiers))


def find_difference(session: Session, dossier_id: str, *, actor: Actor) -> Dossier:
    """One dossier of `list_differences`, or `NotFound`."""
    dossier = session.scalar(select(Dossier).where(Dossier.id == dossier_id, allowed(actor, Action.PAPER_READ)))
    if dossier is None:
        raise NotFound()
    return dossier


@dataclass(frozen=True)
class Whereabouts:
    """What the page of a dossier says about its paper."""

    unit: Unit
    state: PaperState
    apart: bool
    ways: tuple[Way, ...]
    moves: tuple[PaperMove, ...]


def describe(session: Session, dossier: Dossier, *, actor: Actor) -> Whereabouts:
    """Where the paper is now and where it was, the latest first, and what the actor may say about it."""
    moves = session.scalars(
        select(PaperMove)
        .where(PaperMove.dossier_id == dossier.id)
        .options(joinedload(PaperMove.to_unit), joinedload(PaperMove.moved_by))
        .order_by(PaperMove.moved_at.desc(), PaperMove.id)
    )
    ways = ways_open_to(dossier, actor=actor)
    return Whereabouts(unit_of(dossier), dossier.paper_state, differs(dossier), ways, tuple(moves))
