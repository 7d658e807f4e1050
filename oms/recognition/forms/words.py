"""Common words of forms and heads put as they are written: pairs of neighbours that the catalogue knows, closed lists,
and provinces at the end of an address.

Only a proposal, marked as such; the text of the page keeps what was read. A word is only changed beside a neighbour it is
known to stand with, and only when no such syllable exists or nothing but marks was lost, as recognition loses them:
`công nhận` is no misread `công nhân`, and nobody called Nguyễn Văn Phong works in an office (`văn phòng`). Figures are never
touched.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from oms import catalogue
from oms.recognition.forms.strip import distance
from oms.vietnamese.syllables import is_syllable
from oms.vietnamese.text import fold, nfc, tone_key

_CORE = re.compile(r"(\W*)(.*?)(\W*)", re.DOTALL)
_PLACE = re.compile(r"(.*(?:^|[\s,])(?:Tỉnh|tỉnh|TỈNH|Thành phố|thành phố|THÀNH PHỐ)\s+)([^,]+?)(\W*)", re.DOTALL)
_LETTERS_FOR = str.maketrans({"0": "O", "Ø": "O", "8": "B"})
_ACUTE, _HOOK = "\u0301", "\u0309"
_ALIKE = str.maketrans({"đ": "d\u0335"})
_BOTH = frozenset({("cap", "tinh")})
"""Pairs that are also written with the other mark: cấp tỉnh, cấp tính."""

_LEAST_FOR_SLIP = 4
"""Letters a word of a closed list must have before one of them may be another: Kinh, not Mạ or Tày."""

_Pair = tuple[str, str]


def mend_phrases(text: str) -> str:
    """The text with the words of known pairs as the catalogue writes them, their capitals mostly kept."""
    parts = [match.groups() for word in text.split(" ") if (match := _CORE.fullmatch(word))]
    cores = [core for _, core, _ in parts]
    wanted: dict[int, set[str]] = {}
    inside: dict[int, str] = {}
    for place in range(len(cores) - 1):
        if known := _known(cores[place], cores[place + 1]):
            wanted.setdefault(place, set()).add(_small(known[0]))
            wanted.setdefault(place + 1, set()).add(_small(known[1]))
            inside[place + 1] = known[1]
    mended = []
    for place, (before, core, after) in enumerate(parts):
        words = {word for word in wanted.get(place, set()) if _may_become(core, word)}
        if _is_in_a_name(cores, place, shout=text.isupper()):
            words = set()
        written = _like(core, next(iter(words)), inside.get(place), shout=text.isupper()) if len(words) == 1 else core
        mended.append(before + written + after)
    return " ".join(mended)


def _is_in_a_name(words: list[str], place: int, *, shout: bool) -> bool:
    """Whether a word with a capital stands behind another one, as in names: it stays as it was read. A text all in
    capitals (`shout`) tells nothing."""
    return not shout and place > 0 and all(word[:1].isupper() for word in words[place - 1 : place + 1])


def _small(word: str) -> str:
    """The word in small letters, an abbreviation (UBND) as it is."""
    return word if word.isupper() and len(word) > 1 else word.lower()


def _known(one: str, other: str) -> _Pair | None:
    """The one pair of the catalogue that differs from these two in marks only, or in a letter of a word that is none."""
    pair = (fold(one), fold(other))
    if found := _pairs().get(pair):
        return found
    if not all(word.isalpha() and len(word) > 2 for word in pair) or is_syllable(one) == is_syllable(other):
        return None
    near = [
        written
        for known, written in _pairs().items()
        if (known[0] == pair[0] and _one_slip(known[1], pair[1]) and not is_syllable(other))
        or (known[1] == pair[1] and _one_slip(known[0], pair[0]) and not is_syllable(one))
    ]
    return near[0] if len({(_small(a), _small(b)) for a, b in near}) == 1 else None


def _may_become(read: str, written: str) -> bool:
    """Whether the reading of a word is a misreading of it and not another word: no such syllable exists, or marks are
    missing and none is another one, but for the acute and the hook, which recognition takes for each other."""
    if not is_syllable(read):
        return True
    letters = [unicodedata.normalize("NFD", word.lower().translate(_ALIKE)) for word in (read, written)]
    letters = [word.replace(_ACUTE, _HOOK) for word in letters]
    bare = [re.findall(r"\w[^\w]*", word) for word in letters]
    return len(bare[0]) == len(bare[1]) and all(set(own) <= set(wanted) for own, wanted in zip(*bare, strict=True))


def _one_slip(wanted: str, read: str) -> bool:
    if abs(len(wanted) - len(read)) > 1 or min(len(wanted), len(read)) < 3:
        return False
    cost, seen = distance(wanted, read)
    return cost + len(read) - seen <= 1


@cache
def _pairs() -> dict[_Pair, _Pair]:
    """Pairs of neighbouring words of the catalogue by what they are without marks; those of two writings are left out."""
    written: dict[_Pair, set[_Pair]] = {}
    for phrase in (*catalogue.usual_words().phrases, *_labels()):
        words = re.findall(r"[^\W_]+|[^\w\s]", nfc(phrase))
        for one, other in pairwise(words):
            if one[0].isalnum() and other[0].isalnum():
                written.setdefault((fold(one), fold(other)), set()).add((one, other))
    return {
        pair: min(forms)  # capitals come first: where one is written now and then it is none too many
        for pair, forms in written.items()
        if len({(one.lower(), other.lower()) for one, other in forms}) == 1 and pair not in _BOTH
    }


def _labels() -> Iterable[str]:
    return [label for form in catalogue.forms() for item in form.items for label in item.labels]


def _like(core: str, wanted: str, inside: str | None, *, shout: bool) -> str:
    """The word with the capitals it was read with; `inside` is how it is written behind its neighbour, where a capital
    too many is small."""
    if shout or wanted.isupper():
        return wanted.upper()
    return wanted.capitalize() if core[:1].isupper() and not (inside and inside.islower()) else wanted


def mend_choice(value: str, usual: Iterable[str]) -> str:
    """The word of a closed list that a reading can only be: equal but for marks and dirt, or one letter away. Another
    way of writing the same word, its capitals or hyphens, is no misreading and stays."""
    letters = _squeeze(value)
    if not value.isupper() and any(_spelled(word) == _spelled(value) for word in usual):
        return value
    alike = {word for word in usual if _squeeze(word) == letters}
    if len(alike) == 1:
        return alike.pop()
    if not alike and len(value) <= 2:
        shaped = {word for word in usual if word == value.translate(_LETTERS_FOR)}
        return shaped.pop() if shaped else value
    if not alike and len(letters) >= _LEAST_FOR_SLIP:
        near = {word for word in usual if len(word) >= _LEAST_FOR_SLIP and _one_slip(_squeeze(word), letters)}
        return near.pop() if len(near) == 1 else value
    return value


def mend_province(address: str) -> str:
    """The address with the province at its end as it is written: equal but for marks, or one letter away, where what was
    read cannot be the name of a place. `Vĩnh Phú` was a province before Vĩnh Phúc was."""
    match = _PLACE.fullmatch(address)
    if match is None:
        return address
    found = mend_choice(match[2], catalogue.usual_words().provinces)
    if not all(_may_become(*pair) for pair in zip(match[2].split(), found.split(), strict=False)):
        return address
    return match[1] + (found.upper() if match[2].isupper() else found) + match[3]


def _spelled(text: str) -> str:
    """The letters with their marks, wherever the tone stands and however large they are."""
    return tone_key("".join(letter for letter in nfc(text).lower() if letter.isalpha()))


def _squeeze(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isalpha())
