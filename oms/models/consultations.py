"""Looking into dossiers of others: requests, what they open page by page, paper on loan, copies, and questions where.

What a page is granted for is kept by plain ids: filing anew or a destruction takes pages away, and the grant of a
page that is gone opens nothing.
"""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit


class ConsultationKind(enum.StrEnum):
    """What is asked for: reading on the screen, or the paper itself."""

    SCREEN = "screen"
    PAPER = "paper"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {ConsultationKind.SCREEN: N_("Read on the screen"), ConsultationKind.PAPER: N_("Borrow the paper")}[self]


class ConsultationState(enum.StrEnum):
    """Where a request stands; an approved one also ends by itself at `ends_at`."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    ConsultationState.REQUESTED: N_("Waiting for a decision"),
    ConsultationState.APPROVED: N_("Granted"),
    ConsultationState.REFUSED: N_("Not granted"),
    ConsultationState.WITHDRAWN: N_("Withdrawn"),
    ConsultationState.ENDED: N_("Over"),
}


class Consultation(Identified, Base):
    """A request to look into a dossier, and the decision about it.

    `wanted` is what was typed, a number or a name; `dossier_id` is empty where it fits no dossier, which the
    requester is not told. `holder_id` is the body that decided, or the board that gets what fits no dossier.
    """

    __tablename__ = "consultations"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_people"),
        CheckConstraint("state <> 'approved' OR (dossier_id IS NOT NULL AND ends_at IS NOT NULL)", name="granted_what"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[ConsultationKind]
    asked_by_id: Mapped[str] = reference("accounts.id")
    unit_id: Mapped[str] = reference("units.id")
    wanted: Mapped[str]
    dossier_id: Mapped[str | None] = reference("dossiers.id")
    holder_id: Mapped[str | None] = reference("units.id")
    purpose: Mapped[str]
    # The decision or letter of introduction it rests on.
    basis: Mapped[str]
    basis_on: Mapped[date | None]
    needed: Mapped[str]
    until: Mapped[date]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[ConsultationState] = mapped_column(default=ConsultationState.REQUESTED, index=True)
    # Number in the register of the body that decided, by body and year.
    register_number: Mapped[str | None] = mapped_column(String(40))
    decided_by_id: Mapped[str | None] = reference("accounts.id")
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    # From this moment on it opens nothing.
    ends_at: Mapped[datetime | None]
    ended_by_id: Mapped[str | None] = reference("accounts.id")
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Account | None] = relationship(foreign_keys=[decided_by_id])
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    holder: Mapped[Unit | None] = relationship(foreign_keys=[holder_id])
    dossier: Mapped[Dossier | None] = relationship()
    grants: Mapped[list["Grant"]] = relationship(back_populates="consultation")
    loan: Mapped["Loan | None"] = relationship(back_populates="consultation")
    copies: Mapped[list["CopyOrder"]] = relationship(back_populates="consultation", order_by="CopyOrder.asked_at")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class Grant(Identified, Base):
    """One page a consultation opens, as long as it lies in the document it was granted in."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("consultation_id", "page_id"),)

    consultation_id: Mapped[str] = reference("consultations.id", index=False)
    document_id: Mapped[str] = mapped_column(String(16))
    page_id: Mapped[str] = mapped_column(String(16), index=True)

    consultation: Mapped[Consultation] = relationship(back_populates="grants")


class LoanState(enum.StrEnum):
    """Where lent paper is."""

    READY = "ready"
    OUT = "out"
    RETURNED = "returned"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LOAN_LABELS[self]


_LOAN_LABELS = {
    LoanState.READY: N_("Approved, to be fetched"),
    LoanState.OUT: N_("On loan"),
    LoanState.RETURNED: N_("Given back"),
    LoanState.CANCELLED: N_("Not fetched"),
}
OPEN_LOANS = frozenset({LoanState.READY, LoanState.OUT})


class Loan(Identified, Base):
    """The paper of one dossier away from its shelf, from the approval until it was checked and put back."""

    __tablename__ = "loans"
    __table_args__ = (
        CheckConstraint("(state IN ('out', 'returned')) = (handed_out_at IS NOT NULL)", name="handed_out"),
        CheckConstraint("(state = 'returned') = (returned_at IS NOT NULL)", name="given_back"),
        Index(
            "uq_loans_one_open_per_dossier",
            "dossier_id",
            unique=True,
            sqlite_where=text("state IN ('ready', 'out')"),
            postgresql_where=text("state IN ('ready', 'out')"),
        ),
    )

    consultation_id: Mapped[str] = reference("consultations.id", index=False, unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    state: Mapped[LoanState] = mapped_column(default=LoanState.READY, index=True)
    due_on: Mapped[date]
    handed_out_by_id: Mapped[str | None] = reference("accounts.id")
    handed_out_at: Mapped[datetime | None]
    # Who came for it, as written on the slip, and how many sheets went out and came back.
    fetched_by: Mapped[str] = mapped_column(default="")
    sheets_out: Mapped[int | None]
    returned_to_id: Mapped[str | None] = reference("accounts.id")
    returned_at: Mapped[datetime | None]
    sheets_back: Mapped[int | None]
    # Empty when everything came back as it went out.
    damage: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    consultation: Mapped[Consultation] = relationship(back_populates="loan")
    dossier: Mapped[Dossier] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class CopyState(enum.StrEnum):
    """Whether the granted pages may be taken away as a file."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The state in words."""
        return _COPY_LABELS[self]


_COPY_LABELS = {
    CopyState.REQUESTED: N_("Waiting for a decision"),
    CopyState.APPROVED: N_("Approved"),
    CopyState.REFUSED: N_("Not approved"),
}


class CopyOrder(Identified, Base):
    """A copy of the granted pages, asked for and decided by itself; its number stands in every page of the copy."""

    __tablename__ = "copy_orders"
    __table_args__ = (CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_people"),)

    number: Mapped[str | None] = mapped_column(String(40))
    consultation_id: Mapped[str] = reference("consultations.id")
    asked_by_id: Mapped[str] = reference("accounts.id")
    asked_at: Mapped[datetime] = mapped_column(default=now)
    reason: Mapped[str]
    state: Mapped[CopyState] = mapped_column(default=CopyState.REQUESTED)
    decided_by_id: Mapped[str | None] = reference("accounts.id")
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    taken: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()

    consultation: Mapped[Consultation] = relationship(back_populates="copies")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class LocateRequest(Identified, Base):
    """A question where the dossier of somebody is kept; it tells its asker nothing by itself."""

    __tablename__ = "locate_requests"

    number: Mapped[str] = mapped_column(String(40), unique=True)
    asked_by_id: Mapped[str] = reference("accounts.id")
    unit_id: Mapped[str] = reference("units.id")
    full_name: Mapped[str]
    birth_year: Mapped[int | None]
    reason: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=now)

    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    unit: Mapped[Unit] = relationship()
    answers: Mapped[list["LocateAnswer"]] = relationship(back_populates="question")


class Whereabout(enum.StrEnum):
    """What a body answers to the question where a dossier is."""

    HERE = "here"
    NOT_HERE = "not_here"
    CONTACT = "contact"

    @property
    def label(self) -> str:
        """The answer in words."""
        return _WHEREABOUT_LABELS[self]


_WHEREABOUT_LABELS = {
    Whereabout.HERE: N_("The dossier is kept here"),
    Whereabout.NOT_HERE: N_("No such dossier is kept here"),
    Whereabout.CONTACT: N_("Please contact us"),
}


class LocateAnswer(Identified, Base):
    """One body that was asked, and what it answered; until then its asker does not learn that it was asked."""

    __tablename__ = "locate_answers"
    __table_args__ = (
        UniqueConstraint("question_id", "unit_id"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
    )

    question_id: Mapped[str] = reference("locate_requests.id", index=False)
    unit_id: Mapped[str] = reference("units.id")
    answer: Mapped[Whereabout | None]
    note: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[str | None] = reference("accounts.id")
    answered_at: Mapped[datetime | None]

    question: Mapped[LocateRequest] = relationship(back_populates="answers")
    unit: Mapped[Unit] = relationship()
