"""Who may do what, declared once.

`ROLE_ACTIONS` says what a role may do; `GUARDS` says which units of a thing decide. From these two
tables come both questions: `allowed(actor, action)` is a SQL condition for lists, search and loading;
`can(actor, action, thing)` asks about one object. A property test holds them equal. Nobody sees a
dossier by being an administrator: technical administration is a role without dossiers.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import object_session

from oms import grants
from oms.errors import N_, ConfirmationNeeded, Refused
from oms.models import (
    Account,
    AuditEntry,
    Consultation,
    Disposal,
    Document,
    Dossier,
    Hold,
    LocateAnswer,
    MassTransfer,
    MembershipTransfer,
    Package,
    Page,
    Person,
    Reorganisation,
    Role,
    Scan,
    Stocktaking,
    Transfer,
    TransferRequest,
    TransferState,
    Unit,
)


class Action(enum.StrEnum):
    """Everything that needs a right, as `resource:verb`."""

    DOSSIER_READ = "dossier:read"
    DOSSIER_CREATE = "dossier:create"
    DOSSIER_EDIT = "dossier:edit"
    SCAN_READ = "scan:read"
    SCAN_UPLOAD = "scan:upload"
    SCAN_DOWNLOAD = "scan:download"
    PAGE_READ = "page:read"
    PAGE_REVIEW = "page:review"
    DOCUMENT_READ = "document:read"
    DOCUMENT_FILE = "document:file"
    PERSON_READ = "person:read"
    SEARCH = "search:use"
    TRANSFER_READ = "transfer:read"
    TRANSFER_PREPARE = "transfer:prepare"
    TRANSFER_APPROVE = "transfer:approve"
    TRANSFER_SEND = "transfer:send"
    TRANSFER_RECEIVE = "transfer:receive"
    TRANSFER_ASK = "transfer:ask"
    TRANSFER_REQUEST_READ = "transfer_request:read"
    TRANSFER_REQUEST_ANSWER = "transfer_request:answer"
    CONSULTATION_REQUEST = "consultation:request"
    CONSULTATION_READ = "consultation:read"
    CONSULTATION_LOOK = "consultation:look"
    CONSULTATION_APPROVE = "consultation:approve"
    LOAN_HAND_OUT = "loan:hand_out"
    LOCATE_ANSWER = "locate:answer"
    UNIT_READ = "unit:read"
    ACCOUNT_MANAGE = "account:manage"
    AUDIT_READ = "audit:read"
    SYSTEM_READ = "system:read"
    OWN_READ = "own:read"
    MASS_TRANSFER_READ = "mass_transfer:read"
    MEMBERSHIP_READ = "membership:read"
    MEMBERSHIP_PREPARE = "membership:prepare"
    MEMBERSHIP_ISSUE = "membership:issue"
    MEMBERSHIP_RECEIVE = "membership:receive"
    REORGANISATION_READ = "reorganisation:read"
    REORGANISATION_PREPARE = "reorganisation:prepare"
    REORGANISATION_APPROVE = "reorganisation:approve"
    PAPER_READ = "paper:read"
    PAPER_MOVE = "paper:move"
    STOCK_COUNT = "stock:count"
    PACKAGE_READ = "package:read"
    HOLD_READ = "hold:read"
    HOLD_ORDER = "hold:order"
    INSERT_OPEN = "insert:open"
    DELEGATION_READ = "delegation:read"
    DELEGATION_GIVE = "delegation:give"
    DISPOSAL_READ = "disposal:read"
    DISPOSAL_PROPOSE = "disposal:propose"
    DISPOSAL_DECIDE = "disposal:decide"


# Asking for a look into a dossier of others, following the request, and reading what was granted.
_CONSULTING = {Action.CONSULTATION_REQUEST, Action.CONSULTATION_READ, Action.CONSULTATION_LOOK}

# Reorganisations are a matter of the boards that keep dossiers: in other units these rights reach nothing.
_OFFICER = {
    Action.MASS_TRANSFER_READ,
    Action.MEMBERSHIP_READ,
    Action.MEMBERSHIP_PREPARE,
    Action.MEMBERSHIP_RECEIVE,
    Action.REORGANISATION_READ,
    Action.REORGANISATION_PREPARE,
    Action.PAPER_READ,
    Action.PAPER_MOVE,
    Action.STOCK_COUNT,
    Action.PACKAGE_READ,
    Action.HOLD_READ,
    Action.INSERT_OPEN,
    Action.DELEGATION_READ,
    Action.DISPOSAL_READ,
    Action.DISPOSAL_PROPOSE,
    Action.DOSSIER_READ,
    Action.DOSSIER_CREATE,
    Action.DOSSIER_EDIT,
    Action.SCAN_READ,
    Action.SCAN_UPLOAD,
    Action.SCAN_DOWNLOAD,
    Action.PAGE_READ,
    Action.PAGE_REVIEW,
    Action.DOCUMENT_READ,
    Action.DOCUMENT_FILE,
    Action.PERSON_READ,
    Action.SEARCH,
    Action.TRANSFER_READ,
    Action.TRANSFER_PREPARE,
    Action.TRANSFER_SEND,
    Action.TRANSFER_RECEIVE,
    Action.TRANSFER_ASK,
    Action.TRANSFER_REQUEST_READ,
    Action.TRANSFER_REQUEST_ANSWER,
    *_CONSULTING,
    Action.LOAN_HAND_OUT,
    Action.LOCATE_ANSWER,
    Action.UNIT_READ,
    Action.OWN_READ,
}

# What each role may do. Nothing else in the program names a role to decide.
ROLE_ACTIONS: Mapping[Role, frozenset[Action]] = {
    Role.OFFICER: frozenset(_OFFICER),
    Role.HEAD: frozenset(
        {
            Action.MASS_TRANSFER_READ,
            Action.MEMBERSHIP_READ,
            Action.MEMBERSHIP_ISSUE,
            Action.MEMBERSHIP_RECEIVE,
            Action.REORGANISATION_READ,
            Action.REORGANISATION_APPROVE,
            Action.PAPER_READ,
            Action.PACKAGE_READ,
            Action.HOLD_READ,
            Action.HOLD_ORDER,
            Action.INSERT_OPEN,
            Action.DELEGATION_READ,
            Action.DELEGATION_GIVE,
            Action.DISPOSAL_READ,
            Action.DISPOSAL_DECIDE,
            Action.DOSSIER_READ,
            Action.SCAN_READ,
            Action.PAGE_READ,
            Action.DOCUMENT_READ,
            Action.PERSON_READ,
            Action.SEARCH,
            Action.TRANSFER_READ,
            Action.TRANSFER_APPROVE,
            Action.TRANSFER_REQUEST_READ,
            Action.TRANSFER_SEND,
            Action.TRANSFER_RECEIVE,
            *_CONSULTING,
            Action.CONSULTATION_APPROVE,
            Action.LOAN_HAND_OUT,
            Action.LOCATE_ANSWER,
            Action.UNIT_READ,
            Action.OWN_READ,
        }
    ),
    Role.INSPECTOR: frozenset({Action.AUDIT_READ, *_CONSULTING, Action.UNIT_READ, Action.OWN_READ}),
    Role.SUBJECT: frozenset({Action.OWN_READ}),
    Role.ADMINISTRATOR: frozenset(
        {
            Action.ACCOUNT_MANAGE,
            Action.SYSTEM_READ,
            Action.UNIT_READ,
            Action.OWN_READ,
            Action.REORGANISATION_READ,
            Action.REORGANISATION_PREPARE,
        }
    ),
}

Column = Any
Units = frozenset[str]


@dataclass(frozen=True)
class Guard:
    """Which units decide about a thing: once as SQL over rows, once on one loaded object."""

    model: type[Any]
    rows: Callable[[Units], ColumnElement[bool]]
    units: Callable[[Any], tuple[str | None, ...]]
    # An extra condition of the thing itself, the same in both forms.
    rows_if: ColumnElement[bool] = field(default_factory=true)
    thing_if: Callable[[Any], bool] = lambda _thing: True


@dataclass(frozen=True)
class PersonalGuard:
    """As `Guard`, for a thing that is open to one account and not to everybody of a unit."""

    model: type[Any]
    rows: Callable[["Actor", Units], ColumnElement[bool]]
    holds: Callable[["Actor", Units, Any], bool]


def _held(units: Units) -> ColumnElement[bool]:
    return Dossier.custodian_id.in_(units)


def _in_held_dossier(column: Column) -> Callable[[Units], ColumnElement[bool]]:
    return lambda units: column.in_(select(Dossier.id).where(_held(units)))


def _person_rows(units: Units) -> ColumnElement[bool]:
    return Person.id.in_(select(Dossier.person_id).where(_held(units)))


def _page_rows(units: Units) -> ColumnElement[bool]:
    held = select(Scan.id).join(Dossier, Scan.dossier_id == Dossier.id).where(_held(units), ~Scan.sealed)
    return Page.scan_id.in_(held)


def _transfer_rows(units: Units) -> ColumnElement[bool]:
    # The receiver learns of a transfer when it is sent, not while it is being prepared.
    return or_(
        Transfer.from_unit_id.in_(units),
        Transfer.approving_unit_id.in_(units) & (Transfer.state != TransferState.DRAFT),
        Transfer.to_unit_id.in_(units) & Transfer.dispatched_at.is_not(None),
    )


def _transfer_units(transfer: Transfer) -> tuple[str | None, ...]:
    return (
        transfer.from_unit_id,
        transfer.approving_unit_id if transfer.state != TransferState.DRAFT else None,
        transfer.to_unit_id if transfer.dispatched_at is not None else None,
    )


_DOSSIER = Guard(Dossier, _held, lambda dossier: (dossier.custodian_id,))
_UNFROZEN = Guard(
    Dossier,
    _held,
    lambda d: (d.custodian_id,),
    ~Dossier.frozen & ~Dossier.held,
    lambda d: not d.frozen and not d.held,
)
# What lies in a sealed insert is open by no role: only the door of `oms.inserts` leads to it.
_SCAN = Guard(
    Scan,
    _in_held_dossier(Scan.dossier_id),
    lambda scan: (scan.dossier.custodian_id,),
    ~Scan.sealed,
    lambda scan: not scan.sealed,
)
_PAGE = Guard(
    Page, _page_rows, lambda page: (page.scan.dossier.custodian_id,), thing_if=lambda page: not page.scan.sealed
)
_DOCUMENT = Guard(
    Document,
    _in_held_dossier(Document.dossier_id),
    lambda document: (document.dossier.custodian_id,),
    ~Document.sealed,
    lambda document: not document.sealed,
)
# The body that holds a dossier and the one that manages it may stop it.
_ORDERING = Guard(
    Dossier,
    lambda units: or_(Dossier.custodian_id.in_(units), Dossier.managing_body_id.in_(units)),
    lambda dossier: (dossier.custodian_id, dossier.managing_body_id),
)


def _hold_rows(units: Units) -> ColumnElement[bool]:
    concerned = select(Dossier).where(_ORDERING.rows(units)).subquery()
    return or_(
        Hold.unit_id.in_(units),
        Hold.dossier_id.in_(select(concerned.c.id)),
        Hold.person_id.in_(select(concerned.c.person_id)),
    )


def _hold_units(hold: Hold) -> tuple[str | None, ...]:
    dossiers = [hold.dossier] if hold.dossier else hold.person.dossiers if hold.person else []
    return (hold.unit_id, *(unit for dossier in dossiers for unit in _ORDERING.units(dossier)))


_DISPOSAL = Guard(Disposal, Disposal.unit_id.in_, lambda disposal: (disposal.unit_id,))


def _request_rows(units: Units) -> ColumnElement[bool]:
    # Whoever holds the dossier decides; what fits no dossier lies with the board it was given to.
    return or_(
        Consultation.dossier_id.in_(select(Dossier.id).where(_held(units))),
        Consultation.dossier_id.is_(None) & Consultation.holder_id.in_(units),
    )


def _request_units(request: Consultation) -> tuple[str | None, ...]:
    return (request.dossier.custodian_id if request.dossier is not None else request.holder_id,)


# Paper concerns the unit that holds the file and the one that has the paper, frozen or not.
_PAPER = Guard(
    Dossier,
    lambda units: or_(Dossier.custodian_id.in_(units), Dossier.paper_unit_id.in_(units)),
    lambda dossier: (dossier.custodian_id, dossier.paper_unit_id),
)


def _lending(actor: "Actor") -> Units:
    """The units whose dossiers the actor works with; an inspector asks for looks, and sees no other request."""
    return actor.units.get(Action.LOAN_HAND_OUT, frozenset())


def _of_transfer(column: Column, name: str) -> Guard:
    return Guard(Transfer, column.in_, lambda transfer: (getattr(transfer, name),))


def _asked_of(units: Units) -> ColumnElement[bool]:
    return or_(_in_held_dossier(TransferRequest.dossier_id)(units), TransferRequest.keeper_id.in_(units))


def _asked_units(request: TransferRequest) -> tuple[str | None, ...]:
    return (request.dossier.custodian_id if request.dossier is not None else request.keeper_id,)


def _batch_rows(units: Units) -> ColumnElement[bool]:
    return or_(
        MassTransfer.from_unit_id.in_(units),
        MassTransfer.approving_unit_id.in_(units) & (MassTransfer.state != "draft"),
        MassTransfer.to_unit_id.in_(units) & MassTransfer.dispatched_at.is_not(None),
    )


def _batch_units(batch: MassTransfer) -> tuple[str | None, ...]:
    return (
        batch.from_unit_id,
        batch.approving_unit_id if batch.state != "draft" else None,
        batch.to_unit_id if batch.dispatched_at is not None else None,
    )


# The receiving organisation learns of a member when the letter is issued.
_MEMBERSHIP = Guard(
    MembershipTransfer,
    lambda units: or_(
        MembershipTransfer.from_unit_id.in_(units),
        MembershipTransfer.to_unit_id.in_(units) & MembershipTransfer.issued_on.is_not(None),
    ),
    lambda move: (move.from_unit_id, move.to_unit_id if move.issued_on is not None else None),
)
_MEMBERSHIP_FROM = Guard(MembershipTransfer, MembershipTransfer.from_unit_id.in_, lambda move: (move.from_unit_id,))
_REORGANISATION = Guard(Reorganisation, Reorganisation.board_id.in_, lambda change: (change.board_id,))


# Which attribute of the thing names the deciding unit. An action without a guard concerns no single thing.
GUARDS: Mapping[Action, Guard | PersonalGuard] = {
    Action.DOSSIER_READ: _DOSSIER,
    Action.DOSSIER_EDIT: _UNFROZEN,
    Action.SCAN_UPLOAD: _UNFROZEN,
    Action.DOCUMENT_FILE: _UNFROZEN,
    Action.SCAN_READ: _SCAN,
    Action.SCAN_DOWNLOAD: _SCAN,
    Action.PAGE_READ: _PAGE,
    Action.PAGE_REVIEW: Guard(
        Page,
        lambda units: Page.scan_id.in_(
            select(Scan.id)
            .join(Dossier, Scan.dossier_id == Dossier.id)
            .where(_held(units), ~Dossier.frozen, ~Dossier.held, ~Scan.sealed)
        ),
        lambda page: (page.scan.dossier.custodian_id,),
        thing_if=lambda page: not (page.scan.dossier.frozen or page.scan.dossier.held or page.scan.sealed),
    ),
    Action.DOCUMENT_READ: _DOCUMENT,
    Action.PERSON_READ: Guard(
        Person,
        _person_rows,
        lambda person: tuple(dossier.custodian_id for dossier in person.dossiers),
    ),
    Action.HOLD_READ: Guard(Hold, _hold_rows, _hold_units),
    Action.HOLD_ORDER: _ORDERING,
    Action.INSERT_OPEN: _DOSSIER,
    Action.DISPOSAL_READ: _DISPOSAL,
    Action.DISPOSAL_DECIDE: _DISPOSAL,
    Action.PAPER_READ: _PAPER,
    Action.PAPER_MOVE: _PAPER,
    Action.STOCK_COUNT: Guard(Stocktaking, Stocktaking.unit_id.in_, lambda count: (count.unit_id,)),
    Action.PACKAGE_READ: Guard(Package, Package.unit_id.in_, lambda package: (package.unit_id,)),
    Action.MASS_TRANSFER_READ: Guard(MassTransfer, _batch_rows, _batch_units),
    Action.MEMBERSHIP_READ: _MEMBERSHIP,
    Action.MEMBERSHIP_PREPARE: _MEMBERSHIP_FROM,
    Action.MEMBERSHIP_ISSUE: _MEMBERSHIP_FROM,
    Action.MEMBERSHIP_RECEIVE: Guard(
        MembershipTransfer,
        lambda units: MembershipTransfer.to_unit_id.in_(units) & MembershipTransfer.issued_on.is_not(None),
        lambda move: (move.to_unit_id if move.issued_on is not None else None,),
    ),
    Action.REORGANISATION_READ: _REORGANISATION,
    Action.REORGANISATION_PREPARE: _REORGANISATION,
    Action.REORGANISATION_APPROVE: _REORGANISATION,
    Action.TRANSFER_READ: Guard(Transfer, _transfer_rows, _transfer_units),
    Action.TRANSFER_REQUEST_READ: Guard(
        TransferRequest,
        lambda units: TransferRequest.unit_id.in_(units) | _asked_of(units),
        lambda request: (request.unit_id, *_asked_units(request)),
    ),
    Action.TRANSFER_REQUEST_ANSWER: Guard(TransferRequest, _asked_of, _asked_units),
    Action.TRANSFER_PREPARE: _of_transfer(Transfer.from_unit_id, "from_unit_id"),
    Action.TRANSFER_APPROVE: _of_transfer(Transfer.approving_unit_id, "approving_unit_id"),
    Action.TRANSFER_SEND: _of_transfer(Transfer.from_unit_id, "from_unit_id"),
    Action.TRANSFER_RECEIVE: _of_transfer(Transfer.to_unit_id, "to_unit_id"),
    Action.CONSULTATION_READ: PersonalGuard(
        Consultation,
        lambda actor, _units: or_(Consultation.asked_by_id == actor.account_id, _request_rows(_lending(actor))),
        lambda actor, _units, request: (
            request.asked_by_id == actor.account_id or any(unit in _lending(actor) for unit in _request_units(request))
        ),
    ),
    Action.CONSULTATION_LOOK: PersonalGuard(
        Page,
        lambda actor, units: grants.page_rows(actor.account_id, units),
        lambda actor, units, page: grants.is_open(actor.account_id, units, page),
    ),
    Action.CONSULTATION_APPROVE: Guard(Consultation, _request_rows, _request_units),
    Action.LOAN_HAND_OUT: Guard(Consultation, _request_rows, _request_units),
    Action.LOCATE_ANSWER: Guard(LocateAnswer, LocateAnswer.unit_id.in_, lambda answer: (answer.unit_id,)),
}

# What an action needs a row of the whole table for, not of a unit.
WHOLE: Mapping[Action, type[Any]] = {
    Action.UNIT_READ: Unit,
    Action.ACCOUNT_MANAGE: Account,
    Action.AUDIT_READ: AuditEntry,
}


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
    return guard.rows(units) & guard.rows_if


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
    return guard.thing_if(thing) and any(unit in units for unit in guard.units(thing))


def require(actor: Actor, action: Action, thing: object = None) -> None:
    """Raise `Refused` unless `can`; a dossier held still by a transfer is said to be so to those who may read it."""
    if can(actor, action, thing):
        return
    dossier = _dossier_of(thing)
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
    if isinstance(thing, Scan | Document):
        return thing.dossier
    return thing if isinstance(thing, Dossier) else None
