"""Searches an account keeps, and those it made since it signed in."""

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from oms.models.base import Base, Identified, datetime, now, reference


class SavedSearch(Identified, Base):
    """A question an account asks again and again; `address` is its query string, `looked_at` when it was last opened."""

    __tablename__ = "saved_searches"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    account_id: Mapped[str] = reference("accounts.id", index=False)
    name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    looked_at: Mapped[datetime] = mapped_column(default=now)


class RecentSearch(Identified, Base):
    """A question of the present sign-in; gone when that ends."""

    __tablename__ = "recent_searches"
    __table_args__ = (UniqueConstraint("sign_in_id", "address"),)

    sign_in_id: Mapped[str] = reference("sign_ins.id", index=False)
    address: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=now)
