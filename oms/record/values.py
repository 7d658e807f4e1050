"""What may be said behind a label: one rule for each type of value. Knows the catalogue, no database.

A date keeps the precision it was written with; what a person does not remember is said so and stays unknown.
"""

import re
from collections.abc import Mapping
from functools import cache

from oms import catalogue
from oms.catalogue import FormItem
from oms.errors import N_, BadInput, NotFound
from oms.vietnamese import encodings
from oms.vietnamese.dates import ImpossibleDate, format_date, parse_date
from oms.vietnamese.text import fold, nfc

LENGTH = 5_000
"""Characters of one value: the history of a life fits, a whole page does not."""

UNKNOWN = frozenset({"khong nho", "khong ro", "chua ro", "khong biet"})
"""Words, without marks, by which a person says that something is not known."""

NOTHING = frozenset({"khong", "khong co", "chua", "chua co"})
"""Words, without marks, for an item that does not apply."""

_SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "id_number": (re.compile(r"\d{9}|\d{12}"), N_("%(label)s: the number has 9 or 12 figures.")),
    "insurance_number": (re.compile(r"\d{10}|\d{12}"), N_("%(label)s: the number has 10 or 12 figures.")),
    "decimal_comma": (
        re.compile(r"\d{1,3}(?:,\d{1,3})?\s?%?"),
        N_("%(label)s: write a figure with a decimal comma, as 3,33."),
    ),
    "step": (
        re.compile(r"(?:[1-9]|1[0-2])(?:/(?:[1-9]|1[0-2]))?|VK\s?\d{1,2}\s?%"),
        N_("%(label)s: write the step as 4, 4/9 or VK 5%%."),
    ),
    "money": (re.compile(r"\d{1,12}"), N_("%(label)s: write the amount in figures, as 7.500.000.")),
}


@cache
def items() -> dict[str, FormItem]:
    """Every single value a form asks for, by its key; free text under a heading is one, too."""
    found: dict[str, FormItem] = {}
    for form in catalogue.forms():
        for item in form.items:
            found.setdefault(item.key, item)
        for table in form.tables:
            if not table.columns:
                found.setdefault(table.key, FormItem(key=table.key, labels=table.labels, type="text", item=table.item))
    return found


def item(key: str) -> FormItem:
    """The item of a key; raises `NotFound`."""
    if key not in items():
        raise NotFound(N_("No form asks for “%(key)s”. Look up the keys in the catalogue of forms."), key=key)
    return items()[key]


def check(key: str, text: str) -> str:
    """`text` as it is kept; raises `BadInput` with the label for what cannot stand there."""
    asked = item(key)
    label = asked.labels[0]
    value = " ".join(nfc(text).split())
    if not value:
        raise BadInput(N_("%(label)s: enter what the paper says, or “Không nhớ”."), label=label)
    if len(value) > LENGTH:
        raise BadInput(N_("%(label)s: at most %(limit)s characters."), label=label, limit=LENGTH)
    if encodings.detect(value) is not None:
        raise BadInput(
            N_("%(label)s: this text is in an old font (TCVN3 or VNI). Type it again in Unicode."), label=label
        )
    if fold(value).strip(" .") in UNKNOWN | NOTHING:
        return value.strip(" .")
    if asked.type in ("date", "month_year"):
        return _date(label, value)
    return _shaped(asked.type, label, value)


def _date(label: str, value: str) -> str:
    try:
        found = parse_date(value)
    except ImpossibleDate:
        message = N_("%(label)s: %(written)s is not a day of the calendar. Look at the paper again.")
        raise BadInput(message, label=label, written=value) from None
    if found is None:
        message = N_("%(label)s: “%(written)s” is not a date. Write 03/02/1998, 02/1998, 1998 or “Không nhớ”.")
        raise BadInput(message, label=label, written=value)
    return format_date(found)


def _shaped(type: str, label: str, value: str) -> str:
    if type not in _SHAPES:
        return value
    shape, message = _SHAPES[type]
    if type in ("id_number", "insurance_number"):
        value = re.sub(r"[ .]", "", value)
    elif type == "money":
        value = re.sub(r"[ .]|(?:đồng|đ)$", "", value)
    elif type == "decimal_comma":
        value = value.replace(".", ",")
    elif type == "step":
        value = re.sub(r"^bậc\s+|\s*(?=/)|(?<=/)\s*", "", value, flags=re.IGNORECASE)
    if not shape.fullmatch(value):
        raise BadInput(message, label=label)
    return value
