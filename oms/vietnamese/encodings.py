"""Vietnamese from before Unicode: text typed with TCVN3 (ABC), VNI, VISCII or VPS fonts, as old files and spreadsheets
carry it.

Such text is Latin letters and signs that only look Vietnamese in their font: “cộng hòa” is stored as “céng hßa”, as
“coäng hoøa” or as “cµng hòa”. TCVN3 (TCVN 5712:1993, VN3), VISCII (RFC 1456) and VPS have one sign for each letter, VNI
writes the mark behind its vowel. Knows no fonts: capitals with tones that TCVN3 draws with a font of capitals (.VnTimeH)
come out as small letters.
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
    VISCII = "viscii"
    VPS = "vps"


_TCVN3_LETTERS = (
    "ĂÂÊÔƠƯĐăâêôơưđ_"  # from 0xA1
    "_____àảãáạ_ằẳẵắ_______ặầẩẫấậè_ẻẽéẹềểễếệìỉ___ĩíịò_ỏõóọồổỗốộờởỡớợù_ủũúụừửữứựỳỷỹýỵ"
)
_TCVN3 = {0xA1 + place: letter for place, letter in enumerate(_TCVN3_LETTERS) if letter != "_"} | {0x03BC: "à"}
_HYPHENS = re.compile("[-\u2212\u2010\u2011]")
"""Programs write what is a soft hyphen in Latin letters (ư in TCVN3, ễ in VISCII) as another hyphen."""


def _table(letters: str, capitals: dict[int, str]) -> dict[int, str]:
    """What each sign means, `letters` from 0x80: a program that reads the old file as Latin letters of Windows shows
    others between 0x80 and 0x9F than one that reads it as ISO 8859-1."""
    table = dict(capitals)
    for code, letter in enumerate(letters, 0x80):
        if letter != "_":
            table[code] = letter
            table[ord(bytes((code,)).decode("cp1252", "ignore") or chr(code))] = letter
    return table


_VISCII = _table(
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ_ắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
    {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"},
)
"""Õ, at the place of the space that does not break, is left out."""
_VPS = _table(
    "ÀẢÃẤẦẨọỗĂếềểệẮẰẲẾ__ỀỂỄỐỒỔ_ýỷỵỚỜỞ_ắằẳẵặỠớÙờởỡŨỨợỪổỬỲỸÍÌộỈĨÓửữÒỎÕự"
    "ầÁÂấẩẫậđẻÉÊẹỉễịỹƯỦồốÔỏơÈừứÚũưÝẺ_àáâãảạă_èéêẽìí_ĩẴĐòóôõ_Ơụùúủ_ỶẼỳ",
    {
        **{0x02: "Ạ", 0x03: "Ậ", 0x04: "Ặ", 0x05: "Ẹ", 0x06: "Ệ", 0x10: "Ị", 0x11: "Ọ", 0x12: "Ộ"},
        **{0x13: "Ợ", 0x14: "Ụ", 0x15: "Ự", 0x19: "Ỵ", 0x1C: "Ẫ", 0x1D: "Ữ"},
    },
)

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
_CLEARLY = 0.1
"""How much better than as it stands, and than in every other encoding, text is read in the right one."""


def detect(text: str) -> LegacyEncoding | None:
    """The old encoding `text` is in; None when it is Unicode already, not Vietnamese, or too short to tell."""
    base, stored = _share_of_syllables(text), nfc(text)
    read = {encoding: convert(text, encoding) for encoding in LegacyEncoding}
    shares = {encoding: _share_of_syllables(meant) for encoding, meant in read.items() if meant != stored}
    best = max(shares, key=lambda encoding: shares[encoding], default=None)
    if best is None or shares[best] < max(_GOOD_SHARE, base + _CLEARLY):
        return None
    near = {read[encoding] for encoding, share in shares.items() if share > shares[best] - _CLEARLY}
    return best if len(near) == 1 else None


def convert(text: str, encoding: LegacyEncoding) -> str:
    """`text` in NFC, read as what the old encoding means."""
    if encoding is LegacyEncoding.VNI:
        return nfc(_VNI_PAIR.sub(_join_vni, text).translate(_VNI_CODES))
    if encoding is LegacyEncoding.VPS:
        return nfc(text.translate(_VPS))
    table, hyphen = (_TCVN3, "ư") if encoding is LegacyEncoding.TCVN3 else (_VISCII, "ễ")
    return nfc("".join(_convert_word(word, table, hyphen) for word in re.split(r"([ \t\r\n]+)", text)))


def _convert_word(word: str, table: dict[int, str], hyphen: str) -> str:
    """A word letter by letter; its hyphens are the letter `hyphen` only where that makes a syllable."""
    converted = word.translate(table)
    if not _HYPHENS.search(word):
        return converted
    with_letter = _HYPHENS.sub(hyphen, converted)
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
