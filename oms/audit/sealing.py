"""Checkpoints: how long the log is and what its entries add up to, signed, and kept where the database is not.

Whoever owns the database can compute a whole chain anew; they cannot sign. So every ten minutes or thousand entries
the log is checked from the last checkpoint on and a new one is signed (Ed25519). A log that does not go on from the
last checkpoint is not signed: the refusal stays in `refused.json` and raises the alarm. The key belongs to another
user of the machine where there is one (`docs/install.md`); copies of the checkpoints go to the folders of
`OMS_SEAL_ANCHORS`, best on another machine, and on paper (`oms audit slip`).
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import db
from oms.audit.proof import (
    GENESIS,
    NOTES_FILE,
    Checkpoint,
    Tree,
    Verdict,
    open_note,
    read_keys,
    read_notes,
    sha256,
    sign,
    verify,
    written_key,
)
from oms.audit.verifying import rows
from oms.errors import N_, Conflict
from oms.models import AuditEntry, now
from oms.settings import Settings

log = logging.getLogger(__name__)

EVERY, ENTRIES = timedelta(minutes=10), 1000
KEYS, STATE, REFUSED = "audit.pub", "state.json", "refused.json"


@dataclass(frozen=True)
class Sealed:
    """How the sealing stands: the last checkpoint, what was refused, and folders no copy could be put into."""

    last: Checkpoint | None
    refused: Verdict | None
    unreached: tuple[str, ...]
    by_another_user: bool

    @property
    def at(self) -> datetime | None:
        """When the last checkpoint was signed."""
        return datetime.fromisoformat(self.last.at) if self.last else None


def folder(settings: Settings) -> Path:
    """Where keys and checkpoints lie."""
    return settings.home / "seal"


def checkpoints(settings: Settings, others: Sequence[Path] = ()) -> list[Checkpoint]:
    """All checkpoints that are known here, those of the anchors and of `others` included; `ValueError` when the
    signature of one does not hold."""
    places = [folder(settings), *_anchors(settings), *others]
    notes = dict.fromkeys(note for place in places if _reachable(place) for note in read_notes(place))
    keys = _keys(settings)
    return [open_note(note, keys) for note in notes]


def verify_log(session: Session, settings: Settings, others: Sequence[Path] = (), first: int = 1) -> Verdict:
    """Check the log from `first` on, and against every checkpoint that is known."""
    try:
        known = checkpoints(settings, others)
    except ValueError:
        return Verdict("bad-signature", 0, 0, GENESIS)
    return verify(rows(session, first), known, first=first)


def state_of(settings: Settings) -> Sealed:
    """How the sealing stands, without looking at the log."""
    place = folder(settings)
    notes = read_notes(place)
    refused = place / REFUSED
    try:
        last = open_note(notes[-1], _keys(settings)) if notes else None
        verdict = Verdict(**json.loads(refused.read_text("utf-8"))) if refused.exists() else None
    except ValueError:
        last, verdict = None, Verdict("bad-signature", 0, 0, GENESIS)
    return Sealed(
        last=last,
        refused=verdict,
        unreached=tuple(str(anchor) for anchor in _anchors(settings) if _lacking(anchor, notes)),
        by_another_user=not _is_ours(settings),
    )


def seal_when_due(engine: Engine, settings: Settings) -> Checkpoint | None:
    """Seal when the last checkpoint is ten minutes or a thousand entries old and somebody here holds the key."""
    if not _is_ours(settings):
        return None
    last = state_of(settings).last
    with db.reading(engine) as session:
        size = session.scalar(select(func.max(AuditEntry.seq))) or 0
    if last and size == last.size:
        return None
    if last and size - last.size < ENTRIES and now() - datetime.fromisoformat(last.at) < EVERY:
        return None
    return seal(engine, settings)


def seal(engine: Engine, settings: Settings) -> Checkpoint | None:
    """Check what came since the last checkpoint and sign the next one; None for an empty log.

    Raises `Conflict` for a log that does not go on from the last checkpoint.
    """
    with _alone(settings):
        key, origin = _key(settings)
        last = next(iter(read_notes(folder(settings))[-1:]), None)
        sealed = open_note(last, _keys(settings)) if last else None
        tree, entered = _kept_tree(settings, sealed)
        with db.reading(engine) as session:
            verdict = _go_on(session, sealed, tree, entered)
        if verdict.finding:
            _refuse(settings, verdict)
        if not verdict.entries:
            return None
        moment = now().isoformat(timespec="seconds")
        checkpoint = Checkpoint(origin, verdict.entries, tree.root(), verdict.head, moment)
        _append(folder(settings) / NOTES_FILE, [sign(checkpoint, key)])
        peaks = [peak.hex() for peak in tree.peaks]
        _write(folder(settings) / STATE, {"size": tree.size, "peaks": peaks})
        (folder(settings) / REFUSED).unlink(missing_ok=True)
        copy_to_anchors(settings)
    return checkpoint


def _go_on(session: Session, sealed: Checkpoint | None, tree: Tree, entered: bool) -> Verdict:
    """Check the log and let the tree grow: from the checkpoint on where the tree stands there, else all of it."""
    if sealed is None or not entered:
        return verify(rows(session), [sealed] if sealed else [], tree)
    head = session.scalar(select(AuditEntry.hash).where(AuditEntry.seq == sealed.size))
    if head is None:
        size = session.scalar(select(func.max(AuditEntry.seq))) or 0
        return Verdict("truncated", min(size, sealed.size) + 1, size, GENESIS)
    if head != sealed.head:
        return Verdict("contradicts-checkpoint", sealed.size, sealed.size, head)
    newer = list(rows(session, sealed.size + 1)) if tree.size == sealed.size else []
    if newer and newer[0].previous != head:
        return Verdict("chain-broken", newer[0].seq, sealed.size, head)
    if not newer:
        return Verdict("", 0, sealed.size, head)
    return verify(newer, (), tree, first=sealed.size + 1)


def _refuse(settings: Settings, verdict: Verdict) -> None:
    _write(folder(settings) / REFUSED, verdict._asdict())
    log.error("the audit log is not signed any more: %s at entry %s", verdict.finding, verdict.seq)
    raise Conflict(
        N_(
            "The audit log does not go on from its last checkpoint (entry %(seq)s): it is not signed. "
            "Leave everything as it is and tell the leadership."
        ),
        seq=verdict.seq,
    )


def _kept_tree(settings: Settings, sealed: Checkpoint | None) -> tuple[Tree, bool]:
    """The tree at the last checkpoint, and whether it is the one that was signed; an empty one where it is not."""
    path = folder(settings) / STATE
    if sealed is None or not path.exists():
        return Tree(), False
    try:
        kept = json.loads(path.read_text("utf-8"))
        tree = Tree(kept["size"], (bytes.fromhex(peak) for peak in kept["peaks"]))
        same = tree.size == sealed.size and tree.root() == sealed.root
    except (ValueError, KeyError, TypeError, IndexError):
        same = False
    return (tree, True) if same else (Tree(), False)


def copy_to_anchors(settings: Settings) -> None:
    """Put what the anchors lack behind what they have; one that cannot be reached gets it next time."""
    notes = read_notes(folder(settings))
    for anchor in _anchors(settings):
        try:
            _append(anchor / NOTES_FILE, _lacking(anchor, notes))
        except OSError as error:
            log.warning("checkpoints not copied to %s (%s)", anchor, error.strerror)


def _lacking(anchor: Path, notes: Sequence[str]) -> list[str]:
    there = set(read_notes(anchor)) if _reachable(anchor) else set()
    return [note for note in notes if note not in there]


def _reachable(place: Path) -> bool:
    return place.is_file() or (place / NOTES_FILE).is_file()


def _anchors(settings: Settings) -> list[Path]:
    return [Path(part) for part in settings.seal_anchors.split(":") if part]


def _keys(settings: Settings) -> dict[str, bytes]:
    path = folder(settings) / KEYS
    return read_keys(path.read_text("ascii")) if path.exists() else {}


def _key_path(settings: Settings) -> Path:
    return Path(settings.seal_key) if settings.seal_key else folder(settings) / "audit.key"


def _is_ours(settings: Settings) -> bool:
    """Whether this user may sign: the key is readable, or there is none yet and nobody named another place."""
    path = _key_path(settings)
    made = bool(settings.seal_key) or os.path.lexists(path)
    return os.access(path, os.R_OK) if made else True


def _key(settings: Settings) -> tuple[Ed25519PrivateKey, str]:
    """The key and the name of the log; made at first use, its public half added to those that are known."""
    path = _key_path(settings)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(Ed25519PrivateKey.generate().private_bytes_raw())
            os.fsync(stream.fileno())
    key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    public = key.public_key().public_bytes_raw()
    origin = f"oms-audit/{sha256(public).hex()[:12]}"
    if origin not in _keys(settings):
        with (folder(settings) / KEYS).open("a", encoding="ascii") as stream:
            stream.write(written_key(origin, public) + "\n")
        (folder(settings) / KEYS).chmod(0o644)
    return key, origin


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    if not folder(settings).exists():
        folder(settings).mkdir(parents=True, exist_ok=True)
        folder(settings).chmod(0o755)  # whoever signs may be another user than those who read
    with (folder(settings) / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _append(path: Path, notes: Sequence[str]) -> None:
    """Put notes at the end of a file, on disk when this returns; a line a power failure cut off is taken away first."""
    if not notes:
        return
    path.touch()
    path.chmod(0o644)  # nothing in it is secret
    whole = path.read_bytes()
    with path.open("r+b") as stream:
        stream.truncate(whole.rfind(b"\n") + 1)
        stream.seek(0, os.SEEK_END)
        stream.write("".join(json.dumps({"note": note}) + "\n" for note in notes).encode())
        stream.flush()
        os.fsync(stream.fileno())


def _write(path: Path, value: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(value), "utf-8")
    part.chmod(0o644)
    part.rename(path)
