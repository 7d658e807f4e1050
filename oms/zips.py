"""The directory of a ZIP, proved before anything in it is unpacked. Runs in the box; outside, only its list is believed.

Refused: entries that lie over each other or under another name than their own header says, links and devices,
encryption, more files or bytes than asked for. What is unpacked must have the length and the sum the directory gave.
"""

import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from oms.box.language import Said

MOST_SWOLLEN, FREE_BYTES = 100, 10 * 1024 * 1024
"""How many times larger than packed a file may be, beyond its first 10 MB: a scan packs to no less than a tenth."""

_LARGEST_DIRECTORY = 4 * 1024 * 1024
_END, _END_64, _LOCAL = b"PK\x05\x06", b"PK\x06\x07", struct.Struct("<4sHHHHHIIIHH")
_ENCRYPTED, _UTF8 = 0x1, 0x800


class NotProved(Exception):
    """A ZIP that is not what its directory says: `reason` is one of damaged, huge, entries, bytes, strange, swollen,
    locked; `name` that of the entry, "" for the whole."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name


@dataclass(frozen=True)
class Entry:
    """One entry of a proved directory: its name as it stands there and whether that is Unicode, where its bytes lie,
    how many they are packed and unpacked, and their sum."""

    name: str
    is_unicode: bool
    is_folder: bool
    offset: int
    packed: int
    size: int
    crc: int
    deflated: bool


def prove(file: BinaryIO, *, entries: int, unpacked: int) -> list[Entry]:
    """The directory of a ZIP with at most so many entries and bytes; raises `NotProved`, and unpacks nothing."""
    _check_end(file, entries)
    try:
        listed = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        raise NotProved("damaged") from None
    if len(listed) > entries:
        raise NotProved("entries")
    if sum(one.file_size for one in listed) > unpacked:
        raise NotProved("bytes")
    return [_prove_entry(file, one, end) for one, end in _with_ends(listed)]


def _check_end(file: BinaryIO, entries: int) -> None:
    """The directory is read into memory whole: how long it is, is asked first."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    place = tail.rfind(_END)
    if not tail or place < 0 or len(tail) < place + 22:
        raise NotProved("damaged")
    if tail[max(0, place - 20) : place][:4] == _END_64:
        raise NotProved("huge")
    count, length = struct.unpack("<HI", tail[place + 10 : place + 16])
    if count > entries or length > _LARGEST_DIRECTORY:
        raise NotProved("entries")


def _with_ends(listed: list[zipfile.ZipInfo]) -> Iterable[tuple[zipfile.ZipInfo, int]]:
    """Each entry with the place where the next one begins, in the order of the file."""
    ordered = sorted(listed, key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in ordered[1:]]
    return zip(ordered, [*ends, 1 << 62], strict=True) if ordered else ()


def _prove_entry(file: BinaryIO, one: zipfile.ZipInfo, end: int) -> Entry:
    """The entry lies where no other does, under the name its own header says, plainly packed."""
    name = one.orig_filename
    _check_kind(one, name)
    file.seek(one.header_offset)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size or raw[:4] != b"PK\x03\x04":
        raise NotProved("strange", name)
    fields = _LOCAL.unpack(raw)
    is_unicode = bool(one.flag_bits & _UTF8)
    if file.read(fields[9]) != name.encode("utf-8" if is_unicode else "cp437") or fields[2] & _ENCRYPTED:
        raise NotProved("strange", name)
    offset = one.header_offset + _LOCAL.size + fields[9] + fields[10]
    if offset + one.compress_size > end:
        raise NotProved("strange", name)
    deflated = one.compress_type == zipfile.ZIP_DEFLATED
    return Entry(name, is_unicode, one.is_dir(), offset, one.compress_size, one.file_size, one.CRC, deflated)


def _check_kind(one: zipfile.ZipInfo, name: str) -> None:
    kind = stat.S_IFMT(one.external_attr >> 16)
    if one.flag_bits & _ENCRYPTED:
        raise NotProved("locked", name)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise NotProved("strange", name)
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotProved("strange", name)
    if one.file_size > FREE_BYTES and one.file_size > MOST_SWOLLEN * max(one.compress_size, 1):
        raise NotProved("swollen", name)


def unpack(file: BinaryIO, offset: int, packed: int, size: int, crc: int, *, deflated: bool) -> bytes:
    """The bytes of a proved entry; raises `NotProved` where they are not what the directory says. Never more than it
    says are unpacked."""
    file.seek(offset)
    data = file.read(packed)
    if deflated:
        opener = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = opener.decompress(data, size + 1)
        except zlib.error:
            raise NotProved("damaged") from None
    if len(data) != size or zlib.crc32(data) != crc:
        raise NotProved("damaged")
    return data


def take(file: BinaryIO, entry: Entry) -> bytes:
    """The bytes of an entry; see `unpack`."""
    return unpack(file, entry.offset, entry.packed, entry.size, entry.crc, deflated=entry.deflated)


def list_entries(file: BinaryIO, entries: int, unpacked: int) -> tuple[str | None, bytes]:
    """In the box: the proved directory as JSON, or why it is none and of which entry.

    It stands here and not with who asks: the box imports the module of its question, and this one imports next to nothing.
    """
    try:
        found = prove(file, entries=entries, unpacked=unpacked)
    except NotProved as error:
        return error.reason, error.name.encode("utf-8", "replace")[:4_000]
    listed = [(e.name, e.is_unicode, e.is_folder, e.offset, e.packed, e.size, e.crc, e.deflated) for e in found]
    return None, json.dumps(listed).encode()


def take_entry(file: BinaryIO, **where: Any) -> tuple[None, bytes]:
    """In the box: the bytes of one entry."""
    try:
        return None, unpack(file, **where)
    except NotProved:
        raise Said("damaged") from None
