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
    # Newest checkpoint of our log that went to the other side, and of its log that came (`audit.exchanging`).
    log_sent: Mapped[dict[str, Any] | None]
    log_received: Mapped[dict[str, Any] | None]
    answered_at: Mapped[datetime | None]

    dossier: Mapped[Dossier] = relationship()
    transfer: Mapped[Transfer | None] = relationship()
    unit: Mapped[Unit] = relationship()
    made_by: Mapped[Account] = relationship()
    entries: Mapped[list["ForeignEntry"]] = relationship(order_by="ForeignEntry.position")


class ArrivalState(enum.StrEnum):
    """How far a package is that was given in on a page."""

    WAITING = "waiting"
    PROVING = "proving"
    LOOKING = "looking"
    KEEPING = "keeping"
    CODE_NEEDED = "code_needed"
    TAKEN_IN = "taken_in"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The state in words."""
        return _ARRIVAL_LABELS[self]


_ARRIVAL_LABELS = {
    ArrivalState.WAITING: N_("Waiting for its turn"),
    ArrivalState.PROVING: N_("Check codes and signature are proved"),
    ArrivalState.LOOKING: N_("Every page is looked at for marks of state secrets"),
    ArrivalState.KEEPING: N_("Scans and records are stored"),
    ArrivalState.CODE_NEEDED: N_("The opening code is needed again"),
    ArrivalState.TAKEN_IN: N_("Taken in"),
    ArrivalState.REFUSED: N_("Not taken in"),
}


class PackageArrival(Identified, Base):
    """A package somebody gave in, until it is taken in or refused; its opening code is kept in no table."""

    __tablename__ = "package_arrivals"
    __table_args__ = (
        CheckConstraint("(taken_id IS NOT NULL) = (state = 'taken_in')", name="taken_with_package"),
        CheckConstraint("(ended_at IS NOT NULL) = (state IN ('taken_in', 'refused'))", name="ended_at_its_end"),
    )

    # What the file says of itself; nothing of it was proved.
    package_id: Mapped[str] = mapped_column(String(32))
    transfer_number: Mapped[str] = mapped_column(String(40))
    # Of the sealed file, which lies under this name until the end.
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[str] = reference("units.id")
    given_by_id: Mapped[str] = reference("accounts.id", index=False)
    given_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[ArrivalState] = mapped_column(default=ArrivalState.WAITING)
    pages_done: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    # Sentences with their values, as `oms.errors` has them.
    problems: Mapped[list[Any]]
    taken_id: Mapped[str | None] = reference("packages.id", index=False)
    ended_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship()
    given_by: Mapped[Account] = relationship()


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
