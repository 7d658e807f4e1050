"""An extract of the log: all entries about one dossier, each with the proof that it is under a signed checkpoint.

The receiver of a dossier checks it without this installation (`oms audit check-extract`, or `proof` by itself) and
sees no entry about anything else. It cannot show that no entry was left out.
"""

import base64
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit
from oms.audit import sealing
from oms.audit.proof import EXTRACT_FORMAT, Tree, open_note, read_keys, read_notes, siblings
from oms.errors import N_, Conflict, NotFound
from oms.models import AuditEntry, Dossier
from oms.permissions import Action, Actor, require
from oms.settings import Settings


def extract(session: Session, settings: Settings, number: str, *, actor: Actor) -> bytes:
    """The entries about the dossier of a number up to the last checkpoint, as JSON; `Conflict` before there is one.

    One pass over the hashes of the log, in memory that does not grow with it. Whoever reads the log learns what was
    done with a dossier, never what is in it.
    """
    require(actor, Action.AUDIT_READ)
    dossier = session.scalar(select(Dossier).where(Dossier.number == number.strip().upper()))
    if dossier is None:
        raise NotFound
    notes = read_notes(sealing.folder(settings))
    if not notes:
        raise Conflict(N_("No checkpoint was signed yet; the worker does it every ten minutes. Try again then."))
    checkpoint = open_note(notes[-1], read_keys((sealing.folder(settings) / sealing.KEYS).read_text("ascii")))
    about = (AuditEntry.dossier_id == dossier.id, AuditEntry.seq <= checkpoint.size)
    entries = session.scalars(select(AuditEntry).where(*about).order_by(AuditEntry.seq)).all()
    paths = {entry.seq: siblings(entry.seq - 1, checkpoint.size) for entry in entries}
    tree = Tree(watched=(part for path in paths.values() for part in path))
    hashes = select(AuditEntry.hash).where(AuditEntry.seq <= checkpoint.size).order_by(AuditEntry.seq)
    for digest in session.scalars(hashes.execution_options(yield_per=10_000)):
        tree.add(bytes.fromhex(digest))
    if tree.size != checkpoint.size or tree.root() != checkpoint.root:
        raise Conflict(N_("The audit log does not agree with its last checkpoint; no extract is given. Check the log."))

    def root_of(part: tuple[int, int]) -> str:
        return base64.b64encode(tree.found[part] if part in tree.found else tree.root(part[0])).decode()

    document = {
        "format": EXTRACT_FORMAT,
        "dossier": dossier.id,
        "number": dossier.number,
        "checkpoint": notes[-1],
        "entries": [
            {
                "seq": entry.seq,
                "previous": entry.previous,
                "body": entry.body,
                "path": [root_of(part) for part in paths[entry.seq]],
            }
            for entry in entries
        ],
    }
    audit.record(session, "audit:extract", dossier, actor=actor, entries=len(entries), size=checkpoint.size)
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
