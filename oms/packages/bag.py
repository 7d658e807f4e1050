"""The bag inside a package: BagIt 1.0 (RFC 8493) as a plain tar of regular files, written and read in one go.

The reader knows one kind of entry (a file with a short plain name) and refuses every other before it looks at it: no
links, devices, paths that climb, names in other scripts, no compression that could swell. Knows no dossier.
"""

import hashlib
import re
import tarfile
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from oms.errors import N_, BadInput

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST, SIGNATURE = "manifest-sha256.txt", "tagmanifest-sha256.txt", "signature.json"
DECLARATION, INFO = "bagit.txt", "bag-info.txt"
TAGS = (DECLARATION, INFO, MANIFEST)
MOST_FILES, LARGEST_TAG = 50_000, 16 * 1024 * 1024
_BLOCK = 512
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:[./][a-z0-9][a-z0-9_-]*)*")


class NotABag(BadInput):
    """What was unsealed is not a bag as this program writes them."""


@dataclass
class Item:
    """A file to be put into the bag: its name below `data/` and its bytes, piece by piece."""

    name: str
    size: int
    pieces: Iterable[bytes]


@dataclass
class Tally:
    """What went into the payload so far."""

    hashes: dict[str, str] = field(default_factory=dict)
    octets: int = 0


def write(
    items: Iterable[Item], base: str, info: dict[str, str], sign: Callable[[bytes], bytes], tally: Tally
) -> Iterator[bytes]:
    """The bag as a tar below the folder `base`: payload first, then the lists that bind it, then the signature."""
    for item in items:
        name = f"data/{item.name}"
        tally.hashes[name] = yield from _put(f"{base}/{name}", item.size, item.pieces)
        tally.octets += item.size
    lines = {**info, "Payload-Oxum": f"{tally.octets}.{len(tally.hashes)}"}
    tags = {
        DECLARATION: BAGIT,
        INFO: "".join(f"{key}: {value}\n" for key, value in lines.items()).encode(),
        MANIFEST: list_hashes(tally.hashes),
    }
    tag_hashes = {}
    for name, data in tags.items():
        tag_hashes[name] = yield from _put(f"{base}/{name}", len(data), [data])
    bound = list_hashes(tag_hashes)
    for name, data in ((TAG_MANIFEST, bound), (SIGNATURE, sign(bound))):
        yield from _put(f"{base}/{name}", len(data), [data])
    yield bytes(2 * _BLOCK)


def _put(name: str, size: int, pieces: Iterable[bytes]) -> Generator[bytes, None, str]:
    """One file as a tar has it; the value is its SHA-256."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    yield member.tobuf(tarfile.USTAR_FORMAT)
    digest, written = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        written += len(piece)
        yield piece
    if written != size:
        raise BadInput(N_("A file changed while the package was made. Make it again."))
    if size % _BLOCK:
        yield bytes(_BLOCK - size % _BLOCK)
    return digest.hexdigest()


def list_hashes(hashes: dict[str, str]) -> bytes:
    """A manifest: one `hash  name` a line."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items())).encode()


def read_hashes(data: bytes) -> dict[str, str]:
    """The names and hashes of a manifest; raises `NotABag`."""
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        match = re.fullmatch(r"([0-9a-f]{64})\s+\*?(\S+)", line)
        if match is None or match[2] in found:
            raise _no_bag(MANIFEST)
        found[match[2]] = match[1]
    return found


def read_info(data: bytes) -> dict[str, str]:
    """The lines of bag-info.txt."""
    return dict(line.split(": ", 1) for line in data.decode("utf-8", "replace").splitlines() if ": " in line)


def _no_bag(name: str) -> NotABag:
    return NotABag(
        N_("The package holds no bag as OMS makes them (%(what)s). Ask the sender to make it again."), what=name
    )


class _Source:
    """Exact reads from a row of pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._waiting = iter(pieces), b""

    def read(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in pieces; raises `NotABag` when there are fewer."""
        while size:
            if not self._waiting:
                self._waiting = next(self._pieces, b"")
                if not self._waiting:
                    raise _no_bag("…")
            piece, self._waiting = self._waiting[:size], self._waiting[size:]
            size -= len(piece)
            yield piece

    def rest(self) -> None:
        """Read to the end, which proves that nothing was cut off; only padding may come."""
        for piece in chain([self._waiting], self._pieces):
            if piece.strip(b"\0"):
                raise _no_bag("…")


Visit = Callable[[str, int, Iterator[bytes]], None]


def walk(pieces: Iterable[bytes], visit: Visit) -> None:
    """Hand each file to `visit` as name, size and pieces; what it does not read is read over."""
    source, seen, base = _Source(pieces), set[str](), None
    while True:
        block = b"".join(source.read(_BLOCK))
        if not block.strip(b"\0"):
            source.rest()
            return
        try:
            member = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError):
            raise _no_bag("tar") from None
        if member.isdir():
            continue
        folder, _slash, name = member.name.partition("/")
        base = base or folder
        plain = member.type == tarfile.REGTYPE and folder == base and _NAME.fullmatch(name) and ".." not in name
        if not plain or name in seen or len(seen) >= MOST_FILES or member.size < 0:
            raise _no_bag(name.encode("ascii", "replace").decode()[:80] or "?")
        seen.add(name)
        body = source.read(member.size)
        visit(name, member.size, body)
        for _piece in body:
            pass
        b"".join(source.read(-member.size % _BLOCK))


def is_plain_bag(start: bytes) -> bool:
    """Whether a file begins as the tar or zip of a bag that another program made."""
    return start[257:262] == b"ustar" or start.startswith(b"PK\x03\x04")
