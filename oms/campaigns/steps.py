"""The diagram of a declaration: its arrows, who may take them, and how all this is said.

Changes nothing; `oms.campaigns.declaring` and `oms.campaigns.checking` do. Declared by the person (or keyed by the
unit from the signed paper), checked by the using body, attested by the managing body (TT 11/2012/TT-BNV Đ11.1,
TT 07/2019/TT-BNV Đ12.1).
"""

from dataclasses import dataclass

from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import Campaign, Declaration, DeclarationState
from oms.organisation import today
from oms.permissions import Action, Actor, can, is_own

NOT_STARTED, DRAFT, SENT = DeclarationState.NOT_STARTED, DeclarationState.DRAFT, DeclarationState.SENT
RETURNED, CHECKED, ATTESTED = DeclarationState.RETURNED, DeclarationState.CHECKED, DeclarationState.ATTESTED


@dataclass(frozen=True)
class Step:
    """One arrow; `action` None: the person of the dossier takes it, or the officer who keys the signed paper."""

    name: str
    label: str
    action: Action | None
    start: frozenset[DeclarationState]
    end: DeclarationState
    needs_reason: bool = False
    # Whoever checked may not take it.
    other_person: bool = False
    # Asks for the password again.
    binding: bool = False


WRITE = Step("write", N_("Write"), None, frozenset({NOT_STARTED, DRAFT, RETURNED}), DRAFT)
"""Every saving of the draft."""

STEPS: tuple[Step, ...] = (
    Step("send", N_("Hand in"), None, frozenset({DRAFT}), SENT),
    Step("recall", N_("Take it back"), None, frozenset({SENT}), DRAFT),
    Step("check", N_("Finish the check"), Action.DECLARATION_CHECK, frozenset({SENT}), CHECKED),
    Step("return", N_("Send back to the person"), Action.DECLARATION_CHECK, frozenset({SENT}), RETURNED, True),
    Step(
        "attest",
        N_("Attest"),
        Action.DECLARATION_ATTEST,
        frozenset({CHECKED}),
        ATTESTED,
        other_person=True,
        binding=True,
    ),
    Step("send-back", N_("Send back to the unit"), Action.DECLARATION_ATTEST, frozenset({CHECKED}), SENT, True),
)
STEP_NAMES = tuple(step.name for step in STEPS)
# The straight way, as the step bar shows it.
WAY: tuple[tuple[DeclarationState, str], ...] = (
    (DRAFT, N_("Being written")),
    (SENT, N_("Check by the unit")),
    (CHECKED, N_("Attestation")),
    (ATTESTED, N_("Attested")),
)


def is_person(declaration: Declaration, *, actor: Actor) -> bool:
    """True for whoever the dossier is about."""
    return (
        actor.person_id is not None and actor.has(Action.OWN_READ) and declaration.dossier.person_id == actor.person_id
    )


def may_declare(declaration: Declaration, *, actor: Actor) -> bool:
    """The person, and officers of the body that uses them."""
    return is_person(declaration, actor=actor) or can(actor, Action.DECLARATION_ENTER, declaration)


def takes_in(campaign: Campaign, *, person: bool) -> bool:
    """Whether declarations are written and handed in today: by the person until the last day, by officers until closed."""
    day = today()
    if campaign.closed_at is not None or day < campaign.starts_on:
        return False
    return not person or day <= campaign.ends_on


def may_take(step: Step, declaration: Declaration, *, actor: Actor) -> bool:
    """True when this actor may take the arrow from where the declaration stands."""
    if declaration.state not in step.start:
        return False
    person = is_person(declaration, actor=actor)
    if step.action is None:
        if not may_declare(declaration, actor=actor) or not takes_in(declaration.campaign, person=person):
            return False
        return step.name != "recall" or not any(entry.judged_by_id for entry in declaration.entries)
    unit = declaration.dossier.managing_body_id
    own_check = step.other_person and is_own(actor, step.action, unit, declaration.checked_by_id)
    return can(actor, step.action, declaration) and not person and not own_check


def steps_open_to(declaration: Declaration, *, actor: Actor) -> list[Step]:
    """The steps the actor can take now: the buttons of the page."""
    return [step for step in STEPS if may_take(step, declaration, actor=actor)]


def get_step(name: str) -> Step:
    """The arrow of a name; raises `BadInput`."""
    found = next((step for step in STEPS if step.name == name), None)
    if found is None:
        raise BadInput(N_("There is no step “%(name)s”. Steps: %(steps)s."), name=name, steps=", ".join(STEP_NAMES))
    return found


def require_step(step: Step, declaration: Declaration, *, actor: Actor) -> None:
    """Raise `Refused` or `Conflict` with what stands in the way."""
    person = is_person(declaration, actor=actor)
    if step.action is None:
        if not may_declare(declaration, actor=actor):
            raise Refused(N_("Only the person, or the dossier officer of the unit they work in, writes a supplement."))
        _require_open(declaration, person=person)
    elif not can(actor, step.action, declaration):
        raise Refused(_BELONGS[step.action])
    elif person:
        raise Refused(N_("Nobody checks or attests their own supplement. Somebody else of the unit does."))
    if declaration.state not in step.start:
        raise Conflict(
            N_("This supplement is not at a point where this can be done. Reload the page to see how it stands.")
        )
    if may_take(step, declaration, actor=actor):
        return
    if step.other_person:
        raise Refused(N_("Whoever checked a supplement does not attest it. Another head, or a delegate, does."))
    raise Conflict(N_("The unit has begun to check it. Ask the dossier officer to send it back."))


_BELONGS = {
    Action.DECLARATION_CHECK: N_("The dossier officer of the unit the person works in checks supplements. Ask there."),
    Action.DECLARATION_ATTEST: N_("The head of the body that manages the dossier attests supplements. Ask there."),
}


def _require_open(declaration: Declaration, *, person: bool) -> None:
    campaign = declaration.campaign
    if takes_in(campaign, person=person):
        return
    if campaign.closed_at is not None:
        raise Conflict(N_("Campaign %(number)s is closed."), number=campaign.number)
    if today() < campaign.starts_on:
        raise Conflict(N_("The campaign has not begun yet. Supplements are taken in from its first day."))
    raise Conflict(
        N_("The last day has passed. Bring the signed paper to the dossier officer of your unit, who still enters it.")
    )
