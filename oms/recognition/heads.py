"""What a paper says about itself, with boxes: number, date, issuer, title and subject, office and name of the signer.

The rules of the layout are in `oms.vietnamese.letterheads`; here they are looked for where they stand on the page. What
is not written as it should be is kept as read and flagged; what is not found is left out.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from oms.recognition import cleaning
from oms.recognition.errors import ReadingFailed
from oms.recognition.forms.again import find_slant, read_again
from oms.recognition.forms.sense import FUTURE, LOOKALIKE, NO_DATE, UNSURE, UNUSUAL
from oms.recognition.pages import FoundValue
from oms.recognition.pictures import Picture
from oms.recognition.segments import Segment, around
from oms.vietnamese.dates import WrittenDate, format_date, guess_date
from oms.vietnamese.letterheads import (
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
from oms.vietnamese.numbers import find_numbers
from oms.vietnamese.text import fold

HEAD_SHARE = 0.4
"""Part of a page the head stands in."""

_SURE = 80.0
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
    if dated := _date(segments if whole else head, picture, today):
        found["date"] = dated
    if issuer := _issuer(head):
        found["issuer"] = issuer
    if title := _title(head):
        found["title"] = title
    found.update(_signer(segments, height))
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


def _date(head: Sequence[Segment], picture: Picture | None, today: date) -> FoundValue | None:
    lines = [segment for segment in head if has_date_line(segment.text) or _is_date_line(segment)]
    lines = [segment for segment in lines if not fold(segment.text).lstrip(" -(").startswith(("can cu", "kem theo"))]
    if not lines:
        return None
    segment = lines[0]
    written = own_date(segment.text)
    if picture is not None and (written is None or segment.confidence < _SURE):
        again = _read_date_again(segment, picture)
        if again is not None and written in (None, again[0]):
            value, sure = again
            flag = FUTURE if value.first > today else None if written == value or sure >= _SURE else UNSURE
            return FoundValue(format_date(value), segment.box, max(sure, segment.confidence), flag)
    if written is None and (guess := guess_date(segment.text)) is not None:
        return FoundValue(format_date(guess), segment.box, segment.confidence, LOOKALIKE)
    if written is None:
        return FoundValue(segment.text, segment.box, segment.confidence, NO_DATE)
    return _found(format_date(written), [segment], FUTURE if written.first > today else None)


def _is_date_line(segment: Segment) -> bool:
    """A line with the three words of a date, letters of them misread: `ngảy … thang … năm`."""
    plain = fold(segment.text)
    return all(word in plain for word in ("thang", "nam")) and ("ngay" in plain or "," in plain)


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
    clear = cleaning.level_paper(cleaning.drop_red_ink(Picture(pixels, picture.dpi)))
    box = (0, top - edge[1] - height // 4, edge[2], height + height // 2)
    lean = find_slant(clear, [(left - edge[0], top - edge[1], width, height)]) if slant is None else slant
    try:
        again = read_again(clear, {"line": [box]}, lean)
    except ReadingFailed:
        return
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
    return _found(issuer, used or column)


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
        return _found(join_title(kind, [part.text for part in subject]), [segment, *subject])
    left = [segment for segment in head if not has_date_line(segment.text)]
    subject_lines = letter_subject([segment.text for segment in left])
    if not subject_lines:
        return None
    used = [segment for segment in left if any(line in segment.text for line in subject_lines)]
    return _found(join_title("Công văn về việc", subject_lines), used or left[:1])


def _signer(segments: Sequence[Segment], height: int) -> dict[str, FoundValue]:
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
    names = [segment for segment in below if is_person_name(segment.text)]
    if names:
        name = names[0]
        found["signer"] = _found(name.text.strip(" .,;:-–'*"), [name])
    return found
