"""The query language: what people may write into the one search field besides plain words.

`"…"` keeps words together, `-word` leaves out, `ten:` asks for a name, `so:` for a number, `nam:` for years; the
last three with or without marks. Everything else is a word: a hyphen inside a number, a lone dash, a colon. Knows
no engine and no rights.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oms.errors import N_, BadInput
from oms.vietnamese.text import fold, nfc, words

Years = tuple[int | None, int | None]

_QUOTES = '"“”„'
# A part is an optional minus, an optional field with its colon, and a quoted phrase or a run without blanks.
_PART = re.compile(
    rf"(?P<minus>(?<!\S)-(?=[\w{_QUOTES}]))?"
    r"(?:(?P<field>(?<!\w)(?:tên|ten|số|so|năm|nam)):\s*)?"
    rf"(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?:[{_QUOTES}]|$)|(?P<run>[^\s{_QUOTES}]+))?",
    re.IGNORECASE,
)
_FIELDS = {"ten": "names", "so": "numbers", "nam": "years"}
_YEARS = re.compile(r"(?:(\d{4})?(\.\.+|…|-|–)(\d{4})?|(\d{4}))[.,;]?")


@dataclass(frozen=True)
class Asked:
    """What was asked: `words` go to the engine as they are, quotation marks included; `years` is open at a None."""

    words: str = ""
    without: tuple[str, ...] = ()
    names: str = ""
    numbers: str = ""
    years: Years = (None, None)

    @property
    def shown(self) -> str:
        """The words to mark where something was found: all that must stand there."""
        return " ".join(part for part in (self.words, self.names, self.numbers) if part)

    def typed(self, words: str) -> str:
        """The same question with other words, as one would type it."""
        first, last = self.years
        years = "" if self.years == (None, None) else f"nam:{first or ''}..{last or ''}"
        if first is not None and first == last:
            years = f"nam:{first}"
        parts = [words, *(f"-{_quoted(word)}" for word in self.without), years]
        parts += [f"{field}:{_quoted(text)}" for field, text in (("ten", self.names), ("so", self.numbers)) if text]
        return " ".join(part for part in parts if part)


def understand(typed: str) -> Asked:
    """The parts of what was typed; raises `BadInput` with a sentence where a part cannot be meant."""
    text = nfc(typed)
    plain: list[str] = []
    without: list[str] = []
    fields: dict[str, list[str]] = {"names": [], "numbers": []}
    years: Years = (None, None)
    for minus, field, value, quoted in _parts(text):
        if minus and value:
            without.append(value)
        elif field == "years":
            years = _years(value)
        elif field:
            fields[field].append(_told(field, value))
        else:
            plain.append(f'"{value}"' if quoted else value)
    return Asked(" ".join(plain), tuple(without), " ".join(fields["names"]), " ".join(fields["numbers"]), years)


def words_to_mark(typed: str) -> str:
    """What a page is searched for when it is opened from a result; what cannot be understood is taken as words."""
    try:
        return understand(typed).shown
    except BadInput:
        return typed


def _parts(text: str) -> Iterator[tuple[bool, str, str, bool]]:
    """Minus, field ("" for none), value, whether it was quoted."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        part = _PART.match(text, place)
        if part is None or part.end() == place:  # never loops: what no rule takes is passed over
            place += 1
            continue
        place = part.end()
        field = _FIELDS.get(fold(part["field"] or ""), "")
        value = part["phrase"] if part["phrase"] is not None else (part["run"] or "")
        if value.strip() or field:
            yield bool(part["minus"]), field, value.strip(), part["phrase"] is not None


def _told(field: str, value: str) -> str:
    if not words(value):
        raise BadInput(
            N_('After tên: comes a name, with quotation marks when it has several words: tên:"Nguyễn Thị Hòa".')
            if field == "names"
            else N_("After số: comes the number of a document or a dossier, for example số:123-QĐ/TW.")
        )
    return value


def _years(value: str) -> Years:
    found = _YEARS.fullmatch(value)
    first, dots, last, only = found.groups() if found else (None, None, None, None)
    if found is None or (dots and not first and not last):
        raise BadInput(
            N_("After năm: comes a year or a span of years: năm:2015, năm:2015..2019, năm:2015.. or năm:..2019.")
        )
    if only:
        return int(only), int(only)
    if first and last and int(first) > int(last):
        raise BadInput(
            N_("The span of years runs backwards. Write the earlier year first: năm:%(first)s..%(last)s."),
            first=last,
            last=first,
        )
    return int(first) if first else None, int(last) if last else None


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
