"""Papers that come to a unit after the dossier they belong to has gone on."""

import enum

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.custody import AttachedFile, Transfer
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit


class LateState(enum.StrEnum):
    """What became of a late paper."""

    WAITING = "waiting"
    SENT = "sent"
    FILED = "filed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    DESTROYED = "destroyed"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LABELS[self]


_LABELS = {
    LateState.WAITING: N_("To be sent on"),
    LateState.SENT: N_("Sent on, waiting for an answer"),
    LateState.FILED: N_("Taken into the dossier"),
    LateState.RETURNED: N_("Given back"),
    LateState.WITHDRAWN: N_("Taken back"),
    LateState.DESTROYED: N_("Destroyed as secret"),
}


class LatePaper(Identified, Base):
    """A paper the former holder (`unit_id`) sends on to whoever holds the dossier now.

    It lies outside the dossier: the former holder sees it, and from the sending on the holder, who takes it in or gives
    it back. The former holder learns no more of where the dossier is than the transfer says.
    """

    __tablename__ = "late_papers"
    __table_args__ = (
        CheckConstraint("(state IN ('waiting', 'sent', 'returned')) = (file_id IS NOT NULL)", name="file_while_open"),
        CheckConstraint("(answered_by_id IS NULL) = (answered_at IS NULL)", name="answered_by_somebody"),
    )

    transfer_id: Mapped[str] = reference("transfers.id")
    dossier_id: Mapped[str] = reference("dossiers.id")
    unit_id: Mapped[str] = reference("units.id")
    file_id: Mapped[str | None] = reference("attached_files.id")
    title: Mapped[str]
    state: Mapped[LateState] = mapped_column(default=LateState.WAITING)
    brought_by_id: Mapped[str] = reference("accounts.id", index=False)
    brought_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    answered_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    transfer: Mapped[Transfer] = relationship()
    dossier: Mapped[Dossier] = relationship()
    unit: Mapped[Unit] = relationship()
    file: Mapped[AttachedFile | None] = relationship()
    brought_by: Mapped[Account] = relationship(foreign_keys=[brought_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy
