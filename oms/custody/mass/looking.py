"""The members of a batch for the page and the papers: how each stands, whether it can go, what was found.

Thousands of members are looked at a slice at a time, so that memory stays the same however large the batch is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from oms.custody.mass.acts import Act, seen_by
from oms.custody.readiness import Finding, blocking, readiness_of
from oms.custody.steps import APPROVED, DRAFT, IN_TRANSIT, SUBMITTED
from oms.errors import N_
from oms.models import (
    CheckOutcome,
    Dossier,
    MassTransfer,
    MassTransferMember,
    Person,
    Transfer,
    TransferCheck,
    TransferState,
)
from oms.permissions import Actor

SLICE = 500
PAGE_SIZE = 50


@dataclass(frozen=True)
class Stopped:
    """A member that cannot go now, and the sentence that says why."""

    member_id: str
    number: str
    message: str
    values: dict[str, Any] = field(default_factory=dict)


def stopped(session: Session, batch: MassTransfer, act: Act, *, actor: Actor) -> list[Stopped]:
    """The members the act concerns and that cannot take it now: not ready, under a hold, not checked as listed."""
    found: list[Stopped] = []
    states = [state for state in act.start if state is not None]
    for members in _slices(session, batch, Transfer.state.in_(states) & seen_by(actor)):
        if act.step is None or act.step.end in (SUBMITTED, APPROVED, IN_TRANSIT):
            found += _unready(session, members)
        else:
            found += _held(members)
            if act.step.end == TransferState.ACCEPTED and not act.step.outside:
                found += _unchecked(session, members)
    return found


def not_ready(session: Session, batch: MassTransfer, *, actor: Actor) -> dict[str, Stopped]:
    """By the id of the member: those not yet approved that are red, without a transfer among them."""
    found = {
        member_id: Stopped(member_id, number, refusal or N_("Not prepared yet."), dict(values or {}))
        for member_id, number, refusal, values in session.execute(
            select(MassTransferMember.id, Dossier.number, MassTransferMember.refusal, MassTransferMember.refusal_values)
            .join(MassTransferMember.dossier)
            .outerjoin(MassTransferMember.transfer)
            .where(MassTransferMember.mass_id == batch.id, MassTransferMember.transfer_id.is_(None), seen_by(actor))
        )
    }
    for members in _slices(session, batch, Transfer.state.in_((DRAFT, SUBMITTED)) & seen_by(actor)):
        found |= {one.member_id: one for one in _unready(session, members)}
    return found


def _slices(
    session: Session, batch: MassTransfer, condition: ColumnElement[bool]
) -> Iterator[Sequence[MassTransferMember]]:
    """Members with transfer and dossier, `SLICE` at a time; the sealed lists stay in the database."""
    last = ""
    while True:
        members = session.scalars(
            select(MassTransferMember)
            .join(MassTransferMember.transfer)
            .where(MassTransferMember.mass_id == batch.id, MassTransferMember.dossier_id > last, condition)
            .options(*_LIGHT)
            .order_by(MassTransferMember.dossier_id)
            .limit(SLICE)
        ).all()
        if not members:
            return
        last = members[-1].dossier_id
        yield members


_LIGHT = (
    joinedload(MassTransferMember.transfer).load_only(
        Transfer.number,
        Transfer.dossier_id,
        Transfer.state,
        Transfer.proof_id,
        Transfer.basis_number,
        Transfer.basis_on,
        Transfer.version,
    ),
    joinedload(MassTransferMember.dossier),
)


def _unready(session: Session, members: Sequence[MassTransferMember]) -> list[Stopped]:
    lines = readiness_of(session, [member.transfer for member in members if member.transfer])
    found = []
    for member in members:
        if red := blocking(lines[member.dossier_id]):
            found.append(Stopped(member.id, member.dossier.number, red.message, red.values))
    return found


def _held(members: Sequence[MassTransferMember]) -> list[Stopped]:
    message = N_("Dossier %(number)s is under a hold. It can be handed over when the hold is lifted.")
    return [
        Stopped(member.id, member.dossier.number, message, {"number": member.dossier.number})
        for member in members
        if member.dossier.held
    ]


def _unchecked(session: Session, members: Sequence[MassTransferMember]) -> list[Stopped]:
    ids = [member.transfer_id for member in members]
    differs = TransferCheck.outcome != CheckOutcome.PRESENT
    looked = {
        id: (count, different)
        for id, count, different in session.execute(
            select(
                TransferCheck.transfer_id,
                func.count().filter(TransferCheck.outcome != CheckOutcome.EXTRA),
                func.count().filter(differs),
            )
            .where(TransferCheck.transfer_id.in_(ids))
            .group_by(TransferCheck.transfer_id)
        )
    }
    listed = {
        id: len(manifest["documents"]) if manifest else 0
        for id, manifest in session.execute(select(Transfer.id, Transfer.manifest).where(Transfer.id.in_(ids)))
    }
    found = []
    for member in members:
        count, different = looked.get(str(member.transfer_id), (0, 0))
        number = member.dossier.number
        if different:
            message = N_("Not everything is as listed. Accept with reservations, or send the dossier back.")
            found.append(Stopped(member.id, number, message))
        elif left := listed[str(member.transfer_id)] - count:
            message = N_("%(count)s lines of the list are not checked yet. Check them against the papers first.")
            found.append(Stopped(member.id, number, message, {"count": left}))
    return found


@dataclass(frozen=True)
class Row:
    """A member as the page shows it; `findings` only while it is being prepared or decided."""

    member: MassTransferMember
    findings: list[Finding]


def page_of(
    session: Session, batch: MassTransfer, *, actor: Actor, show: str = "", red: Sequence[str] = (), page: int = 1
) -> tuple[list[Row], int]:
    """One page of the members the actor may know of, by the name of the person, and how many there are in all.

    `show` narrows: a state, "unprepared", "stayed" (behind at the last step), "differs", or "red" with the ids in `red`.
    """
    query = (
        select(MassTransferMember)
        .join(MassTransferMember.dossier)
        .join(Dossier.person)
        .outerjoin(MassTransferMember.transfer)
        .where(MassTransferMember.mass_id == batch.id, seen_by(actor))
    )
    if show in set(TransferState):
        query = query.where(Transfer.state == TransferState(show))
    elif show == "unprepared":
        query = query.where(MassTransferMember.transfer_id.is_(None))
    elif show == "stayed":
        query = query.where(MassTransferMember.refusal.is_not(None))
    elif show == "differs":
        query = query.where(Transfer.checks.any(TransferCheck.outcome != CheckOutcome.PRESENT))
    elif show == "red":
        query = query.where(MassTransferMember.id.in_(red))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    members = session.scalars(
        query.options(*_LIGHT, joinedload(MassTransferMember.dossier).joinedload(Dossier.person))
        .order_by(Person.sort_key, Dossier.number)
        .limit(PAGE_SIZE)
        .offset((max(page, 1) - 1) * PAGE_SIZE)
    ).all()
    waiting = [member.transfer for member in members if member.transfer and member.transfer.state in (DRAFT, SUBMITTED)]
    lines = readiness_of(session, waiting)
    return [Row(member, lines.get(member.dossier_id, [])) for member in members], total


def count_stayed(session: Session, batch: MassTransfer, *, actor: Actor) -> int:
    """How many members stayed behind at the last step."""
    stayed = (MassTransferMember.mass_id == batch.id) & MassTransferMember.refusal.is_not(None) & seen_by(actor)
    query = select(func.count()).select_from(MassTransferMember).outerjoin(MassTransferMember.transfer)
    return session.scalar(query.where(stayed)) or 0


@dataclass(frozen=True)
class Listed:
    """A member as the hand-over list has it."""

    number: str
    full_name: str
    category: str
    transfer_number: str
    documents: int
    pages: int
    check: str
    state: TransferState


def listed(session: Session, batch: MassTransfer, *, actor: Actor) -> Iterator[Listed]:
    """The members whose lists are sealed, by the name of the person; a slice at a time."""
    sealed = Transfer.manifest_sha256.is_not(None)
    ordered = list(
        session.execute(
            select(MassTransferMember.transfer_id)
            .join(MassTransferMember.transfer)
            .join(MassTransferMember.dossier)
            .join(Dossier.person)
            .where(MassTransferMember.mass_id == batch.id, sealed, seen_by(actor))
            .order_by(Person.sort_key, Dossier.number)
        ).scalars()
    )
    for start in range(0, len(ordered), SLICE):
        ids = ordered[start : start + SLICE]
        rows = session.execute(
            select(Transfer.id, Transfer.number, Transfer.manifest, Transfer.manifest_sha256, Transfer.state)
            .add_columns(Dossier.number, Dossier.category, Person.full_name)
            .join(Transfer.dossier)
            .join(Dossier.person)
            .where(Transfer.id.in_(ids))
        )
        found = {row[0]: row for row in rows}
        for id in ids:
            _id, transfer, manifest, check, state, dossier, category, name = found[id]
            documents = (manifest or {}).get("documents", [])
            pages = sum(document.get("pages", 0) for document in documents)
            yield Listed(dossier, name, category.value, transfer, len(documents), pages, check or "", state)
