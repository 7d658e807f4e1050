"""What may be written down for a value of each type (`catalogue/forms.py`), and how it is kept.

Nothing is invented and nothing repaired: a year stays a year, a day that does not exist is refused, and "không nhớ" is
an answer of its own.
"""

import re
from collections.abc import Callable, Mapping

from oms.catalogue.forms import FormItem
from oms.errors import N_, BadInput
from oms.vietnamese import encodings
from oms.vietnamese.dates import ImpossibleDate, Precision, format_date, parse_date
from oms.vietnamese.text import fold, nfc

LENGTH = 2_000
UNKNOWN = ("khong nho", "khong ro", "khong biet", "khong co", "khong")
"""Words (without marks) that say of any value that there is none, or that nobody knows it."""
_REFUSALS: Mapping[str, str] = {
    "id_number": N_("“%(text)s” is no ID number: it has 12 digits, an old one 9. Look at the paper once more."),
    "insurance_number": N_("“%(text)s” is no insurance number: it has 10 or 12 digits."),
    "decimal_comma": N_("“%(text)s” is no coefficient. Write a number such as 3,33."),
    "step": N_("“%(text)s” is no pay step. Write 4/9, 4 or VK 5%%."),
    "money": N_("“%(text)s” is no amount. Write a number such as 2.340.000."),
    "int": N_("“%(text)s” is no whole number."),
    "height_m": N_("“%(text)s” is no height. Write 1m65 or 165."),
    "general_education": N_(
        "“%(text)s” cannot stand here. Write the last grade and the system, such as 12/12 or 10/10."
    ),
    "rank_code": N_("“%(text)s” is no code of a rank. Write it as 01.003 or V.07.01.03."),
    "phone": N_("“%(text)s” is no telephone number: it has 8 to 12 digits."),
    "boolean": N_("“%(text)s” cannot stand here. Write “có” or “không”."),
}


def as_kept(item: FormItem, written: str) -> str:
    """The text as it is kept; raises `BadInput` with what should be written. An empty text stays empty."""
    text = " ".join(as_unicode(written).split())
    if len(text) > LENGTH:
        raise BadInput(N_("That is too long: at most %(count)s characters."), count=LENGTH)
    if not text or fold(text).strip(" .") in UNKNOWN:
        return text
    if item.type in ("date", "month_year"):
        return _date(text, month=item.type == "month_year")
    if item.key == "gender":
        return _one_of(text, ("Nam", "Nữ"))
    read = _READERS.get(item.type)
    kept = read(text) if read else text
    if kept is None:
        raise BadInput(_REFUSALS[item.type], text=text[:80])
    return kept


def as_asked(type: str, text: str) -> str:
    """A value that another form asks in another way, as an item of this type asks for it: 165 or 1m65, 53 kg or 53,
    03/02/1998 or 02/1998. What cannot be told stays as it is."""
    if type == "int":
        metres = re.fullmatch(r"([12])m(\d\d)", _height(text) or "")
        figure = re.fullmatch(r"(\d{1,9})\s*(?:cm|kg)?", text, re.IGNORECASE)
        return "".join(metres.groups()) if metres and "m" in text.casefold() else figure[1] if figure else text
    if type == "height_m":
        return _height(text) or text
    if type == "month_year":
        return _month(text)
    return text


def _month(text: str) -> str:
    try:
        found = parse_date(text)
    except ImpossibleDate:
        return text
    return found.first.strftime("%m/%Y") if found and found.precision is Precision.DAY else text


def as_unicode(written: str) -> str:
    """The text in NFC, also when it was typed in one of the old Vietnamese encodings."""
    old = encodings.detect(written)
    return encodings.convert(written, old) if old else nfc(written)


def _date(text: str, *, month: bool) -> str:
    try:
        found = parse_date(text)
    except ImpossibleDate:
        raise BadInput(
            N_("%(day)s is not a day of the calendar. Look at the paper once more."), day=text[:40]
        ) from None
    if found is not None and month and found.precision is Precision.DAY:
        raise BadInput(N_("The form asks for the month here. Write 02/1998, or 1998 when the paper says no more."))
    if found is None:
        raise BadInput(
            N_("“%(text)s” is no date. Write 03/02/1998, 02/1998 or 1998, or “không nhớ” when nobody knows."),
            text=text[:80],
        )
    return format_date(found)


def _one_of(text: str, words: tuple[str, ...]) -> str:
    found = next((word for word in words if fold(word) == fold(text)), None)
    if found is None:
        raise BadInput(N_("Write one of: %(words)s."), words=", ".join(words))
    return found


def _digits(*lengths: int) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        digits = re.sub(r"[\s.\-]", "", text)
        return digits if digits.isascii() and digits.isdecimal() and len(digits) in lengths else None

    return read


def _shaped(pattern: str, change: Callable[[str], str] = str) -> Callable[[str], str | None]:
    shape = re.compile(pattern, re.IGNORECASE)
    return lambda text: change(text) if shape.fullmatch(text) else None


def _money(text: str) -> str | None:
    digits = re.sub(r"[\s.,]|đồng$|đ$", "", text, flags=re.IGNORECASE)
    return f"{int(digits):,}".replace(",", ".") if digits.isascii() and digits.isdecimal() else None


def _height(text: str) -> str | None:
    found = re.fullmatch(r"(?:([12])\s*[m.,]\s*(\d{1,2})(?:\s*m)?|([12])(\d\d)(?:\s*cm)?)", text, re.IGNORECASE)
    if found is None:
        return None
    metres, rest = (found[1], found[2]) if found[1] else (found[3], found[4])
    return f"{metres}m{rest.ljust(2, '0')}"


def _boolean(text: str) -> str | None:
    return {"co": "Có", "khong": "Không"}.get(fold(text))


_READERS: Mapping[str, Callable[[str], str | None]] = {
    "id_number": _digits(9, 12),
    "insurance_number": _digits(10, 12),
    "phone": _digits(*range(8, 13)),
    "decimal_comma": _shaped(r"\d{1,3}(?:[.,]\d{1,3})?%?", lambda text: text.replace(".", ",")),
    "step": _shaped(
        r"\d{1,2}(?:\s?/\s?\d{1,2})?|vk\s?\d{1,2}\s?%|\d{1,2}\s?/\s?\d{1,2}\s?\+?\s?vk\s?\d{1,2}\s?%", str.upper
    ),
    "money": _money,
    "int": _shaped(r"\d{1,9}"),
    "height_m": _height,
    "general_education": _shaped(r"\d{1,2}\s?/\s?\d{1,2}", lambda text: text.replace(" ", "")),
    "rank_code": _shaped(r"[A-Z]{0,2}\.?\d{1,2}(?:[.\-]\d{1,3}){0,4}[a-z]?"),
    "boolean": _boolean,
}


def same_text(text: str) -> str:
    """Spellings that make no difference fall together: composition, blanks and case. Marks stay."""
    return " ".join(nfc(text).casefold().split())
