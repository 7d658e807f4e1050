"""Yearly supplements (đợt bổ sung lý lịch): who is asked for what until when, and what each person declared."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit


class Campaign(Identified, Base):
    """One opening of dossiers for supplements; what may be declared is fixed when it is opened."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        CheckConstraint("(closed_at IS NULL) = (closed_by_id IS NULL)", name="closed_by_somebody"),
        CheckConstraint("length(name) > 0", name="named"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str]
    year: Mapped[int]
    # The body that opened it.
    unit_id: Mapped[str] = reference("units.id")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    # Values of `Category`, and keys of `catalogue/forms.yaml` in the order they are asked for.
    categories: Mapped[list[Any]]
    fields: Mapped[list[Any]]
    opened_by_id: Mapped[str] = reference("accounts.id", index=False)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    closed_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    unit: Mapped[Unit] = relationship()
    opened_by: Mapped[Account] = relationship(foreign_keys=[opened_by_id])
    asked: Mapped[list["CampaignUnit"]] = relationship(back_populates="campaign")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class CampaignUnit(Identified, Base):
    """A unit that is asked, with those below it."""

    __tablename__ = "campaign_units"

    campaign_id: Mapped[str] = reference("campaigns.id")
    unit_id: Mapped[str] = reference("units.id")

    campaign: Mapped[Campaign] = relationship(back_populates="asked")
    unit: Mapped[Unit] = relationship()


class DeclarationState(enum.StrEnum):
    """Where the supplement of one dossier stands; the diagram is `oms.campaigns.steps`."""

    NOT_STARTED = "not_started"
    DRAFT = "draft"
    SENT = "sent"
    RETURNED = "returned"
    CHECKED = "checked"
    ATTESTED = "attested"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATES[self]


_STATES = {
    DeclarationState.NOT_STARTED: N_("Not started"),
    DeclarationState.DRAFT: N_("Being written"),
    DeclarationState.SENT: N_("Handed in"),
    DeclarationState.RETURNED: N_("Sent back"),
    DeclarationState.CHECKED: N_("Checked by the unit"),
    DeclarationState.ATTESTED: N_("Attested"),
}


class Declaration(Identified, Base):
    """The supplement of one dossier in one campaign; there from the day the campaign asks for it.

    The signed paper is kept by a plain id: taken apart or destroyed it is gone, sealed it shows to nobody.
    """

    __tablename__ = "declarations"
    __table_args__ = (
        UniqueConstraint("campaign_id", "dossier_id"),
        CheckConstraint("attested_by_id IS NULL OR attested_by_id <> checked_by_id", name="two_people"),
        CheckConstraint("state IN ('not_started', 'draft') OR sent_at IS NOT NULL", name="sent_when_handed_in"),
        CheckConstraint("(state = 'attested') = (attested_at IS NOT NULL)", name="attested_at_the_end"),
        Index("ix_declarations_campaign_id_state", "campaign_id", "state"),
    )

    campaign_id: Mapped[str] = reference("campaigns.id", index=False)
    dossier_id: Mapped[str] = reference("dossiers.id")
    state: Mapped[DeclarationState] = mapped_column(default=DeclarationState.NOT_STARTED)
    # Entered by an officer from the signed paper instead of by the person.
    on_paper: Mapped[bool] = mapped_column(default=False)
    written_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    written_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    checked_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    checked_at: Mapped[datetime | None]
    attested_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    attested_at: Mapped[datetime | None]
    # Why it was sent back, last.
    reason: Mapped[str] = mapped_column(default="")
    document_id: Mapped[str | None] = mapped_column(String(16), index=True)
    version: Mapped[int] = mapped_column()

    campaign: Mapped[Campaign] = relationship()
    dossier: Mapped[Dossier] = relationship()
    written_by: Mapped[Account | None] = relationship(foreign_keys=[written_by_id])
    checked_by: Mapped[Account | None] = relationship(foreign_keys=[checked_by_id])
    attested_by: Mapped[Account | None] = relationship(foreign_keys=[attested_by_id])
    entries: Mapped[list["DeclaredEntry"]] = relationship(
        back_populates="declaration", order_by="DeclaredEntry.place", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class Verdict(enum.StrEnum):
    """What the unit says of one declared value."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The verdict in words."""
        return _VERDICTS[self]


_VERDICTS = {
    Verdict.PENDING: N_("Waits for the check"),
    Verdict.APPROVED: N_("Approved"),
    Verdict.REFUSED: N_("Refused"),
}


class DeclaredEntry(Identified, Base):
    """One declared change: a value as it was and is to be, or a new row of a table (`cells`)."""

    __tablename__ = "declared_entries"
    __table_args__ = (
        UniqueConstraint("declaration_id", "place"),
        CheckConstraint("verdict <> 'refused' OR length(reason) > 0", name="refused_for_a_reason"),
        CheckConstraint("(verdict = 'pending') = (judged_by_id IS NULL)", name="judged_by_somebody"),
    )

    declaration_id: Mapped[str] = mapped_column(String(16), ForeignKey("declarations.id", ondelete="CASCADE"))
    place: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    old_text: Mapped[str] = mapped_column(default="")
    new_text: Mapped[str] = mapped_column(default="")
    cells: Mapped[list[Any]]
    # Since when it is so, as much as the person says.
    since: Mapped[str] = mapped_column(String(40), default="")
    verdict: Mapped[Verdict] = mapped_column(default=Verdict.PENDING)
    reason: Mapped[str] = mapped_column(default="")
    judged_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    judged_at: Mapped[datetime | None]

    declaration: Mapped[Declaration] = relationship(back_populates="entries")
    judged_by: Mapped[Account | None] = relationship()
