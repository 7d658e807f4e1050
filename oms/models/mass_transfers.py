"""Mass transfers: a batch that groups ordinary transfers of many dossiers between the same two units by one decision.

The transfers alone say where each dossier stands; what a batch adds is who belongs to it, which step is being taken
for all of them, and who stayed behind at the last one.
"""

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Index, String, UniqueConstraint, exists, or_, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.custody import OPEN_STATES, Transfer, TransferState
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit


class MassTransfer(Identified, Base):
    """A batch (đợt chuyển hồ sơ): one sender, one receiver, one decision; it is over when every member is."""

    __tablename__ = "mass_transfers"

    number: Mapped[str] = mapped_column(String(80), unique=True)
    from_unit_id: Mapped[str] = reference("units.id")
    to_unit_id: Mapped[str] = reference("units.id")
    approving_unit_id: Mapped[str] = reference("units.id")
    reason: Mapped[str]
    basis_number: Mapped[str] = mapped_column(String(80))
    basis_on: Mapped[date]
    prepared_by_id: Mapped[str] = reference("accounts.id")
    prepared_at: Mapped[datetime] = mapped_column(default=now, index=True)

    from_unit: Mapped[Unit] = relationship(foreign_keys=[from_unit_id])
    to_unit: Mapped[Unit] = relationship(foreign_keys=[to_unit_id])
    approving_unit: Mapped[Unit] = relationship(foreign_keys=[approving_unit_id])
    prepared_by: Mapped[Account] = relationship()

    if TYPE_CHECKING:  # computed from the members, below
        submitted: Mapped[bool]
        sent: Mapped[bool]
        is_open: Mapped[bool]


class MassTransferRun(Identified, Base):
    """One step taken for the whole batch, member after member; at most one is under way."""

    __tablename__ = "mass_transfer_runs"
    __table_args__ = (
        Index(
            "uq_mass_transfer_runs_one_under_way",
            "mass_id",
            unique=True,
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    mass_id: Mapped[str] = reference("mass_transfers.id")
    act: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(default="")
    # False: the papers of the members have not come yet (at the acceptance).
    paper_came: Mapped[bool] = mapped_column(default=True)
    ordered_by_id: Mapped[str] = reference("accounts.id", index=False)
    ordered_at: Mapped[datetime] = mapped_column(default=now)
    # How many members the step concerned when it was ordered, went along, and stayed behind.
    total: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    stayed: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    # True when a person ended it before everybody had their turn.
    stopped: Mapped[bool] = mapped_column(default=False)

    ordered_by: Mapped[Account] = relationship()


class MassTransferMember(Identified, Base):
    """A dossier of a batch; without a transfer until one could be prepared."""

    __tablename__ = "mass_transfer_members"
    __table_args__ = (UniqueConstraint("mass_id", "dossier_id"), UniqueConstraint("transfer_id"))

    mass_id: Mapped[str] = reference("mass_transfers.id", index=False)
    dossier_id: Mapped[str] = reference("dossiers.id")
    transfer_id: Mapped[str | None] = reference("transfers.id", index=False)
    # The run in which it had its turn last, and why it stayed behind then.
    run_id: Mapped[str | None] = reference("mass_transfer_runs.id")
    refusal: Mapped[str | None]
    refusal_values: Mapped[dict[str, Any] | None]

    mass: Mapped[MassTransfer] = relationship()
    dossier: Mapped[Dossier] = relationship()
    transfer: Mapped[Transfer | None] = relationship()


_MEMBER = MassTransferMember.__table__.alias("member")
_MOVES = Transfer.__table__.alias("moves")
_RUN = MassTransferRun.__table__.alias("run")


def _some(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A member of the batch for which it is so."""
    members = select(_MEMBER.c.id).outerjoin(_MOVES, _MOVES.c.id == _MEMBER.c.transfer_id)
    return exists(members.where(_MEMBER.c.mass_id == MassTransfer.id, condition)).correlate_except(_MEMBER, _MOVES)


# Who may know of a batch follows from its members, as for one transfer: the deciding unit when something was
# submitted, the receiver when something was sent.
MassTransfer.submitted = column_property(_some(_MOVES.c.state != TransferState.DRAFT))
MassTransfer.sent = column_property(_some(_MOVES.c.dispatched_at.is_not(None)))
# Over when every member is at an end; one for which nothing was ordered yet is not.
MassTransfer.is_open = column_property(
    _some(or_(_MEMBER.c.transfer_id.is_(None), _MOVES.c.state.in_(OPEN_STATES)))
    | ~exists(select(_RUN.c.id).where(_RUN.c.mass_id == MassTransfer.id)).correlate_except(_RUN)
)
