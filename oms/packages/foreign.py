"""A bag of another program (RFC 8493, plain tar or zip): proved by its own lists, and told what it lacks to come in.

Nothing says for sure whose dossier it is or who sent it, so it never becomes one by itself. Whoever has it reads whether
it is whole, what is wrong with it by name, and the way its scans may take. Stores nothing, reads each file once.
"""

import base64
import hashlib
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from oms import box
from oms.errors import N_, BadInput, OmsError
from oms.packages.bag import DECLARATION, INFO, LARGEST_TAG, MOST_FILES, NotABag, read_info
from oms.packages.opening import MOST_PROBLEMS, PackageRefused
from oms.storage import chunks

ALGORITHMS = ("sha512", "sha256", "sha1", "md5")
"""What lists may be made with, the strongest first; the last two prove little, and RFC 8493 keeps them for old bags."""
LARGEST = 1024**3
"""Bytes of all files together: more is not looked at, so that a small zip that swells costs little."""
_LARGEST_ANSWER = 128 * 1024**2
_SCANS = (".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".heic", ".heif", ".docx")
_LIST = re.compile(r"(tag)?manifest-([a-z0-9]+)\.txt")


@dataclass
class ForeignBag:
    """What was found: the hashes of every file by algorithm, the tag files, what the bag says of its origin."""

    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    tags: dict[str, bytes] = field(default_factory=dict)

    @property
    def payload(self) -> list[str]:
        """The names of the files that were bagged."""
        return sorted(name for name in self.hashes if name.startswith("data/"))

    @property
    def scans(self) -> list[str]:
        """Those of them that could be scans, by their names."""
        return [name for name in self.payload if name.lower().endswith(_SCANS)]

    @property
    def origin(self) -> str:
        """Who made the bag, as it says itself."""
        return read_info(self.tags.get(INFO, b"")).get("Source-Organization", "")[:120]


def refuse_foreign(stream: BinaryIO) -> None:
    """Always raises `PackageRefused`: what is wrong with the bag, then what it lacks and where its scans come in."""
    found = look_into(stream)
    if DECLARATION not in found.tags:
        raise NotABag(
            N_("This is an archive and no bag: %(name)s is missing. Scans come in on the page “Paper in”."),
            name=DECLARATION,
        )
    problems = list(wrong_files(found))[:MOST_PROBLEMS]
    if not problems:
        problems.append(
            BadInput(
                N_("The bag is whole: all %(files)s files are as its lists say (made by: %(origin)s)."),
                files=len(found.payload),
                origin=found.origin or "?",
            )
        )
    lacking = BadInput(
        N_(
            "It was made by another program. To be taken in as a package it lacks: the seal with an opening code "
            "(.omspkg), the signature of an installation that is trusted here (signature.json), the description of the "
            "dossier (data/dossier.json)."
        )
    )
    way = BadInput(
        N_(
            "What to do: enter the dossier as one from outside with its slip, then upload the %(scans)s scans of the bag "
            "on the page “Paper in”: each goes through the gate there."
        ),
        scans=len(found.scans),
    )
    raise PackageRefused([*problems, lacking, way])


def look_into(stream: BinaryIO) -> ForeignBag:
    """The hashes of every file of the archive, and its tag files; raises `NotABag` for what cannot be read."""
    stream.seek(0)
    try:
        _, data = box.call(hash_files, stream, most=_LARGEST_ANSWER)
        said = json.loads(data)
        hashes = {_a_text(name): {kind: _a_text(of[kind]) for kind in ALGORITHMS} for name, of in said["hashes"]}
        tags = {_a_text(name): base64.b64decode(content) for name, content in said["tags"]}
    except box.Said as error:
        raise (_too_large() if error.word == "large" else _damaged()) from None
    except box.Broke as error:
        raise (_too_large() if error.late else _damaged()) from None
    except (TypeError, ValueError, KeyError, RecursionError):
        raise _damaged() from None
    return ForeignBag(hashes, tags)


def _a_text(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError("no text")
    return said


def hash_files(file: BinaryIO) -> tuple[None, bytes]:
    """In the box: the hashes of every file by name, and the small files that lie on top, in JSON."""
    hashes: list[tuple[str, dict[str, str]]] = []
    tags: list[tuple[str, str]] = []
    octets = 0
    try:
        for name, pieces in _files(file):
            digests, content = {kind: hashlib.new(kind, usedforsecurity=False) for kind in ALGORITHMS}, bytearray()
            for piece in pieces:
                octets += len(piece)
                if octets > LARGEST or len(hashes) >= MOST_FILES:
                    raise box.Said("large")
                for digest in digests.values():
                    digest.update(piece)
                if "/" not in name and len(content) <= LARGEST_TAG:
                    content += piece
            hashes.append((name, {kind: digest.hexdigest() for kind, digest in digests.items()}))
            if "/" not in name:
                tags.append((name, base64.b64encode(content).decode("ascii")))
    except (tarfile.TarError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError):
        raise box.Said("damaged") from None
    return None, json.dumps({"hashes": hashes, "tags": tags}).encode("utf-8", "surrogatepass")


def _damaged() -> NotABag:
    return NotABag(N_("The archive is damaged or locked. Ask for it again."))


def _too_large() -> NotABag:
    return NotABag(N_("The archive is larger than a bag that is looked into here. Upload its scans one by one."))


def _files(stream: BinaryIO) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name below the folder of the bag, and the pieces, of every plain file."""
    stream.seek(0)
    if stream.read(4) == b"PK\x03\x04":
        with zipfile.ZipFile(stream) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    with archive.open(entry) as opened:
                        yield _below(entry.filename), chunks(opened)  # type: ignore[arg-type]
        return
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:") as archive_of_tar:
        for member in archive_of_tar:
            extracted = archive_of_tar.extractfile(member) if member.isreg() else None
            if extracted is not None:
                yield _below(member.name), chunks(extracted)  # type: ignore[arg-type]


def _below(name: str) -> str:
    """The name as the lists of the bag have it: without the one folder above."""
    return name.removeprefix("./").partition("/")[2] or name


def wrong_files(found: ForeignBag) -> Iterator[OmsError]:
    """A sentence for each file that is changed, missing or too many by the strongest list there is."""
    lists = {match: name for name in found.tags if (match := _LIST.fullmatch(name))}
    for tag in (None, "tag"):
        named = {match[2]: name for match, name in lists.items() if match[1] == tag}
        algorithm = next((kind for kind in ALGORITHMS if kind in named), None)
        if algorithm is None:
            if tag is None:
                yield BadInput(N_("%(name)s is missing in the package."), name="manifest-sha512.txt")
            continue
        yield from _compare(found, named[algorithm], algorithm, is_payload=tag is None)
    if "fetch.txt" in found.tags:
        yield BadInput(
            N_("The bag leaves files out that are to be fetched elsewhere (fetch.txt). Ask for a whole one.")
        )


def _compare(found: ForeignBag, manifest: str, algorithm: str, *, is_payload: bool) -> Iterator[OmsError]:
    said = _read_list(found.tags[manifest])
    if said is None:
        yield BadInput(N_("%(name)s cannot be understood."), name=manifest)
        return
    there = set(found.payload) if is_payload else set(said) & set(found.hashes)
    for name in sorted(said.keys() | there):
        shown = name.encode("utf-8", "replace").decode()[:80]
        if name not in found.hashes:
            yield BadInput(N_("%(name)s is missing in the package."), name=shown)
        elif name not in said:
            yield BadInput(N_("%(name)s lies in the package and is not on its list."), name=shown)
        elif found.hashes[name][algorithm] != said[name]:
            yield BadInput(N_("%(name)s was changed after the package was made."), name=shown)


def _read_list(data: bytes) -> dict[str, str] | None:
    """Names and hashes of a manifest; in names RFC 8493 writes line ends and per cent as %0A, %0D, %25."""
    found: dict[str, str] = {}
    for line in filter(str.strip, data.decode("utf-8", "replace").splitlines()):
        digest, _space, name = line.strip().partition(" ")
        plain = name.strip().removeprefix("*").removeprefix("./")
        for written, meant in (("%0A", "\n"), ("%0a", "\n"), ("%0D", "\r"), ("%0d", "\r"), ("%25", "%")):
            plain = plain.replace(written, meant)
        if not plain or not re.fullmatch(r"[0-9a-fA-F]+", digest):
            return None
        found[plain] = digest.lower()
    return found
