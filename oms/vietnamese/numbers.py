"""Numbers of documents: `Số: 15/QĐ-BNV` of the state, `Số 05-NQ/ĐUK` of the Party.

Layouts: Nghị định 30/2020/NĐ-CP, Phụ lục I and III; the Party puts a hyphen after the number and a slash before
the issuing body. A number says nothing about whether the document exists.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oms.vietnamese.text import fold, nfc, words

_CAPITAL = "A-ZĐÔƯƠÂÊĂ"
_SO = r"(?<!\w)[Ss][ốôỐÔ]\s*:?\s*"
_PARTY_KINDS = "NQ|QyĐ|QĐ|QCTC|QC|CT|KL|TB|BC|KH|CTr|TTr|CV|BB|ĐA|PA|HD|GM|TT"
_SYMBOL = rf"[{_CAPITAL}][A-Za-z{_CAPITAL}đ0-9]{{0,9}}"
_BODY = rf"[{_CAPITAL}][A-Za-z{_CAPITAL}đ0-9&]{{0,14}}"
_PARTY = re.compile(
    rf"(?:{_SO}|(?<![\w/.-]))(?P<number>\d{{1,5}}[a-zđ]?)\s*[-–]\s*(?P<kind>{_PARTY_KINDS})\s*/\s*"
    rf"(?P<body>[{_CAPITAL}]{{1,14}}(?:\s?[-–]\s?[{_CAPITAL}]{{1,14}})*)(?![a-z])"
)
_STATE = re.compile(
    rf"(?P<so>{_SO}|(?<![\w/.-]))(?P<number>\d{{1,5}}[a-zđ]?)\s*/\s*(?:(?P<year>(?:19|20|21)\d\d)\s*/\s*)?"
    rf"(?P<kind>{_SYMBOL})(?P<body>(?:\s*[-–]\s*{_BODY})*)"
)
_OLD = re.compile(
    rf"{_SO}(?P<number>\d{{1,5}}[a-zđ]?)\s+(?P<kind>[{_CAPITAL}]{{1,4}})\s*/\s*(?P<body>[{_CAPITAL}]{{1,14}})(?![a-z])"
)
"""As numbers were typed before the layouts of today: `Số: 467 QĐ/UB`."""
_LOOSE = re.compile(r"(?:so\s*:?\s*)?(\d{1,5}[a-z]?(?:\s+[a-z]{1,4}(?=\s*/))?(?:\s*[-–/]\s*[a-z0-9&]+)+)")


@dataclass(frozen=True)
class DocumentNumber:
    """A document number taken apart; `start` and `end` say where it stood in the NFC text; `old` ones have a space."""

    number: str
    kind: str
    body: str
    year: str = ""
    party: bool = False
    start: int = 0
    end: int = 0
    old: bool = False

    def __str__(self) -> str:
        if self.old:
            return f"{self.number} {self.kind}/{self.body}"
        if self.party:
            return f"{self.number}-{self.kind}/{self.body}"
        symbol = f"{self.kind}-{self.body}" if self.body else self.kind
        return "/".join(part for part in (self.number, self.year, symbol) if part)


def find_numbers(text: str) -> list[DocumentNumber]:
    """All document numbers inside `text`, in reading order; a line break inside a number is allowed."""
    stored = nfc(text)
    return sorted(
        (*_party_numbers(stored), *_state_numbers(stored), *_old_numbers(stored)), key=lambda number: number.start
    )


def parse_number(text: str) -> DocumentNumber | None:
    """The document number `text` consists of, with or without `Số`, or None."""
    stored = nfc(text).strip()
    found = [*find_numbers(stored), *_old_numbers("Số " + stored, 3)]
    return next((number for number in found if (number.start, number.end) == (0, len(stored))), None)


def number_parts(text: str) -> tuple[str, ...]:
    """The parts of a number as they are compared: without marks, capitals, `Số` and leading zeros; empty when
    `text` is not written like a number (123-QĐ/TW and `so 123 - qd/tw` both give 123, qd, tw)."""
    match = _LOOSE.fullmatch(fold(text).strip())
    return tuple(plain_figure(part) for part in words(match[1])) if match else ()


def number_key(text: str) -> str:
    """Normal form under which writings of one number meet (`5-nq-duk`); empty when `text` is not a number."""
    return "-".join(number_parts(text))


def plain_figure(word: str) -> str:
    """A figure without leading zeros (05 and 5 are one number); any other word unchanged."""
    return (word.lstrip("0") or "0") if word.isdigit() else word


def _party_numbers(stored: str) -> Iterator[DocumentNumber]:
    for match in _PARTY.finditer(stored):
        yield DocumentNumber(match["number"], match["kind"], _tight(match["body"]), "", True, *match.span())


def _state_numbers(stored: str) -> Iterator[DocumentNumber]:
    for match in _STATE.finditer(stored):
        body = _tight(match["body"]).lstrip("-")
        if match["so"] or body:  # without `Số`, a figure, a slash and one capital word may be anything
            yield DocumentNumber(match["number"], match["kind"], body, match["year"] or "", False, *match.span())


def _old_numbers(stored: str, before: int = 0) -> Iterator[DocumentNumber]:
    """Numbers as they were typed before; inside a text only with `Số`, which may be put `before` one that stands alone."""
    for match in _OLD.finditer(stored):
        start = max(0, match.start() - before)
        yield DocumentNumber(
            match["number"], match["kind"], match["body"], "", False, start, match.end() - before, True
        )


def _tight(body: str) -> str:
    return re.sub(r"\s*[-–]\s*", "-", body)
