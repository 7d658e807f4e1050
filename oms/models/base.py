"""The declarative base and the column types all tables share."""

import enum
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, DateTime, Enum, MetaData, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


def new_id() -> str:
    """An opaque id of 16 hex digits: nothing can be guessed or counted from it."""
    return secrets.token_hex(8)


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def is_near(moment: datetime, span: timedelta) -> bool:
    """True when less than `span` lies between the moment and now, on either side.

    A clock that was a year ahead and was put right leaves moments behind that are still to come: what asks "not long
    ago?" without the other side takes them for young until the year is over.
    """
    return abs(now() - moment) < span


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


def enumerated(members: type[enum.Enum], name: str | None = None) -> Enum:
    """A column of one of `members`, stored by value; `name` tells two of the same kind in one table apart."""
    return Enum(
        members,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda kind: [member.value for member in kind],
    )


class Base(DeclarativeBase):
    """All tables; enums are stored by value with a CHECK, so the data reads without the program."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read once by SQLAlchemy
        str: Text(),
        datetime: Moment(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        enum.Enum: enumerated(enum.Enum),
    }


class Identified:
    """Mixin: an opaque primary key."""

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)


def reference(target: str, *, index: bool = True, **options: Any) -> Any:
    """A column that refers to `table.id`; nothing is ever deleted through it."""
    from sqlalchemy import ForeignKey

    return mapped_column(String(16), ForeignKey(target, ondelete="RESTRICT"), index=index, **options)


__all__ = ["Base", "Identified", "Moment", "date", "datetime", "is_near", "new_id", "now", "reference"]
