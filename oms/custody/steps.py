"""The diagram of a transfer: its arrows, who may take them, and how all this is said.

Decides nothing about a dossier; `oms.custody.moving` does. Source: TT 11/2012/TT-BNV Đ12,
TT 07/2019/TT-BNV Đ13.
"""

from dataclasses import dataclass

from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import Transfer, TransferEvent, TransferState, UnitKind
from oms.organisation import today
from oms.permissions import Action, Actor, can, is_own

DRAFT, SUBMITTED, APPROVED, IN_TRANSIT, ARRIVED = (
    TransferState.DRAFT,
    TransferState.SUBMITTED,
    TransferState.APPROVED,
    TransferState.IN_TRANSIT,
    TransferState.ARRIVED,
)
ACCEPTED, RESERVED = TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS
REJECTED, CANCELLED, LOST = TransferState.REJECTED, TransferState.CANCELLED, TransferState.LOST
# From approval on the dossier is read-only: what was approved is what is sent.
STILL = frozenset({APPROVED, IN_TRANSIT})


@dataclass(frozen=True)
class Step:
    """One arrow of the transfer diagram."""

    name: str
    label: str
    action: Action
    start: frozenset[TransferState]
    end: TransferState
    needs_reason: bool = False
    # The person who prepared the transfer may not take this step.
    other_person: bool = False
    # Only to a body outside the system, where nobody takes a step.
    outside: bool = False
    # Only when the time limit for receipt has ended.
    overdue: bool = False

    @property
    def confirms(self) -> bool:
        """True for what a second person says about a dossier that came from outside."""
        return ARRIVED in self.start and self.end in (ACCEPTED, RESERVED)

    @property
    def binding(self) -> bool:
        """True for a step that binds the unit: it asks for the password again."""
        return self.name in _BINDING

    def fits(self, transfer: Transfer) -> bool:
        """True when the step can be taken with this receiver, on this day."""
        if self.outside and transfer.to_unit.kind != UnitKind.OUTSIDE_BODY:
            return False
        return not self.overdue or (transfer.due_on is not None and transfer.due_on < today())


# What nobody may say later they did not do (ASVS 5.0 7.5.3).
_BINDING = frozenset({"submit", "approve", "accept", "accept-with-reservations", "slip-returned", "declare-lost"})
_BINDING |= {"confirm", "confirm-with-reservations"}

STEPS: tuple[Step, ...] = (
    Step("submit", N_("Submit for approval"), Action.TRANSFER_PREPARE, frozenset({DRAFT}), SUBMITTED),
    Step("approve", N_("Approve"), Action.TRANSFER_APPROVE, frozenset({SUBMITTED}), APPROVED, other_person=True),
    Step("return", N_("Return for correction"), Action.TRANSFER_APPROVE, frozenset({SUBMITTED}), DRAFT, True, True),
    Step("reject", N_("Reject"), Action.TRANSFER_APPROVE, frozenset({SUBMITTED}), REJECTED, True, True),
    Step("dispatch", N_("Dispatch"), Action.TRANSFER_SEND, frozenset({APPROVED}), IN_TRANSIT),
    Step("recall", N_("Recall"), Action.TRANSFER_SEND, frozenset({IN_TRANSIT}), DRAFT, True),
    Step(
        "cancel",
        N_("Cancel the transfer"),
        Action.TRANSFER_SEND,
        frozenset({DRAFT, SUBMITTED, APPROVED}),
        CANCELLED,
        True,
    ),
    Step("accept", N_("Accept"), Action.TRANSFER_RECEIVE, frozenset({IN_TRANSIT}), ACCEPTED, other_person=True),
    Step(
        "accept-with-reservations",
        N_("Accept with reservations"),
        Action.TRANSFER_RECEIVE,
        frozenset({IN_TRANSIT}),
        RESERVED,
        True,
        True,
    ),
    Step("return", N_("Send back"), Action.TRANSFER_RECEIVE, frozenset({IN_TRANSIT}), DRAFT, True),
    Step("reject", N_("Refuse to receive"), Action.TRANSFER_RECEIVE, frozenset({IN_TRANSIT}), REJECTED, True),
    Step(
        "slip-returned",
        N_("Slip returned: hand-over finished"),
        Action.TRANSFER_SEND,
        frozenset({IN_TRANSIT}),
        ACCEPTED,
        True,
        True,
        outside=True,
    ),
    Step(
        "declare-lost",
        N_("Declare lost"),
        Action.TRANSFER_LOSE,
        frozenset({IN_TRANSIT}),
        LOST,
        True,
        True,
        overdue=True,
    ),
    # Whoever has the paper says so; the transfer is prepared anew from where the paper is.
    Step("found", N_("It was found here"), Action.TRANSFER_SEND, frozenset({LOST}), DRAFT, True),
    Step("found", N_("It was found here"), Action.TRANSFER_RECEIVE, frozenset({LOST}), DRAFT, True),
    Step("confirm", N_("Confirm the receipt"), Action.TRANSFER_APPROVE, frozenset({ARRIVED}), ACCEPTED, False, True),
    Step(
        "confirm-with-reservations",
        N_("Confirm with reservations"),
        Action.TRANSFER_APPROVE,
        frozenset({ARRIVED}),
        RESERVED,
        True,
        True,
    ),
    Step("reject", N_("Send back outside"), Action.TRANSFER_APPROVE, frozenset({ARRIVED}), REJECTED, True, True),
    Step("cancel", N_("Withdraw the entry"), Action.TRANSFER_RECEIVE, frozenset({ARRIVED}), CANCELLED, True),
)
STEP_NAMES = tuple(dict.fromkeys(step.name for step in STEPS))


def find_steps(transfer: Transfer, name: str) -> list[Step]:
    """The arrows called `name` that start where the transfer stands."""
    return [step for step in STEPS if step.name == name and transfer.state in step.start and step.fits(transfer)]


def steps_open_to(transfer: Transfer, *, actor: Actor) -> list[Step]:
    """The steps the actor can take now: the buttons of the page."""
    return [
        step
        for step in STEPS
        if transfer.state in step.start
        and step.fits(transfer)
        and can(actor, step.action, transfer)
        and not (step.other_person and is_own(actor, step.action, transfer.approving_unit_id, transfer.prepared_by_id))
    ]


def choose_step(transfer: Transfer, name: str, *, actor: Actor) -> Step:
    """The arrow `name` for this actor; raises `BadInput`, `Conflict` or `Refused`, saying what is possible."""
    if name not in STEP_NAMES:
        raise BadInput(N_("There is no step “%(name)s”. Steps: %(steps)s."), name=name, steps=", ".join(STEP_NAMES))
    arrows = find_steps(transfer, name)
    if not arrows:
        raise Conflict(
            N_("Transfer %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=transfer.number,
        )
    for step in arrows:
        if can(actor, step.action, transfer):
            return step
    raise Refused(N_("This step belongs to %(who)s. Ask there."), who=_who(transfer, arrows[0]))


def _who(transfer: Transfer, step: Step) -> str:
    units = {
        Action.TRANSFER_APPROVE: transfer.approving_unit,
        Action.TRANSFER_RECEIVE: transfer.to_unit,
    }
    return units.get(step.action, transfer.from_unit).name


def event_label(event: TransferEvent) -> str:
    """What happened, in words: the label of the arrow that was taken."""
    for step in STEPS:
        if step.name == event.step and event.start in step.start and step.end == event.end:
            return step.label
    return _OTHER_EVENTS.get(event.step, N_("Prepared"))


# Events that are no arrow.
_OTHER_EVENTS = {
    "from-outside": N_("Came from outside"),
    "relist": N_("List corrected"),
    "reorganise": N_("Changed by a reorganisation"),
}


# The way of a transfer that meets no obstacle, as the step bar shows it.
WAY: tuple[tuple[TransferState, str], ...] = (
    (DRAFT, N_("Preparing")),
    (SUBMITTED, N_("Approval")),
    (APPROVED, N_("Dispatch")),
    (IN_TRANSIT, N_("Receipt")),
    (ACCEPTED, N_("Handed over")),
)
_WAY_IN: tuple[tuple[TransferState, str], ...] = (
    (ARRIVED, N_("Check and confirmation")),
    (ACCEPTED, N_("Handed over")),
)


def way_of(transfer: Transfer) -> tuple[tuple[TransferState, str], ...]:
    """The straight way of this transfer: what comes from outside begins where it arrives."""
    return _WAY_IN if transfer.comes_from_outside else WAY


_NEXT = {
    DRAFT: N_("The dossier officer of %(unit)s submits the transfer for approval."),
    SUBMITTED: N_("The head of %(unit)s approves, returns or rejects the transfer. Whoever prepared it may not."),
    APPROVED: N_("%(unit)s dispatches the dossier. Since the approval nothing in it can change."),
    IN_TRANSIT: N_("%(unit)s checks the papers against the list, then accepts, sends back or refuses."),
    ARRIVED: N_("%(unit)s checks what came against the list; the head confirms. Whoever entered it may not."),
    ACCEPTED: N_("Nothing is left to do: the dossier is now with %(unit)s."),
    RESERVED: N_("The dossier is now with %(unit)s. What was noted as missing is settled between the two units."),
    REJECTED: N_("Nothing moved: the dossier stays with %(unit)s, which may prepare a new transfer."),
    CANCELLED: N_("Nothing moved: the dossier stays with %(unit)s, which may prepare a new transfer."),
    LOST: N_(
        "The paper is lost on the way. The file stays with %(unit)s, which looks for the paper or has it made anew. "
        "Whoever finds it says so here."
    ),
}


def what_next(transfer: Transfer) -> tuple[str, dict[str, str]]:
    """The sentence that says what happens next and who must act, with its values."""
    units = {SUBMITTED: transfer.approving_unit}
    units |= dict.fromkeys((IN_TRANSIT, ARRIVED, ACCEPTED, RESERVED), transfer.to_unit)
    unit = units.get(transfer.state, transfer.from_unit).name
    if transfer.comes_from_outside and transfer.state in _NEXT_INSIDE:
        return _NEXT_INSIDE[transfer.state], {"unit": unit, "here": transfer.to_unit.name}
    return _NEXT[transfer.state], {"unit": unit}


_NEXT_INSIDE = {
    REJECTED: N_("What came goes back to %(unit)s on paper."),
    CANCELLED: N_("The entry is withdrawn. The dossier stays with %(here)s; what came can be entered anew."),
}


# What a person should know before a step that cannot simply be taken back.
_QUESTIONS = {
    "confirm": N_("The list was checked against the papers; from now on the receipt stands in the register."),
    "confirm-with-reservations": N_("Write down what is missing or damaged: it stands in the minutes."),
    "approve": N_("The contents list is sealed now, and nothing in the dossier can change until it has arrived."),
    "dispatch": N_("%(unit)s sees the transfer and the list from now on, and the time limit for receipt is running."),
    "accept": N_("The dossier passes to %(unit)s at once; the sending unit can no longer see it."),
    "slip-returned": N_(
        "The dossier passes to %(unit)s; nobody here can see it any more. Enter number and date of the slip."
    ),
    "found": N_("Write where it was found. %(unit)s is told where the paper is; the transfer is prepared anew."),
    "declare-lost": N_("The transfer ends here. The file stays with the sending unit; the paper counts as not found."),
    "accept-with-reservations": N_("The dossier passes to %(unit)s at once. Write down what is missing or damaged."),
}


def question_of(step: Step) -> str:
    """What is said before a step with consequences; empty for one without."""
    return _QUESTIONS.get(step.name, "")
