"""The values of a form, the doubtful ones read twice: what two readings agree on is believed, the rest is flagged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from oms.recognition import cleaning
from oms.recognition.errors import ReadingFailed
from oms.recognition.forms import sense
from oms.recognition.forms.again import Again, find_slant, has_ink, read_again
from oms.recognition.forms.anchors import Anchor
from oms.recognition.forms.strip import Strip, around
from oms.recognition.forms.values import SURE, Cut, compare_dates, cut_values, judge, read_value, tidy
from oms.recognition.pages import FoundValue
from oms.recognition.pictures import Picture

READ_ONCE = 96.0
"""Confidence from which a value in upright letters is not read again: at 95 three of the six values that were wrong
without a flag on eleven fresh pages lay between 95 and 96."""

_UPRIGHT = 10.0
"""How much surer the reading of letters set upright counts than of the same letters leaning."""


def read_values(strip: Strip, anchors: Sequence[Anchor], picture: Picture | None, today: date) -> dict[str, FoundValue]:
    """The values behind the labels found, by key, in printed order."""
    cuts = cut_values(strip, anchors)
    found = {cut.item.key: read_value(strip, cut, today) for cut in cuts}
    if picture is not None and cuts:
        found = _look_again(cuts, found, picture, today)
    return compare_dates(found)


def _look_again(
    cuts: Sequence[Cut], found: dict[str, FoundValue], picture: Picture, today: date
) -> dict[str, FoundValue]:
    clear = cleaning.level_paper(cleaning.drop_red_ink(picture))
    slant = find_slant(clear, [value.box for value in found.values() if value.box])
    doubtful = [cut for cut in cuts if slant or _is_doubtful(found[cut.item.key])]
    try:
        again = read_again(clear, {cut.item.key: cut.regions for cut in doubtful}, slant)
    except ReadingFailed:
        return found
    result = dict(found)
    for cut in doubtful:
        key = cut.item.key
        value = _compare(cut, found[key], again.get(key), bool(slant), today)
        unread = not value.value and value.flag is None and has_ink(clear, cut.regions)
        result[key] = replace(value, flag=sense.UNREADABLE) if unread else value
    return result


def _is_doubtful(value: FoundValue) -> bool:
    return not value.value or value.flag is not None or value.confidence < READ_ONCE


def _compare(cut: Cut, first: FoundValue, again: Again | None, slanting: bool, today: date) -> FoundValue:
    """The better of two readings; flagged unless both say the same."""
    text = tidy(again.text, cut.item) if again else ""
    if not text:
        return first if not first.value or first.flag else replace(first, flag=sense.UNSURE)
    box = first.box or around([(left, top, left + width, top + height) for left, top, width, height in cut.regions])
    second = judge(text, box, again.confidence if again else 0.0, cut, today)
    if first.value == second.value:
        read_right = first.flag == sense.MENDED and second.flag is None
        sure = first.flag == sense.UNSURE and max(first.confidence, second.confidence) >= SURE
        flag = None if sure or read_right else first.flag
        return replace(first, confidence=max(first.confidence, second.confidence), flag=flag)
    better = _better(first, second, slanting)
    usual = better.value in cut.item.usual and not (first.value in cut.item.usual and second.value in cut.item.usual)
    return better if usual and better.flag is None else replace(better, flag=better.flag or sense.UNSURE)


def _better(first: FoundValue, second: FoundValue, slanting: bool) -> FoundValue:
    """The one that less speaks against; of equals the surer one, where letters lean mostly the upright one."""
    if not first.value:
        return second
    flaws = [sense.weight(reading.flag) for reading in (first, second)]
    if flaws[0] != flaws[1]:
        return first if flaws[0] < flaws[1] else second
    return first if first.confidence >= second.confidence + (_UPRIGHT if slanting else 0) else second
