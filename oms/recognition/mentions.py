"""Whom a paper without a form is about: the one person it names together with a birth date.

Decisions write „bà …, sinh ngày …“ in a sentence, certificates and reviews below each other behind labels. A paper that
names several people so, a list or a letter about relatives, says nothing about whose it is.
"""

import re
from collections.abc import Iterator, Sequence

from oms.recognition.forms.sense import LOOKALIKE, UNSURE
from oms.recognition.pages import FoundValue, Word
from oms.recognition.segments import squeeze
from oms.vietnamese.dates import ImpossibleDate, format_date, guess_date, parse_date

SURE, READABLE = 80.0, 60.0
"""Confidence below which a value is flagged, and below which it is no value."""

_NAME = r"(?P<name>\S+(?:\s+(?!Sinh\b|Ngày\b|Giới\b|Dân\b|sinh\b)\S+){1,4}?)"
_DAY = (
    r"(?P<day>\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?\d{4}|"
    r"\S{1,2}[\s.…]+\S{0,2}h[áàảãa]ng[\s.…]+\S{1,2}[\s.…]+n[ăâằắa]m[\s.…]+\d{4})"
)
"""In figures or in words, the middle word a little misread."""
_ADDRESS = r"(?:[Ôô]ng|[Bb]à|[Đđ]ồng chí|[Qq]uần chúng)"
_ABOUT = (
    re.compile(rf"{_ADDRESS}\s+{_NAME}\s*,?\s+sinh\s+ngày\s*:?\s*{_DAY}"),
    re.compile(
        rf"(?:Cấp cho|Tặng cho|Họ và tên|Họ tên)\s*:?\s*(?:{_ADDRESS}\s*:?\s+)?{_NAME}[\s,.…]+(?:Sinh\s+ngày|Ngày\s+sinh)\s*:?\s*{_DAY}"
    ),
)


def find_person(words: Sequence[Word]) -> dict[str, FoundValue]:
    """`person` and `birth_date` of the one person named with a birth date; nothing where there is none, or several."""
    text, starts = "", []
    for word in words:
        starts.append(len(text))
        text += word.text + " "
    found = {(squeeze(name.value), day.value): (name, day) for name, day in _named(text, starts, words)}
    if len(found) != 1:
        return {}
    ((name, day),) = found.values()
    return {"person": name, "birth_date": day}


def _named(text: str, starts: Sequence[int], words: Sequence[Word]) -> Iterator[tuple[FoundValue, FoundValue]]:
    for pattern in _ABOUT:
        for match in pattern.finditer(text):
            name, (day, flag) = match["name"].strip(" ,.;:"), _day(match["day"])
            parts = [
                [
                    word
                    for word, start in zip(words, starts, strict=True)
                    if match.start(part) <= start < match.end(part)
                ]
                for part in ("name", "day")
            ]
            parts[1] = [word for word in parts[1] if any(map(str.isdigit, word.text))] or parts[
                1
            ]  # not the word between
            if day and _is_name(name) and all(_readable(part) for part in parts):
                yield _value(name, parts[0]), _value(day, parts[1], flag)


def _is_name(text: str) -> bool:
    """Capitalised words of letters: names of the peoples of the highlands are no Vietnamese syllables (K'Brìn, Byă)."""
    return all(re.fullmatch(r"[^\W\d_]+(?:['’][^\W\d_]+)?", part) and part[0].isupper() for part in text.split())


def _day(written: str) -> tuple[str, str | None]:
    """The date as it is kept, and what speaks against it; "" for a day of no calendar, which says nothing about a person."""
    worded = re.search(r"(\S{1,2})[\s.…]+\S*ng[\s.…]+(\S{1,2})[\s.…]+\S+m[\s.…]+(\d{4})$", written)
    plain = f"ngày {worded[1]} tháng {worded[2]} năm {worded[3]}" if worded else written.replace(" ", "")
    try:
        found = parse_date(plain)
    except ImpossibleDate:
        return "", None
    if found is None and (guess := guess_date(plain)) is not None:
        return format_date(guess), LOOKALIKE
    return (format_date(found), None) if found else ("", None)


def _readable(words: Sequence[Word]) -> bool:
    return bool(words) and min(word.confidence for word in words) >= READABLE


def _value(text: str, words: Sequence[Word], flag: str | None = None) -> FoundValue:
    left, top = min(word.left for word in words), min(word.top for word in words)
    right, bottom = max(word.left + word.width for word in words), max(word.top + word.height for word in words)
    confidence = round(min(word.confidence for word in words), 1)
    return FoundValue(
        text, (left, top, right - left, bottom - top), confidence, flag or (UNSURE if confidence < SURE else None)
    )
