"""Letters that stand where only figures can: a proposal with the figures they look like, which is marked as such.

Only what is asked for as a figure, a date or a code, and only signs that look like one figure and no other. Numbers of
identity cards and insurance books stay as they were read.
"""

import re

from oms.catalogue import FormItem
from oms.vietnamese.dates import format_date, guess_date

_FIGURES = str.maketrans(dict.fromkeys("lIiÌÏÍìíïĨ!|]", "1") | dict.fromkeys("OoØøÔÓÒĐ", "0") | {"B": "8"})
_TYPES = ("date", "month_year", "rank_code", "step", "decimal_comma", "int")
_TYPES_WITH_WORDS = ("general_education",)


def guess_figures(item: FormItem, value: str) -> str:
    """The value with letters taken for figures; the value itself where none are asked for."""
    if item.type == "date" and (worded := guess_date(f"ngày {value}")) is not None:
        return format_date(worded)
    if item.type in _TYPES_WITH_WORDS:
        return re.sub(r"^\S+", lambda match: match[0].translate(_FIGURES), value)
    if item.type not in _TYPES:
        return value
    figures = value.translate(_FIGURES)
    if item.type == "rank_code" and re.match(r"[A-Z]\.", value):
        return value[0] + figures[1:]
    if item.type == "decimal_comma":
        return re.sub(r"\s*[;,.:]+\s*", ",", figures)
    return figures
