"""Sealed packages between installations: whom we trust, what went out and came in, what the sender's log said."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.custody import Transfer
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit


class TrustedInstallation(Identified, Base):
    """Another installation whose key somebody compared by reading its check groups aloud."""

    __tablename__ = "trusted_installations"
    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="valid_order"),)

    name: Mapped[str]
    # Ed25519, 32 bytes in hex.
    public_key: Mapped[str] = mapped_column(String(64), unique=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    trusted_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    trusted_at: Mapped[datetime] = mapped_column(default=now)


class PackageDirection(enum.StrEnum):
    """Whether the package left this installation or arrived in it."""

    OUT = "out"
    IN = "in"

    @property
    def label(self) -> str:
        """The direction in words."""
        return {PackageDirection.OUT: N_("Sent"), PackageDirection.IN: N_("Came in")}[self]


class PackageOutcome(enum.StrEnum):
    """What the receiver said."""

    ACCEPTED = "accepted"
    WITH_RESERVATIONS = "with_reservations"

    @property
    def label(self) -> str:
        """The answer in words."""
        return {
            PackageOutcome.ACCEPTED: N_("Accepted"),
            PackageOutcome.WITH_RESERVATIONS: N_("Accepted with reservations"),
        }[self]


class Package(Identified, Base):
    """One package that was sealed here or taken in here; nobody takes in the same one twice."""

    __tablename__ = "packages"
    __table_args__ = (
        UniqueConstraint("package_id", "direction"),
        CheckConstraint("(outcome IS NULL) = (answered_at IS NULL)", name="answered_with_outcome"),
    )

    package_id: Mapped[str] = mapped_column(String(32))
    direction: Mapped[PackageDirection]
    dossier_id: Mapped[str] = reference("dossiers.id")
    transfer_id: Mapped[str | None] = reference("transfers.id")
    unit_id: Mapped[str] = reference("units.id")
    # The other side: key, name at that moment, number of the transfer there.
    peer_key: Mapped[str] = mapped_column(String(64))
    peer_name: Mapped[str]
    transfer_number: Mapped[str] = mapped_column(String(40))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    # What the sender said about the dossier, as it stood in the package: numbers, units, history, clearances.
    origin: Mapped[dict[str, Any] | None]
    # Hash over the extract of the sender's log, also named in our own log when the package came in.
    extract_sha256: Mapped[str | None] = mapped_column(String(64))
    made_by_id: Mapped[str] = reference("accounts.id", index=False)
    made_at: Mapped[datetime] = mapped_column(default=now)
    outcome: Mapped[PackageOutcome | None]
    reservations: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]

    dossier: Mapped[Dossier] = relationship()
    transfer: Mapped[Transfer | None] = relationship()
    unit: Mapped[Unit] = relationship()
    made_by: Mapped[Account] = relationship()
    entries: Mapped[list["ForeignEntry"]] = relationship(order_by="ForeignEntry.position")


class ForeignEntry(Identified, Base):
    """An entry of the sender's log about a dossier that came in a package; it is not part of our chain."""

    __tablename__ = "foreign_entries"
    __table_args__ = (UniqueConstraint("package_id", "position"),)

    package_id: Mapped[str] = reference("packages.id", index=False)
    position: Mapped[int]
    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(20))
    # As it was hashed at the sender: hash = SHA-256 over previous, number and body (`oms.audit.chain`).
    body: Mapped[str]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
