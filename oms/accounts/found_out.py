"""Passwords that were found out elsewhere: a list the office gives (`OMS_REFUSED_PASSWORDS`), looked into on the disk.

One password a line (UTF-8, 200 MB at most), or the well-known download of SHA-1 hashes with counts (“HASH:COUNT”, ordered by hash): of its forty
gigabytes some forty places are read for a password. SHA-1 is here the name of a password in a published list and guards
nothing. A list that cannot be believed refuses every new password: it would else let through what it is there for.
"""

import codecs
import hashlib
import logging
import mmap
import re
from pathlib import Path
from typing import BinaryIO

from oms.errors import N_, Unavailable
from oms.settings import Settings, SettingsError

log = logging.getLogger(__name__)

# Most bytes of a list of words: it is searched in one piece, and nothing else of the process runs meanwhile.
MOST_WORDS = 200 * 10**6
# Bytes at the beginning that show whether a file is a text at all.
_HEAD = 4096
# No line of hashes is longer: 40 digits, a colon, a count, the end of the line.
_LONGEST = 64
# Places at which the order of hashes is tried when OMS starts and on the system page.
_TRIED = 100
_HASHED = re.compile(rb"([0-9A-Fa-f]{40})(:\d{1,12})?\r?")
# Other lengths than that of SHA-1, and what another program put behind the digits.
_OTHER_HASHES = re.compile(rb"[0-9A-Fa-f]{16,}:\d{1,12}\r?|[0-9A-Fa-f]{32}.*")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_LIST = N_(
    "OMS_REFUSED_PASSWORDS names %(file)s, which is no list of passwords: one password a line in UTF-8, or lines "
    "HASH:COUNT of SHA-1 in the order of their hashes."
)
_TOO_LARGE = N_(
    "OMS_REFUSED_PASSWORDS names %(file)s, a list of words of more than %(most)s MB: each look into it would stop every "
    "page. Use the list of SHA-1 hashes (HASH:COUNT, in their order), which may be of any size."
)


def is_found_out(file: str, password: str) -> bool:
    """Whether a password (NFC) stands in the list; raises `Unavailable` for one that cannot be read or is in disorder."""
    try:
        path, raw = Path(file), password.encode()
        if not _is_hashed(path):
            return _stands_in_words(path, raw)
        wanted = hashlib.sha1(raw, usedforsecurity=False).hexdigest().upper().encode()
        with path.open("rb") as lines:
            return _stands_in_hashes(lines, path.stat().st_size, wanted)
    except (OSError, ValueError) as error:
        log.warning("no password is changed: the list %s cannot be searched (%s)", file, type(error).__name__)
        raise Unavailable(
            N_(
                "The list of passwords that were found out cannot be read, and without it none is changed. Nothing was "
                "changed: call the administrator."
            )
        ) from error


def check_list(settings: Settings) -> None:
    """Raise `SettingsError` for a list that is not there, not readable, empty, too large, of another kind, or not in order
    as far as it is tried."""
    if not settings.refused_passwords:
        return
    path = Path(settings.refused_passwords)
    try:
        if not path.stat().st_size:
            raise ValueError("empty")
        if _is_hashed(path):
            with path.open("rb") as lines:
                _try_order(lines, path.stat().st_size)
        elif path.stat().st_size > MOST_WORDS:
            raise SettingsError(_TOO_LARGE, file=path, most=MOST_WORDS // 10**6)
    except ValueError as error:
        raise SettingsError(_NO_LIST, file=path) from error
    except OSError as error:
        raise SettingsError(
            N_("OMS_REFUSED_PASSWORDS names %(file)s, which cannot be read. Let the user of OMS read it."), file=path
        ) from error


def standing(settings: Settings) -> tuple[str, str, dict[str, object]]:
    """Which list new passwords are compared with, for the page of the administrator: tone, sentence and its values."""
    if not settings.refused_passwords:
        sentence = N_(
            "New passwords are compared with the 30,000 most frequent ones; a list of passwords that were found out is "
            "not set up (OMS_REFUSED_PASSWORDS)."
        )
        return "success", sentence, {}
    try:
        check_list(settings)
    except SettingsError as error:
        return "danger", error.message, dict(error.values)
    size = Path(settings.refused_passwords).stat().st_size
    number, unit = (size / 10**9, "GB") if size >= 10**9 else (size / 10**6, "MB")
    return (
        "success",
        N_("New passwords are compared with the list %(file)s (%(size)s)."),
        {
            "file": settings.refused_passwords,
            "size": f"{max(number, 0.1):.1f} {unit}".replace(".", ","),
        },
    )


def _is_hashed(path: Path) -> bool:
    """Whether the first line is a hash of the download; `ValueError` for hashes of another kind and what is no text."""
    with path.open("rb") as lines:
        head = lines.read(_HEAD)
    codecs.getincrementaldecoder("utf-8")().decode(head)  # the last letter may be cut
    if b"\0" in head or head.startswith(_MARKS):
        raise ValueError("no text")
    first = head.partition(b"\n")[0]
    if not _HASHED.fullmatch(first) and _OTHER_HASHES.fullmatch(first):
        raise ValueError("hashes of another kind")
    return _HASHED.fullmatch(first) is not None


def _stands_in_words(path: Path, raw: bytes) -> bool:
    if path.stat().st_size > MOST_WORDS:
        raise ValueError("too large")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        if text[: len(raw) + 2].rstrip(b"\r\n") == raw:
            return True
        place = text.find(b"\n" + raw)
        while place >= 0:
            end = place + 1 + len(raw)
            if text[end : end + 1] in (b"", b"\n") or text[end : end + 2] in (b"\r\n", b"\r"):
                return True
            place = text.find(b"\n" + raw, end)
    return False


def _stands_in_hashes(lines: BinaryIO, size: int, wanted: bytes) -> bool:
    """Halve what is left until the hash is found or nothing is left; `ValueError` for what cannot stand there.

    A hash may stand there twice, as where two lists were put together: each look takes a line away, so this ends.
    """
    low, high = 0, size
    below, above = b"", b"G"  # before and behind every hash
    while low < high:
        start, end, found = _line_at(lines, (low + high) // 2)
        if not below <= found <= above:
            raise ValueError("not in order")
        if found == wanted:
            return True
        if found < wanted:
            low, below = end, found
        else:
            high, above = start, found
    return False


def _line_at(lines: BinaryIO, place: int) -> tuple[int, int, bytes]:
    """The line a place of the file is in: where it begins, where the next one does, its hash."""
    begin = max(0, place - _LONGEST)
    lines.seek(begin)
    text = lines.read(2 * _LONGEST)
    start = text.rfind(b"\n", 0, place - begin) + 1
    line, ended, _rest = text[start:].partition(b"\n")
    found = _HASHED.fullmatch(line)
    if found is None or (begin and not start):
        raise ValueError("no line of hashes")
    return begin + start, begin + start + len(line) + len(ended), found[1].upper()


def _try_order(lines: BinaryIO, size: int) -> None:
    """`ValueError` when hashes at places spread over the file do not follow each other."""
    found = [_line_at(lines, place)[::2] for place in range(0, size, max(1, size // _TRIED))]
    if sorted(dict(found).items()) != sorted(dict(found).items(), key=lambda one: one[1]):
        raise ValueError("not in order")
