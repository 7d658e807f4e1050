"""Alarms: what was noticed without anybody asking, and who looked into it."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference


class AlarmKind(enum.StrEnum):
    """What was noticed."""

    BULK_READING = "bulk_reading"
    UNUSUAL_READING = "unusual_reading"
    NIGHT_READING = "night_reading"
    MANY_EXPORTS = "many_exports"
    WRONG_SIGN_INS = "wrong_sign_ins"
    WRONG_SIGN_INS_EVERYWHERE = "wrong_sign_ins_everywhere"
    LOG_BROKEN = "log_broken"
    FILES_DAMAGED = "files_damaged"
    DISK_FULL = "disk_full"
    CERTIFICATE_ENDS = "certificate_ends"
    LOOK_OVERDUE = "look_overdue"


class Alarm(Identified, Base):
    """One alarm. `key` says what it is about and in which hour, night or state, so that it is raised once.

    `account` is whom it concerns where it concerns somebody; `values` are those of its sentence.
    """

    __tablename__ = "alarms"
    __table_args__ = (CheckConstraint("(settled_by_id IS NULL) = (settled_at IS NULL)", name="settled"),)

    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[AlarmKind]
    account_id: Mapped[str | None] = reference("accounts.id")
    values: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime] = mapped_column(default=now, index=True)
    mailed_at: Mapped[datetime | None]
    settled_by_id: Mapped[str | None] = reference("accounts.id")
    settled_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")

    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])
    settled_by: Mapped[Account | None] = relationship(foreign_keys=[settled_by_id])
