"""A scan at the desk belongs to one officer for some minutes, and to nobody else meanwhile.

The row of a lease is written by one statement that the database itself decides (`ON CONFLICT … DO UPDATE … WHERE`), so
two processes that ask at once are answered one after the other, and the second hears who was first. A lease ends by
itself; whoever works renews it; anybody who may work there takes it over by hand, which is written down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from oms import audit, db
from oms.desk import speed
from oms.errors import N_, Conflict
from oms.models import Account, DeskLease, Scan, new_id, now
from oms.permissions import Action, Actor, require

LEASE = timedelta(minutes=5)
"""How long a scan stays with whoever opened it and did not say a word since: a telephone call, not a lunch."""


@dataclass(frozen=True)
class Seat:
    """Who has a scan and until when; `mine` when that is who asks. `key` names this opening of the page."""

    key: str
    name: str
    taken_at: datetime
    until: datetime
    mine: bool


def take(session: Session, scan: Scan, *, actor: Actor, opening: bool = False) -> Seat:
    """Take the scan if nobody else has it, or go on with it; the answer says whose it is now.

    `opening` gives the seat a new key: of two tabs of one officer the newer one holds it.
    """
    require(actor, Action.DOCUMENT_FILE, scan.dossier)
    return _write(session, scan, actor, opening=opening)


def take_over(session: Session, scan: Scan, *, actor: Actor) -> Seat:
    """Take the scan although somebody else has it; the log tells from whom."""
    require(actor, Action.DOCUMENT_FILE, scan.dossier)
    before = find_seat(session, scan, actor=actor)
    seat = _write(session, scan, actor, opening=True, by_hand=True)
    if before is not None and not before.mine:
        audit.record(session, "scan:take_over", scan, actor=actor, words=before.name)
    return seat


def _write(session: Session, scan: Scan, actor: Actor, *, opening: bool, by_hand: bool = False) -> Seat:
    moment = now()
    dialect = sqlite if db.is_sqlite(session) else postgresql
    row = dialect.insert(DeskLease).values(
        scan_id=scan.id, account_id=actor.account_id, seat=new_id(), taken_at=moment, until=moment + LEASE
    )
    own = (DeskLease.account_id == actor.account_id) & (DeskLease.until > moment)
    renewed = {
        "account_id": row.excluded.account_id,
        "seat": row.excluded.seat if opening else case((own, DeskLease.seat), else_=row.excluded.seat),
        "taken_at": case((own, DeskLease.taken_at), else_=row.excluded.taken_at),
        "until": row.excluded.until,
    }
    free = or_(true() if by_hand else DeskLease.account_id == actor.account_id, DeskLease.until <= moment)
    session.execute(row.on_conflict_do_update(index_elements=[DeskLease.scan_id], set_=renewed, where=free))
    found = find_seat(session, scan, actor=actor)
    if found is not None and found.mine:
        speed.note(session, actor=actor)
    # Given back between the two statements: now it is free.
    return found or _write(session, scan, actor, opening=opening, by_hand=by_hand)


def find_seat(session: Session, scan: Scan, *, actor: Actor) -> Seat | None:
    """Who has the scan now, or None when nobody has."""
    row = session.execute(
        select(DeskLease.seat, DeskLease.account_id, DeskLease.taken_at, DeskLease.until, Account.full_name)
        .join(Account, Account.id == DeskLease.account_id)
        .where(DeskLease.scan_id == scan.id, DeskLease.until > now())
    ).one_or_none()
    if row is None:
        return None
    return Seat(row.seat, row.full_name, row.taken_at, row.until, row.account_id == actor.account_id)


def refuse_others(session: Session, scan_ids: Sequence[str], *, actor: Actor) -> None:
    """Raise `Conflict` while somebody else works on one of the scans."""
    name = session.scalar(
        select(Account.full_name)
        .join(DeskLease, DeskLease.account_id == Account.id)
        .where(DeskLease.scan_id.in_(scan_ids), DeskLease.account_id != actor.account_id, DeskLease.until > now())
        .limit(1)
    )
    if name is not None:
        raise Conflict(
            N_("%(name)s is working on this scan, so nothing was changed. Wait a few minutes, or take the scan over."),
            name=name,
        )


def give_back(session: Session, scan: Scan, seat: str, *, actor: Actor) -> None:
    """Let others have the scan, unless the same officer opened it again since the page with this key."""
    session.execute(
        delete(DeskLease).where(
            DeskLease.scan_id == scan.id, DeskLease.account_id == actor.account_id, DeskLease.seat == seat
        )
    )
