"""Files of signed notes, written so that a power failure leaves them whole: one note a line, as JSON.

Knows neither keys nor the log; what a note says is `notes` and `proof`.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

# Bytes at the end of the file of checkpoints that hold more than one of them.
TAIL = 4096


def line_of(note: str) -> bytes:
    """A note as it stands in a file."""
    return json.dumps({"note": note}).encode() + b"\n"


def write_notes(path: Path, notes: Iterable[str]) -> None:
    """A file of these notes in the place of what is there, whole or not at all."""
    write_whole(path, b"".join(line_of(note) for note in notes))


def append(path: Path, note: str) -> None:
    """Put a note at the end of a file, on disk when this returns; a line a power failure cut off is taken away first."""
    if not path.exists():
        write_whole(path, b"")
    with path.open("r+b") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL))
        end = stream.tell() + stream.read().rfind(b"\n") + 1
        stream.truncate(end)
        stream.seek(end)
        stream.write(line_of(note))
        stream.flush()
        os.fsync(stream.fileno())


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
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
