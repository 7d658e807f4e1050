"""The values behind the labels of a form: cut out, freed of dotted leaders and hints, each with its box and a flag.

A value is kept as it was read; only a birth date in three gaps is put together, and common words of an address are put
as they are written. What cannot be right is flagged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from statistics import median

from oms.catalogue import FormItem
from oms.recognition.forms import sense
from oms.recognition.forms.addresses import mend_words
from oms.recognition.forms.anchors import Anchor, squeeze
from oms.recognition.forms.figures import guess_figures
from oms.recognition.forms.strip import Box, Strip, around, distance
from oms.recognition.forms.words import mend_choice, mend_phrases, mend_province
from oms.recognition.pages import FoundValue, Word
from oms.vietnamese.text import fold

SURE = 80.0
"""Least confidence of a word of a value that needs no look."""

_LEADERS = re.compile(r"(?:[.…·_]\s?){2,}|…")
_EDGES = " \t.,:;…·_-–—|'\"`~*<>«»=“”‘’°^"
_OTHER_NUMBER = re.compile(r"(?:^|\s)[\dlI]{1,2}(?:[.,]\d)?\s?[)\]]\s?[-–]?\s*\S")
_UNREAD_NUMBER = re.compile(r"(?:^|\s)(?=\S{1,6}\s*$)\S*[\d)\]}–-]\S*\s*$")
_LONGEST_NUMBER = 7
_THREE_GAPS = re.compile(r"\D{0,3}(\d{1,2})\W+t\w{2,5}\W+(\d{1,2})\W+(?:n[aă]\w{1,2}|[a-z][aă]m)\W+(\d{4})\W*")
"""The printed word between the figures may be misread (tăm, wăm), the figures not."""
_MONTH_AND_YEAR = re.compile(r"\W*t\w{2,5}\W+(\d{1,2})\W+n[aă]\w{1,2}\W+(\d{4})\W*")
_YEAR_ALONE = re.compile(r"\W*(?:t\w{2,5}\W+)?n[aă]\w{1,2}\W+(\d{4})\W*")
_MOST_LINES = 3
_NAMES = ("other_names", "staff_code", "phone")
"""Texts nothing in which is a common word."""
_BLOT = 1.6
_ABOVE, _BELOW = 0.3, 0.15
"""Room above and below a line that is read again, in heights of it; the leaders of the line above end there."""
_PHOTOGRAPH = ("anhmau4x6cm", "anhmau", "4x6cm", "anh4x6", "anh")


@dataclass(frozen=True)
class Cut:
    """Where a value stands: pieces of the strip, line by line, and `regions` of the page, white space included.

    `open_end` when the end of the value was not surely found.
    """

    item: FormItem
    anchor: Anchor
    pieces: tuple[tuple[int, int], ...]
    regions: tuple[Box, ...]
    open_end: bool


def cut_values(strip: Strip, anchors: Sequence[Anchor]) -> list[Cut]:
    """Where the values of the items found stand, in printed order."""
    if not anchors:
        return []
    ends = [*(_end(strip, one, following) for one, following in pairwise(anchors)), len(strip.text)]
    return [
        _cut(strip, anchor, anchor.thing, end)
        for anchor, end in zip(anchors, ends, strict=True)
        if isinstance(anchor.thing, FormItem)
    ]


def _end(strip: Strip, one: Anchor, following: Anchor) -> int:
    """Where the value behind a label ends at the latest: before the next label and before its printed number, also when
    that was not read as one (`t2)`, `15.I-T`)."""
    end = following.start
    if following.numbered or following.thing.item in (None, one.thing.item):
        return end
    begin = end
    while begin > one.end and strip.line_of(begin - 1) == strip.line_of(end):
        begin -= 1
    before = strip.text[begin:end]
    if begin > one.end and len(before.strip()) <= _LONGEST_NUMBER:
        return begin
    number = _UNREAD_NUMBER.search(before)
    return begin + number.start() if number else end


def _cut(strip: Strip, anchor: Anchor, item: FormItem, end: int) -> Cut:
    start = anchor.end + _tail(strip.text[anchor.end : min(end, anchor.end + 110)])
    limit, open_end = end, False
    if other := _OTHER_NUMBER.search(strip.text, start, end):
        end, open_end = other.start(), True
    pieces: list[tuple[int, int]] = []
    for begin, stop in _lines(strip, start, end):
        if _is_printed(strip.text[begin:stop]):
            if pieces:
                break
            continue
        if len(pieces) >= _MOST_LINES or (pieces and _is_far(strip, pieces[-1][0], begin)):
            break
        pieces.append((begin, stop))
    return Cut(item, anchor, tuple(pieces), _regions(strip, (anchor.start, start), limit, pieces), open_end)


def _regions(strip: Strip, label: tuple[int, int], limit: int, pieces: Sequence[tuple[int, int]]) -> tuple[Box, ...]:
    """The room behind the label up to the next one, and the lines of the value under it."""
    number = strip.word_at(max(0, label[1] - 1))
    last = strip.words[number]
    edge = max(word.left + word.width for word in strip.words) + 2 * last.height
    if limit < len(strip.text) and strip.line_of(limit) == last.line:
        edge = strip.words[strip.word_at(limit)].left - 3
    left = last.left + last.width + 2
    beside = [strip.words[place] for place in range(strip.word_at(label[0]), strip.word_at(limit - 1) + 1)]
    regions = [_row(left, edge - left, [word for word in beside if word.line == last.line])]
    for begin, stop in pieces:
        box = strip.box(begin, stop)
        if box is not None and strip.line_of(begin) != last.line:
            own = strip.words[strip.word_at(begin) : strip.word_at(stop - 1) + 1]
            regions.append(_row(box[0] - box[3], box[2] + 2 * box[3], own))
    return tuple(region for region in regions if region[2] > region[3] // 3)


def _row(left: int, width: int, words: Sequence[Word]) -> Box:
    """The height of the line these words stand in, with room above for marks: what is typed in stands a little higher
    than what is printed. Words much taller than the others are blots."""
    usual = median(word.height for word in words)
    fair = [word for word in words if word.height <= _BLOT * usual]
    top, bottom = min(word.top for word in fair), max(word.top + word.height for word in fair)
    height = min(bottom - top, round(_BLOT * usual))
    top = bottom - height
    above, below = round(_ABOVE * height), round(_BELOW * height)
    return max(0, left), max(0, top - above), width, height + above + below


def _tail(text: str) -> int:
    """How much of `text` still belongs to the label: a hint in parentheses, words up to the colon."""
    start = 0
    hint = re.match(r"[\s.,;:]*\([^()]{0,90}\)[.,]?", text)
    if hint:
        start = hint.end()
    colon = re.match(r"(?:[^\s:]*\s?){0,4}:" if not hint else r"(?:\s*[^\s:]+){0,3}?\s*[:;]", text[start:])
    if colon and not any(letter.isdigit() for letter in colon[0]):
        return start + colon.end()
    open_hint = re.match(r"\s*\([^:]{0,90}:", text)
    return open_hint.end() if open_hint else start


def _lines(strip: Strip, start: int, end: int) -> list[tuple[int, int]]:
    """The pieces between two places of the strip, line by line."""
    pieces: list[tuple[int, int]] = []
    line = -1
    for place in range(start, end):
        number = strip.places[place]
        if number < 0:
            continue
        if strip.words[number].line != line:
            pieces.append((place, place + 1))
            line = strip.words[number].line
        else:
            pieces[-1] = (pieces[-1][0], place + 1)
    return pieces


def _is_printed(text: str) -> bool:
    """Whether a line belongs to the form and not to what was filled in: hints, the title, the place of the photograph."""
    stripped = text.strip(" .…")
    if stripped.startswith("(") and (stripped.endswith(")") or len(stripped) > 25):
        return True
    letters = squeeze(stripped)
    if letters in _PHOTOGRAPH:
        return True
    title = squeeze("sơ yếu lý lịch")
    return len(letters) >= len(title) - 2 and distance(title, letters)[0] <= 3


def _is_far(strip: Strip, above: int, below: int) -> bool:
    one, other = strip.words[strip.word_at(above)], strip.words[strip.word_at(below)]
    return other.top - (one.top + one.height) > 2.2 * max(one.height, other.height)


def read_value(strip: Strip, cut: Cut, today: date) -> FoundValue:
    """The value as the page was read, empty when nothing was read behind the label."""
    parts, boxes, sure = [], [], []
    for begin, stop in cut.pieces:
        text = strip.text[begin:stop]
        for start, end in _without_leaders(text):
            box = strip.box(begin + start, begin + end)
            if box is not None:
                parts.append(text[start:end])
                boxes.append((box[0], box[1], box[0] + box[2], box[1] + box[3]))
                sure.append(strip.confidence(begin + start, begin + end))
    value = _tidy(" ".join(parts), cut.item)
    if not value:
        return FoundValue("", None, 0.0, sense.LABEL_INSIDE if cut.open_end else None)
    return judge(value, around(boxes), min(sure), cut, today)


def judge(value: str, box: Box | None, confidence: float, cut: Cut, today: date) -> FoundValue:
    """The value with the first of the things that speak against it."""
    value, mended = _mend(value, cut.item)
    flaw = sense.find_flaw(cut.item, value, today) or (sense.MENDED if mended else None)
    guess = guess_figures(cut.item, value) if flaw is not None else value
    if guess != value and sense.find_flaw(cut.item, guess, today) in (None, sense.NO_COEFFICIENT):
        value, flaw = guess, sense.LOOKALIKE
    if flaw is None and (cut.open_end or ":" in value):
        flaw = sense.LABEL_INSIDE
    if flaw is None and (confidence < SURE or cut.anchor.doubt > 0.15):
        flaw = sense.UNSURE
    return FoundValue(value, box, confidence, flaw)


def _mend(value: str, item: FormItem) -> tuple[str, bool]:
    """The value with its common words as they are written, and whether one of them had been misread."""
    if item.type == "address":
        spaced, changed = mend_words(value)
        placed = mend_province(spaced)
        return placed, changed or placed != spaced
    if item.usual:
        mended = mend_choice(value, item.usual) if value not in item.usual else value
    elif item.type in ("text", "general_education") and item.key not in _NAMES:
        mended = mend_province(mend_phrases(value))
    else:
        mended = value
    return mended, mended != value


def tidy(text: str, item: FormItem) -> str:
    """A text read behind a label without leaders and marks at its edges, as `read_value` gives it."""
    return _tidy(" ".join(text[start:end] for start, end in _without_leaders(text)), item)


def _without_leaders(text: str) -> list[tuple[int, int]]:
    """The parts of a line that are no leaders, without marks at their edges."""
    spans, start = [], 0
    for leader in [*_LEADERS.finditer(text), None]:
        end = leader.start() if leader else len(text)
        part = text[start:end]
        left = len(part) - len(part.lstrip(_EDGES))
        right = len(part.rstrip(_EDGES))
        if right > left:
            spans.append((start + left, start + right))
        if leader:
            start = leader.end()
    return spans


def _tidy(value: str, item: FormItem) -> str:
    value = " ".join(value.replace("⁄", "/").split())
    if item.type != "date" or item.key != "birth_date":
        return value
    plain = fold(value)
    if match := _THREE_GAPS.fullmatch(plain):
        return f"{match[1]:0>2}/{match[2]:0>2}/{match[3]}"
    if match := _MONTH_AND_YEAR.fullmatch(plain):
        return f"{match[1]:0>2}/{match[2]}"
    if match := _YEAR_ALONE.fullmatch(plain):
        return match[1]
    return value


def compare_dates(found: dict[str, FoundValue]) -> dict[str, FoundValue]:
    """The values with flags on dates that contradict each other."""
    for key, flaw in sense.order_flaws({key: value.value for key, value in found.items()}):
        if found[key].flag in (None, sense.UNSURE):
            found[key] = replace(found[key], flag=flaw)
    return found
