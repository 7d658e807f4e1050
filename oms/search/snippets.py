"""Why something was found: the place in the text, with the words marked.

Returns pieces of plain text, each with whether it is a hit; never HTML, so a template escapes it like any other
text. The same rules as the index: marks only where they were typed, numbers with all their parts together.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from oms.search.analysis import Asked, QueryWord, ask, compared
from oms.vietnamese.misreadings import misreadings
from oms.vietnamese.text import nfc, word_spans, words

Piece = tuple[str, bool]
Instead = Sequence[tuple[str, str]]
"""Typed words with the words taken for them, as a `Match` tells of a likely misreading."""

LONGEST_SNIPPET = 240
"""Characters of a snippet, the dots included: two to three lines of a result list."""
_DOTS = "…"
_LEAD = 60
"""Characters shown before the first hit."""


def snippet(text: str, query: str, length: int = LONGEST_SNIPPET, instead: Instead = ()) -> list[Piece]:
    """The place of `text` that shows most of the typed words, or what was taken for them, as pieces of at most
    `length` characters together; the beginning of the text when nothing matches."""
    stored = re.sub(r"\s+", " ", nfc(text)).strip()
    spans = word_spans(stored)
    hits = _hits([compared(stored[start:end]) for start, end in spans], ask(query), instead)
    start, end = _window(stored, spans, hits, length)
    pieces = _pieces(stored, [spans[place] for place in sorted(hits)], start, end)
    if start > 0:
        pieces.insert(0, (_DOTS, False))
    if end < len(stored):
        pieces.append((_DOTS, False))
    return _joined(pieces)


def mark(text: str, query: str) -> list[Piece]:
    """The whole NFC text in pieces, the typed words marked."""
    stored = nfc(text)
    spans = word_spans(stored)
    hits = _hits([compared(stored[start:end]) for start, end in spans], ask(query))
    return _joined(_pieces(stored, [spans[place] for place in sorted(hits)], 0, len(stored)))


def matching_words(word_texts: Sequence[str], query: str, instead: Instead = (), *, misread: bool = True) -> set[int]:
    """Which of the words read on a page (in reading order, punctuation attached) the query means; without `misread`
    only words of the same letters."""
    owners, parts = [], []
    for number, word_text in enumerate(word_texts):
        for part in words(word_text):
            owners.append(number)
            parts.append(compared(part))
    return {owners[place] for place in _hits(parts, ask(query), instead, misread=misread)}


def _hits(parts: Sequence[QueryWord], asked: Asked, instead: Instead = (), *, misread: bool = True) -> dict[int, int]:
    """Places among `parts` that match, each with the number of the query word it matches."""
    bound = {word for pair in asked.together for word in pair.split(" ")}
    taken = {compared(typed).folded: compared(found).folded for typed, found in instead if found}
    hits: dict[int, int] = {}
    for number, word in enumerate(asked.words):
        places = _places(parts, word, taken.get(word.folded), last=number == len(asked.words) - 1, misread=misread)
        if word.folded in bound and (neighbours := [p for p in places if _stands_together(parts, p, asked)]):
            places = neighbours
        for place in places:
            hits.setdefault(place, number)
    return hits


def _places(parts: Sequence[QueryWord], word: QueryWord, taken: str | None, *, last: bool, misread: bool) -> list[int]:
    """Where `word` stands: as typed, else without marks, else as what was taken for it, completed, or misread."""
    if word.has_marks and (exact := [place for place, part in enumerate(parts) if part.marked == word.marked]):
        return exact
    if folded := [place for place, part in enumerate(parts) if part.folded == word.folded]:
        return folded
    if taken is not None:
        return [place for place, part in enumerate(parts) if part.folded == taken]
    if last and len(word.folded) > 1:
        begun = [place for place, part in enumerate(parts) if part.folded.startswith(word.folded)]
        if begun:
            return begun
    if not misread:
        return []
    near = set(misreadings(word.folded))
    return [place for place, part in enumerate(parts) if part.folded in near]


def _stands_together(parts: Sequence[QueryWord], place: int, asked: Asked) -> bool:
    here = parts[place].folded
    before = f"{parts[place - 1].folded} {here}" if place else ""
    after = f"{here} {parts[place + 1].folded}" if place + 1 < len(parts) else ""
    return before in asked.together or after in asked.together


def _window(stored: str, spans: list[tuple[int, int]], hits: dict[int, int], length: int) -> tuple[int, int]:
    """Start and end of the text to show: most different words first, then most hits, then the earliest place."""
    if len(stored) <= length:
        return 0, len(stored)
    room = max(length - 2 * len(_DOTS), 1)
    start = _best_start(spans, hits, room)
    end = min(start + room, len(stored))
    start = max(end - room, 0)
    return _at_word(stored, spans, start, end)


def _best_start(spans: list[tuple[int, int]], hits: dict[int, int], room: int) -> int:
    places = sorted(hits)
    best, best_start = (0, 0), 0
    for first, place in enumerate(places):
        shown = []
        for later in places[first:]:
            if spans[later][1] - spans[place][0] > room - _LEAD:
                break
            shown.append(hits[later])
        if (value := (len(set(shown)), len(shown))) > best:
            best, best_start = value, max(spans[place][0] - _LEAD, 0)
    return best_start


def _at_word(stored: str, spans: list[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """Move both ends inwards to the next word border, unless one word fills everything."""
    if start > 0:
        following = bisect_left(spans, (start, 0))
        if following < len(spans) and spans[following][0] < end:
            start = spans[following][0]
    if end < len(stored):
        cut = stored.rfind(" ", start + 1, end + 1)
        end = cut if cut > start else end
    return start, end


def _pieces(stored: str, marked: list[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    position = start
    for begin, stop in marked:
        if begin < start or stop > end:
            continue
        gap = stored[position:begin]
        pieces.append((gap, bool(pieces) and pieces[-1][1] and gap.strip(" ") == ""))  # neighbours are one hit
        pieces.append((stored[begin:stop], True))
        position = stop
    pieces.append((stored[position:end], False))
    return pieces


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for text, hit in pieces:
        if not text:
            continue
        if joined and joined[-1][1] == hit:
            joined[-1] = (joined[-1][0] + text, hit)
        else:
            joined.append((text, hit))
    return joined
