"""Opening a package and proving it: every hash, the signature, who it is for. Nothing is stored and nothing written.

The file is read through once; what stays in memory are the lists and the descriptions, never a scan. A report names
everything that is wrong, by the name of the file in the bag.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from oms import audit
from oms.audit import exchanging
from oms.errors import N_, BadInput, Conflict, OmsError
from oms.packages import bag, keys, sealing
from oms.packages.contents import SCHEMA
from oms.packages.exporting import SIGNED
from oms.settings import Settings

LARGEST_TEXT = 64 * 1024 * 1024
MOST_PROBLEMS = 20


class PackageRefused(BadInput):
    """A package that does not prove what it says; `problems` has a sentence for each thing that is wrong."""

    def __init__(self, problems: list[OmsError]) -> None:
        super().__init__(problems[0].message, **problems[0].values)
        self.problems = problems


@dataclass
class Opened:
    """A package that was proved: what stands on it, the descriptions, and the hash of every file of the bag."""

    header: dict[str, Any]
    sender_name: str
    manifest_sha256: str
    dossier: dict[str, Any]
    transfer: dict[str, Any]
    history: dict[str, Any]
    entries: list[dict[str, Any]]
    extract_sha256: str
    log: dict[str, Any] | None
    hashes: dict[str, str]
    octets: int
    # The description of each page by scan and number, as it was written: read when it is needed.
    pages: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def page(self, scan: str, number: int) -> dict[str, Any]:
        """What is said about a page."""
        said: dict[str, Any] = json.loads(self.pages[scan, number])
        return said

    @property
    def package_id(self) -> str:
        """The number that is the package's own."""
        return str(self.header["package"])


@dataclass
class _Read:
    """What the first reading collects."""

    hashes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    octets: int = 0

    def take(self, name: str, size: int, pieces: Iterator[bytes]) -> None:
        """Hash one file; keep the small ones that describe the dossier."""
        kept = "/" not in name or name.startswith("data/pages/") or name.count("/") == 1
        room = LARGEST_TEXT - sum(map(len, self.texts.values())) if "/" in name else bag.LARGEST_TAG
        if kept and size > room:
            raise bag.NotABag(N_("%(name)s in the package is larger than such a file can be."), name=name)
        digest, content = hashlib.sha256(), bytearray()
        for piece in pieces:
            digest.update(piece)
            if kept:
                content += piece
        self.hashes[name] = digest.hexdigest()
        if name.startswith("data/"):
            self.octets += size
            if kept:
                self.texts[name] = bytes(content)
        else:
            self.tags[name] = bytes(content)


def open_package(session: Session, settings: Settings, stream: BinaryIO, code: str) -> Opened:
    """Prove a package and read its descriptions; raises `PackageRefused` (or another `BadInput`) and stores nothing."""
    header = sealing.read_header(stream)
    read = _Read()
    bag.walk(sealing.unseal(stream, keys.read_code(code)), read.take)
    if bag.SIGNATURE not in read.tags or "data/dossier.json" not in read.texts:
        raise _foreign_bag(read.tags)
    problems = [*_wrong_files(read), *_wrong_signature(session, header, read), *_wrong_receiver(settings, header, read)]
    if problems:
        raise PackageRefused(problems[:MOST_PROBLEMS])
    return _parse(session, header, read)


def _foreign_bag(tags: dict[str, bytes]) -> BadInput:
    if bag.DECLARATION in tags:
        return bag.NotABag(
            N_(
                "This is a bag of another program: it has no description of a dossier and no signature, so nothing says "
                "whose it is. Take its scans in on the page “Paper in”, into a dossier you opened."
            )
        )
    return bag.NotABag(
        N_("The package holds no bag as OMS makes them (%(what)s). Ask the sender to make it again."),
        what=bag.DECLARATION,
    )


def _wrong_files(read: _Read) -> Iterator[OmsError]:
    """A sentence for each file that is changed, missing or too many, lists first."""
    lists = ((bag.TAG_MANIFEST, bag.TAGS), (bag.MANIFEST, None))
    for manifest, names in lists:
        if manifest not in read.tags:
            yield BadInput(N_("%(name)s is missing in the package."), name=manifest)
            return
        said = bag.read_hashes(read.tags[manifest])
        there = {n: h for n, h in read.hashes.items() if (n in names if names else n.startswith("data/"))}
        for name in sorted(said.keys() | there.keys()):
            if name not in there:
                yield BadInput(N_("%(name)s is missing in the package."), name=name)
            elif name not in said:
                yield BadInput(N_("%(name)s lies in the package and is not on its list."), name=name)
            elif said[name] != there[name]:
                yield BadInput(N_("%(name)s was changed after the package was made."), name=name)
    allowed = {*bag.TAGS, bag.TAG_MANIFEST, bag.SIGNATURE}
    for name in sorted(set(read.tags) - allowed):
        yield BadInput(N_("%(name)s lies in the package and is not on its list."), name=name)
    oxum = bag.read_info(read.tags.get(bag.INFO, b"")).get("Payload-Oxum")
    count = sum(name.startswith("data/") for name in read.hashes)
    if oxum != f"{read.octets}.{count}":
        yield BadInput(N_("The package does not hold as many files and bytes as it says."))


def _wrong_signature(session: Session, header: dict[str, Any], read: _Read) -> Iterator[OmsError]:
    manifest = read.tags.get(bag.TAG_MANIFEST, b"")
    try:
        signature = json.loads(read.tags[bag.SIGNATURE])
        key, made = str(signature["key"]), str(signature["signature"])
    except (ValueError, KeyError, TypeError, RecursionError):
        key = made = ""
    if key != header["sender"] or not keys.is_signed(key, made, SIGNED + manifest):
        yield BadInput(N_("The signature of the package is not that of the installation it names."))
        return
    try:
        keys.find_trusted(session, key)
    except Conflict as error:
        yield error


def _wrong_receiver(settings: Settings, header: dict[str, Any], read: _Read) -> Iterator[OmsError]:
    info = bag.read_info(read.tags.get(bag.INFO, b""))
    outside = (header["package"], header["sender"], header["receiver"], header["transfer"])
    if outside != tuple(info.get(f) for f in ("External-Identifier", "OMS-Sender", "OMS-Receiver", "OMS-Transfer")):
        yield BadInput(N_("What stands on the package is not what stands in it."))
    elif header["receiver"] != keys.public_key(settings):
        yield BadInput(
            N_("The package is for another installation: %(name)s. Give it to them; here it cannot be taken in."),
            name=info.get("OMS-Receiver-Name", "?"),
        )


def _parse(session: Session, header: dict[str, Any], read: _Read) -> Opened:
    """The descriptions; the sender signed them, so what does not fit is another version and no attack to be named."""
    try:
        dossier, transfer = json.loads(read.texts["data/dossier.json"]), json.loads(read.texts["data/transfer.json"])
        if not isinstance(dossier["schema"], int) or dossier["schema"] > SCHEMA:
            raise Conflict(
                N_(
                    "The package was made by OMS %(version)s, which is newer. Upgrade this installation, then take it in."
                ),
                version=dossier.get("program", "?"),
            )
        history = json.loads(read.texts["data/history.json"])
        log = json.loads(read.texts.get("data/log.json", b"null"))
        entries = [json.loads(line) for line in read.texts["data/audit.jsonl"].splitlines()]
        pages = {
            (name.split("/")[2], int(name.split("/")[3].removesuffix(".json"))): text
            for name, text in read.texts.items()
            if name.startswith("data/pages/")
        }
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise PackageRefused([bag.NotABag(_UNREADABLE, what=str(error)[:60])]) from None
    for entry in entries:
        _check_entry(entry)
    _check_originals(dossier, read, pages)
    return Opened(
        header=header,
        sender_name=keys.find_trusted(session, header["sender"]).name,
        manifest_sha256=read.hashes[bag.TAG_MANIFEST],
        dossier=dossier,
        transfer=transfer,
        history=history,
        entries=entries,
        extract_sha256=read.hashes["data/audit.jsonl"],
        log=exchanging.proved(log),
        hashes=read.hashes,
        octets=read.octets,
        pages=pages,
    )


_UNREADABLE = N_("A description in the package cannot be understood (%(what)s). Ask the sender to make it again.")


def _check_entry(entry: dict[str, Any]) -> None:
    """Raise unless the entry of the sender's log is as it was chained there."""
    try:
        if audit.chain(entry["previous"], entry["seq"], entry["body"]) == entry["hash"]:
            return
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        pass
    raise PackageRefused(
        [BadInput(N_("Entry %(number)s of the sender's log was altered."), number=str(entry.get("seq", "?"))[:20])]
    )


def _check_originals(dossier: dict[str, Any], read: _Read, pages: dict[tuple[str, int], bytes]) -> None:
    """Every scan that is described lies in the bag under its own hash, with a description of every page."""
    try:
        for scan in dossier["scans"]:
            if read.hashes.get(f"data/{scan['file']}") != scan["sha256"]:
                raise PackageRefused(
                    [BadInput(N_("%(name)s is missing in the package."), name=str(scan["file"])[:100])]
                )
            for number in range(1, scan["pages"] + 1):
                if (scan["sha256"], number) not in pages:
                    name = f"data/pages/{scan['sha256']}/{number:04}.json"
                    raise PackageRefused([BadInput(N_("%(name)s is missing in the package."), name=name)])
    except (KeyError, TypeError) as error:
        raise PackageRefused([bag.NotABag(_UNREADABLE, what=str(error)[:60])]) from None
