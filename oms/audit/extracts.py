"""An extract of the log: all entries about one dossier, each with the proof that it is under a signed checkpoint.

The receiver of a dossier checks it without this installation (`oms audit check-extract`, or `proof` by itself) and
sees no entry about anything else. It cannot show that no entry was left out. Of a log that was broken and begun again
it holds what stands in the newest segment, and says how many entries about the dossier stand before, unproved.
"""

import base64
import json
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms import audit
from oms.audit import sealing
from oms.audit.notes import end_of
from oms.audit.proof import EXTRACT_FORMAT, HASH, NOTES_FILE, Tree, read_notes, sha256, siblings
from oms.errors import N_, Conflict, NotFound
from oms.models import AuditEntry, Dossier
from oms.permissions import Action, Actor, require
from oms.settings import Settings


class Watched(Tree):
    """A tree that remembers the roots of some parts (first leaf, one after the last) while it grows."""

    def __init__(self, parts: Iterable[tuple[int, int]]) -> None:
        super().__init__()
        self._wanted, self._found = frozenset(parts), dict[tuple[int, int], bytes]()

    def add(self, leaf: bytes) -> None:
        """Put a leaf behind the others."""
        digest, number, end, width = sha256(b"\x00", leaf), self.size, self.size + 1, 1
        self._keep(end - 1, end, digest)
        while number & 1:
            digest, number, width = sha256(b"\x01", self.peaks.pop(), digest), number >> 1, width * 2
            self._keep(end - width, end, digest)
        self.peaks.append(digest)
        self.size = end

    def _keep(self, start: int, end: int, digest: bytes) -> None:
        if (start, end) in self._wanted:
            self._found[start, end] = digest

    def root_of(self, part: tuple[int, int]) -> bytes:
        """The root of a part: a full one that was watched, or all that is left behind its first leaf."""
        if part in self._found:
            return self._found[part]
        peaks, at, left = list[bytes](), 0, self.size
        for peak in self.peaks:
            if at >= part[0]:
                peaks.append(peak)
            width = 1 << (left.bit_length() - 1)
            at, left = at + width, left - width
        return Tree(0, peaks).root()


def extract(session: Session, settings: Settings, number: str, *, actor: Actor) -> bytes:
    """The entries about the dossier of a number up to the last checkpoint, as JSON; `Conflict` before there is one.

    One pass over the hashes of the log, in memory that does not grow with it. Whoever reads the log learns what was
    done with a dossier, never what is in it.
    """
    require(actor, Action.AUDIT_READ)
    dossier = session.scalar(select(Dossier).where(Dossier.number == number.strip().upper()))
    if dossier is None:
        raise NotFound
    checkpoint = sealing.state_of(settings).last
    if checkpoint is None:
        raise Conflict(N_("No checkpoint was signed yet; the worker does it every ten minutes. Try again then."))
    first, last = checkpoint.first, end_of(checkpoint)
    about = AuditEntry.dossier_id == dossier.id
    entries = session.scalars(
        select(AuditEntry).where(about, AuditEntry.seq.between(first, last)).order_by(AuditEntry.seq)
    ).all()
    before = session.scalar(select(func.count()).where(about, AuditEntry.seq < first)) or 0
    paths = {entry.seq: siblings(entry.seq - first, checkpoint.size) for entry in entries}
    tree = Watched(part for path in paths.values() for part in path)
    hashes = select(AuditEntry.hash).where(AuditEntry.seq.between(first, last)).order_by(AuditEntry.seq)
    for digest in session.scalars(hashes.execution_options(yield_per=10_000)):
        tree.add(bytes.fromhex(digest) if HASH.fullmatch(digest) else b"")
    if tree.size != checkpoint.size or tree.root() != checkpoint.root:
        raise Conflict(N_("The audit log does not agree with its last checkpoint; no extract is given. Check the log."))
    document = {
        "format": EXTRACT_FORMAT,
        "dossier": dossier.id,
        "number": dossier.number,
        "checkpoint": read_notes(sealing.folder(settings) / NOTES_FILE)[-1],
        "unproved": before,
        "entries": [
            {
                "seq": entry.seq,
                "previous": entry.previous,
                "body": entry.body,
                "path": [base64.b64encode(tree.root_of(part)).decode() for part in paths[entry.seq]],
            }
            for entry in entries
        ],
    }
    audit.record(session, "audit:extract", dossier, actor=actor, entries=len(entries), size=last)
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
