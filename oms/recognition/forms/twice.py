"""The values of a form, the doubtful ones read up to three times: what all readings agree on is believed, of readings
that differ the one that most speaks for is proposed and flagged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from oms.catalogue import FormItem
from oms.recognition.errors import ReadingFailed
from oms.recognition.forms import sense
from oms.recognition.forms.again import SHARP, SOFT, Again, Way, clear, find_slant, has_ink, read_again
from oms.recognition.forms.anchors import Anchor
from oms.recognition.forms.strip import Strip, around
from oms.recognition.forms.values import SURE, Cut, compare_dates, cut_values, judge, read_value, tidy
from oms.recognition.pages import FoundValue
from oms.recognition.pictures import Picture

READ_ONCE = 96.0
"""Confidence from which a value in upright letters is not read again: at 95 three of the six values that were wrong
without a flag on eleven fresh pages lay between 95 and 96."""

_AGAINST = (0.0, 0.0, 0.5, 1.0)
"""What each weight of a flag (`sense.weight`) takes from a reading; a reading itself counts from 0.5 to 1."""

_USUAL = 0.6
"""What a word that usually stands there counts more."""


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
    """The doubtful values read a second time, and a third time where two readings differ or make no sense."""
    cleared = clear(picture)
    slant = find_slant(cleared, [value.box for value in found.values() if value.box])
    doubtful = [cut for cut in cuts if slant or _is_doubtful(found[cut.item.key])]
    readings = {cut.item.key: [found[cut.item.key]] for cut in doubtful}
    for way in (SOFT, SHARP):
        asked = [cut for cut in doubtful if way is SOFT or not _is_settled(readings[cut.item.key])]
        for key, value in _read(cleared, asked, slant, way, today).items():
            readings[key].append(value)
    result = dict(found)
    for cut in doubtful:
        value = choose(cut.item, readings[cut.item.key])
        unread = not value.value and value.flag is None and has_ink(cleared, cut.regions)
        result[cut.item.key] = replace(value, flag=sense.UNREADABLE) if unread else value
    return result


def _is_doubtful(value: FoundValue) -> bool:
    return not value.value or value.flag is not None or value.confidence < READ_ONCE


def _is_settled(readings: Sequence[FoundValue]) -> bool:
    """Whether all readings say the same, and something that can be."""
    same = len(readings) > 1 and len({reading.value for reading in readings}) == 1
    return same and sense.weight(readings[0].flag) <= sense.weight(sense.UNSURE)


def _read(picture: Picture, cuts: Sequence[Cut], slant: float, way: Way, today: date) -> dict[str, FoundValue]:
    """What was read in the places of the values this way, nothing where nothing was read."""
    if not cuts:
        return {}
    try:
        again = read_again(picture, {cut.item.key: cut.regions for cut in cuts}, slant, way)
    except ReadingFailed:
        return {}
    found = {cut.item.key: _value(cut, again[cut.item.key], today) for cut in cuts if cut.item.key in again}
    return {key: value for key, value in found.items() if value.value}


def _value(cut: Cut, again: Again, today: date) -> FoundValue:
    box = around([(left, top, left + width, top + height) for left, top, width, height in cut.regions])
    return judge(tidy(again.text, cut.item), box, again.confidence, cut, today)


def choose(item: FormItem, readings: Sequence[FoundValue]) -> FoundValue:
    """The value most readings agree on, sure and sensible ones before others; flagged unless all say the same."""
    read = [reading for reading in readings if reading.value]
    if not read:
        return readings[0]
    if len(read) == 1:
        return read[0] if read[0].flag else replace(read[0], flag=sense.UNSURE)
    said: dict[str, list[FoundValue]] = {}
    for reading in read:
        said.setdefault(reading.value, []).append(reading)
    own = max(said.values(), key=lambda group: _count(item, group))
    best = replace(own[0], box=readings[0].box or own[0].box, confidence=max(reading.confidence for reading in own))
    return replace(best, flag=_flag(item, own, read))


def _count(item: FormItem, group: Sequence[FoundValue]) -> float:
    against = min(_AGAINST[sense.weight(reading.flag)] for reading in group)
    usual = _USUAL if group[0].value in item.usual else 0.0
    return sum(0.5 + reading.confidence / 200 for reading in group) - against + usual


def _flag(item: FormItem, own: Sequence[FoundValue], read: Sequence[FoundValue]) -> str | None:
    """What speaks against the readings chosen; what was put right in one of them and read right in another is right."""
    flaws = [reading.flag for reading in own if sense.weight(reading.flag) > sense.weight(sense.UNSURE)]
    if flaws and not (set(flaws) <= sense.PUT_RIGHT and len(flaws) < len(own)):
        return flaws[0]
    if len(own) == len(read):
        return None if max(reading.confidence for reading in own) >= SURE else sense.UNSURE
    alone = sum(value in item.usual for value in {reading.value for reading in read}) == 1
    usual = alone and own[0].value in item.usual and any(reading.flag is None for reading in own)
    return None if usual else sense.UNSURE
