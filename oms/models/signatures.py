"""What was found out about the digital signatures in a scan: each look at them is kept, with what it rests on."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.base import Base, Identified, datetime, now, reference


class SignatureVerdict(enum.StrEnum):
    """What is said of one signature; the worst that stands against it."""

    VALID = "valid"
    ALTERED = "altered"
    CHANGED = "changed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    UNJUDGED = "unjudged"

    @property
    def label(self) -> str:
        """The verdict in a few words."""
        return _VERDICT_LABELS[self]


_VERDICT_LABELS = {
    SignatureVerdict.VALID: N_("Valid, unchanged since it was signed"),
    SignatureVerdict.ALTERED: N_("Not valid: what was signed was altered"),
    SignatureVerdict.CHANGED: N_("Not valid for what stands there now: changed after signing"),
    SignatureVerdict.REVOKED: N_("Not valid: the certificate was revoked"),
    SignatureVerdict.EXPIRED: N_("Not proved: the certificate was not valid at that time"),
    SignatureVerdict.UNKNOWN: N_("Not proved: authority not known here"),
    SignatureVerdict.UNJUDGED: N_("Cannot be judged here"),
}


class SignatureCheck(Identified, Base):
    """One look at the signatures of a scan: when, at whose wish (nobody's: at intake), with which authorities.

    `total` is None when the file could not be judged at all; `authorities_sha256` is over all certificates and lists
    that were given then, empty for none.
    """

    __tablename__ = "signature_checks"
    __table_args__ = (CheckConstraint("total IS NULL OR total >= 0", name="counted"),)

    scan_id: Mapped[str] = reference("scans.id")
    checked_at: Mapped[datetime] = mapped_column(default=now)
    checked_by_id: Mapped[str | None] = reference("accounts.id")
    total: Mapped[int | None]
    authorities: Mapped[int] = mapped_column(default=0)
    lists: Mapped[int] = mapped_column(default=0)
    authorities_sha256: Mapped[str] = mapped_column(String(64), default="")

    signatures: Mapped[list["FileSignature"]] = relationship(order_by="FileSignature.number")


class FileSignature(Identified, Base):
    """One signature as it was judged in one look; names are as its certificate has them, moments in UTC.

    `evidence`: kind, problem, later, trust, revocation, stamp (words of `oms.recognition.signatures.facts`), algorithm,
    digest of what was signed (hex) and the program that judged. `fingerprint` is the SHA-256 of the certificate.
    """

    __tablename__ = "file_signatures"
    __table_args__ = (
        UniqueConstraint("check_id", "number"),
        CheckConstraint("number >= 1", name="counted_from_one"),
    )

    check_id: Mapped[str] = reference("signature_checks.id", index=False)
    number: Mapped[int]
    verdict: Mapped[SignatureVerdict]
    signer: Mapped[str] = mapped_column(default="")
    organisation: Mapped[str] = mapped_column(default="")
    issuer: Mapped[str] = mapped_column(default="")
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    stamped_at: Mapped[datetime | None]
    judged_for: Mapped[datetime | None]
    evidence: Mapped[dict[str, Any]]
