"""Whether a value can be what its label asks for: dates, figures and words out of sense are flagged, never repaired.

Rules of sense: the calendar; Nghị định 204/2004/NĐ-CP for the pay coefficients of officials; numbers of identity
cards (9 or 12 figures) and of social insurance books (10 or 12). A flag is a question to a person, not a judgement.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache

from oms import catalogue
from oms.catalogue import FormItem
from oms.errors import N_
from oms.vietnamese.dates import ImpossibleDate, WrittenDate, parse_date
from oms.vietnamese.names import may_be_person
from oms.vietnamese.syllables import is_syllable
from oms.vietnamese.text import fold, nfc

UNREADABLE = N_("Something is written here that could not be read.")
NO_DAY = N_("There is no such day in the calendar.")
NO_DATE = N_("This is not written like a date.")
FUTURE = N_("This date lies in the future.")
LONG_AGO = N_("This date lies more than 120 years back.")
NO_COEFFICIENT = N_("This is not a pay coefficient of the table.")
NO_FIGURE = N_("This is not written like the figure that is asked for.")
NO_NUMBER = N_("The number does not have as many figures as it should.")
NO_CODE = N_("This is not written like a rank code.")
UNUSUAL = N_("This word does not usually stand here.")
NO_WORD = N_("A word of it cannot be a Vietnamese word.")
ORDER = N_("The dates do not follow each other as they should.")
TWO_DAYS = N_("Day and month of admission and of full membership usually agree; here they differ.")
LABEL_INSIDE = N_("The end of the value was not surely found.")
UNSURE = N_("Read with little certainty.")
LOOKALIKE = N_("Letters were taken for the figures they look like.")
MENDED = N_("A common word was misread and put as it is usually written. Compare it with the paper.")

PUT_RIGHT = frozenset((MENDED, LOOKALIKE))
"""Flags of values that are not as they were read."""

NOTHING = frozenset({"khong", "khong co", "chua", "chua co", "khongco", "0"})
"""What people write where there is nothing to write."""

_SOFT = (LOOKALIKE, MENDED, NO_COEFFICIENT, UNUSUAL, ORDER, TWO_DAYS, LABEL_INSIDE)
_EARLIEST = 120


@cache
def coefficients() -> frozenset[str]:
    """The pay coefficients of officials, with a decimal comma."""
    return frozenset(
        f"{group.first + group.rise * step:.2f}".replace(".", ",")
        for group in catalogue.pay_groups()
        for step in range(group.steps)
    )


def find_flaw(item: FormItem, value: str, today: date) -> str | None:
    """The sentence that says why `value` cannot be right, or None."""
    if fold(value).strip(" .") in NOTHING:
        return None if nfc(value).strip(" .") in ("Không", "không", "Chưa", "Không có", "chưa") else NO_WORD
    if item.usual:
        return None if value in item.usual else UNUSUAL
    check = _CHECKS.get(item.type)
    if check is not None:
        return check(value)
    if item.type in ("date", "month_year"):
        return _date_flaw(value, today)
    if item.key in ("height_cm", "weight_kg"):
        return _measure_flaw(item.key, value)
    return _words_flaw(item, value)


def _words_flaw(item: FormItem, value: str) -> str | None:
    if item.type == "person_name" and not may_be_person(value):
        return UNUSUAL
    return None if all(is_word(word) for word in value.split()) else NO_WORD


def weight(flag: str | None) -> int:
    """How much a flag speaks against a reading: nothing, doubt, unusual, impossible."""
    return 0 if flag is None else 1 if flag == UNSURE else 2 if flag in _SOFT else 3


def _date_flaw(value: str, today: date) -> str | None:
    try:
        found = parse_date(value)
    except ImpossibleDate:
        return NO_DAY
    if found is None:
        return NO_DATE
    if found.first > today:
        return FUTURE
    return LONG_AGO if found.first.year < today.year - _EARLIEST else None


def _shaped(shape: str, flaw: str) -> Callable[[str], str | None]:
    whole = re.compile(shape)
    return lambda value: None if whole.fullmatch(value) else flaw


def _coefficient_flaw(value: str) -> str | None:
    if not re.fullmatch(r"\d{1,2}[,.]\d{1,2}", value):
        return NO_FIGURE
    whole, _, rest = value.replace(".", ",").partition(",")
    if int(whole) == 0:
        return None  # an allowance
    return None if f"{whole},{rest:0<2}" in coefficients() else NO_COEFFICIENT


def _education_flaw(value: str) -> str | None:
    match = re.match(r"(\d{1,2})/(\d{1,2})\b\s*(.*)", value)
    if not match or int(match[1]) > int(match[2]) or match[2] not in ("9", "10", "12"):
        return NO_FIGURE
    return None if all(is_word(word) for word in match[3].split()) else NO_WORD


def _measure_flaw(key: str, value: str) -> str | None:
    if key == "weight_kg":
        match = re.fullmatch(r"(\d{2,3})\s?(?:kg)?", value)
        return None if match and 30 <= int(match[1]) <= 180 else NO_FIGURE
    match = re.fullmatch(r"1\s?m\s?(\d{2})|(1\d{2})\s?(?:cm)?|1[,.](\d{2})\s?m?", value)
    return None if match else NO_FIGURE


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "decimal_comma": _coefficient_flaw,
    "general_education": _education_flaw,
    "rank_code": _shaped(r"\d{2}[a-z]?\.\d{3}[a-z]?|[A-Z]{1,2}\.\d{2}\.\d{2}\.\d{2}", NO_CODE),
    "step": _shaped(r"(?:[1-9]|1[0-2])(?:\s?/\s?(?:[1-9]|1[0-2]))?|VK\s?\d{1,2}\s?%?", NO_FIGURE),
    "id_number": _shaped(r"\d{9}|\d{12}", NO_NUMBER),
    "insurance_number": _shaped(r"\d{10}|\d{12}", NO_NUMBER),
    "phone": _shaped(r"0[\d. ]{8,13}", NO_NUMBER),
}


_ABBREVIATION = re.compile(r"[A-ZĐ]{1,6}|[IVX]{1,5}|[A-C][12]?|\d+[.,/-]?(?:\d+[.,/-]?)*|[-–&+]")


def is_word(word: str) -> bool:
    """Whether a word of a value can be one: syllables, abbreviations, figures; letters and figures mixed are none."""
    plain = word.strip(".,;:()“”\"'")
    if not plain or _ABBREVIATION.fullmatch(plain):
        return True
    parts = re.split(r"[-/'’]", plain)
    return all(part and (is_syllable(part) or _ABBREVIATION.fullmatch(part) is not None) for part in parts)


def order_flaws(dates: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Keys of dates that contradict each other, each with its sentence."""
    known = {key: found for key, value in dates.items() if (found := _known(value))}
    for earlier, later in (
        ("birth_date", "party_join_date"),
        ("birth_date", "recruitment_date"),
        ("birth_date", "enlist_date"),
        ("birth_date", "id_issue_date"),
        ("party_join_date", "party_official_date"),
        ("enlist_date", "discharge_date"),
        ("recruitment_date", "salary_from"),
    ):
        if earlier in known and later in known and known[earlier].first >= known[later].first:
            yield earlier, ORDER
            yield later, ORDER
    joined, official = known.get("party_join_date"), known.get("party_official_date")
    if joined and official and (joined.first.day, joined.first.month) != (official.first.day, official.first.month):
        yield "party_join_date", TWO_DAYS
        yield "party_official_date", TWO_DAYS


def _known(value: str) -> WrittenDate | None:
    try:
        return parse_date(value)
    except ImpossibleDate:
        return None
