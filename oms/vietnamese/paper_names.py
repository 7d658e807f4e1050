"""Names of folders and files of scans: `SoCCCD_HoTen/STT.Ten.N.pdf` (CV 1361-CV/BTCTW), as people really write them.

With and without marks, composed or not, in an old encoding, with blanks or underscores. What a name does not say stays
unsaid; nothing is guessed.
"""

import re
from dataclasses import dataclass

from oms.vietnamese.encodings import convert, detect
from oms.vietnamese.text import nfc, words

_OWNER = re.compile(r"(?:(\d{9}|\d{12})[\s_.-]+)?([^\d]+)")
_PAPER = re.compile(r"(\d{1,4})[\s_.-]+(.*?)(?:\.(\d{1,3}))?")
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_ENDING = re.compile(r"\.(?:pdf|tiff?|jpe?g|png|hei[cf]|docx)$", re.IGNORECASE)


@dataclass(frozen=True)
class OwnerName:
    """Whose papers lie in a folder: ID number ("" where the folder has none) and name as written."""

    personal_id: str
    name: str


@dataclass(frozen=True)
class PaperName:
    """What a file name says: its place in the folder, the title, which copy; None for what it does not say."""

    order: int | None
    title: str
    copy: int | None


def readable(name: str) -> str:
    """A name in NFC with blanks for underscores, converted where it is in an encoding from before Unicode."""
    text = " ".join(name.replace("_", " ").split())
    encoding = detect(text)  # before NFC, which takes away the soft hyphen that means ư
    return convert(text, encoding) if encoding else nfc(text)


def as_file_name(text: str) -> str:
    """A text as part of a file name: without the signs a file system refuses, and no dot or blank at its ends."""
    return " ".join(_UNFIT.sub(" ", nfc(text)).split()).strip(" .")


def read_owner(folder: str) -> OwnerName | None:
    """Whose folder it is; None when its name is no name of a person."""
    found = _OWNER.fullmatch(readable(folder))
    if found is None or not words(found[2]):
        return None
    return OwnerName(found[1] or "", found[2].strip(" .-"))


def read_paper(file_name: str) -> PaperName:
    """What a file name says of its paper; without a number in front the whole name is the title."""
    stem = readable(_ENDING.sub("", file_name))
    found = _PAPER.fullmatch(stem)
    if found is None or not found[2].strip():
        return PaperName(None, stem, None)
    return PaperName(int(found[1]), found[2].strip(" .-"), int(found[3]) if found[3] else None)
