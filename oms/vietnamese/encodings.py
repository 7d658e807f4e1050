"""Vietnamese from before Unicode: text typed with TCVN3 (ABC) or VNI fonts, as old files and spreadsheets carry it.

Such text is Latin letters and signs that only look Vietnamese in their font: “cộng hòa” is stored as “céng hßa” or as
“coäng hoøa”. TCVN3 has one sign for each letter (TCVN 5712:1993, VN3), VNI writes the mark behind its vowel. Knows no
fonts: capitals with tones that TCVN3 draws with a font of capitals (.VnTimeH) come out as small letters.
"""

import re
import unicodedata
from enum import StrEnum

from oms.vietnamese.syllables import is_syllable
from oms.vietnamese.text import nfc


class LegacyEncoding(StrEnum):
    """How text from before Unicode was stored."""

    TCVN3 = "tcvn3"
    VNI = "vni"


_TCVN3_LETTERS = (
    "ĂÂÊÔƠƯĐăâêôơưđ_"  # from 0xA1
    "_____àảãáạ_ằẳẵắ_______ặầẩẫấậè_ẻẽéẹềểễếệìỉ___ĩíịò_ỏõóọồổỗốộờởỡớợù_ủũúụừửữứựỳỷỹýỵ"
)
_TCVN3 = {0xA1 + place: letter for place, letter in enumerate(_TCVN3_LETTERS) if letter != "_"} | {0x03BC: "à"}
_TCVN3_HYPHENS = re.compile("[-\u2212\u2010\u2011]")
"""Programs write the sign of ư, a soft hyphen in Latin letters, as another hyphen."""

_GRAVE, _ACUTE, _TILDE, _HOOK, _DOT, _HAT, _BREVE = "\u0300\u0301\u0303\u0309\u0323\u0302\u0306"
_VNI_MARKS = {
    "ø": _GRAVE,
    "ù": _ACUTE,
    "õ": _TILDE,
    "û": _HOOK,
    "ï": _DOT,
    "â": _HAT,
    "à": _HAT + _GRAVE,
    "á": _HAT + _ACUTE,
    "ã": _HAT + _TILDE,
    "å": _HAT + _HOOK,
    "ä": _HAT + _DOT,
    "ê": _BREVE,
    "è": _BREVE + _GRAVE,
    "é": _BREVE + _ACUTE,
    "ü": _BREVE + _TILDE,
    "ú": _BREVE + _HOOK,
    "ë": _BREVE + _DOT,
}
_VNI_LETTERS = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI_LETTERS |= {letter.upper(): meant.upper() for letter, meant in _VNI_LETTERS.items()}
_VNI_CODES = {ord(letter): meant for letter, meant in _VNI_LETTERS.items()}
_VNI_PAIR = re.compile(f"([aeouyôöAEOUYÔÖ])([{''.join(_VNI_MARKS)}{''.join(_VNI_MARKS).upper()}])")

_LETTERS = re.compile(r"[^\W\d_]+")

_FEWEST_SYLLABLES = 4
_GOOD_SHARE = 0.8
"""Least share of letters in possible syllables from which text was understood: wrong guesses stay under a half."""


def detect(text: str) -> LegacyEncoding | None:
    """The old encoding `text` is in; None when it is Unicode already, not Vietnamese, or too short to tell."""
    best: LegacyEncoding | None = None
    score = max(_GOOD_SHARE, _share_of_syllables(text) + 0.1)
    for encoding in LegacyEncoding:
        converted = convert(text, encoding)
        if converted != nfc(text) and (share := _share_of_syllables(converted)) >= score:
            best, score = encoding, share
    return best


def convert(text: str, encoding: LegacyEncoding) -> str:
    """`text` in NFC, read as what the old encoding means."""
    if encoding is LegacyEncoding.VNI:
        return nfc(_VNI_PAIR.sub(_join_vni, text).translate(_VNI_CODES))
    return nfc("".join(map(_convert_tcvn3, re.split(r"(\s+)", text))))


def _convert_tcvn3(word: str) -> str:
    converted = word.translate(_TCVN3)
    if not _TCVN3_HYPHENS.search(word):
        return converted
    with_letter = _TCVN3_HYPHENS.sub("ư", converted)
    letters = _LETTERS.findall(with_letter)
    if len(letters) == 1 and len(letters[0]) > 1 and letters[0][1:].islower() and is_syllable(letters[0]):
        return with_letter
    return converted


def _join_vni(pair: re.Match[str]) -> str:
    vowel = _VNI_LETTERS.get(pair[1], pair[1])
    return unicodedata.normalize("NFD", vowel) + _VNI_MARKS[pair[2].lower()]  # in parts: not to be replaced again


def _share_of_syllables(text: str) -> float:
    """Share of letters that stand in possible syllables; single letters and short capitals, symbols mostly, left out."""
    known = total = count = 0
    for part in _LETTERS.findall(nfc(text)):
        if len(part) == 1 or (part.isupper() and len(part) <= 4 and not is_syllable(part)):
            continue
        count += 1
        total += len(part)
        known += len(part) * is_syllable(part)
    return known / total if count >= _FEWEST_SYLLABLES else 0.0
