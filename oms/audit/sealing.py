"""Checkpoints: how long the log is and what its entries add up to, signed, and kept where the database is not.

Whoever owns the database can compute a whole chain anew; they cannot sign. So every ten minutes or thousand entries
the log is checked from the last checkpoint on and a new one is signed (Ed25519). A log that does not go on from the
last checkpoint is not signed: the refusal stays in `refused.json` and raises the alarm. Key and checkpoints lie in a
folder of another user of the machine where there is one (`OMS_SEAL_FOLDER`, docs/install.md); copies of the
checkpoints go to the folders of `OMS_SEAL_ANCHORS`, best on another machine, and on paper (`oms audit slip`).
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NoReturn

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
# Bytes at the end of the file of checkpoints that hold more than one of them.
_TAIL = 4096
KEY, KEYS, STATE, REFUSED = "audit.key", "audit.pub", "state.json", "refused.json"
# What a place of checkpoints that somebody else keeps may come up with: out of reach, or not what was put there.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)


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
    return Path(settings.seal_folder) if settings.seal_folder else settings.home / "seal"


def checkpoints(settings: Settings, others: Sequence[Path] = ()) -> list[Checkpoint]:
    """All checkpoints that are known here, those of the anchors and of `others` included; `ValueError` when one is not
    what was signed. An anchor out of reach is left out, as `state_of` says."""
    try:
        notes = [note for place in (folder(settings), *others) for note in read_notes(place)]
    except (KeyError, TypeError) as error:
        raise ValueError("what stands here is no checkpoint") from error
    for anchor in _anchors(settings):
        try:
            notes += read_notes(anchor)
        except OSError:
            continue
        except (KeyError, TypeError) as error:
            raise ValueError("what stands in an anchor is no checkpoint") from error
    keys = _keys(settings)
    return [open_note(note, keys) for note in dict.fromkeys(notes)]


def sealed_entries(settings: Settings) -> int:
    """How many entries are signed, as far as is known here and at the anchors; what nobody signed counts for nothing."""
    sizes = [0]
    for place in (folder(settings), *_anchors(settings)):
        try:
            notes = read_notes(place)
        except _UNREADABLE:
            continue
        for note in notes:
            try:
                sizes.append(open_note(note, _keys(settings)).size)
            except ValueError:
                continue
    return max(sizes)


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
    try:
        last = _last(settings)
        refused = place / REFUSED
        verdict = Verdict(**json.loads(refused.read_text("utf-8"))) if refused.exists() else None
    except _UNREADABLE:
        last, verdict = None, Verdict("bad-signature", 0, 0, GENESIS)
    return Sealed(
        last=last,
        refused=verdict,
        unreached=tuple(str(anchor) for anchor in _anchors(settings) if _lacking(settings, anchor)),
        by_another_user=not _is_ours(settings),
    )


def _last(settings: Settings) -> Checkpoint | None:
    """The last checkpoint; only the end of the file is read. `ValueError` when it is not what was signed."""
    path = folder(settings) / NOTES_FILE
    if not path.exists():
        return None
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        lines = stream.read().split(b"\n")[:-1]
    return open_note(str(json.loads(lines[-1])["note"]), _keys(settings)) if lines else None


def seal_when_due(engine: Engine, settings: Settings) -> Checkpoint | None:
    """Seal when the last checkpoint is ten minutes or a thousand entries old and this user signs here.

    A log that was refused is not looked at again by itself: `oms audit seal` does it when the reason is gone.
    """
    if not _is_ours(settings) or (folder(settings) / REFUSED).exists():
        return None
    try:
        last = _last(settings)
    except _UNREADABLE:
        return seal(engine, settings)  # which refuses, and says so where people look
    with db.reading(engine) as session:
        size = session.scalar(select(func.max(AuditEntry.seq))) or 0
    if last and size == last.size:
        return None
    if last and size - last.size < ENTRIES and now() - datetime.fromisoformat(last.at) < EVERY:
        return None
    return seal(engine, settings)


def seal(engine: Engine, settings: Settings) -> Checkpoint | None:
    """Check what came since the last checkpoint and sign the next one; the last one again when nothing came.

    Raises `Conflict` for a log that does not go on from the last checkpoint, and where checkpoints are gone or not of
    the key that is here.
    """
    with _alone(settings):
        new = not (folder(settings) / KEY).exists()
        try:
            sealed = _last(settings)
            key, origin = _key(settings)
        except _UNREADABLE:
            _refuse(settings, Verdict("bad-signature", 0, 0, GENESIS))
        if not new and (sealed is None or sealed.origin != origin):
            _refuse(settings, Verdict("bad-signature", 0, 0, GENESIS))
        tree, entered = _kept_tree(settings, sealed)
        with db.reading(engine) as session:
            verdict = _go_on(session, sealed, tree, entered)
        if verdict.finding:
            _refuse(settings, verdict)
        if not verdict.entries:
            (folder(settings) / KEY).unlink()  # nothing was signed: the key is made with the first checkpoint
            return None
        if sealed is not None and sealed.origin == origin and verdict.entries == sealed.size:
            copy_to_anchors(settings)
            return sealed
        moment = now().isoformat(timespec="seconds")
        checkpoint = Checkpoint(origin, verdict.entries, tree.root(), verdict.head, moment)
        _append(folder(settings) / NOTES_FILE, sign(checkpoint, key))
        peaks = [peak.hex() for peak in tree.peaks]
        _write(folder(settings) / STATE, json.dumps({"size": tree.size, "peaks": peaks}).encode())
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
    newer = rows(session, sealed.size + 1)
    following = next(newer, None)
    if following is None:
        return Verdict("", 0, sealed.size, head)
    if following.previous != head:
        return Verdict("chain-broken", following.seq, sealed.size, head)
    return verify(chain([following], newer), (), tree, first=sealed.size + 1)


def _refuse(settings: Settings, verdict: Verdict) -> NoReturn:
    _write(folder(settings) / REFUSED, json.dumps(verdict._asdict()).encode())
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
    """Put what the anchors lack into a new file there: nothing that was copied is touched again, so that the folder may
    refuse changes. One that cannot be reached gets it next time."""
    for anchor in _anchors(settings):
        try:
            there = set(read_notes(anchor))
            missing = [note for note in read_notes(folder(settings)) if note not in there]
            if not anchor.is_dir():
                raise FileNotFoundError(2, "no such folder")
            if missing:
                name = f"checkpoints-{sha256(missing[-1].encode()).hex()[:16]}.jsonl"
                descriptor = os.open(anchor / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(b"".join(_line(note) for note in missing))
                    stream.flush()
                    os.fsync(stream.fileno())
        except _UNREADABLE as error:
            log.warning("checkpoints not copied to %s (%s)", anchor, type(error).__name__)


def _lacking(settings: Settings, anchor: Path) -> bool:
    """Whether an anchor is out of reach, or does not hold the last checkpoint."""
    try:
        last = read_notes(folder(settings))[-1:]
        return not anchor.is_dir() or not set(last) <= set(read_notes(anchor))
    except _UNREADABLE:
        return True


def _anchors(settings: Settings) -> list[Path]:
    return [Path(part) for part in settings.seal_anchors.split(":") if part]


def _keys(settings: Settings) -> dict[str, bytes]:
    path = folder(settings) / KEYS
    return read_keys(path.read_text("ascii")) if path.exists() else {}


def _is_ours(settings: Settings) -> bool:
    """Whether this user signs: the folder is theirs to write, or there is none yet and nobody named another place."""
    place = folder(settings)
    return os.access(place, os.W_OK) if place.exists() or settings.seal_folder else True


def _key(settings: Settings) -> tuple[Ed25519PrivateKey, str]:
    """The key and the name of the log; made at first use, its public half added to those that are known."""
    path = folder(settings) / KEY
    if not path.exists():
        _write(path, Ed25519PrivateKey.generate().private_bytes_raw(), mode=0o400)
    key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    public = key.public_key().public_bytes_raw()
    origin = f"oms-audit/{sha256(public).hex()[:12]}"
    if origin not in _keys(settings):
        keys = folder(settings) / KEYS
        known = keys.read_bytes() if keys.exists() else b""
        _write(keys, known + written_key(origin, public).encode() + b"\n")
    return key, origin


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    if not folder(settings).exists():
        folder(settings).mkdir(parents=True, exist_ok=True)
        folder(settings).chmod(0o755)  # whoever signs may be another user than those who read
    with (folder(settings) / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _line(note: str) -> bytes:
    return json.dumps({"note": note}).encode() + b"\n"


def _append(path: Path, note: str) -> None:
    """Put a note at the end of a file, on disk when this returns; a line a power failure cut off is taken away first."""
    if not path.exists():
        _write(path, b"")
    with path.open("r+b") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        end = stream.tell() + stream.read().rfind(b"\n") + 1
        stream.truncate(end)
        stream.seek(end)
        stream.write(_line(note))
        stream.flush()
        os.fsync(stream.fileno())


def _write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """A small file, whole or not at all; nothing but the key is secret."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    part.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
