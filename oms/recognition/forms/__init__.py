"""Printed forms: which one a page belongs to, and the values and tables that stand on it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from oms import catalogue
from oms.recognition.forms.anchors import Anchor, find_anchors
from oms.recognition.forms.rows import read_tables
from oms.recognition.forms.strip import Strip, make_strip
from oms.recognition.forms.twice import read_values
from oms.recognition.pages import FoundValue, Word
from oms.recognition.pictures import Picture

_LEAST_SCORE = 60.0
"""Letters of labels that must agree before a page without a printed code counts as a form."""

_CLEARLY = 1.15
_ITEM = re.compile(r"[(\[]?[\dlIO]{1,2}(?:[.,][\dlI])?[)\]\-–]")
_FEW_NUMBERS, _FEW_COLONS = 3, 6


@dataclass(frozen=True)
class FormReading:
    """What was read of a form; `form` is None when the page is none, or one that cannot be told."""

    form: str | None = None
    fields: Mapping[str, FoundValue] = field(default_factory=dict)
    tables: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    labels: int = 0


def read_form(
    words: Sequence[Word], text: str, picture: Picture | None = None, *, today: date | None = None
) -> FormReading:
    """The form a page belongs to and what stands on it; empty for other pages. With the `picture` the boxes are in,
    doubtful values are read a second time."""
    printed = find_form(text)
    if printed is None and not _may_be_form(words):
        return FormReading()
    strip = make_strip(words)
    form, anchors = _tell(strip, printed)
    if form is None:
        return FormReading()
    values = read_values(strip, anchors, picture, today or date.today())
    return FormReading(form.id, values, read_tables(strip, text, anchors), len(anchors))


def _may_be_form(words: Sequence[Word]) -> bool:
    """Whether printed numbers (12), 15.1-) or colons stand as thick as on a form: looking for labels costs half a second."""
    numbers = sum(_ITEM.match(word.text) is not None for word in words)
    colons = sum(word.text.endswith(":") for word in words)
    return numbers >= _FEW_NUMBERS or colons >= _FEW_COLONS


def _tell(strip: Strip, printed: str | None) -> tuple[catalogue.Form | None, list[Anchor]]:
    """The form with its labels on the page: the one whose code is printed, else the one that fits clearly best."""
    if printed:
        form = catalogue.form(printed)
        return form, find_anchors(strip, form)
    tried: dict[tuple[catalogue.FormItem, ...], tuple[float, catalogue.Form, list[Anchor]]] = {}
    for form in catalogue.forms():
        if form.items not in tried:
            anchors = find_anchors(strip, form)
            tried[form.items] = sum(anchor.score for anchor in anchors), form, anchors
    ranked = sorted(tried.values(), key=lambda row: -row[0])
    (score, best, anchors), (second, *_rest) = ranked[0], ranked[1]
    if score < _LEAST_SCORE or score < _CLEARLY * second:
        return None, []
    return best, anchors


def find_form(text: str) -> str | None:
    """The form whose code stands on the page, or None; 2a-BNV/2007 is the same layout as 2C-BNV/2008."""
    written = _plain(text)
    for form in catalogue.forms():
        if any(re.search(rf"(?<!\w){re.escape(_plain(code))}(?!\d)", written) for code in form.codes):
            return form.id
    return None


def _plain(text: str) -> str:
    """Small letters without the spaces and hyphens that readings add or lose."""
    return re.sub(r"[^\w/\n]+", " ", re.sub(r"[-–—]\s*|\s*/\s*", lambda m: "/" if "/" in m[0] else "", text.lower()))
