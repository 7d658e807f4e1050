"""The diagram of a membership move: its arrows, who may take them, and how all this is said.

Decides nothing about a membership; `oms.membership.moving` does.
"""

from dataclasses import dataclass

from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    MembershipBox,
    MembershipEvent,
    MembershipKind,
    MembershipState,
    MembershipTransfer,
    UnitKind,
)
from oms.organisation import today
from oms.permissions import Action, Actor, can, is_own

DRAFT, INTRODUCING, UNDER_WAY = MembershipState.DRAFT, MembershipState.INTRODUCING, MembershipState.UNDER_WAY
LOST, AWAY = MembershipState.LOST, MembershipState.AWAY
TAKEN_UP, ENDED, CANCELLED = MembershipState.TAKEN_UP, MembershipState.ENDED, MembershipState.CANCELLED


@dataclass(frozen=True)
class Step:
    """One arrow of the diagram; `end` None: where the letter leads (`moving` says which)."""

    name: str
    label: str
    action: Action
    start: frozenset[MembershipState]
    end: MembershipState | None
    needs_reason: bool = False
    # Neither the person who prepared the move nor the member may take this step.
    other_person: bool = False
    # Asks for the password again.
    binding: bool = False
    # True: only the last box of the letter; False: every other box.
    last_box: bool | None = None
    # Only to a body outside the system, where nobody takes a step.
    outside: bool | None = None

    def fits(self, move: MembershipTransfer) -> bool:
        """True when the step can be taken with this receiver and this box."""
        leaves = move.to_unit.kind == UnitKind.OUTSIDE_BODY
        if self.outside is not None and self.outside != leaves:
            return False
        box = next_box(move)
        return self.last_box is None or (box is not None and self.last_box == (box is move.boxes[-1]))


STEPS: tuple[Step, ...] = (
    Step("submit", N_("Submit for introduction"), Action.MEMBERSHIP_PREPARE, frozenset({DRAFT}), None, binding=True),
    Step(
        "sign",
        N_("Sign the box"),
        Action.MEMBERSHIP_SIGN,
        frozenset({INTRODUCING, UNDER_WAY}),
        None,
        other_person=True,
        binding=True,
        last_box=False,
    ),
    Step(
        "confirm",
        N_("Take up the membership"),
        Action.MEMBERSHIP_RECEIVE,
        frozenset({UNDER_WAY}),
        None,
        other_person=True,
        binding=True,
        last_box=True,
        outside=False,
    ),
    Step(
        "confirm-on-paper",
        N_("Received outside, by its letter"),
        Action.MEMBERSHIP_PREPARE,
        frozenset({UNDER_WAY}),
        None,
        needs_reason=True,
        binding=True,
        last_box=True,
        outside=True,
    ),
    Step(
        "return",
        N_("Send back"),
        Action.MEMBERSHIP_SIGN,
        frozenset({INTRODUCING, UNDER_WAY}),
        DRAFT,
        needs_reason=True,
        other_person=True,
    ),
    Step(
        "report-lost",
        N_("The letter is lost"),
        Action.MEMBERSHIP_PREPARE,
        frozenset({UNDER_WAY}),
        LOST,
        needs_reason=True,
    ),
    Step(
        "found", N_("The letter was found"), Action.MEMBERSHIP_PREPARE, frozenset({LOST}), UNDER_WAY, needs_reason=True
    ),
    Step(
        "reissue",
        N_("Issue the letter again"),
        Action.MEMBERSHIP_SIGN,
        frozenset({LOST}),
        UNDER_WAY,
        needs_reason=True,
        other_person=True,
        binding=True,
    ),
    Step(
        "come-back",
        N_("The temporary stay has ended"),
        Action.MEMBERSHIP_RECEIVE,
        frozenset({AWAY}),
        ENDED,
        needs_reason=True,
    ),
    Step(
        "come-back",
        N_("The temporary stay has ended"),
        Action.MEMBERSHIP_PREPARE,
        frozenset({AWAY}),
        ENDED,
        needs_reason=True,
    ),
    Step(
        "recall",
        N_("Recall"),
        Action.MEMBERSHIP_PREPARE,
        frozenset({INTRODUCING, UNDER_WAY, LOST}),
        DRAFT,
        needs_reason=True,
    ),
    Step(
        "cancel",
        N_("Cancel the move"),
        Action.MEMBERSHIP_PREPARE,
        frozenset({DRAFT, INTRODUCING, UNDER_WAY, LOST}),
        CANCELLED,
        needs_reason=True,
    ),
)
STEP_NAMES = tuple(dict.fromkeys(step.name for step in STEPS))
# A temporary stay is extended by its own door, because it takes a new last day.
EXTEND = Step(
    "extend",
    N_("Extend the stay"),
    Action.MEMBERSHIP_SIGN,
    frozenset({AWAY}),
    AWAY,
    needs_reason=True,
    other_person=True,
    binding=True,
)


def next_box(move: MembershipTransfer) -> MembershipBox | None:
    """The first box that is not signed."""
    return next((box for box in move.boxes if box.signed_on is None), None)


def issuing_box(move: MembershipTransfer) -> MembershipBox:
    """The box whose signature makes the letter leave: the last one of the sending side."""
    return [box for box in move.boxes if not box.receiving][-1]


def is_late(move: MembershipTransfer) -> bool:
    """True when the last day for what is to be done next has passed."""
    return move.state.is_open and move.due_on < today()


def refusal_of(step: Step, move: MembershipTransfer, *, actor: Actor) -> str:
    """Why this actor may not take a step that takes another person; empty when they may."""
    if not step.other_person:
        return ""
    if actor.person_id is not None and actor.person_id == move.person_id:
        return N_("Nobody signs or decides about their own membership. Another person of the unit does.")
    if is_own(actor, step.action, move.waiting_unit_id, move.prepared_by_id):
        return N_("Whoever prepared the move signs no box of its letter. Ask another person of the unit.")
    box, introduced = next_box(move), {one.signed_by_id for one in move.boxes if not one.receiving}
    across = step.last_box is not None and move.kind != MembershipKind.INTERNAL
    if across and box is not None and box.receiving and actor.account_id in introduced:
        return N_("Whoever introduced the member does not receive them too. Ask another person.")
    return ""


def is_open_to(step: Step, move: MembershipTransfer, *, actor: Actor) -> bool:
    """True when the actor can take the step now."""
    return (
        move.state in step.start
        and step.fits(move)
        and can(actor, step.action, move)
        and not refusal_of(step, move, actor=actor)
    )


def steps_open_to(move: MembershipTransfer, *, actor: Actor) -> list[Step]:
    """The steps the actor can take now: the buttons of the page, each name once."""
    found: dict[str, Step] = {}
    for step in STEPS:
        if step.name not in found and is_open_to(step, move, actor=actor):
            found[step.name] = step
    return list(found.values())


def choose_step(move: MembershipTransfer, name: str, *, actor: Actor) -> Step:
    """The arrow `name` for this actor; raises `BadInput`, `Conflict` or `Refused`, saying what is possible."""
    if name not in STEP_NAMES:
        raise BadInput(N_("There is no step “%(name)s”. Steps: %(steps)s."), name=name, steps=", ".join(STEP_NAMES))
    arrows = [step for step in STEPS if step.name == name and move.state in step.start and step.fits(move)]
    if not arrows:
        raise Conflict(
            N_("Move %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=move.number,
        )
    for step in arrows:
        if can(actor, step.action, move):
            return step
    raise Refused(N_("This step belongs to %(who)s. Ask there."), who=_who(move, arrows[0]))


def _who(move: MembershipTransfer, step: Step) -> str:
    if step.action == Action.MEMBERSHIP_SIGN and move.waiting_unit is not None:
        return move.waiting_unit.name
    return (move.to_unit if step.action == Action.MEMBERSHIP_RECEIVE else move.unit).name


_EVENTS = {
    "new": N_("Prepared"),
    "extend": EXTEND.label,
    "issue": N_("Box signed, letter issued"),
    "reorganise": N_("Goes on with the successor of a unit"),
}


def event_label(event: MembershipEvent) -> str:
    """What happened, in words."""
    return _EVENTS.get(event.step) or next(step.label for step in STEPS if step.name == event.step)


_NEXT = {
    DRAFT: N_("The officer of %(unit)s completes the move and submits it for introduction."),
    INTRODUCING: N_("The head of %(unit)s signs the next box of the letter, or sends it back."),
    UNDER_WAY: N_("The head of %(unit)s signs the next box of the letter, or sends it back."),
    LOST: N_("The head of %(unit)s issues the letter again; until then nobody signs it."),
    AWAY: N_(
        "The member takes part in the life of %(unit)s until the last day of the stay; membership and dossier stay."
    ),
    TAKEN_UP: N_("Nothing is left to do: the membership is now with %(unit)s."),
    ENDED: N_("Nothing is left to do: the member is back with %(unit)s."),
    CANCELLED: N_("Nothing moved: the membership is with %(unit)s, which may prepare a new move."),
}
_LAST_BOX = N_("%(unit)s takes up the membership by the last box of the letter, or sends it back.")
_OUTSIDE = N_("The member is received by %(unit)s, outside the system. When its answer comes, enter number and date.")


def what_next(move: MembershipTransfer) -> tuple[str, dict[str, str]]:
    """The sentence that says what happens next and who must act, with its values."""
    box = next_box(move)
    if move.state == UNDER_WAY and box is not None and box is move.boxes[-1]:
        outside = move.to_unit.kind == UnitKind.OUTSIDE_BODY
        return (_OUTSIDE if outside else _LAST_BOX), {"unit": move.to_unit.name}
    units = {DRAFT: move.unit, AWAY: move.to_unit, TAKEN_UP: move.to_unit}
    waiting = move.waiting_unit if move.state.is_open and move.state not in units else None
    return _NEXT[move.state], {"unit": (waiting or units.get(move.state, move.from_unit)).name}
