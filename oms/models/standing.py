"""What a dossier says of days to come: gathered from its papers and its record whenever they change, never written by hand.

A cache of `oms.milestones.keeping`: emptied at any time, it fills again when the dossiers are looked through.
"""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from oms.models.base import Base, Identified, reference
from oms.models.people import Precision


class StandingKind(enum.StrEnum):
    """What the day is the beginning of; of a contract its end."""

    PAY = "pay"
    POST = "post"
    CONTRACT = "contract"
    DISCIPLINE = "discipline"


class StandingFact(Identified, Base):
    """One statement of a dossier with its day; `verified` when a person keyed or entered it, else the machine read it.

    Without a day the dossier says that there is such a thing and not since when.
    """

    __tablename__ = "standing_facts"
    __table_args__ = (
        UniqueConstraint("dossier_id", "kind", "place"),
        CheckConstraint("(day IS NULL) = (precision IS NULL)", name="day_with_precision"),
        Index("ix_standing_facts_kind_day", "kind", "day"),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    kind: Mapped[StandingKind]
    place: Mapped[int]
    day: Mapped[date | None]
    precision: Mapped[Precision | None]
    verified: Mapped[bool] = mapped_column()
    # What else is said, by names of `oms.milestones.keeping`.
    details: Mapped[dict[str, Any]]
