"""Vietnamese letters: one way to store them, two ways to compare them.

`nfc` is what is stored and shown, `tone_key` compares with marks, `fold` compares without. Knows letters
only: which words exist is in `syllables`, how names are ordered is in `names`.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

TONES = "\u0300\u0301\u0303\u0309\u0323"
"""The five written tones: huyền, sắc, ngã, hỏi, nặng (the sixth, ngang, has no mark)."""

_SHAPES = "\u0302\u0306"
_REPLACED: dict[int, str | None] = {
    ord("ƣ"): "ư",  # old fonts drew ư at this place
    ord("Ƣ"): "Ư",
    ord("Ð"): "Đ",  # Icelandic eth and African D look the same as Đ but sort and compare differently
    ord("Ɖ"): "Đ",
    ord("ð"): "đ",
    ord("ɖ"): "đ",
    0x00A0: " ",
    0x2007: " ",
    0x202F: " ",
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
    **dict.fromkeys((*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)), None),  # control
    0x00AD: None,
    0x180E: None,
    0xFEFF: None,
    **dict.fromkeys(range(0x200B, 0x2010), None),
    **dict.fromkeys(range(0x202A, 0x202F), None),
    **dict.fromkeys(range(0x2060, 0x2065), None),
    **dict.fromkeys(range(0x2066, 0x206A), None),
}
_TONE_BEFORE_SHAPE = re.compile(f"([{TONES}]+)([{_SHAPES}])")
_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
_VOWELS = frozenset("aăâeêioôơuưy")
_SHAPED = frozenset("ăâêôơư")


class _LetterTable(dict[int, str]):
    """Translation table for `str.translate` that fills itself letter by letter."""

    def __init__(self, replace: Callable[[str], str]) -> None:
        super().__init__()
        self._replace = replace

    def __missing__(self, code: int) -> str:
        letter = self[code] = self._replace(chr(code))
        return letter


def _fold_letter(letter: str) -> str:
    """Lower case, without marks; the loop ends because nothing grows."""
    previous = ""
    while letter != previous:
        previous = letter
        split = unicodedata.normalize("NFD", letter.lower())
        letter = "".join("d" if part in "đð" else part for part in split if unicodedata.category(part) != "Mn")
    return unicodedata.normalize("NFC", letter)


_FOLDED = _LetterTable(_fold_letter)


def nfc(text: str) -> str:
    """`text` as it is stored: NFC, look-alike letters replaced, invisible characters gone."""
    composed = unicodedata.normalize("NFC", text.translate(_REPLACED))
    if any(shape in composed for shape in _SHAPES):  # the tone was typed before the hat: é + ^ means ế
        swapped = _TONE_BEFORE_SHAPE.sub(r"\2\1", unicodedata.normalize("NFD", composed))
        composed = unicodedata.normalize("NFC", swapped)
    return composed


def fold(text: str) -> str:
    """`text` in lower case and without any mark, `đ` as `d`: how it is typed without a Vietnamese keyboard."""
    return unicodedata.normalize("NFC", nfc(text).translate(_FOLDED))


def without_marks(text: str) -> str:
    """`text` without any mark, its capitals kept: “Nguyễn Đức” is “Nguyen Duc”."""
    return "".join(fold(letter).upper() if letter.isupper() else fold(letter) for letter in nfc(text))


def words(text: str) -> list[str]:
    """The runs of letters and digits of `text` in NFC; `K'Bris` and `QĐ/TW` are two words each."""
    return _WORD.findall(nfc(text))


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where the words of `text` begin and end; the offsets hold only when `text` is already NFC."""
    return [match.span() for match in _WORD.finditer(text)]


def tone_key(text: str) -> str:
    """`text` in lower case with each tone in its regular place, only for comparing: hòa and hoà are equal."""
    placed = _WORD.sub(lambda match: _place_tone(match[0]), nfc(text).lower())
    return nfc(placed) if any(shape in placed for shape in _SHAPES) else placed  # a tone before a hat too many: ơ + ^


def split_tone(letter: str) -> tuple[str, str]:
    """A lower-case letter as (letter without tone, tone or nothing): ế gives ê and the acute."""
    split = unicodedata.normalize("NFD", letter)
    tone = "".join(part for part in split if part in TONES)
    if not tone:
        return letter, ""
    return unicodedata.normalize("NFC", "".join(part for part in split if part not in TONES)), tone


@lru_cache(maxsize=1 << 16)
def _place_tone(word: str) -> str:
    letters = [split_tone(letter) for letter in word]
    toned = [place for place, (_, tone) in enumerate(letters) if tone]
    if len(toned) != 1:
        return word
    plain = [letter for letter, _ in letters]
    start = end = toned[0]
    while start > 0 and plain[start - 1] in _VOWELS:
        start -= 1
    while end < len(plain) and plain[end] in _VOWELS:
        end += 1
    if end == start:  # a toned consonant: not Vietnamese, left alone
        return word
    if end - start > 1 and start > 0 and (plain[start - 1] + plain[start]) in ("qu", "gi"):
        start += 1
    place = start + tone_place("".join(plain[start:end]), closed=end < len(plain))
    plain[place] = unicodedata.normalize("NFC", plain[place] + letters[toned[0]][1])
    return "".join(plain)


def tone_place(vowels: str, *, closed: bool) -> int:
    """Which of the `vowels` of one syllable bears the tone (hoà, thuỷ: the placement by the main vowel)."""
    shaped = [place for place, vowel in enumerate(vowels) if vowel in _SHAPED]
    if shaped:
        return shaped[-1]
    if len(vowels) == 1:
        return 0
    if len(vowels) > 2 or closed or vowels in ("oa", "oe", "uy"):
        return 1
    return 0
