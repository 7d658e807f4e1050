"""The account of every act and every look: an append-only log whose entries are chained by hash.

An entry is written in the transaction of the change it tells of. A transaction that only reads
keeps its entries until `write_looks` puts them down in a transaction of their own, before the
first byte of what was read leaves the house. Nothing in the product deletes or alters an entry;
database triggers refuse it too. The body holds ids only; free words stand beside it, bound by hash.

Whether the log still is what was written: `verifying`, and without this program `proof`. Checkpoints: `sealing`;
a broken log goes on in a new segment: `segments`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from oms import db
from oms.audit.proof import GENESIS, HASH, Verdict, chain
from oms.audit.verifying import verify, verify_newest
from oms.models import AuditEntry, AuditWords, Base, Dossier, now
from oms.permissions import Actor

__all__ = [
    "GENESIS",
    "Line",
    "Verdict",
    "chain",
    "dossier_of",
    "hold",
    "naming_the_second",
    "record",
    "record_all",
    "told_lately",
    "verify",
    "verify_newest",
    "write_looks",
]

# Any constant will do, as long as every writer of the chain takes the same one.
_ADVISORY_LOCK = 0x6F6D73
TOGETHER = 1000
"""Entries that are written by one statement."""
# Rows and no objects: nobody looks at them in this transaction, and every page writes one.
_ENTRIES, _WORDS = (insert(Base.metadata.tables[one.__tablename__]) for one in (AuditEntry, AuditWords))
_LAST = select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)
LATELY = timedelta(minutes=15)
"""How long the entry of a page tells of the images and word boxes it is made of: as long as a browser may be idle."""


@dataclass(frozen=True)
class Line:
    """One entry before it is chained; `action` is `resource:verb` in the past or present of the log."""

    action: str
    outcome: str = "done"
    actor: Actor | None = None
    kind: str | None = None
    object_id: str | None = None
    dossier_id: str | None = None
    words: str = ""
    detail: tuple[tuple[str, Any], ...] = ()


def record(
    session: Session,
    action: str,
    thing: object = None,
    *,
    actor: Actor | None,
    dossier_id: str | None = None,
    outcome: str = "done",
    words: str = "",
    **detail: Any,
) -> None:
    """Write an entry in the caller's transaction; in a reading transaction keep it for `write_looks`."""
    line = Line(
        action=str(action),
        outcome=outcome,
        actor=actor,
        kind=None if thing is None else type(thing).__name__.lower(),
        object_id=getattr(thing, "id", None),
        dossier_id=dossier_id or dossier_of(thing),
        words=_storable(words),
        detail=tuple(sorted(detail.items())),
    )
    record_all(session, [naming_the_second(line)])


def naming_the_second(line: Line) -> Line:
    """The line as it is written of a protection file, which is open to two together: it names the other one, too."""
    actor, detail = line.actor, dict(line.detail)
    if actor is None or not actor.opened:
        return line
    if line.dossier_id is None:
        # A search, a list: it may show of whatever is open to them.
        detail.setdefault("opened", [f"{file}:{one.second_id}" for file, one in sorted(actor.opened.items())])
    elif line.dossier_id in actor.opened:
        detail.setdefault("second", actor.opened[line.dossier_id].second_id)
    return replace(line, detail=tuple(sorted(detail.items())))


def record_all(session: Session, lines: Sequence[Line]) -> None:
    """As `record`, for many entries at once: chained in their order, written together."""
    if session.info["writing"]:
        session.info.setdefault("told", []).extend(lines)
        for start in range(0, len(lines), TOGETHER):
            _append(session, lines[start : start + TOGETHER])
    else:
        session.info.setdefault("looks", []).extend(lines)


def write_looks(session: Session) -> None:
    """Put down what a reading session saw, in one short transaction; raises when the log cannot be written."""
    lines: list[Line] = session.info.pop("looks", [])
    if not lines:
        return
    session.rollback()
    with db.writing(session.info["engine"]) as writer:
        record_all(writer, lines)


def told_lately(session: Session, action: str, naming: str = "", *, actor: Actor) -> bool:
    """Whether the log has an entry of the actor, not older than LATELY, whose action ends so, naming the id if given."""
    query = select(AuditEntry.seq).where(
        AuditEntry.account_id == actor.account_id,
        AuditEntry.at >= now() - LATELY,
        AuditEntry.action.endswith(action, autoescape=True),
        AuditEntry.outcome == "done",
        AuditEntry.body.contains(f'"{naming}"' if naming else "", autoescape=True),
    )
    return session.scalar(query.limit(1)) is not None


def dossier_of(thing: object) -> str | None:
    """The dossier a thing is, or belongs to; None where it is of no dossier."""
    if isinstance(thing, Dossier):
        return thing.id
    found: str | None = getattr(thing, "dossier_id", None)
    if found is None and hasattr(thing, "scan"):
        found = thing.scan.dossier_id
    return found


def hold(session: Session) -> tuple[int, str]:
    """Let nobody else append until the transaction ends; number of the last entry, and the hash the next one names.

    That is the hash as stored; of one that is no hash any more its own SHA-256, so that people can go on writing: the
    chain stays broken there.
    """
    if not db.is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    last = session.execute(_LAST).one_or_none()
    if last is None:
        return 0, GENESIS
    return last.seq, last.hash if HASH.fullmatch(last.hash) else _sha256(last.hash.encode())


def _append(session: Session, lines: Sequence[Line]) -> None:
    session.flush()
    seq, previous = hold(session)
    entries, words = [], []
    for line in lines:
        seq += 1
        entry = _entry(seq, previous, line)
        previous = entry["hash"]
        entries.append(entry)
        if line.words:
            words.append({"seq": seq, "words": line.words})
    session.execute(_ENTRIES, entries)
    if words:
        session.execute(_WORDS, words)


def _entry(seq: int, previous: str, line: Line) -> dict[str, Any]:
    """The row of an entry behind the one whose hash is `previous`."""
    actor, moment = line.actor, now()
    body = _canonical(
        {
            "seq": seq,
            "at": moment.isoformat(timespec="microseconds"),
            "account": actor.account_id if actor else None,
            "unit": actor.unit_id if actor else None,
            "via": actor.via if actor else "system",
            "session": actor.session_id if actor else None,
            "address": actor.address if actor else None,
            "request": actor.request_id if actor else None,
            "action": line.action,
            "outcome": line.outcome,
            "kind": line.kind,
            "object": line.object_id,
            "dossier": line.dossier_id,
            "words": _sha256(line.words.encode()) if line.words else None,
            "detail": dict(line.detail) or None,
        }
    )
    return {
        "seq": seq,
        "previous": previous,
        "hash": chain(previous, seq, body),
        "body": body,
        "at": moment,
        "account_id": actor.account_id if actor else None,
        "unit_id": actor.unit_id if actor else None,
        "action": line.action,
        "outcome": line.outcome,
        "object_kind": line.kind,
        "object_id": line.object_id,
        "dossier_id": line.dossier_id,
    }


def _storable(words: str) -> str:
    """Words as both databases can keep them: no NUL, no lone surrogates (shown as escapes instead)."""
    return words.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
