"""Whether somebody may do something: as a condition for lists, search and loading, and about one object."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import object_session

from oms.errors import N_, ConfirmationNeeded, Refused
from oms.models import (
    Document,
    Dossier,
    DossierStatus,
    Finding,
    Hold,
    Page,
    PaperLoss,
    Role,
    Scan,
    Verification,
)
from oms.permissions.actions import NEEDS_OPENING, Action
from oms.permissions.guards import GUARDS, WHOLE, PersonalGuard, Units
from oms.permissions.opening import Opened, dossier_id_of, opened_rows


@dataclass(frozen=True)
class Actor:
    """Somebody acting now: an account with the units in which each action is open to it.

    `units` holds, for every action, the ids of the units in which the account has it today.
    `via` is how they came: "web", "api", "cli" or "job". `confirmed` says that the password was given a short
    time ago (or that nobody was there to ask: command line and jobs).
    """

    account_id: str
    username: str
    name: str
    units: Mapping[Action, Units]
    via: str = "web"
    unit_id: str | None = None
    person_id: str | None = None
    role: Role | None = None
    confirmed: bool = False
    session_id: str | None = None
    address: str | None = None
    request_id: str | None = None
    # In whose name an action is open by delegation: the accounts of the heads, by action and unit.
    delegated: Mapping[Action, Mapping[str, str]] = field(default_factory=dict)
    # In the closed installation for protection files: what two officers have open, by dossier. None: no opening is needed.
    opened: Mapping[str, Opened] | None = None

    def has(self, action: Action) -> bool:
        """True when the action is open to the actor anywhere at all."""
        return action in self.units


def allowed(actor: Actor, action: Action) -> ColumnElement[bool]:
    """The SQL condition for the rows on which `actor` may do `action`."""
    units = actor.units.get(action)
    if units is None:
        return false()
    if action in WHOLE:
        return true()
    guard = GUARDS[action]
    if not units:
        return false()
    if isinstance(guard, PersonalGuard):
        return guard.rows(actor, units)
    condition = guard.rows(units) & guard.rows_if
    if actor.opened is not None and action in NEEDS_OPENING:
        condition &= opened_rows(guard.model, actor.opened)
    return condition


def can(actor: Actor, action: Action, thing: object = None) -> bool:
    """True when `actor` may do `action`, on `thing` where the action concerns a thing."""
    units = actor.units.get(action)
    if units is None:
        return False
    guard = GUARDS.get(action)
    if guard is None:
        return True
    if not isinstance(thing, guard.model):
        raise TypeError(f"{action} asks about a {guard.model.__name__}, not {type(thing).__name__}")
    if isinstance(guard, PersonalGuard):
        return bool(units) and guard.holds(actor, units, thing)
    if actor.opened is not None and action in NEEDS_OPENING and dossier_id_of(thing) not in actor.opened:
        return False
    return guard.thing_if(thing) and any(unit in units for unit in guard.units(thing))


def require(actor: Actor, action: Action, thing: object = None) -> None:
    """Raise `Refused` unless `can`; a dossier held still by a transfer is said to be so to those who may read it."""
    if can(actor, action, thing):
        return
    dossier = _dossier_of(thing)
    if actor.opened is not None and action in NEEDS_OPENING and dossier is not None and dossier.id not in actor.opened:
        raise Refused(
            N_(
                "File %(number)s is closed. Two officers open it together, each with the own password, and say what for."
            ),
            number=dossier.number,
        )
    if dossier is not None and dossier.held and can(actor, Action.DOSSIER_READ, dossier) and actor.has(action):
        refuse_held(dossier)
    if dossier is not None and dossier.frozen and can(actor, Action.DOSSIER_READ, dossier) and actor.has(action):
        raise Refused(
            N_(
                "Dossier %(number)s is held still by a transfer: nothing in it can change until the transfer is "
                "finished, recalled or cancelled."
            ),
            number=dossier.number,
        )
    if (
        dossier is not None
        and dossier.status == DossierStatus.CLOSED
        and can(actor, Action.DOSSIER_READ, dossier)
        and actor.has(action)
    ):
        raise Refused(
            N_(
                "Dossier %(number)s is closed, because the person left: nothing in it changes any more. When somebody "
                "comes back, the head of the managing body opens it again."
            ),
            number=dossier.number,
        )
    raise Refused(
        N_("Your account may not do this. The dossier officer of the unit that holds the dossier can help you.")
    )


def refuse_held(dossier: Dossier) -> None:
    """Raise `Refused` while a hold on the dossier or its person is in force: its number and who can lift it, no reason."""
    session = object_session(dossier)
    hold = session.scalar(select(Hold).where(holds_on(dossier)).order_by(Hold.ordered_at)) if session else None
    if hold is not None:
        raise Refused(
            N_(
                "Dossier %(number)s is under hold %(hold)s: nothing in it may be changed, moved or destroyed until the "
                "hold is lifted. The head of %(unit)s, or of the body that holds or manages the dossier, can lift it."
            ),
            number=dossier.number,
            hold=hold.number,
            unit=hold.unit.name,
        )


def holds_on(dossier: Dossier) -> ColumnElement[bool]:
    """The condition for the holds in force that concern a dossier."""
    return Hold.lifted_at.is_(None) & or_(Hold.dossier_id == dossier.id, Hold.person_id == dossier.person_id)


def in_the_name_of(actor: Actor, action: Action, unit_id: str | None) -> str | None:
    """The account of the head in whose name `actor` does `action` in a unit, None in the own right."""
    return actor.delegated.get(action, {}).get(unit_id or "")


def authority(actor: Actor, action: Action, unit_id: str | None) -> dict[str, str]:
    """What the log says beside an act that is taken by delegation."""
    head = in_the_name_of(actor, action, unit_id)
    return {"in_the_name_of": head} if head else {}


def is_own(actor: Actor, action: Action, unit_id: str | None, account_id: str | None) -> bool:
    """True when what `account_id` did is the actor's own doing, or that of the head in whose name the actor acts."""
    return account_id is not None and account_id in (actor.account_id, in_the_name_of(actor, action, unit_id))


def require_confirmed(actor: Actor) -> None:
    """Before a dangerous act that is open to the actor: raise `ConfirmationNeeded` unless the password is fresh.

    Dangerous are: submitting, approving and accepting transfers, roles and rights, accounts, the second factor.
    """
    if not actor.confirmed:
        raise ConfirmationNeeded


def _dossier_of(thing: object) -> Dossier | None:
    if isinstance(thing, Page):
        return thing.scan.dossier
    if isinstance(thing, Scan | Document | Finding | PaperLoss | Verification):
        return thing.dossier
    return thing if isinstance(thing, Dossier) else None
