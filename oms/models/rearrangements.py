"""What was done to the order of a dossier: how its documents lay before and after, so that it can be undone."""

from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier


class Rearrangement(Identified, Base):
    """One act on the contents list; `before` and `after` say how what it touched lay (see `oms.rearranging`)."""

    __tablename__ = "rearrangements"
    __table_args__ = (CheckConstraint("(undone_by_id IS NULL) = (undone_at IS NULL)", name="undone_by_somebody"),)

    dossier_id: Mapped[str] = reference("dossiers.id")
    action: Mapped[str] = mapped_column(String(40))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    done_by_id: Mapped[str] = reference("accounts.id")
    done_at: Mapped[datetime] = mapped_column(default=now)
    undone_by_id: Mapped[str | None] = reference("accounts.id")
    undone_at: Mapped[datetime | None]

    dossier: Mapped[Dossier] = relationship()
