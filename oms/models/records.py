"""What OMS keeps about its own working: audit log, jobs, numbers given out, facts of the installation."""

import enum
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from oms.errors import N_
from oms.models.base import Base, Identified, datetime, now, reference


class AuditEntry(Base):
    """One act, look or refusal. `body` is what the hash covers; the other columns repeat it for finding."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_object", "object_kind", "object_id"),
        Index("ix_audit_entries_action_at", "action", "at"),
        Index("ix_audit_entries_account_id_at", "account_id", "at"),
    )

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    body: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[str | None] = mapped_column(String(16))
    unit_id: Mapped[str | None] = mapped_column(String(16), index=True)
    action: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(20))
    object_kind: Mapped[str | None] = mapped_column(String(30))
    object_id: Mapped[str | None] = mapped_column(String(64))
    dossier_id: Mapped[str | None] = mapped_column(String(16), index=True)


class AuditWords(Base):
    """Free words of an entry (search words, reasons), bound to it by their hash in its body."""

    __tablename__ = "audit_words"
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    words: Mapped[str]


class JobState(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """The state in words."""
        return _JOB_LABELS[self]


_JOB_LABELS = {
    JobState.QUEUED: N_("Waiting"),
    JobState.RUNNING: N_("Working"),
    JobState.DONE: N_("Done"),
    JobState.FAILED: N_("Failed"),
}


class Job(Identified, Base):
    """Work to be done later, committed with its cause; every job may run twice. The payload holds ids only."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_open", "state", "lease_until", sqlite_where=text("state IN ('queued', 'running')")),
        Index(
            "uq_jobs_one_open_per_subject",
            "kind",
            "subject_id",
            unique=True,
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
    )

    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(16), index=True)
    account_id: Mapped[str | None] = reference("accounts.id")
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    error_values: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    handed_over_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    holder: Mapped[str | None] = mapped_column(String(40))
    finished_at: Mapped[datetime | None]


class Counter(Base):
    """The last number given out in a series; taken inside the transaction that uses it."""

    __tablename__ = "counters"
    series: Mapped[str] = mapped_column(String(60), primary_key=True)
    last: Mapped[int]


class Fact(Base):
    """A fact of this installation (its name, whether it holds demo data)."""

    __tablename__ = "facts"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str]
