"""Checkpoints that travel: what another installation keeps of this log, so that a rewriting shows there.

Whoever owns this machine can change the log, its checkpoints and the anchors they can reach; not what lies in another
house. So sealed packages and their answers carry the newest checkpoint, the breaks before it and the public key.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from oms.audit import sealing
from oms.audit.notes import end_of
from oms.audit.proof import Checkpoint, open_note, read_keys, read_notes
from oms.settings import Settings

MOST = 100
"""Notes of another house that are read: one checkpoint and the breaks of its log."""
LONGEST = 10**12
YEARS = range(2000, 3000)
"""A checkpoint of more entries, or of another time, proves nothing: pages and the own log could not even tell of it."""


def newest(settings: Settings) -> dict[str, Any] | None:
    """What is handed to another house: public keys and the notes; None before the first checkpoint."""
    state = sealing.state_of(settings)
    note = sealing.last_note(settings) if state.last else None
    if note is None:
        return None
    breaks = read_notes(sealing.folder(settings) / sealing.BREAKS)
    return {"keys": (sealing.folder(settings) / sealing.KEYS).read_text("ascii").split(), "notes": [*breaks, note]}


def proved(said: object) -> dict[str, Any] | None:
    """What came from another house with what its checkpoint says, ready to be kept; None when it proves nothing.

    That the keys are those of that house is proved by whoever signed the package or the answer.
    """
    if not isinstance(said, dict):
        return None
    try:
        keys, notes = [str(key) for key in said["keys"]], [str(note) for note in said["notes"]]
        opened = [open_note(note, read_keys("\n".join(keys))) for note in notes[:MOST]]
        last = opened[-1]
        if not isinstance(last, Checkpoint) or len(notes) > MOST:
            return None
        signed_at = datetime.fromisoformat(last.at)
        whole = last.first > 0 and last.size > 0 and end_of(last) <= LONGEST
        if not whole or signed_at.tzinfo is None or signed_at.year not in YEARS:
            return None
        told = {"origin": last.origin, "segment": last.number, "entries": end_of(last), "at": last.at}
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return {"keys": keys, "notes": notes, **told}


def in_short(held: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the own log says of a checkpoint that went or came: whose, how long, and its hash."""
    if held is None:
        return None
    last = proved(held)
    return {name: last[name] for name in ("origin", "entries", "at")} if last else None


def as_anchor(held: Iterable[dict[str, Any]]) -> bytes:
    """The notes kept of one house as a file for `oms audit verify --anchors` there, each once."""
    notes = dict.fromkeys(note for one in held for note in one["notes"])
    return b"".join(json.dumps({"note": note}).encode() + b"\n" for note in notes)
