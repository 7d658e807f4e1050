"""Prove an audit log: the chain of its entries, checkpoints signed over them, extracts about one dossier.

It only reads, needs Python and `cryptography`, and imports nothing of OMS: copy it to another machine and run

    python proof.py verify oms.sqlite3 --key audit.pub --anchors FOLDER
    python proof.py extract extract.json --key audit.pub

Exit 0: it holds. 1: it does not; the finding and the first entry concerned are printed. 2: it could not be checked.
3: it holds from where it was begun again; an older segment is broken, and that is never repaired.
Hashes are those of RFC 6962 (Merkle trees), notes and keys those of C2SP signed-note and tlog-checkpoint.
"""

import argparse
import base64
import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = "0" * 64
HASH = re.compile("[0-9a-f]{64}")
DOMAIN, ED25519 = b"oms-audit/v1\n", b"\x01"
NOTES_FILE, EXTRACT_FORMAT = "checkpoints.jsonl", "oms-audit-extract/1"
DASH, SPOKEN = "\N{EM DASH} ", "oms-note:"
# Columns that repeat what stands in the body, by the name they have there.
COLUMNS = {"at": "at", "account_id": "account", "unit_id": "unit", "action": "action", "outcome": "outcome"}
COLUMNS |= {"object_kind": "kind", "object_id": "object", "dossier_id": "dossier"}


class Row(NamedTuple):
    """One entry as it is stored; `columns` by their name in the body; of `words` not at hand (not read) the hash."""

    seq: int
    previous: str
    hash: str
    body: str
    columns: Mapping[str, str | None] | None = None
    words: str | None = None
    words_read: bool = True


class Break(NamedTuple):
    """Signed beside a broken segment: number, first entry and its hash of the one that begins; what was found where, the
    last hash as stored, how many entries and which hash were signed last, the hash of its lines as frozen; when."""

    number: int
    first: int
    marker: str
    finding: str
    seq: int
    head: str
    signed: Sequence[int | str]
    frozen: str
    at: str


class Verdict(NamedTuple):
    """What was found in the newest segment (`""`: it holds), where first, how far the log goes and its hash, all breaks."""

    finding: str
    seq: int
    entries: int
    head: str
    checkpoints: int = 0
    older: tuple[Break, ...] = ()


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of the parts put together."""
    return hashlib.sha256(b"".join(parts)).digest()


def chain(previous: str, seq: int, body: str) -> str:
    """The hash of an entry: SHA-256 over domain, previous hash, number, length and body."""
    raw = body.encode()
    return sha256(DOMAIN, bytes.fromhex(previous), seq.to_bytes(8, "big"), len(raw).to_bytes(4, "big"), raw).hex()


class Tree:
    """A Merkle tree that only grows: of its full parts the roots are kept, the largest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)

    def add(self, leaf: bytes) -> None:
        """Put a leaf behind the others."""
        digest, number = sha256(b"\x00", leaf), self.size
        while number & 1:
            digest, number = sha256(b"\x01", self.peaks.pop(), digest), number >> 1
        self.peaks.append(digest)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves."""
        digest, *larger = self.peaks[::-1] or [sha256()]
        for peak in larger:
            digest = sha256(b"\x01", peak, digest)
        return digest


def siblings(index: int, size: int) -> list[tuple[int, int]]:
    """The parts of the tree whose roots prove that leaf `index` is in it, from the leaf upwards."""
    start, end, found = 0, size, list[tuple[int, int]]()
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        found.append((middle, end) if index < middle else (start, middle))
        start, end = (start, middle) if index < middle else (middle, end)
    return found[::-1]


def root_by(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that follows from a leaf and its path; `ValueError` when the path has another length."""
    digest = sha256(b"\x00", leaf)
    for (start, _end), other in zip(siblings(index, size), path, strict=True):
        digest = sha256(b"\x01", digest, other) if start > index else sha256(b"\x01", other, digest)
    return digest


class Checkpoint(NamedTuple):
    """What was signed: whose log, how many entries, the root over their hashes, the last hash, when, the first entry."""

    origin: str
    size: int
    root: bytes
    head: str
    at: str
    first: int = 1

    @property
    def number(self) -> int:
        """The segment it is about: `oms-audit/KEY` is the first one, `oms-audit/KEY/2` the next."""
        return int([*self.origin.split("/"), "1"][2])


Signed = Checkpoint | Break


def key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode(), b"\n", ED25519, public)[:4]


def read_keys(text: str) -> dict[str, bytes]:
    """The public keys of a file, one a line, by name; `ValueError` for a line that is none."""
    keys = {}
    for line in text.split():
        name, short, key = line.split("+", 2)
        raw = base64.b64decode(key, validate=True)
        if raw[:1] != ED25519 or len(raw) != 33 or key_id(name, raw[1:]).hex() != short:
            raise ValueError(f"not a key: {line}")
        keys[name] = raw[1:]
    return keys


def open_note(note: str, keys: Mapping[str, bytes]) -> Signed:
    """What a note says; `ValueError` when nobody whose key is known signed it."""
    try:
        text, signatures = note.split("\n\n")
        origin, *lines = text.split("\n")
        name, signature = signatures.strip().removeprefix(DASH).split(" ")
        raw, public = base64.b64decode(signature, validate=True), keys[name]
        if not f"{origin}/".startswith(f"{name}/") or raw[:4] != key_id(name, public):
            raise ValueError("signed by somebody else")
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
        if lines[0].startswith("{"):
            return Break(**json.loads(lines[0]))
        size, root, head, at, *first = lines
        hashes, start = (base64.b64decode(root), head.removeprefix("head ")), [int(one[6:]) for one in first]
        checkpoint = Checkpoint(origin, int(size), *hashes, at.removeprefix("at "), *start)
        if checkpoint.number < 1 or not HASH.fullmatch(checkpoint.head):
            raise ValueError("no checkpoint")
        return checkpoint
    except (InvalidSignature, KeyError, ValueError, IndexError, TypeError) as error:
        raise ValueError(f"no valid signature ({type(error).__name__})") from error


def read_notes(path: Path, keys: Mapping[str, bytes] | None = None) -> list[str]:
    """The notes of a file, or of all files of checkpoints in a folder; a line cut off by a power failure is left out.

    What is not named .jsonl nor begins with a note is text of a syslog, where all may write: there `keys` must sign.
    """
    notes = []
    for file in sorted(filter(Path.is_file, path.glob("checkpoints*"))) if path.is_dir() else [path]:
        text = file.read_text("utf-8", "replace") if file.exists() else ""
        if file.suffix == ".jsonl" or text.startswith('{"note"'):
            notes += [str(json.loads(line)["note"]) for line in text.split("\n")[:-1] if line]
            continue
        for found in re.findall(f"{SPOKEN}([A-Za-z0-9+/]+=*)", text):
            with suppress(ValueError):
                open_note(note := base64.b64decode(found).decode(), keys or {})
                notes.append(note)
    return notes


class _Segment:
    """The entries from one beginning of the chain (the marker of `begun`, else 1) to the next, as read from `first` on."""

    def __init__(self, signed: Iterable[Checkpoint], first: int, begun: Break | None, tree: Tree | None = None) -> None:
        number, base = (begun.number, begun.first) if begun else (1, 1)
        self.first, self.base, self.tree, self.lines = first, base, tree or Tree(), hashlib.sha256()
        self.expected, self.head, self.found, self.agreed = first, GENESIS, "", 0
        self.whole, self.waiting = first == base + self.tree.size, dict[int, list[Checkpoint]]()
        for one in signed:
            if (one.number, one.first) == (number, base):
                self.waiting.setdefault(base - 1 + one.size, []).append(one)

    def read(self, row: Row) -> None:
        """Check the next entry, unless one before it was wrong."""
        if self.expected == self.first != self.base:
            self.head = row.previous if HASH.fullmatch(row.previous) else GENESIS
        if self.found:
            return
        if row.seq != self.expected:
            self.found = "gap"
        elif row.previous != self.head or row.hash != chain(self.head, row.seq, row.body):
            self.found, self.expected = "chain-broken", row.seq
        elif _contradicts(row):
            self.found = "contradicts-body"
        else:
            self.tree.add(bytes.fromhex(row.hash))
            self.expected, self.head = row.seq + 1, row.hash
            for one in self.waiting.pop(row.seq, ()):
                self.agreed += 1
                if one.head != row.hash or (self.whole and one.root != self.tree.root()):
                    self.found = "contradicts-checkpoint"

    def verdict(self) -> Verdict:
        """What is to say of it after its last entry."""
        entries = self.expected - 1
        seq = entries if self.found == "contradicts-checkpoint" else self.expected
        if not self.found and any(end > entries for end in self.waiting):
            self.found = "truncated"
        return Verdict(self.found, seq if self.found else 0, entries, self.head, 0 if self.found else self.agreed)


def verify(rows: Iterable[Row], signed: Iterable[Signed] = (), tree: Tree | None = None, first: int = 1) -> Verdict:
    """Check every entry against the one before and the log against every checkpoint.

    The chain begins again at an entry that a signed break names, and nowhere else; older segments must be what was
    frozen. From a later `first` on, entries before it are not read: the first hash is believed, and of checkpoints the
    last hash is compared, not the root.
    """
    notes, changed = list(signed), 0
    older = tuple(sorted((one for one in notes if isinstance(one, Break)), key=lambda one: one.number))
    checkpoints, ahead = [one for one in notes if isinstance(one, Checkpoint)], {one.marker: one for one in older}
    begun = [None, *(one for one in older if one.first < first)][-1]
    part = _Segment(checkpoints, first, begun, tree)
    for row in rows:
        if row.hash in ahead:
            begun, before = ahead.pop(row.hash), part
            if before.first == before.base and before.lines.hexdigest() != begun.frozen:
                changed = changed or before.base
            part = _Segment(checkpoints, begun.first, begun, tree)
            part.head = begun.head
        tree = None
        if ahead:
            part.lines.update(line(row))
        part.read(row)
    found = part.verdict()
    missing = [one.first for one in older if one.number > (begun.number if begun else 1)]
    newest = older[-1].number if older else 1
    if any(one.number > newest for one in checkpoints):  # the note of its break is gone
        found = Verdict("bad-signature", 0, found.entries, found.head)
    elif missing:
        found = Verdict("truncated", missing[0], found.entries, found.head)
    elif changed and not found.finding:
        found = Verdict("frozen-changed", changed, found.entries, found.head)
    return found._replace(older=older)


def line(row: Row) -> bytes:
    """An entry as it stands in a file; of its words the hash only."""
    words = sha256(row.words.encode()).hex() if row.words is not None and row.words_read else row.words
    return json.dumps({**row._asdict(), "words": words, "words_read": False}).encode() + b"\n"


def _contradicts(row: Row) -> bool:
    words = None if row.words is None else sha256(row.words.encode()).hex()
    try:
        body = json.loads(row.body)
        differs = any(body[name] != value for name, value in (row.columns or {}).items())
        return bool(differs or body["seq"] != row.seq or (row.words_read and body["words"] != words))
    except (ValueError, KeyError, TypeError):
        return True


def check_extract(document: Mapping[str, Any], keys: Mapping[str, bytes]) -> tuple[Checkpoint, list[dict[str, Any]]]:
    """The checkpoint and the entries of an extract; `ValueError` when one of them is not under the checkpoint."""
    if document.get("format") != EXTRACT_FORMAT:
        raise ValueError("this is no extract of an audit log")
    checkpoint, bodies = open_note(document["checkpoint"], keys), []
    if not isinstance(checkpoint, Checkpoint):
        raise ValueError("this is no checkpoint")
    for entry in document["entries"]:
        seq, body, index = entry["seq"], json.loads(entry["body"]), entry["seq"] - checkpoint.first
        leaf = bytes.fromhex(chain(entry["previous"], seq, entry["body"]))
        path = [base64.b64decode(part) for part in entry["path"]]
        if not 0 <= index < checkpoint.size or root_by(index, checkpoint.size, leaf, path) != checkpoint.root:
            raise ValueError(f"entry {seq} is not under the checkpoint")
        if body["dossier"] != document["dossier"]:
            raise ValueError(f"entry {seq} is about something else")
        bodies.append(body)
    return checkpoint, bodies


def stored_rows(source: Path, first: int) -> Iterator[Row]:
    """The entries of an SQLite database, or of the lines `oms audit export` wrote."""
    if source.suffix == ".jsonl":
        with source.open(encoding="utf-8") as lines:
            found = (Row(**{**json.loads(one), "words_read": False}) for one in lines)
            yield from (row for row in found if row.seq >= first)
        return
    query = (
        f"SELECT e.seq, previous, hash, body, words, {', '.join(COLUMNS)} FROM audit_entries e "  # nosec B608 - names of ours
        "LEFT JOIN audit_words w ON w.seq = e.seq WHERE e.seq >= ? ORDER BY e.seq"
    )
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for seq, previous, digest, body, words, at, *others in database.execute(query, (first,)):
            moment = f"{at.replace(' ', 'T')}+00:00"
            yield Row(seq, previous, digest, body, dict(zip(COLUMNS.values(), (moment, *others), strict=True)), words)


def main() -> int:
    """Check what the command line names."""
    parser = argparse.ArgumentParser(description="Check an audit log, or an extract of one.")
    parser.add_argument("what", choices=("verify", "extract"))
    parser.add_argument("source", type=Path, help="the database, lines of an export, or an extract")
    parser.add_argument("--key", type=Path, help="file of public keys (audit.pub)")
    parser.add_argument("--anchors", type=Path, action="append", default=[], help="folder or file of checkpoints")
    parser.add_argument("--from", type=int, default=1, dest="first", help="first entry to check")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    keys = read_keys(asked.key.read_text("ascii")) if asked.key else {}
    if asked.what == "extract":
        try:
            checkpoint, bodies = check_extract(json.loads(asked.source.read_text("utf-8")), keys)
        except (ValueError, KeyError, TypeError) as error:
            print(f"does not hold: {error}")
            return 1
        print(f"holds: {len(bodies)} entries under the checkpoint of {checkpoint.origin} of {checkpoint.at}")
        return 0
    try:
        notes = [one for path in asked.anchors for one in read_notes(path, keys) or parser.error(f"no note in {path}")]
        signed = [open_note(note, keys) for note in notes]
    except ValueError:
        verdict = Verdict("bad-signature", 0, 0, GENESIS)
    else:
        verdict = verify(stored_rows(asked.source, asked.first), signed, first=asked.first)
    told = {**verdict._asdict(), "older": [one._asdict() for one in verdict.older]}
    print(json.dumps(told) if asked.json else f"{verdict.finding or 'intact'}: {verdict}")
    return 1 if verdict.finding else 3 if verdict.older else 0


if __name__ == "__main__":
    sys.exit(main())
