"""A named folder as a ZIP: its directory is proved before anything is unpacked, and a file is unpacked only when its
turn comes, into memory, never to its own name on a disk.

Refused whole: names that climb or hide, links and devices, entries that lie over each other or under another name than
their own header says, encryption, and more than an office's folder can be. A ZIP within is a file like any other, and of
a kind that is not taken.
"""

import stat
import struct
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from oms import storage
from oms.errors import N_, FileRefused, UnreadableFile
from oms.scan_folders.planning import is_clutter
from oms.vietnamese.encodings import detect
from oms.vietnamese.text import nfc

LARGEST = 500 * 1024 * 1024
MOST_ENTRIES, MOST_BYTES = 1_000, 1024**3
"""Files of one ZIP, and their bytes unpacked: a cabinet of some thirty people."""
MOST_SWOLLEN, FREE_BYTES = 100, 10 * 1024 * 1024
"""How many times larger than packed a file may be, beyond its first 10 MB: a scan packs to no less than a tenth."""
_LARGEST_DIRECTORY = 4 * 1024 * 1024
_END, _END_64, _LOCAL = b"PK\x05\x06", b"PK\x06\x07", struct.Struct("<4sHHHHHIIIHH")
_ENCRYPTED, _UTF8 = 0x1, 0x800
_DEEPEST, _LONGEST_NAME = 12, 400


class ArchiveRefused(FileRefused):
    """A ZIP that is not the plain folder it should be; nothing of it was unpacked."""

    what = N_("ZIP that is not taken")


@dataclass(frozen=True)
class _Entry:
    path: Path
    info: zipfile.ZipInfo


class Archive:
    """The files of a proved ZIP, by the paths they have in it."""

    root = Path()

    def __init__(self, file: BinaryIO) -> None:
        """Prove the directory of a ZIP; raises `ArchiveRefused` and unpacks nothing."""
        self._file = file
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
            raise _damaged() from None
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise ArchiveRefused(N_("The ZIP has more than %(most)s files. Make several of it."), most=MOST_ENTRIES)
        if sum(one.file_size for one in entries) > MOST_BYTES:
            raise ArchiveRefused(N_("The ZIP holds more than %(most)s MB. Make several of it."), most=MOST_BYTES >> 20)
        self._check_places(entries)
        named = [_Entry(_path_of(one), one) for one in entries]
        if len({one.path for one in named}) != len(named):
            raise ArchiveRefused(N_("The ZIP names a file twice. Make it again from the folder."))
        self._entries = {
            one.path: one.info for one in named if not one.info.is_dir() and not is_clutter(one.path.parts)
        }

    @property
    def files(self) -> list[Path]:
        """Their paths, sorted."""
        return sorted(self._entries)

    def pieces(self, path: Path) -> Iterator[bytes]:
        """The bytes of one file, unpacked piece by piece; `UnreadableFile` where they are not what the ZIP says."""
        try:
            with self._zip.open(self._entries[path]) as stream:
                yield from storage.chunks(stream)  # type: ignore[arg-type]
        except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, zipfile.zlib.error):  # type: ignore[attr-defined]
            raise UnreadableFile(
                N_("%(name)s is damaged in the ZIP. Make the ZIP again from the folder."), name=path.name
            ) from None

    def _check_places(self, entries: list[zipfile.ZipInfo]) -> None:
        """Each entry lies where no other does, under the name its own header says, plainly packed."""
        end = 0
        for one in sorted(entries, key=lambda entry: entry.header_offset):
            name = one.orig_filename
            _check_kind(one, name)
            if one.header_offset < end:
                raise _strange(name)
            self._file.seek(one.header_offset)
            raw = self._file.read(_LOCAL.size)
            if len(raw) < _LOCAL.size or raw[:4] != b"PK\x03\x04":
                raise _strange(name)
            fields = _LOCAL.unpack(raw)
            local = self._file.read(fields[9])
            if local != _raw_name(one) or fields[2] & _ENCRYPTED:
                raise _strange(name)
            end = one.header_offset + _LOCAL.size + fields[9] + fields[10] + one.compress_size


def _check_directory(file: BinaryIO) -> None:
    """The directory is read into memory whole: how long it is, is asked first."""
    size = file.seek(0, 2)
    if size > LARGEST:
        raise ArchiveRefused(N_("The ZIP is larger than %(most)s MB. Make several of it."), most=LARGEST >> 20)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    place = tail.rfind(_END)
    if not tail or place < 0 or len(tail) < place + 22:
        raise _damaged()
    if tail[max(0, place - 20) : place][:4] == _END_64:
        raise ArchiveRefused(N_("The ZIP is of the kind for huge archives. Make it again with fewer files."))
    entries, length = struct.unpack("<HI", tail[place + 10 : place + 16])
    if entries > MOST_ENTRIES or length > _LARGEST_DIRECTORY:
        raise ArchiveRefused(N_("The ZIP has more than %(most)s files. Make several of it."), most=MOST_ENTRIES)


def _check_kind(one: zipfile.ZipInfo, name: str) -> None:
    kind = stat.S_IFMT(one.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or one.flag_bits & _ENCRYPTED:
        raise _strange(name)
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _strange(name)
    if one.file_size > FREE_BYTES and one.file_size > MOST_SWOLLEN * max(one.compress_size, 1):
        raise ArchiveRefused(
            N_("%(name)s in the ZIP would swell to more than %(most)s times its size. Nothing was unpacked."),
            name=_shown(name),
            most=MOST_SWOLLEN,
        )


def _raw_name(one: zipfile.ZipInfo) -> bytes:
    return one.orig_filename.encode("utf-8" if one.flag_bits & _UTF8 else "cp437")


def _path_of(one: zipfile.ZipInfo) -> Path:
    """The path of an entry below the folder; raises `ArchiveRefused` for one that no folder gives to its files."""
    name = _readable_name(one)
    parts = name.replace("\\", "/").rstrip("/").split("/")
    odd = any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn") and sign != "\u00ad" for sign in name)
    if (
        odd
        or not name.strip("/")
        or name.startswith(("/", "\\"))
        or PureWindowsPath(name).drive
        or any(part in ("", ".", "..") for part in parts)
        or len(parts) > _DEEPEST
        or len(name) > _LONGEST_NAME
    ):
        raise _strange(name)
    return Path(*parts)


def _readable_name(one: zipfile.ZipInfo) -> str:
    """The name as its writer meant it: UTF-8 even where the ZIP does not say so, else that of Windows in Vietnamese.

    Names in TCVN3 or VNI stay as they are: `paper_names` knows them.
    """
    if one.flag_bits & _UTF8:
        return one.orig_filename
    raw = one.orig_filename.encode("cp437")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        old = raw.decode("cp1252", "replace")
    if detect(" ".join(old.replace("_", " ").replace("/", " ").split())):
        return old
    return nfc(raw.decode("cp1258", "replace"))


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else "�" for sign in name)[:120]


def _strange(name: str) -> ArchiveRefused:
    return ArchiveRefused(
        N_("“%(name)s” in the ZIP is no plain file of a folder. Make the ZIP again from the folder itself."),
        name=_shown(name),
    )


def _damaged() -> ArchiveRefused:
    return ArchiveRefused(N_("The ZIP is damaged or is none. Make it again from the folder."))
