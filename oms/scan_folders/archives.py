"""A named folder as a ZIP: its directory is proved before anything is unpacked, and a file is unpacked only when its
turn comes, into memory, never to its own name on a disk.

Refused whole: names that climb or hide, links and devices, entries that lie over each other or under another name than
their own header says, encryption, and more than an office's folder can be. A ZIP within is a file like any other, and of
a kind that is not taken.
"""

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

from oms import box, zips
from oms.errors import N_, FileRefused, UnreadableFile
from oms.scan_folders.planning import is_clutter
from oms.vietnamese.encodings import detect
from oms.vietnamese.text import nfc
from oms.zips import FREE_BYTES, MOST_SWOLLEN, Entry

__all__ = ["FREE_BYTES", "LARGEST", "MOST_ENTRIES", "MOST_SWOLLEN", "Archive", "ArchiveRefused"]

LARGEST = 500 * 1024 * 1024
MOST_ENTRIES, MOST_BYTES = 1_000, 1024**3
"""Files of one ZIP, and their bytes unpacked: a cabinet of some thirty people."""
_LARGEST_LIST = 4 * 1024 * 1024
_PIECE = 1024 * 1024
_DEEPEST, _LONGEST_NAME = 12, 400


class ArchiveRefused(FileRefused):
    """A ZIP that is not the plain folder it should be; nothing of it was unpacked."""

    what = N_("ZIP that is not taken")


class Archive:
    """The files of a proved ZIP, by the paths they have in it. The ZIP is parsed, and each file unpacked, in the box."""

    root = Path()

    def __init__(self, document: Path | bytes) -> None:
        """Prove the directory of a ZIP; raises `ArchiveRefused` and unpacks nothing."""
        self._document = document
        size = document.stat().st_size if isinstance(document, Path) else len(document)
        if size > LARGEST:
            raise ArchiveRefused(N_("The ZIP is larger than %(most)s MB. Make several of it."), most=LARGEST >> 20)
        try:
            reason, listed = box.call(
                zips.list_entries, document, most=_LARGEST_LIST, entries=MOST_ENTRIES, unpacked=MOST_BYTES
            )
        except (box.Said, box.Broke):
            raise _damaged() from None
        if reason is not None:
            raise _refusal(str(reason), listed.decode("utf-8", "replace"))
        try:
            entries = [_believe(one) for one in json.loads(listed)]
        except (TypeError, ValueError, RecursionError):
            raise _damaged() from None
        named = {_path_of(one): one for one in entries}
        if len(named) != len(entries):
            raise ArchiveRefused(N_("The ZIP names a file twice. Make it again from the folder."))
        self._entries = {path: one for path, one in named.items() if not one.is_folder and not is_clutter(path.parts)}

    @property
    def files(self) -> list[Path]:
        """Their paths, sorted."""
        return sorted(self._entries)

    def pieces(self, path: Path) -> Iterator[bytes]:
        """The bytes of one file; `UnreadableFile` where they are not what the ZIP says."""
        one = self._entries[path]
        where = {"offset": one.offset, "packed": one.packed, "size": one.size, "crc": one.crc, "deflated": one.deflated}
        try:
            _, data = box.call(zips.take_entry, self._document, most=one.size, **where)
        except (box.Said, box.Broke, FileNotFoundError):
            raise UnreadableFile(
                N_("%(name)s is damaged in the ZIP. Make the ZIP again from the folder."), name=path.name
            ) from None
        whole = memoryview(data)
        for start in range(0, len(whole), _PIECE):
            yield bytes(whole[start : start + _PIECE])


def _believe(said: Any) -> Entry:
    """An entry as the box lists it, if it is one; what it says of places is only given back to the box."""
    entry = Entry(*said)
    kinds = (str, bool, bool, int, int, int, int, bool)
    if len(said) != len(kinds) or any(type(one) is not kind for one, kind in zip(said, kinds, strict=True)):
        raise TypeError("no entry")
    if not 0 <= entry.size <= MOST_BYTES:
        raise ValueError("no size")
    return entry


def _refusal(reason: str, name: str) -> ArchiveRefused:
    """Why the directory was not proved, in a sentence."""
    if reason == "entries":
        return ArchiveRefused(N_("The ZIP has more than %(most)s files. Make several of it."), most=MOST_ENTRIES)
    if reason == "bytes":
        return ArchiveRefused(N_("The ZIP holds more than %(most)s MB. Make several of it."), most=MOST_BYTES >> 20)
    if reason == "huge":
        return ArchiveRefused(N_("The ZIP is of the kind for huge archives. Make it again with fewer files."))
    if reason == "swollen":
        return ArchiveRefused(
            N_("%(name)s in the ZIP would swell to more than %(most)s times its size. Nothing was unpacked."),
            name=_shown(name),
            most=MOST_SWOLLEN,
        )
    return _strange(name) if reason in ("strange", "locked") else _damaged()


def _path_of(one: Entry) -> Path:
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


def _readable_name(one: Entry) -> str:
    """The name as its writer meant it: UTF-8 even where the ZIP does not say so, else that of Windows in Vietnamese.

    Names in TCVN3 or VNI stay as they are: `paper_names` knows them.
    """
    if one.is_unicode:
        return one.name
    raw = one.name.encode("cp437", "replace")
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
