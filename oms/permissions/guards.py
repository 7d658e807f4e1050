"""Which units decide about a thing: once as SQL over rows, once on one loaded object, for every action."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import object_session

from oms import grants
from oms.models import (
    AccessReview,
    Account,
    Alarm,
    Attestation,
    AuditEntry,
    Campaign,
    Consultation,
    Correction,
    Declaration,
    Disposal,
    Document,
    Dossier,
    DossierStatus,
    Finding,
    FolderImport,
    Hold,
    LatePaper,
    LateState,
    Leaving,
    LocateAnswer,
    MassTransfer,
    MembershipAsking,
    MembershipBox,
    MembershipTransfer,
    Package,
    PackageArrival,
    Page,
    PaperLoss,
    Person,
    Reorganisation,
    Scan,
    Stack,
    Stocktaking,
    SubjectRequest,
    Transfer,
    TransferRequest,
    TransferState,
    Unit,
    UnitSuccession,
    Verification,
)
from oms.permissions import attesting, declaring, doubts, leaving
from oms.permissions.actions import Action

if TYPE_CHECKING:
    from oms.permissions.deciding import Actor

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


def _batch_rows(units: Units) -> ColumnElement[bool]:
    # As for one transfer: whoever decides learns of it when it is submitted, the receiver when it is sent.
    return or_(
        MassTransfer.from_unit_id.in_(units),
        MassTransfer.approving_unit_id.in_(units) & MassTransfer.submitted,
        MassTransfer.to_unit_id.in_(units) & MassTransfer.sent,
    )


def _batch_units(batch: MassTransfer) -> tuple[str | None, ...]:
    return (
        batch.from_unit_id,
        batch.approving_unit_id if batch.submitted else None,
        batch.to_unit_id if batch.sent else None,
    )


_DOSSIER = Guard(Dossier, _held, lambda dossier: (dossier.custodian_id,))
_UNFROZEN = Guard(
    Dossier,
    _held,
    lambda d: (d.custodian_id,),
    ~Dossier.frozen & ~Dossier.held,
    lambda d: not d.frozen and not d.held,
)
# As long as nobody left: then its contents list is sealed, and only the place of the paper still changes.
_IN_USE = Guard(
    Dossier,
    _held,
    lambda d: (d.custodian_id,),
    _UNFROZEN.rows_if & (Dossier.status == DossierStatus.OPEN),
    lambda d: _UNFROZEN.thing_if(d) and d.status == DossierStatus.OPEN,
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


_ACCESS_REVIEW = Guard(AccessReview, AccessReview.unit_id.in_, lambda review: (review.unit_id,))
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


def _membership_rows(units: Units) -> ColumnElement[bool]:
    # A body on the way learns of the move when its box can come next, the receiving side when the letter is issued.
    shown = select(MembershipBox.transfer_id).where(MembershipBox.unit_id.in_(units), MembershipBox.shown)
    return or_(_leading(units), MembershipTransfer.id.in_(shown))


def _membership_units(move: MembershipTransfer) -> tuple[str | None, ...]:
    return (move.unit_id, move.from_unit_id, *(box.unit_id for box in move.boxes if box.shown))


def _leading(units: Units) -> ColumnElement[bool]:
    return MembershipTransfer.unit_id.in_(units) | MembershipTransfer.from_unit_id.in_(units)


def _predecessors(unit_ids: Units) -> Select[Any]:
    """The units, and those they took over from, at any remove."""
    line = select(Unit.id).where(Unit.id.in_(unit_ids)).cte("line", recursive=True)
    succession = select(UnitSuccession.predecessor_id).join(line, UnitSuccession.successor_id == line.c.id)
    return select(line.union(succession).c.id)


def _boards(change: Reorganisation) -> tuple[str | None, ...]:
    """The board of a reorganisation and, once it has ended itself, those that took over from it."""
    session = object_session(change)
    if session is None:
        return (change.board_id,)
    line = select(Unit.id).where(Unit.id == change.board_id).cte("line", recursive=True)
    succession = select(UnitSuccession.successor_id).join(line, UnitSuccession.predecessor_id == line.c.id)
    return tuple(session.scalars(select(line.union(succession).c.id)))


_REORGANISATION = Guard(Reorganisation, lambda units: Reorganisation.board_id.in_(_predecessors(units)), _boards)


def _late_rows(units: Units) -> ColumnElement[bool]:
    # The holder learns of a late paper when it is sent on, whoever holds the dossier then.
    sent = (LatePaper.state == LateState.SENT) & _in_held_dossier(LatePaper.dossier_id)(units)
    return or_(LatePaper.unit_id.in_(units), sent)


def _late_units(paper: LatePaper) -> tuple[str | None, ...]:
    return (paper.unit_id, paper.dossier.custodian_id if paper.state == LateState.SENT else None)


_REQUEST = Guard(
    SubjectRequest, _in_held_dossier(SubjectRequest.dossier_id), lambda request: (request.dossier.custodian_id,)
)


def _correction_rows(units: Units) -> ColumnElement[bool]:
    return Correction.dossier_id.in_(select(Dossier.id).where(_ORDERING.rows(units)))


_USED = Guard(Declaration, declaring.used_rows, declaring.used_units)

# Only the body that manages a dossier of the person.
_FLAGGED = Guard(
    Person,
    lambda units: Person.id.in_(select(Dossier.person_id).where(Dossier.managing_body_id.in_(units))),
    lambda person: tuple(dossier.managing_body_id for dossier in person.dossiers),
)

# Which attribute of the thing names the deciding unit. An action without a guard concerns no single thing.
GUARDS: Mapping[Action, Guard | PersonalGuard] = {
    Action.DOSSIER_READ: _DOSSIER,
    Action.DOSSIER_EDIT: _UNFROZEN,
    Action.RECORD_READ: _DOSSIER,
    Action.RECORD_READ_SENSITIVE: _DOSSIER,
    Action.RECORD_EDIT: _IN_USE,
    Action.RECORD_SETTLE: _IN_USE,
    Action.SCAN_UPLOAD: _IN_USE,
    Action.DOCUMENT_FILE: _IN_USE,
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
    Action.PROTECTION_FLAG_READ: _FLAGGED,
    Action.PROTECTION_FLAG_SET: _FLAGGED,
    Action.DISPOSAL_READ: _DISPOSAL,
    Action.DISPOSAL_DECIDE: _DISPOSAL,
    Action.PAPER_READ: _PAPER,
    Action.PAPER_MOVE: _PAPER,
    Action.ACCESS_REVIEW_READ: _ACCESS_REVIEW,
    Action.ACCESS_REVIEW_SIGN: _ACCESS_REVIEW,
    Action.STOCK_COUNT: Guard(Stocktaking, Stocktaking.unit_id.in_, lambda count: (count.unit_id,)),
    Action.SCAN_IMPORT: PersonalGuard(
        FolderImport,
        lambda actor, units: FolderImport.given_by_id == actor.account_id if units else false(),
        lambda actor, units, folder: bool(units) and folder.given_by_id == actor.account_id,
    ),
    Action.STACK_DIVIDE: Guard(Stack, Stack.unit_id.in_, lambda stack: (stack.unit_id,)),
    Action.PACKAGE_TAKE_IN: Guard(PackageArrival, PackageArrival.unit_id.in_, lambda arrival: (arrival.unit_id,)),
    Action.PACKAGE_READ: Guard(Package, Package.unit_id.in_, lambda package: (package.unit_id,)),
    Action.REORGANISATION_READ: _REORGANISATION,
    Action.REORGANISATION_PREPARE: _REORGANISATION,
    Action.REORGANISATION_APPROVE: _REORGANISATION,
    Action.TRANSFER_READ: Guard(Transfer, _transfer_rows, _transfer_units),
    Action.MASS_TRANSFER_READ: Guard(MassTransfer, _batch_rows, _batch_units),
    Action.TRANSFER_REQUEST_READ: Guard(
        TransferRequest,
        lambda units: TransferRequest.unit_id.in_(units) | _asked_of(units),
        lambda request: (request.unit_id, *_asked_units(request)),
    ),
    Action.TRANSFER_REQUEST_ANSWER: Guard(TransferRequest, _asked_of, _asked_units),
    Action.TRANSFER_LOSE: Guard(Transfer, _transfer_rows, _transfer_units),
    Action.LATE_PAPER_READ: Guard(LatePaper, _late_rows, _late_units),
    Action.TRANSFER_PREPARE: _of_transfer(Transfer.from_unit_id, "from_unit_id"),
    Action.TRANSFER_APPROVE: _of_transfer(Transfer.approving_unit_id, "approving_unit_id"),
    Action.TRANSFER_SEND: _of_transfer(Transfer.from_unit_id, "from_unit_id"),
    Action.TRANSFER_RECEIVE: _of_transfer(Transfer.to_unit_id, "to_unit_id"),
    Action.MEMBERSHIP_READ: Guard(MembershipTransfer, _membership_rows, _membership_units),
    Action.MEMBERSHIP_PREPARE: Guard(MembershipTransfer, _leading, lambda move: (move.unit_id, move.from_unit_id)),
    Action.MEMBERSHIP_SIGN: Guard(
        MembershipTransfer, MembershipTransfer.waiting_unit_id.in_, lambda move: (move.waiting_unit_id,)
    ),
    Action.MEMBERSHIP_ANSWER: Guard(
        MembershipAsking,
        _in_held_dossier(MembershipAsking.dossier_id),
        lambda asking: (asking.dossier.custodian_id,),
    ),
    Action.MEMBERSHIP_RECEIVE: Guard(
        MembershipTransfer,
        MembershipTransfer.to_unit_id.in_,
        lambda move: (move.to_unit_id,),
        MembershipTransfer.issued_on.is_not(None),
        lambda move: move.issued_on is not None,
    ),
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
    Action.CORRECTION_READ: Guard(Correction, _correction_rows, lambda correction: _ORDERING.units(correction.dossier)),
    Action.CORRECTION_PROPOSE: _IN_USE,
    Action.CORRECTION_DECIDE: Guard(
        Correction,
        Correction.deciding_body_id.in_,
        lambda correction: (correction.deciding_body_id,),
    ),
    Action.LEAVING_READ: Guard(Leaving, leaving.read_rows, leaving.read_units),
    Action.LEAVING_OPEN: _IN_USE,
    Action.LEAVING_HANDLE: Guard(Leaving, leaving.kept_rows, leaving.kept_units),
    Action.LEAVING_CONSENT: Guard(Leaving, leaving.managed_rows, leaving.managed_units),
    Action.ATTESTATION_READ: Guard(Attestation, attesting.read_rows, attesting.read_units),
    Action.ATTESTATION_ASK: _UNFROZEN,
    Action.ATTESTATION_GIVE: Guard(Attestation, attesting.giving_rows, attesting.giving_units),
    Action.CHECK_READ: Guard(Finding, doubts.finding_rows, doubts.finding_units),
    Action.CHECK_SETTLE: Guard(
        Finding,
        doubts.finding_rows,
        doubts.finding_units,
        Finding.dossier_id.in_(select(Dossier.id).where(~Dossier.frozen, ~Dossier.held)),
        lambda finding: not finding.dossier.frozen and not finding.dossier.held,
    ),
    Action.CAMPAIGN_READ: Guard(Campaign, declaring.campaign_rows, declaring.campaign_units),
    Action.CAMPAIGN_OPEN: Guard(Campaign, Campaign.unit_id.in_, lambda campaign: (campaign.unit_id,)),
    Action.DECLARATION_READ: Guard(Declaration, declaring.read_rows, declaring.read_units),
    Action.DECLARATION_ENTER: _USED,
    Action.DECLARATION_CHECK: _USED,
    Action.DECLARATION_ATTEST: Guard(Declaration, declaring.managed_rows, declaring.managed_units),
    Action.PAPER_LOSS_READ: Guard(PaperLoss, doubts.loss_rows, doubts.loss_units),
    Action.PAPER_LOSS_DECLARE: _UNFROZEN,
    Action.PAPER_LOSS_SETTLE: Guard(
        PaperLoss,
        doubts.loss_rows,
        doubts.loss_units,
        PaperLoss.dossier_id.in_(select(Dossier.id).where(~Dossier.frozen, ~Dossier.held)),
        lambda loss: not loss.dossier.frozen and not loss.dossier.held,
    ),
    Action.REQUEST_READ: _REQUEST,
    Action.REQUEST_ANSWER: _REQUEST,
    Action.REQUEST_DECIDE: _REQUEST,
    Action.VERIFICATION_READ: Guard(Verification, doubts.case_rows, doubts.case_units),
    Action.VERIFICATION_OPEN: _IN_USE,
    Action.VERIFICATION_LEAD: Guard(
        Verification,
        doubts.case_rows,
        doubts.case_units,
        Verification.dossier_id.in_(select(Dossier.id).where(~Dossier.frozen, ~Dossier.held)),
        lambda verification: not verification.dossier.frozen and not verification.dossier.held,
    ),
    Action.LOCATE_ANSWER: Guard(LocateAnswer, LocateAnswer.unit_id.in_, lambda answer: (answer.unit_id,)),
}

# What an action needs a row of the whole table for, not of a unit.
WHOLE: Mapping[Action, type[Any]] = {
    Action.UNIT_READ: Unit,
    Action.ACCOUNT_MANAGE: Account,
    Action.AUDIT_READ: AuditEntry,
    Action.ALARM_READ: Alarm,
}
