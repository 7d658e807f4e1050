"""Checkpoints: how long the log is and what its entries add up to, signed, and kept where the database is not.

Whoever owns the database can compute a whole chain anew; they cannot sign. So every ten minutes or thousand entries
the log is checked from the last checkpoint on and a new one is signed (Ed25519). A log that does not go on from the
last checkpoint is not signed: the refusal stays in `refused.json` and raises the alarm, until a new segment is begun
beside the broken one (`segments`). Key and checkpoints lie in a folder of another user of the machine where there is
one (`OMS_SEAL_FOLDER`, docs/install.md); copies of the checkpoints go to the folders of `OMS_SEAL_ANCHORS`, best on
another machine, to the syslog of `OMS_SEAL_SYSLOG` (`syslog`), and on paper (`oms audit slip`).
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import db
from oms.audit import syslog
from oms.audit.keeping import TAIL, append, line_of, write_notes, write_whole
from oms.audit.notes import end_of, sign, written_key
from oms.audit.proof import (
    GENESIS,
    NOTES_FILE,
    Break,
    Checkpoint,
    Tree,
    Verdict,
    open_note,
    read_keys,
    read_notes,
    sha256,
    verify,
)
from oms.audit.verifying import rows
from oms.errors import N_, Conflict
from oms.models import AuditEntry, now
from oms.settings import Settings

log = logging.getLogger(__name__)

EVERY, ENTRIES = timedelta(minutes=10), 1000
KEY, KEYS, STATE, REFUSED = "audit.key", "audit.pub", "state.json", "refused.json"
# A file of its own, so that what is said on every page needs no look at years of checkpoints; anchors get it like them.
BREAKS = "checkpoints-segments.jsonl"
# What a place of checkpoints that somebody else keeps may come up with: out of reach, or not what was put there.
UNREADABLE = (OSError, ValueError, KeyError, TypeError)


@dataclass(frozen=True)
class Sealed:
    """How the sealing stands: the last checkpoint, what was refused, folders no copy could be put into, every break
    after which the log was begun again, and since when the syslog takes no copy."""

    last: Checkpoint | None
    refused: Verdict | None
    unreached: tuple[str, ...]
    by_another_user: bool
    breaks: tuple[Break, ...] = ()
    syslog_silent_since: datetime | None = None

    @property
    def first(self) -> int:
        """The entry with which the newest segment begins."""
        return self.breaks[-1].first if self.breaks else 1

    @property
    def at(self) -> datetime | None:
        """When the last checkpoint was signed."""
        return datetime.fromisoformat(self.last.at) if self.last else None


def folder(settings: Settings) -> Path:
    """Where keys and checkpoints lie."""
    return Path(settings.seal_folder) if settings.seal_folder else settings.home / "seal"


def signed(settings: Settings, others: Sequence[Path] = ()) -> list[Checkpoint | Break]:
    """All that was signed and is known here, at the anchors and in `others`; `ValueError` when one is not what was
    signed. An anchor out of reach is left out, as `state_of` says."""
    try:
        known = keys(settings)
        notes = [note for place in (folder(settings), *others) for note in read_notes(place, known)]
    except (KeyError, TypeError) as error:
        raise ValueError("what stands here is no checkpoint") from error
    for anchor in anchors(settings):
        try:
            notes += read_notes(anchor)
        except OSError:
            continue
        except (KeyError, TypeError) as error:
            raise ValueError("what stands in an anchor is no checkpoint") from error
    return [open_note(note, known) for note in dict.fromkeys(notes)]


def believed(settings: Settings, *places: Path) -> dict[str, Checkpoint | Break]:
    """Every note that holds and what it says, here and at the anchors, or in `places` (folders or files); a line that
    nobody signed counts for nothing."""
    found, known = dict[str, Checkpoint | Break](), dict[str, bytes]()
    with suppress(*UNREADABLE):
        known = keys(settings)
    for place in places or (folder(settings), *anchors(settings)):
        with suppress(OSError):
            for file in sorted(filter(Path.is_file, place.glob("checkpoints*.jsonl"))) if place.is_dir() else [place]:
                for written in file.read_bytes().splitlines():
                    with suppress(*UNREADABLE):
                        note = str(json.loads(written)["note"])
                        found[note] = open_note(note, known)
    return found


def breaks_among(notes: Mapping[str, Checkpoint | Break]) -> list[str]:
    """The notes of breaks, in the order of their segments."""
    numbers = {note: one.number for note, one in notes.items() if isinstance(one, Break)}
    return sorted(numbers, key=numbers.__getitem__)


def bring_back_breaks(settings: Settings, *others: Path) -> None:
    """After a restore: breaks that are known at the anchors or in `others` stand here again, so that pages tell of them."""
    known = breaks_among(believed(settings, folder(settings), *anchors(settings), *others))
    if known and is_ours(settings) and not set(known) <= set(breaks_among(believed(settings, folder(settings)))):
        write_notes(folder(settings) / BREAKS, known)


def sealed_until(settings: Settings) -> tuple[int, int]:
    """The newest segment that is known (`believed`), and how many entries are signed there."""
    ends = ((one.number, end_of(one)) for one in believed(settings).values() if isinstance(one, Checkpoint))
    return max(ends, default=(1, 0))


def segment_at(settings: Settings, entries: int) -> int:
    """The segment in which a log of so many entries ends, as far as is signed here."""
    return max((one.number for one in state_of(settings).breaks if one.first <= entries), default=1)


def holds_notes(settings: Settings, place: Path) -> bool:
    """Whether anything stands there that could be a checkpoint; in the text of a syslog only what a key of ours signed."""
    try:
        return bool(read_notes(place, keys(settings)))
    except UNREADABLE:
        return True  # the check itself says what is wrong with it


def verify_log(session: Session, settings: Settings, others: Sequence[Path] = (), first: int = 1) -> Verdict:
    """Check the log from `first` on, and against every checkpoint that is known."""
    try:
        known = signed(settings, others)
    except ValueError:
        return Verdict("bad-signature", 0, 0, GENESIS, older=state_of(settings).breaks)
    return verify(rows(session, first), known, first=first)


def state_of(settings: Settings) -> Sealed:
    """How the sealing stands, without looking at the log."""
    refused, breaks = folder(settings) / REFUSED, tuple[Break, ...]()
    try:
        breaks = tuple(_breaks(settings))
        last = _last(settings)
        verdict = Verdict(**json.loads(refused.read_text("utf-8"))) if refused.exists() else None
    except UNREADABLE:
        last, verdict = None, Verdict("bad-signature", 0, 0, GENESIS)
    return Sealed(
        last=last,
        refused=verdict,
        unreached=tuple(str(anchor) for anchor in anchors(settings) if _lacking(settings, anchor)),
        by_another_user=not is_ours(settings),
        breaks=breaks,
        syslog_silent_since=syslog.silent_since(folder(settings)) if settings.seal_syslog else None,
    )


def _breaks(settings: Settings) -> list[Break]:
    """The breaks that were signed here, in their order."""
    notes = read_notes(folder(settings) / BREAKS)
    found = [one for note in notes if isinstance(one := open_note(note, keys(settings)), Break)]
    return sorted(found, key=lambda one: one.number)


def last_note(settings: Settings) -> str | None:
    """The note of the last checkpoint, as it stands at the end of the file; only that is read."""
    path = folder(settings) / NOTES_FILE
    if not path.exists():
        return None
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL))
        lines = stream.read().split(b"\n")[:-1]
    return str(json.loads(lines[-1])["note"]) if lines else None


def _last(settings: Settings) -> Checkpoint | None:
    """The last checkpoint; `ValueError` when it is not what was signed."""
    note = last_note(settings)
    last = open_note(note, keys(settings)) if note else None
    if isinstance(last, Break):
        raise ValueError("a break stands among the checkpoints")
    return last


def standing(settings: Settings) -> tuple[Checkpoint | None, Break | None]:
    """The last checkpoint and the break its segment began with; `ValueError` for what the key here did not sign.

    A key whose checkpoints are gone signs nothing: whoever can rename files of the folder could else begin anew.
    """
    sealed, breaks, place = _last(settings), _breaks(settings), folder(settings)
    begun = breaks[-1] if breaks else None
    if sealed is None:
        if begun or (place / KEY).exists():
            raise ValueError("the checkpoints are gone")
        return None, None
    key = (place / KEY).read_bytes() if (place / KEY).exists() else None
    name = _name_of(Ed25519PrivateKey.from_private_bytes(key)) if key else ""
    begins = (begun.number, begun.first) if begun else (1, 1)
    if (sealed.number, sealed.first) != begins or not sealed.origin.startswith(name):
        raise ValueError("the last checkpoint is of another segment or key")
    return sealed, begun


def seal_when_due(engine: Engine, settings: Settings) -> Checkpoint | None:
    """Seal when the last checkpoint is ten minutes or a thousand entries old and this user signs here.

    A log that was refused is not looked at again by itself: `oms audit seal` does it when the reason is gone.
    """
    if not is_ours(settings):
        return None
    try:
        return _sign_next(engine, settings) if _is_due(engine, settings) else None
    finally:
        _send_to_syslog(settings)  # what it did not take before, too


def _is_due(engine: Engine, settings: Settings) -> bool:
    if (folder(settings) / REFUSED).exists():
        return False
    try:
        last = _last(settings)
    except UNREADABLE:
        return True  # sealing refuses, and says so where people look
    with db.reading(engine) as session:
        size = session.scalar(select(func.max(AuditEntry.seq))) or 0
    if last is None or size == end_of(last):
        return last is None
    return size - end_of(last) >= ENTRIES or abs(now() - datetime.fromisoformat(last.at)) >= EVERY


def seal(engine: Engine, settings: Settings) -> Checkpoint | None:
    """Check what came since the last checkpoint and sign the next one; the last one again when nothing came.

    Raises `Conflict` for a log that does not go on from the last checkpoint, and where checkpoints are gone or not of
    the key that is here.
    """
    checkpoint = _sign_next(engine, settings)
    _send_to_syslog(settings)
    return checkpoint


def _sign_next(engine: Engine, settings: Settings) -> Checkpoint | None:
    with alone(settings):
        try:
            sealed, begun = standing(settings)
            key, name = signing_key(settings)
        except UNREADABLE:
            _refuse(settings, _why_nothing_is_signed(settings))
        tree, entered = _kept_tree(settings, sealed)
        with db.reading(engine) as session:
            verdict = _go_on(session, sealed, begun, tree, entered)
        if verdict.finding:
            _refuse(settings, verdict)
        if not verdict.entries:
            (folder(settings) / KEY).unlink()  # nothing was signed: the key is made with the first checkpoint
            return None
        origin = f"{name}/{begun.number}" if begun else name
        if sealed is not None and sealed.origin == origin and verdict.entries == end_of(sealed):
            copy_to_anchors(settings)
            return sealed
        moment = now().isoformat(timespec="seconds")
        first = begun.first if begun else 1
        checkpoint = Checkpoint(origin, tree.size, tree.root(), verdict.head, moment, first)
        append(folder(settings) / NOTES_FILE, sign(checkpoint, name, key))
        peaks = [peak.hex() for peak in tree.peaks]
        write_whole(folder(settings) / STATE, json.dumps({"size": tree.size, "peaks": peaks}).encode())
        (folder(settings) / REFUSED).unlink(missing_ok=True)
        copy_to_anchors(settings)
    return checkpoint


def _why_nothing_is_signed(settings: Settings) -> Verdict:
    """Of checkpoints that are not those of the newest segment: it is gone (a restore), or they were changed."""
    with suppress(*UNREADABLE):
        last, breaks = _last(settings), _breaks(settings)
        if last and breaks and last.number < breaks[-1].number:
            return Verdict("truncated", breaks[-1].first, 0, GENESIS)
    return Verdict("bad-signature", 0, 0, GENESIS)


def _go_on(session: Session, sealed: Checkpoint | None, begun: Break | None, tree: Tree, entered: bool) -> Verdict:
    """Check the segment and let the tree grow: from the checkpoint on where the tree stands there, else all of it."""
    if sealed is None or not entered:
        notes = [one for one in (sealed, begun) if one is not None]
        return verify(rows(session, begun.first if begun else 1), notes, tree, begun.first if begun else 1)
    end = end_of(sealed)
    head = session.scalar(select(AuditEntry.hash).where(AuditEntry.seq == end))
    if head is None:
        size = session.scalar(select(func.max(AuditEntry.seq))) or 0
        return Verdict("truncated", min(size, end) + 1, size, GENESIS)
    if head != sealed.head:
        return Verdict("contradicts-checkpoint", end, end, head)
    newer = rows(session, end + 1)
    following = next(newer, None)
    if following is None:
        return Verdict("", 0, end, head)
    if following.previous != head:
        return Verdict("chain-broken", following.seq, end, head)
    return verify(chain([following], newer), (), tree, first=end + 1)


def _refuse(settings: Settings, verdict: Verdict) -> NoReturn:
    write_whole(folder(settings) / REFUSED, json.dumps(verdict._replace(older=())._asdict()).encode())
    log.error("the audit log is not signed any more: %s at entry %s", verdict.finding, verdict.seq)
    if not verdict.seq:
        raise Conflict(
            N_(
                "The checkpoints of the audit log are gone, or not what was signed: it does not go on from them and is not "
                "signed. Leave everything as it is and tell the leadership."
            )
        )
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


def _send_to_syslog(settings: Settings) -> None:
    """After sealing and in nobody's way: whatever goes wrong here, the log is signed. One process at a time sends."""
    if not settings.seal_syslog or not folder(settings).exists():
        return
    try:
        with (folder(settings) / ".syslog.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            syslog.deliver(folder(settings), settings, (BREAKS, NOTES_FILE))
    except BlockingIOError:
        return  # another process sends what waits
    except Exception:
        log.exception("checkpoints could not be sent to the syslog")


def copy_to_anchors(settings: Settings) -> None:
    """Put what the anchors lack into a new file there: nothing that was copied is touched again, so that the folder may
    refuse changes. One that cannot be reached gets it next time."""
    for anchor in anchors(settings):
        try:
            there = set(read_notes(anchor))
            missing = [note for note in read_notes(folder(settings)) if note not in there]
            if not anchor.is_dir():
                raise FileNotFoundError(2, "no such folder")
            if missing:
                name = f"checkpoints-{sha256(missing[-1].encode()).hex()[:16]}.jsonl"
                descriptor = os.open(anchor / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(b"".join(line_of(note) for note in missing))
                    stream.flush()
                    os.fsync(stream.fileno())
        except UNREADABLE as error:
            log.warning("checkpoints not copied to %s (%s)", anchor, type(error).__name__)


def _lacking(settings: Settings, anchor: Path) -> bool:
    """Whether an anchor is out of reach, or does not hold the last checkpoint."""
    try:
        last = read_notes(folder(settings))[-1:]
        return not anchor.is_dir() or not set(last) <= set(read_notes(anchor))
    except UNREADABLE:
        return True


def anchors(settings: Settings) -> list[Path]:
    """The folders elsewhere that get copies."""
    return [Path(part) for part in settings.seal_anchors.split(":") if part]


def keys(settings: Settings) -> dict[str, bytes]:
    """The public keys that are known here, by name."""
    path = folder(settings) / KEYS
    return read_keys(path.read_text("ascii")) if path.exists() else {}


def is_ours(settings: Settings) -> bool:
    """Whether this user signs: the folder is theirs to write, or there is none yet and nobody named another place."""
    place = folder(settings)
    return os.access(place, os.W_OK) if place.exists() or settings.seal_folder else True


def signing_key(settings: Settings) -> tuple[Ed25519PrivateKey, str]:
    """The key and the name of the log; made at first use, its public half added to those that are known."""
    path = folder(settings) / KEY
    if not path.exists():
        write_whole(path, Ed25519PrivateKey.generate().private_bytes_raw(), mode=0o400)
    key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    name = _name_of(key)
    if name not in keys(settings):
        place = folder(settings) / KEYS
        known = place.read_bytes() if place.exists() else b""
        write_whole(place, known + written_key(name, key.public_key().public_bytes_raw()).encode() + b"\n")
    return key, name


def _name_of(key: Ed25519PrivateKey) -> str:
    return f"oms-audit/{sha256(key.public_key().public_bytes_raw()).hex()[:12]}"


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """The folder of the seal, for nobody else as long as the block lasts."""
    if not folder(settings).exists():
        folder(settings).mkdir(parents=True, exist_ok=True)
        folder(settings).chmod(0o755)  # whoever signs may be another user than those who read
    with (folder(settings) / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
