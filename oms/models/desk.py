"""The review desk: who works on which scan, what was typed and is not confirmed yet, how much one did in a day."""

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from oms.models.base import Base, Identified, date, datetime, now, reference


class DeskLease(Base):
    """A scan belongs to one officer until `until`; one row for each scan at most, so that two can never have it.

    `seat` changes whenever the scan is opened: a tab that is closed late gives back only what it was given itself.
    """

    __tablename__ = "desk_leases"

    scan_id: Mapped[str] = reference("scans.id", index=False, primary_key=True)
    account_id: Mapped[str] = reference("accounts.id")
    seat: Mapped[str] = mapped_column(String(16))
    taken_at: Mapped[datetime]
    until: Mapped[datetime]


class DeskDraft(Identified, Base):
    """What an officer typed and did not confirm: the text of a page, or (place 0) what is said about a document.

    `before` is the text of the page that stood there when the typing began; None when that is not known any more.
    """

    __tablename__ = "desk_drafts"
    __table_args__ = (
        UniqueConstraint("scan_id", "account_id", "place"),
        CheckConstraint("place >= 0", name="form_or_page"),
        Index("ix_desk_drafts_account_id_saved_at", "account_id", "saved_at"),
    )

    account_id: Mapped[str] = reference("accounts.id", index=False)
    scan_id: Mapped[str] = reference("scans.id", index=False)
    place: Mapped[int]
    text: Mapped[str]
    before: Mapped[str | None]
    saved_at: Mapped[datetime] = mapped_column(default=now)


class DeskDay(Base):
    """Pages filed and seconds spent at the desk by one account on one day; shown to that account alone."""

    __tablename__ = "desk_days"
    __table_args__ = (CheckConstraint("pages >= 0 AND seconds >= 0", name="counts"),)

    account_id: Mapped[str] = reference("accounts.id", index=False, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    pages: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[int] = mapped_column(default=0)
    seen_at: Mapped[datetime]
