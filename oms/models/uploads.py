"""What each account brought in within a day: two numbers, for the limit of the day."""

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from oms.models.base import Base, date, reference


class UploadDay(Base):
    """Files and bytes one account brought in on one day in Hanoi; counted in the transaction that enters each file."""

    __tablename__ = "upload_days"
    __table_args__ = (CheckConstraint("files >= 0 AND octets >= 0", name="counts"),)

    account_id: Mapped[str] = reference("accounts.id", index=False, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    files: Mapped[int] = mapped_column(default=0)
    octets: Mapped[int] = mapped_column(BigInteger, default=0)
