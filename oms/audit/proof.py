"""Prove an audit log: the chain of its entries, checkpoints signed over them, extracts about one dossier.

A program of its own: it only reads, needs Python and `cryptography`, and imports nothing of OMS. Whoever checks need
not trust the installation: copy this file to another machine and run

    python proof.py verify oms.sqlite3 --key audit.pub --anchors FOLDER
    python proof.py extract extract.json --key audit.pub

Exit 0: it holds. 1: it does not; the finding and the first entry concerned are printed. 2: it could not be checked.
Hashes are those of RFC 6962 (Merkle trees), notes and keys those of C2SP signed-note and tlog-checkpoint.
"""

import argparse
import base64
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

GENESIS = "0" * 64
DOMAIN = b"oms-audit/v1\n"
NOTES_FILE = "checkpoints.jsonl"
EXTRACT_FORMAT = "oms-audit-extract/1"
_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
# Columns that repeat what stands in the body, by the name they have there.
_STORED = ("at", "account_id", "unit_id", "action", "outcome", "object_kind", "object_id", "dossier_id")
_TOLD = ("at", "account", "unit", "action", "outcome", "kind", "object", "dossier")
COLUMNS = dict(zip(_STORED, _TOLD, strict=True))


class Row(NamedTuple):
    """One entry as it is stored; `columns` by their name in the body, `words` unread where they are not at hand."""

    seq: int
    previous: str
    hash: str
    body: str
    columns: Mapping[str, str | None] | None = None
    words: str | None = None
    words_read: bool = True


class Verdict(NamedTuple):
    """What was found (`""` when all holds), the first entry concerned, and how far and to which hash the log goes."""

    finding: str
    seq: int
    entries: int
    head: str
    checkpoints: int = 0


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of the parts put together."""
    return hashlib.sha256(b"".join(parts)).digest()


def chain(previous: str, seq: int, body: str) -> str:
    """The hash of an entry: SHA-256 over domain, previous hash, number, length and body."""
    raw = body.encode()
    return sha256(DOMAIN, bytes.fromhex(previous), seq.to_bytes(8, "big"), len(raw).to_bytes(4, "big"), raw).hex()


class Tree:
    """A Merkle tree that only grows: of its full parts the roots are kept, the largest first.

    `watched` are parts (first leaf, one after the last) whose roots `found` shall hold when the tree has grown.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = (), watched: Iterable[tuple[int, int]] = ()) -> None:
        self.size, self.peaks = size, list(peaks)
        self.watched, self.found = frozenset(watched), dict[tuple[int, int], bytes]()

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
        if (start, end) in self.watched:
            self.found[start, end] = digest

    def root(self, start: int = 0) -> bytes:
        """The root over all leaves from `start` on, where a full part begins."""
        parts, at, left = [], 0, self.size
        for peak in self.peaks:
            if at >= start:
                parts.append(peak)
            width = 1 << (left.bit_length() - 1)
            at, left = at + width, left - width
        digest = parts.pop() if parts else sha256()
        while parts:
            digest = sha256(b"\x01", parts.pop(), digest)
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
    """What was signed: whose log, how many entries, the root over their hashes, the last hash, and when."""

    origin: str
    size: int
    root: bytes
    head: str
    at: str

    def text(self) -> str:
        """The words that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\nhead {self.head}\nat {self.at}\n"


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode(), b"\n", _ED25519, public)[:4]


def written_key(name: str, public: bytes) -> str:
    """A public key as it is handed over: name, four bytes to tell it by, the key."""
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def read_keys(text: str) -> dict[str, bytes]:
    """The public keys of a file, one a line, by name; `ValueError` for a line that is none."""
    keys = {}
    for line in text.split():
        name, short, key = line.split("+", 2)
        raw = base64.b64decode(key, validate=True)
        if raw[:1] != _ED25519 or len(raw) != 33 or _key_id(name, raw[1:]).hex() != short:
            raise ValueError(f"not a key: {line}")
        keys[name] = raw[1:]
    return keys


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note."""
    text, name = checkpoint.text(), checkpoint.origin
    signature = _key_id(name, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"{text}\n{_DASH}{name} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, keys: Mapping[str, bytes]) -> Checkpoint:
    """What a note says; `ValueError` when nobody whose key is known signed it."""
    try:
        text, signatures = note.split("\n\n")
        origin, size, root, head, at = (text + "\n").splitlines()
        name, signature = signatures.strip().removeprefix(_DASH).split(" ")
        raw, public = base64.b64decode(signature, validate=True), keys[origin]
        if name != origin or raw[:4] != _key_id(name, public):
            raise ValueError("signed by somebody else")
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
        return Checkpoint(origin, int(size), base64.b64decode(root), head.removeprefix("head "), at.removeprefix("at "))
    except (InvalidSignature, KeyError, ValueError) as error:
        raise ValueError(f"no valid signature ({type(error).__name__})") from error


def read_notes(path: Path) -> list[str]:
    """The notes of a file, or of all files of checkpoints in a folder; a line cut off by a power failure is left out."""
    notes = []
    for file in sorted(path.glob("checkpoints*.jsonl")) if path.is_dir() else [path]:
        lines = file.read_text("utf-8").split("\n") if file.exists() else []
        notes += [str(json.loads(line)["note"]) for line in lines[:-1] if line]
    return notes


def verify(
    rows: Iterable[Row], checkpoints: Iterable[Checkpoint] = (), tree: Tree | None = None, first: int = 1
) -> Verdict:
    """Check every entry against the one before and the log against every checkpoint.

    From a later `first` on, entries before it are not read: the first hash is believed, and of checkpoints the last
    hash is compared, not the root.
    """
    waiting: dict[int, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        waiting.setdefault(checkpoint.size, []).append(checkpoint)
    number, known = sum(len(found) for size, found in waiting.items() if size >= first), tree or Tree()
    whole, expected, head = first == known.size + 1, first, GENESIS
    for row in rows:
        if expected == first and first > 1:
            head = row.previous
        if row.seq != expected:
            return Verdict("gap", expected, expected - 1, head)
        if row.previous != head or row.hash != chain(head, row.seq, row.body):
            return Verdict("chain-broken", row.seq, expected - 1, head)
        if _contradicts(row):
            return Verdict("contradicts-body", row.seq, expected - 1, head)
        known.add(bytes.fromhex(row.hash))
        expected, head = expected + 1, row.hash
        for checkpoint in waiting.pop(row.seq, ()):
            if checkpoint.head != head or (whole and checkpoint.root != known.root()):
                return Verdict("contradicts-checkpoint", row.seq, row.seq, head)
    if any(size >= expected for size in waiting):
        return Verdict("truncated", expected, expected - 1, head)
    return Verdict("", 0, expected - 1, head, number)


def _contradicts(row: Row) -> bool:
    body = json.loads(row.body)
    if body["seq"] != row.seq or any(body[name] != value for name, value in (row.columns or {}).items()):
        return True
    words = None if row.words is None else sha256(row.words.encode()).hex()
    return row.words_read and bool(body["words"] != words)


def check_extract(document: Mapping[str, Any], keys: Mapping[str, bytes]) -> tuple[Checkpoint, list[dict[str, Any]]]:
    """The checkpoint and the entries of an extract; `ValueError` when one of them is not under the checkpoint."""
    if document.get("format") != EXTRACT_FORMAT:
        raise ValueError("this is no extract of an audit log")
    checkpoint, bodies = open_note(document["checkpoint"], keys), []
    for entry in document["entries"]:
        seq, leaf = entry["seq"], bytes.fromhex(chain(entry["previous"], entry["seq"], entry["body"]))
        body = json.loads(entry["body"])
        path = [base64.b64decode(part) for part in entry["path"]]
        if not 1 <= seq <= checkpoint.size or root_by(seq - 1, checkpoint.size, leaf, path) != checkpoint.root:
            raise ValueError(f"entry {seq} is not under the checkpoint")
        if body["dossier"] != document["dossier"]:
            raise ValueError(f"entry {seq} is about something else")
        bodies.append(body)
    return checkpoint, bodies


def stored_rows(source: Path, first: int) -> Iterator[Row]:
    """The entries of an SQLite database, or of the lines `oms audit export` wrote."""
    if source.suffix == ".jsonl":
        with source.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["seq"] >= first:
                    yield Row(**row, words_read=False)
        return
    query = (
        f"SELECT e.seq, previous, hash, body, words, {', '.join(COLUMNS)} FROM audit_entries e "
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
        checkpoints = [open_note(note, keys) for path in asked.anchors for note in read_notes(path)]
    except ValueError:
        verdict = Verdict("bad-signature", 0, 0, GENESIS)
    else:
        verdict = verify(stored_rows(asked.source, asked.first), checkpoints, first=asked.first)
    print(json.dumps(verdict._asdict()) if asked.json else f"{verdict.finding or 'intact'}: {verdict}")
    return 1 if verdict.finding else 0


if __name__ == "__main__":
    sys.exit(main())
