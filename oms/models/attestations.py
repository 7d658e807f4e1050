"""Attestations (chứng nhận): what the managing body vouched for on a day, kept as check sums so that a change shows."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.deciding import DecidedByHead
from oms.models.dossiers import Dossier


class AttestationKind(enum.StrEnum):
    """What is attested."""

    SHORT_CV = "short_cv"
    DOSSIER = "dossier"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {AttestationKind.SHORT_CV: N_("The short CV"), AttestationKind.DOSSIER: N_("The papers of the dossier")}[
            self
        ]


class AttestationState(enum.StrEnum):
    """Where an attestation stands."""

    ASKED = "asked"
    ATTESTED = "attested"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LABELS[self]


_LABELS = {
    AttestationState.ASKED: N_("Waiting for the head"),
    AttestationState.ATTESTED: N_("Attested"),
    AttestationState.REFUSED: N_("Refused"),
    AttestationState.WITHDRAWN: N_("Withdrawn"),
}
_WAITS = text("state = 'asked'")


class Attestation(DecidedByHead, Identified, Base):
    """One attestation of one dossier. `content` holds a check sum for each value or paper: it tells that one changed,
    not what stood there."""

    __tablename__ = "attestations"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_people"),
        CheckConstraint(
            "(state = 'attested') = (attested_on IS NOT NULL) AND (attested_on IS NULL) = (content IS NULL)",
            name="attested_on_a_day",
        ),
        CheckConstraint("(kind = 'short_cv') = (form_id IS NOT NULL)", name="a_cv_has_a_form"),
        Index(
            "uq_attestations_one_waits_per_kind",
            "dossier_id",
            "kind",
            unique=True,
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    kind: Mapped[AttestationKind]
    # The form of the short CV (`catalogue/forms.yaml`).
    form_id: Mapped[str | None] = mapped_column(String(60))
    purpose: Mapped[str]
    state: Mapped[AttestationState] = mapped_column(default=AttestationState.ASKED, index=True)
    asked_by_id: Mapped[str] = reference("accounts.id", index=False)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    decided_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    decided_at: Mapped[datetime | None]
    attested_on: Mapped[date | None]
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    answer: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Account | None] = relationship(foreign_keys=[decided_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy
