"""The review of access rights (rà soát quyền truy cập): each account of a unit confirmed or revoked, signed by the head."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.organisation import Unit


class ReviewVerdict(enum.StrEnum):
    """What the head says of one account."""

    CONFIRMED = "confirmed"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        """The verdict in words."""
        return N_("Confirmed") if self is ReviewVerdict.CONFIRMED else N_("Revoked")


_OPEN = text("signed_at IS NULL")


class AccessReview(Identified, Base):
    """One review of one unit; signed, it tells what everybody could do that day and what was taken away."""

    __tablename__ = "access_reviews"
    __table_args__ = (
        CheckConstraint(
            "(signed_by_id IS NULL) = (signed_at IS NULL) AND (signed_at IS NULL) = (sealed_sha256 IS NULL)",
            name="signed_whole",
        ),
        Index("uq_access_reviews_one_open", "unit_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    unit_id: Mapped[str] = reference("units.id")
    # The rule of the yearly limit, as it stood on the day.
    basis: Mapped[str]
    started_by_id: Mapped[str] = reference("accounts.id", index=False)
    started_at: Mapped[datetime] = mapped_column(default=now)
    signed_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    signed_at: Mapped[datetime | None]
    # SHA-256 over what stands in the rows at the signing.
    sealed_sha256: Mapped[str | None] = mapped_column(String(64))

    unit: Mapped[Unit] = relationship()
    started_by: Mapped[Account] = relationship(foreign_keys=[started_by_id])
    signed_by: Mapped[Account | None] = relationship(foreign_keys=[signed_by_id])
    rows: Mapped[list["AccessReviewRow"]] = relationship(back_populates="review", order_by="AccessReviewRow.id")


class AccessReviewRow(Identified, Base):
    """One account in a review: the verdict on what it could do then, and, once signed, what that was."""

    __tablename__ = "access_review_rows"
    __table_args__ = (UniqueConstraint("review_id", "account_id"),)

    review_id: Mapped[str] = reference("access_reviews.id")
    account_id: Mapped[str] = reference("accounts.id", index=False)
    # Empty for the own account of whoever signs: nobody judges their own rights.
    verdict: Mapped[ReviewVerdict | None]
    reason: Mapped[str] = mapped_column(default="")
    # What the verdict was about: rights that changed since want a new one.
    rights_sha256: Mapped[str] = mapped_column(String(64))
    told: Mapped[dict[str, Any] | None]

    review: Mapped[AccessReview] = relationship(back_populates="rows")
    account: Mapped[Account] = relationship()
