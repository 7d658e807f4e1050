"""What a paper says about itself, with boxes: number, date, issuer, title and subject, office and name of the signer.

The rules of the layout are in `oms.vietnamese.letterheads`; here they are looked for where they stand on the page. What
is not written as it should be is kept as read and flagged; what is not found is left out.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from oms.recognition.errors import ReadingFailed
from oms.recognition.forms.again import SHARP, SOFT, clear, find_slant, read_again
from oms.recognition.forms.sense import FUTURE, LOOKALIKE, MENDED, NO_DATE, UNSURE, UNUSUAL
from oms.recognition.forms.words import mend_phrases
from oms.recognition.pages import FoundValue
from oms.recognition.pictures import Picture
from oms.recognition.segments import Segment, around
from oms.vietnamese.dates import WrittenDate, format_date, guess_date
from oms.vietnamese.letterheads import (
    AROUND_NAMES,
    find_issuer,
    has_date_line,
    is_number_line,
    is_office,
    is_person_name,
    join_title,
    kind_of_title,
    letter_subject,
    own_date,
    own_number,
)
from oms.vietnamese.names import may_be_person
from oms.vietnamese.numbers import find_numbers
from oms.vietnamese.text import fold

HEAD_SHARE = 0.4
"""Part of a page the head stands in."""

_SURE = 80.0
_PLACED = re.compile(r"\W*[^\W\d][^\d,]{1,40},\s*ng\w{1,3}\b")
"""A date with its place before it (Sơn La, ngày …) is a paper's own."""
_DAYLESS = re.compile(r"^\W*(?:[^\W\d][^\d,]{1,30}\s)?\w{1,2} thang \w{1,2} nam \d{4}\W*$")
"""Folded, a place and a date, or the date alone, whose comma and first word were lost: hoa binh 03 thang 01 nam 1999."""
_NOT_OWN = re.compile(r"^[\s\-(]*(?:can cu|kem theo)|\bsinh\b")
"""Folded, the lines that date something else: a law, another paper, a birth."""
_FOOT_SHARE = 0.25
_SYMBOLS = frozenset(
    (
        "NQ", "CT", "QC", "QyĐ", "QĐ", "TC", "TB", "HD", "CTr", "KH", "PA", "ĐA", "DA", "BC", "BB", "TTr", "HĐ",
        "CĐ", "BGN", "BTT", "GUQ", "GM", "GGT", "GNP", "PG", "PC", "PB", "SY", "TrS", "SL", "CV", "DS", "NĐ", "TT",
        "L", "CC", "GCN", "QCTC", "TTLT", "KL", "GT", "HĐLV", "HĐLĐ",
    )
)  # fmt: skip
"""Abbreviations of kinds of paper (NĐ 30/2020/NĐ-CP, Phụ lục III; Party papers) and those seen in offices."""


def read_head(
    segments: Sequence[Segment], height: int, picture: Picture | None, today: date, *, whole: bool = False
) -> dict[str, FoundValue]:
    """`number`, `date`, `issuer`, `title`, `office` and `signer` of a page, as far as they stand on it.

    `whole` looks for number and date on all of it: certificates have them at their foot.
    """
    head = [segment for segment in segments if segment.top < HEAD_SHARE * height]
    found: dict[str, FoundValue] = {}
    if number := _number(segments if whole else head, picture):
        found["number"] = number
    if dated := _date(segments if whole else head, picture, today, whole=whole):
        found["date"] = dated
    if issuer := _issuer(head):
        found["issuer"] = issuer
    if title := _title(head):
        found["title"] = title
    found.update(_signer(segments, height, picture))
    return found


def find_page_number(segments: Sequence[Segment], height: int) -> FoundValue | None:
    """The number printed alone at the top or the bottom of a page."""
    edges = [segment for segment in segments if segment.bottom < 0.1 * height or segment.top > 0.92 * height]
    numbers = [segment for segment in edges if re.fullmatch(r"\W*\d{1,3}\W*", segment.text)]
    return _found(numbers[0].letters, numbers) if len(numbers) == 1 else None


def _found(value: str, segments: Sequence[Segment], flag: str | None = None) -> FoundValue:
    confidence = min(segment.confidence for segment in segments)
    return FoundValue(value, around(segments), confidence, flag or (UNSURE if confidence < _SURE else None))


def _number(head: Sequence[Segment], picture: Picture | None) -> FoundValue | None:
    lines = [segment for segment in head if is_number_line(segment.text)]
    if len({own_number(segment.text) for segment in lines}) != 1:
        return None
    segment, value = lines[0], own_number(lines[0].text)
    if value and _is_usual(value) and segment.confidence >= _SURE:
        return _found(value, [segment])
    for text, sure in _again(segment, picture, 0.0) if picture is not None else ():
        other = own_number(text)
        if value and other == value:
            return FoundValue(value, segment.box, max(sure, segment.confidence), None if _is_usual(value) else UNUSUAL)
        if other is not None and _is_usual(other) and not (value and _is_usual(value)):
            return FoundValue(other, segment.box, sure, UNSURE)
    return _found(value, [segment], UNSURE if _is_usual(value) else UNUSUAL) if value else None


def _is_usual(number: str) -> bool:
    parts = find_numbers(number)
    return bool(parts) and (parts[0].kind in _SYMBOLS or parts[0].party)


def _date(head: Sequence[Segment], picture: Picture | None, today: date, *, whole: bool) -> FoundValue | None:
    lines = [segment for segment in head if has_date_line(segment.text) or _is_date_line(segment)]
    lines = [segment for segment in lines if not _NOT_OWN.search(fold(segment.text))]
    if not lines:
        return None
    lines = [segment for segment in lines if own_date(segment.text) or _is_date_line(segment)] or lines
    placed = [segment for segment in lines if _PLACED.match(segment.text)]
    segment = (placed or (lines[::-1] if whole else lines))[0]
    written = own_date(segment.text)
    if picture is not None and (written is None or segment.confidence < _SURE):
        again = _read_date_again(segment, picture)
        if again is not None and written in (None, again[0]):
            value, sure = again
            flag = FUTURE if value.first > today else None if written == value or sure >= _SURE else UNSURE
            return FoundValue(format_date(value), segment.box, max(sure, segment.confidence), flag)
    if written is None and (guess := guess_date(_with_day(segment.text))) is not None:
        return FoundValue(format_date(guess), segment.box, segment.confidence, LOOKALIKE)
    if written is None:
        return FoundValue(segment.text, segment.box, segment.confidence, NO_DATE)
    return _found(format_date(written), [segment], FUTURE if written.first > today else None)


def _with_day(text: str) -> str:
    return (
        text if "ng" in fold(text).split(" thang")[0] else re.sub(r"(\S{1,2}\s+th\w?ng\s)", r"ngày \1", text, count=1)
    )


def _is_date_line(segment: Segment) -> bool:
    """A line with the three words of a date, letters of them misread: `ngảy … thang … năm`."""
    plain = fold(segment.text)
    whole = all(word in plain for word in ("thang", "nam")) and ("ngay" in plain or "," in plain)
    return whole or _DAYLESS.search(plain) is not None


def _read_date_again(segment: Segment, picture: Picture) -> tuple[WrittenDate, float] | None:
    """The date when its letters are set upright: dates are written in slanting ones (NĐ 30/2020/NĐ-CP)."""
    for text, sure in _again(segment, picture, None):
        if (written := own_date(text)) is not None:
            return written, sure
    return None


def _again(segment: Segment, picture: Picture, slant: float | None) -> Iterator[tuple[str, float]]:
    """A line read a second time, letters that lean set upright; without `slant` the lean is measured."""
    left, top, width, height = segment.box
    edge = (max(0, left - height), max(0, top - height), width + 2 * height, 3 * height)
    pixels = picture.pixels[edge[1] : edge[1] + edge[3], edge[0] : edge[0] + edge[2]]
    cleared = clear(Picture(pixels, picture.dpi))
    box = (0, top - edge[1] - height // 4, edge[2], height + height // 2)
    lean = find_slant(cleared, [(left - edge[0], top - edge[1], width, height)]) if slant is None else slant
    for way in (SOFT, SHARP):
        try:
            again = read_again(cleared, {"line": [box]}, lean, way)
        except ReadingFailed:
            continue
        if "line" in again:
            yield again["line"].text, again["line"].confidence


def _issuer(head: Sequence[Segment]) -> FoundValue | None:
    number = next((place for place, segment in enumerate(head) if is_number_line(segment.text)), None)
    if number is None:
        return None
    edge = head[number].middle
    column = [segment for segment in head[:number] if abs(segment.middle - edge) < 0.6 * max(edge, 1)]
    column = [segment for segment in column if segment.bottom <= head[number].top + 4]
    issuer = find_issuer([segment.text for segment in column] + [head[number].text])
    if issuer is None:
        return None
    used = [segment for segment in column if segment.text.strip(" *.-–_|:;,'") and segment.is_capital]
    mended = mend_phrases(issuer)
    return _found(mended, used or column, None if mended == issuer else MENDED)


def _title(head: Sequence[Segment]) -> FoundValue | None:
    for place, segment in enumerate(head):
        kind = kind_of_title(segment.text)
        if kind is None:
            continue
        subject: list[Segment] = []
        for following in head[place + 1 : place + 4]:
            plain = fold(following.text)
            if following.is_capital or plain.startswith(("can cu", "kinh gui", "xet ", "theo ")):
                break
            if not subject and not plain.startswith(("ve ", "v/v")):
                break
            subject.append(following)
        return _subject(kind, [part.text for part in subject], [segment, *subject])
    left = [segment for segment in head if not has_date_line(segment.text)]
    subject_lines = letter_subject([segment.text for segment in left])
    if not subject_lines:
        return None
    used = [segment for segment in left if any(line in segment.text for line in subject_lines)]
    return _subject("Công văn về việc", subject_lines, used or left[:1])


def _subject(kind: str, lines: Sequence[str], used: Sequence[Segment]) -> FoundValue:
    """Kind and subject, common words of it as they are written."""
    mended = [mend_phrases(line) for line in lines]
    return _found(join_title(kind, mended), used, None if mended == list(lines) else MENDED)


def _signer(segments: Sequence[Segment], height: int, picture: Picture | None) -> dict[str, FoundValue]:
    """The office and under it the name at the lower right; several offices (KT. GIÁM ĐỐC, PHÓ GIÁM ĐỐC) are one."""
    width = max((segment.right for segment in segments), default=0)
    foot = [segment for segment in segments if segment.middle > 0.5 * width and segment.top > _FOOT_SHARE * height]
    offices = [segment for segment in foot if is_office(segment.text)]
    if not offices:
        return {}
    last = max(offices, key=lambda segment: segment.top)
    offices = [other for other in offices if 0 <= last.top - other.top < 6 * (last.bottom - last.top)]
    found = {"office": _found(" ".join(segment.text.strip(" .,;:") for segment in offices), offices)}
    below = [
        segment for segment in foot if segment.top > last.bottom and abs(segment.middle - last.middle) < 0.2 * width
    ]
    if signer := _name(below, picture):
        found["signer"] = signer
    return found


def _name(lines: Sequence[Segment], picture: Picture | None) -> FoundValue | None:
    """The first of the lines that is a name; else what is written like one, a letter of it misread, read again."""
    for segment in lines:
        if is_person_name(segment.text):
            name = segment.text.strip(AROUND_NAMES)
            return _found(name, [segment], None if may_be_person(name) else UNUSUAL)
    for segment in lines if picture is not None else ():
        if not _may_be_name(segment.text) or picture is None:
            continue
        for text, sure in _again(segment, picture, 0.0):
            if is_person_name(text):
                return FoundValue(text.strip(AROUND_NAMES), segment.box, sure, UNSURE)
    return None


def _may_be_name(text: str) -> bool:
    parts = text.strip(AROUND_NAMES).split()
    return 2 <= len(parts) <= 5 and sum(part[:1].isupper() and part[1:].islower() for part in parts) >= len(parts) - 1
