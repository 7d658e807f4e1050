"""A new segment of the log beside one that is broken: nothing is repaired, nothing is forgotten, and people go on.

The table stays one, and so do its numbers, its chain as stored and its triggers: the new segment begins with an entry
like any other, `audit:segment`. What makes it a beginning is a note signed with the key of the seal: it names that
entry, what was found before it, and the hash of all lines before it as they were frozen. The verifier knows no other
entry where a chain may begin again (`proof.verify`), and tells of every break for as long as its note exists.
"""

import hashlib
import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import audit, db
from oms.audit import sealing
from oms.audit.keeping import append, write_notes
from oms.audit.notes import end_of, sign
from oms.audit.proof import GENESIS, NOTES_FILE, Break, Checkpoint, Signed, Tree, line, open_note, read_notes, verify
from oms.audit.verifying import rows
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import AuditEntry, now
from oms.permissions import Action, Actor, require
from oms.settings import Settings

REASON = 1_000
"""Longest reason, in characters."""
# What gives no reason to begin a segment, and what is said then.
_NO_REASON = {
    "": N_("The audit log holds by all that was signed in %(place)s: a new segment is begun beside a broken one only."),
    "frozen-changed": N_(
        "The newest segment of the audit log holds, and it is signed. An older one was changed once more after it was left "
        "behind: no new segment mends that. Keep its file in %(place)s and tell the leadership."
    ),
}


@dataclass(frozen=True)
class Begun:
    """A segment that was begun: what is signed of it, and the file of the one before (None where none is written)."""

    broken: Break
    frozen: Path | None


def begin(engine: Engine, settings: Settings, reason: str, *, actor: Actor) -> Begun:
    """Begin a segment beside the broken one; for the user of the machine who signs, in the name of who reads the log.

    Raises `Conflict` while the log holds: only what is broken is left behind, and it stays told of.
    """
    require(actor, Action.AUDIT_READ)
    reason = reason.strip()[:REASON]
    if not reason:
        raise BadInput(N_("Say in a sentence why the log goes on in a new segment; the reason stands in the log."))
    if not sealing.is_ours(settings):
        raise Refused(
            N_("The audit log is signed by another user of this machine (%(place)s); begin the segment as that one."),
            place=sealing.folder(settings),
        )
    place = sealing.folder(settings)
    if not (place / sealing.KEY).exists() and not (place / NOTES_FILE).exists():
        raise Conflict(
            N_(
                "In %(place)s lies neither a key nor a checkpoint: nothing of the audit log was ever signed there. Name "
                "the folder of who signs in OMS_SEAL_FOLDER and run the command as that user."
            ),
            place=place,
        )
    with sealing.alone(settings):
        spoilt = _is_spoilt(settings)
        key, name = _signing_key(settings)
        notes = sealing.believed(settings)
        known = list(notes.values())
        with db.reading(engine) as session:
            found, start = verify(rows(session), known), _start(session, known)
        if spoilt and found.finding in _NO_REASON:
            found = found._replace(finding="bad-signature", seq=0)
        if found.finding in _NO_REASON:
            raise Conflict(_NO_REASON[found.finding], place=place)
        number, signed = _number(known), _last_signed(known)
        told = {"segment": number, "finding": found.finding, "broken_at": found.seq, "signed": signed}
        with db.writing(engine) as session:
            marker = _write_marker(session, reason, told, actor=actor)
        with db.reading(engine) as session:
            frozen, path = _freeze(session, settings, number, start, marker.seq)
        moment, at = now().isoformat(timespec="seconds"), (marker.seq, marker.hash)
        broken = Break(number, *at, found.finding, found.seq, marker.previous, signed, frozen, moment)
        tree = Tree()
        tree.add(bytes.fromhex(marker.hash))
        checkpoint = Checkpoint(f"{name}/{number}", tree.size, tree.root(), marker.hash, moment, marker.seq)
        # A checkpoint without its break is believed by nobody: a segment that ends here is begun once more. What was
        # spoilt stays in its place until the new note stands there: before, it could be taken for whole.
        if spoilt:
            _keep_as_found(place / NOTES_FILE, number)
            holding = sealing.believed(settings, place / NOTES_FILE)
            write_notes(place / NOTES_FILE, [*holding, sign(checkpoint, name, key)])
            _keep_as_found(place / sealing.BREAKS, number)
        else:
            append(place / NOTES_FILE, sign(checkpoint, name, key))
        write_notes(place / sealing.BREAKS, [*sealing.breaks_among(notes), sign(broken, name, key)])
        for left in (sealing.STATE, sealing.REFUSED):
            (place / left).unlink(missing_ok=True)
    sealing.seal(engine, settings)
    return Begun(broken, path)


def _signing_key(settings: Settings) -> tuple[Ed25519PrivateKey, str]:
    """The key that signs and its name; raises `Conflict` where one of the two files of keys is not what the seal wrote."""
    file = sealing.folder(settings) / sealing.KEYS
    try:
        sealing.keys(settings)
        file = sealing.folder(settings) / sealing.KEY
        return sealing.signing_key(settings)
    except ValueError as error:
        raise Conflict(
            N_(
                "%(file)s is not what the seal wrote there, and nothing was begun. Put a good copy in its place (audit.pub: "
                "from who checks the log, or from a backup); where there is none, move it aside. Then run this again."
            ),
            file=file,
        ) from error


def _is_spoilt(settings: Settings) -> bool:
    """Whether notes that lie here are not what the key here signed, or are gone."""
    try:
        sealing.standing(settings)
        known = sealing.keys(settings)
        for note in read_notes(sealing.folder(settings)):
            open_note(note, known)
    except sealing.UNREADABLE:
        return True
    return False


def _start(session: Session, known: Sequence[Signed]) -> int:
    """The first entry of the segment that stands last in the table."""
    markers = [one.marker for one in known if isinstance(one, Break)]
    return session.scalar(select(func.max(AuditEntry.seq)).where(AuditEntry.hash.in_(markers))) or 1


def _number(known: Sequence[Signed]) -> int:
    """The number of the segment that begins: none was ever signed under it."""
    return 1 + max((one.number for one in known), default=1)


def _last_signed(known: Sequence[Signed]) -> list[int | str]:
    """How many entries were signed last in the newest segment, and the hash of the last one."""
    ends = [(one.number, end_of(one), one.head) for one in known if isinstance(one, Checkpoint)]
    _segment, end, head = max(ends, default=(1, 0, GENESIS))
    return [end, head]


def _write_marker(session: Session, reason: str, told: dict[str, Any], *, actor: Actor) -> AuditEntry:
    """The entry that begins the segment, behind whatever is stored: it says what was broken, who goes on and why."""
    length, head = audit.hold(session)
    told |= {"stored": length, "head": head, "machine_user": _user_of_the_machine()}
    audit.record(session, "audit:segment", actor=actor, words=reason, **told)
    return session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()


def _user_of_the_machine() -> str:
    """Who runs the command, as the system knows it and not as the environment says."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _freeze(session: Session, settings: Settings, number: int, start: int, end: int) -> tuple[str, Path | None]:
    """The hash of the lines of a segment, and their file beside the checkpoints, named by it.

    In a protection installation nothing of the log leaves the sealed table: there is the hash alone.
    """
    digest = hashlib.sha256()

    def frozen_lines() -> Iterator[bytes]:
        for row in rows(session, start):
            if row.seq >= end:
                return
            written = line(row)
            digest.update(written)
            yield written

    if settings.protected:
        for _line in frozen_lines():
            pass
        return digest.hexdigest(), None
    place = sealing.folder(settings)
    part = place / f".before-segment-{number}.part"
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.writelines(frozen_lines())
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest(), part.rename(place / f"before-segment-{number}-{digest.hexdigest()[:16]}.jsonl")


def _keep_as_found(path: Path, number: int) -> None:
    """A spoilt file under a name of its own, too; one that was kept before is not touched."""
    if not path.exists():
        return
    for again in count():
        with suppress(FileExistsError):
            os.link(path, path.with_name(f"spoilt-before-{number}{f'-{again}' if again else ''}-{path.name}"))
            return
