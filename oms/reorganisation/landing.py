"""What hangs on units by a column, and is still open: each such thing of an ended unit goes on with a successor.

`COLUMNS` names every column of the database that points to a unit. A new table makes a test fail until somebody has
decided here whether what it holds goes on with the successor (`HANGING`), is moved by hand (`carrying_out`, `roles`),
or is history that stays with the unit it tells of.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, null, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from oms.errors import N_
from oms.models import (
    OPEN_LOANS,
    OPEN_MOVES,
    OPEN_STATES,
    AccessReview,
    Account,
    Assignment,
    Campaign,
    CampaignUnit,
    CheckOutcome,
    Consultation,
    ConsultationKind,
    ConsultationState,
    Delegation,
    Disposal,
    DisposalState,
    Dossier,
    Hold,
    LatePaper,
    Loan,
    LocateAnswer,
    LocateRequest,
    MassTransfer,
    MembershipBox,
    MembershipTransfer,
    Package,
    PackageArrival,
    PackageDirection,
    PaperIssue,
    PaperMove,
    Person,
    Reorganisation,
    RequestState,
    Stack,
    StockDifference,
    Stocktaking,
    Transfer,
    TransferCheck,
    TransferRequest,
    TransferState,
    Unit,
    UnitName,
    UnitSuccession,
)
from oms.reorganisation.ledger import Ledger
from oms.reorganisation.outcome import Outcome
from oms.reorganisation.routes import Routes

Column = InstrumentedAttribute[Any]
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Hanging:
    """Open things of one kind that point to a unit by one column.

    `account` is the column of whose thing it is: it goes where that account's role goes. `dossier` is the column of
    the dossier it is about, `person` of a person: it goes where the dossier goes. `keeps` asks for a unit that keeps
    dossiers.
    """

    kind: str
    column: Column
    is_open: Condition
    name: Any
    account: Column | None = None
    dossier: Column | None = None
    person: Any = None
    keeps: bool = False

    @property
    def model(self) -> Any:
        """The table."""
        return self.column.class_

    @property
    def query(self) -> Select[Any]:
        """Id, unit and name of all that is open, and of whom it is: id of the person, user name."""
        person: Any = null() if self.dossier is None else Dossier.person_id
        if self.account is not None:
            person = Account.person_id
        elif self.person is not None:
            person = func.coalesce(self.person, person) if self.dossier is not None else self.person
        query = select(
            self.model.id,
            self.column.label("unit"),
            self.name.label("name"),
            person.label("person"),
            (null() if self.account is None else Account.username).label("username"),
        ).select_from(self.model)
        if self.account is not None:
            query = query.join(Account, Account.id == self.account)
        if self.dossier is not None:
            query = query.outerjoin(Dossier, Dossier.id == self.dossier)
        return query.where(self.is_open).order_by(self.model.id)


_ASKED = TransferRequest.state == RequestState.ASKED
_BORROWED = exists(select(Loan.id).where(Loan.consultation_id == Consultation.id, Loan.state.in_(OPEN_LOANS)))
_WAITING = Consultation.state == ConsultationState.REQUESTED
_APPROVED = Consultation.state == ConsultationState.APPROVED
_GRANTED = _APPROVED & (Consultation.kind == ConsultationKind.SCREEN)
_LENT = (_APPROVED | _BORROWED) & (Consultation.kind == ConsultationKind.PAPER)
_UNSETTLED = exists(
    select(StockDifference.id).where(
        StockDifference.stocktaking_id == Stocktaking.id, StockDifference.settled_at.is_(None)
    )
)
_UNANSWERED = exists(
    select(LocateAnswer.id).where(LocateAnswer.question_id == LocateRequest.id, LocateAnswer.answer.is_(None))
)


def _looks(kind: str, is_open: Condition) -> tuple[Hanging, Hanging]:
    """Both sides of a consultation: who asked, and who holds the dossier and decides or decided.

    What was granted by a unit that no longer held the dossier opens nothing, and stays where it is.
    """
    number, asked_by, about = Consultation.number, Consultation.asked_by_id, Consultation.dossier_id
    held = about.is_(None) | exists(
        select(Dossier.id)
        .where(Dossier.id == about, Dossier.custodian_id == Consultation.holder_id)
        .correlate(Consultation)
    )
    return (
        Hanging(kind, Consultation.unit_id, is_open, number, account=asked_by),
        Hanging(kind, Consultation.holder_id, is_open & held, number, dossier=about, keeps=True),
    )


_IN_COUNCIL = Disposal.state.in_((DisposalState.PROPOSED, DisposalState.APPROVED))
_COUNTED = Stocktaking.finished_at.is_(None) | _UNSETTLED
_UNDER_WAY = (Package.direction == PackageDirection.OUT) & Package.answered_at.is_(None)
_QUESTION = select(LocateRequest.number).where(LocateRequest.id == LocateAnswer.question_id).scalar_subquery()
_ASKER = TransferRequest.asked_by_id

_MOVING = MembershipTransfer.state.in_(OPEN_MOVES)
_MEMBER: dict[str, Any] = {"name": MembershipTransfer.number, "person": MembershipTransfer.person_id}
_OTHER_BOX = aliased(MembershipBox)
# A signed box tells who signed, but for the one of the body that issued the letter: it issues it again when lost.
_ISSUED = ~MembershipBox.receiving & ~exists(
    select(_OTHER_BOX.id).where(
        _OTHER_BOX.transfer_id == MembershipBox.transfer_id,
        ~_OTHER_BOX.receiving,
        _OTHER_BOX.position > MembershipBox.position,
    )
)
_OPEN_BOX = (MembershipBox.signed_on.is_(None) | _ISSUED) & exists(
    select(MembershipTransfer.id).where(MembershipTransfer.id == MembershipBox.transfer_id, _MOVING)
)


def _of_move(column: Column) -> Any:
    return select(column).where(MembershipTransfer.id == MembershipBox.transfer_id).scalar_subquery()


_MEMBERS = (
    Hanging("memberships", MembershipTransfer.unit_id, _MOVING, **_MEMBER, keeps=True),
    Hanging("memberships", MembershipTransfer.waiting_unit_id, _MOVING, **_MEMBER),
    Hanging(
        "memberships",
        MembershipBox.unit_id,
        _OPEN_BOX,
        name=_of_move(MembershipTransfer.number),
        person=_of_move(MembershipTransfer.person_id),
    ),
)

_CAMPAIGN_OPEN = Campaign.closed_at.is_(None)
_ASKED_IN_CAMPAIGN = exists(select(Campaign.id).where(Campaign.id == CampaignUnit.campaign_id, _CAMPAIGN_OPEN))
_CAMPAIGN_NUMBER = select(Campaign.number).where(Campaign.id == CampaignUnit.campaign_id).scalar_subquery()

HANGING: tuple[Hanging, ...] = (
    Hanging("requests", TransferRequest.unit_id, _ASKED, TransferRequest.number, account=_ASKER, keeps=True),
    Hanging("requests", TransferRequest.keeper_id, _ASKED, TransferRequest.number, keeps=True),
    *_looks("consultations", _WAITING),
    *_looks("grants", _GRANTED),
    *_looks("loans", _LENT),
    Hanging("questions", LocateRequest.unit_id, _UNANSWERED, LocateRequest.number, account=LocateRequest.asked_by_id),
    Hanging("answers", LocateAnswer.unit_id, LocateAnswer.answer.is_(None), _QUESTION, keeps=True),
    Hanging(
        "holds",
        Hold.unit_id,
        Hold.lifted_at.is_(None),
        Hold.number,
        dossier=Hold.dossier_id,
        person=Hold.person_id,
        keeps=True,
    ),
    Hanging("disposals", Disposal.unit_id, _IN_COUNCIL, Disposal.number, account=Disposal.proposed_by_id, keeps=True),
    *_MEMBERS,
    # Its transfers go on one by one (`moves`); the batch that groups them follows.
    *(
        Hanging("transfers", column, or_(MassTransfer.is_open), MassTransfer.number, keeps=True)
        for column in (MassTransfer.from_unit_id, MassTransfer.to_unit_id, MassTransfer.approving_unit_id)
    ),
    Hanging("counts", Stocktaking.unit_id, _COUNTED, Stocktaking.number, keeps=True),
    Hanging(
        "arrivals",
        PackageArrival.unit_id,
        PackageArrival.ended_at.is_(None),
        PackageArrival.transfer_number,
        account=PackageArrival.given_by_id,
        keeps=True,
    ),
    Hanging(
        "stacks",
        Stack.unit_id,
        Stack.ended_at.is_(None),
        Stack.file_name,
        account=Stack.given_by_id,
        keeps=True,
    ),
    Hanging("late_papers", LatePaper.unit_id, LatePaper.file_id.is_not(None), LatePaper.title, keeps=True),
    # The declarations go with their dossiers; who newly fits is asked with the successor.
    Hanging("campaigns", Campaign.unit_id, _CAMPAIGN_OPEN, Campaign.number, keeps=True),
    Hanging("campaigns", CampaignUnit.unit_id, _ASKED_IN_CAMPAIGN, _CAMPAIGN_NUMBER),
    Hanging("packages", Package.unit_id, _UNDER_WAY, Package.transfer_number, dossier=Package.dossier_id, keeps=True),
)
"""What goes on with the successor by one column, in the order in which it is brought there."""

OPEN_TRANSFER = Transfer.state.in_(OPEN_STATES)
# Whoever finds paper that was lost brings the transfer back, as long as the sender still holds the dossier.
LOST_TRANSFER = (Transfer.state == TransferState.LOST) & exists(
    select(Dossier.id)
    .where(Dossier.id == Transfer.dossier_id, Dossier.custodian_id == Transfer.from_unit_id)
    .correlate(Transfer)
)
UNSETTLED_TRANSFER = (Transfer.state == TransferState.ACCEPTED_WITH_RESERVATIONS) & exists(
    select(TransferCheck.id).where(
        TransferCheck.transfer_id == Transfer.id,
        TransferCheck.outcome != CheckOutcome.PRESENT,
        TransferCheck.settled_at.is_(None),
    )
)
GOING_ON = OPEN_TRANSFER | LOST_TRANSFER | UNSETTLED_TRANSFER
# Either of the two units settles what was noted: it is nobody's only when both have ended.
_ENDED_SENDER = exists(select(Unit.id).where(Unit.id == Transfer.from_unit_id, Unit.valid_to.is_not(None)))
# A role or delegation that ends on the last day of the unit ended with it.
_ROLE_GOES_ON = or_(
    Assignment.valid_to.is_(None),
    exists(
        select(Unit.id).where(
            Unit.id == Assignment.unit_id, Unit.valid_to.is_(None) | (Unit.valid_to < Assignment.valid_to)
        )
    ),
)
_DELEGATION_GOES_ON = Delegation.ended_at.is_(None) & exists(
    select(Unit.id).where(
        Unit.id == Delegation.unit_id, Unit.valid_to.is_(None) | (Unit.valid_to < Delegation.valid_to)
    )
)
_HISTORY = false()
_HANGING_COLUMNS = tuple(dict.fromkeys(hanging.column for hanging in HANGING))

COLUMNS: Mapping[Column, Condition] = {
    **{column: or_(*(row.is_open for row in HANGING if row.column is column)) for column in _HANGING_COLUMNS},
    Person.unit_id: true(),
    Dossier.custodian_id: true(),
    Dossier.managing_body_id: true(),
    Dossier.using_body_id: true(),
    Dossier.paper_unit_id: true(),
    Person.party_unit_id: true(),
    MembershipTransfer.from_unit_id: _MOVING,
    MembershipTransfer.to_unit_id: _MOVING,
    Transfer.from_unit_id: OPEN_TRANSFER | LOST_TRANSFER,
    Transfer.to_unit_id: OPEN_TRANSFER | LOST_TRANSFER | (UNSETTLED_TRANSFER & _ENDED_SENDER),
    Transfer.approving_unit_id: OPEN_TRANSFER | LOST_TRANSFER,
    Assignment.unit_id: _ROLE_GOES_ON,
    Delegation.unit_id: _DELEGATION_GOES_ON,
    Unit.parent_id: Unit.valid_to.is_(None),
    # The successors of the board act through the guard (`permissions.guards`); who decided stays written.
    Reorganisation.board_id: _HISTORY,
    UnitName.unit_id: _HISTORY,
    UnitSuccession.predecessor_id: _HISTORY,
    UnitSuccession.successor_id: _HISTORY,
    # A review that was begun says nothing about the successor: its head begins an own one.
    AccessReview.unit_id: _HISTORY,
    PaperIssue.unit_id: _HISTORY,
    PaperMove.from_unit_id: _HISTORY,
    PaperMove.to_unit_id: _HISTORY,
}
"""Every column that points to a unit, with the condition under which its row is open."""


def left_behind(session: Session, ended: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Table with column, and id, of every open thing that still hangs on one of the ended units."""
    units = list(ended)
    for column, is_open in COLUMNS.items():
        if is_open is not _HISTORY:
            query = select(column.class_.id).where(column.in_(units), is_open)
            for id in session.scalars(query.limit(20)):
                yield f"{column.class_.__tablename__}.{column.key}", id


# Open business about a dossier, whoever asked.
_ON_DOSSIERS: tuple[tuple[Column, Column, Condition], ...] = (
    (Consultation.dossier_id, Consultation.number, _WAITING | _GRANTED | _LENT),
    (TransferRequest.dossier_id, TransferRequest.number, _ASKED),
    (Hold.dossier_id, Hold.number, Hold.lifted_at.is_(None)),
)


class Landing:
    """Brings what hangs on ended units to their successors, a query for each kind and not one for each thing."""

    def __init__(self, session: Session, ledger: Ledger, outcome: Outcome, routes: Routes) -> None:
        self.session, self.ledger, self.outcome, self.routes = session, ledger, outcome, routes

    def run(self) -> None:
        """All kinds in their order."""
        for hanging in HANGING:
            self._bring(hanging)

    def settle_before_leaving(self, leaving: set[str]) -> None:
        """A unit that leaves the system has no successor here: what is open is settled before, and stands in the way."""
        numbers: dict[str, set[str]] = defaultdict(set)
        for hanging in HANGING:
            for row in self.session.execute(hanging.query.where(hanging.column.in_(leaving))):
                numbers[row.unit].add(row.name)
        for column, number, is_open in _ON_DOSSIERS:
            query = select(Dossier.custodian_id, number).join(Dossier, Dossier.id == column)
            for unit_id, name in self.session.execute(query.where(Dossier.custodian_id.in_(leaving), is_open)):
                numbers[unit_id].add(name)
        for column in (Transfer.from_unit_id, Transfer.to_unit_id, Transfer.approving_unit_id):
            query = select(column, Transfer.number).where(column.in_(leaving), OPEN_TRANSFER)
            for unit_id, name in self.session.execute(query):
                numbers[unit_id].add(name)
        for unit_id, names in numbers.items():
            self.outcome.block(
                N_("%(unit)s leaves the system and still has open business: %(numbers)s. Settle it first."),
                unit=self.session.get_one(Unit, unit_id).name,
                numbers=", ".join(sorted(names)),
            )

    def _bring(self, hanging: Hanging) -> None:
        rows = self.session.execute(hanging.query.where(hanging.column.in_(list(self.routes.ended)))).all()
        homes = self._homes({row.person for row in rows if row.person is not None})
        changed = []
        for row in rows:
            chosen = self.routes.choice(row.person, row.username)
            way = self.routes.keeper if hanging.keeps else self.routes.follow
            target = way(row.unit, homes.get(row.person), chosen)
            if hanging.column is LocateAnswer.unit_id and self._was_asked(row.id, target):
                self.ledger.remove(LocateAnswer, row.id)
                continue
            self.outcome.land(hanging.kind, row.unit, target, row.name)
            changed.append((row.id, {hanging.column.key: row.unit}, {hanging.column.key: target}))
        self.ledger.change_many(hanging.model, changed)

    def _homes(self, person_ids: set[str]) -> dict[str, str]:
        query = select(Person.id, Person.unit_id).where(Person.id.in_(person_ids))
        return dict(self.session.execute(query).all())

    def _was_asked(self, answer_id: str, unit_id: str) -> bool:
        """The successor was asked the same question already: one answer is enough."""
        question = select(LocateAnswer.question_id).where(LocateAnswer.id == answer_id).scalar_subquery()
        query = select(LocateAnswer.id).where(LocateAnswer.question_id == question, LocateAnswer.unit_id == unit_id)
        return self.session.scalar(query) is not None
