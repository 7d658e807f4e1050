"""The words of a page as one long text whose every letter knows its word: what labels are looked for in.

Knows nothing of forms.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from oms.recognition.pages import Word
from oms.vietnamese.text import fold, nfc

Box = tuple[int, int, int, int]

_PIECE = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class Strip:
    """The words joined by spaces; `places` holds for every character the number of its word (-1: a space)."""

    words: tuple[Word, ...]
    text: str
    places: tuple[int, ...]
    starts: tuple[int, ...]

    @cached_property
    def _squeezed(self) -> tuple[str, tuple[int, ...]]:
        letters, at = [], []
        for place, letter in enumerate(self.text):
            for plain in fold(letter):
                if plain.isalnum():
                    letters.append(plain)
                    at.append(place)
        return "".join(letters), tuple(at)

    @property
    def squeezed(self) -> str:
        """Letters and figures only, small and without marks: how labels are compared."""
        return self._squeezed[0]

    @property
    def at(self) -> tuple[int, ...]:
        """For every character of `squeezed` its place in `text`."""
        return self._squeezed[1]

    @cached_property
    def pieces(self) -> tuple[int, ...]:
        """The places in `squeezed` where a run of letters begins: a label can begin there."""
        beginnings = {match.start() for match in _PIECE.finditer(self.text) if not match[0].isdigit()}
        return tuple(place for place, at in enumerate(self.at) if at in beginnings)

    def line_of(self, place: int) -> int:
        """The number of the line a character stands in."""
        return self.words[self.word_at(place)].line

    def word_at(self, place: int) -> int:
        """The word of a character; of the one before it for a space."""
        while place > 0 and (place >= len(self.places) or self.places[place] < 0):
            place -= 1
        return max(0, self.places[place]) if self.places else 0

    def is_line_start(self, place: int) -> bool:
        """Whether nothing but marks stands before this character in its line."""
        word = self.word_at(place)
        return word == 0 or self.words[word - 1].line != self.words[word].line

    def box(self, start: int, end: int) -> Box | None:
        """The box around the characters from `start` to `end`; a part of a word has its part of the box."""
        edges = []
        for number in sorted({place for place in self.places[start:end] if place >= 0}):
            word, begin = self.words[number], self.starts[number]
            first, last = max(start - begin, 0), min(end - begin, len(word.text))
            left = word.left + word.width * first // max(1, len(word.text))
            right = word.left + word.width * last // max(1, len(word.text))
            edges.append((left, word.top, right, word.top + word.height))
        return around(edges)

    def confidence(self, start: int, end: int) -> float:
        """The least confidence of the words between; 0 without a word."""
        numbers = {place for place in self.places[start:end] if place >= 0}
        return round(min((self.words[number].confidence for number in numbers), default=0.0), 1)


def around(edges: Sequence[tuple[int, int, int, int]]) -> Box | None:
    """Left, top, width and height around several left, top, right, bottom; None without any."""
    if not edges:
        return None
    left, top = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
    return left, top, max(edge[2] for edge in edges) - left, max(edge[3] for edge in edges) - top


def make_strip(words: Sequence[Word]) -> Strip:
    """The strip of the words in their order."""
    text: list[str] = []
    places: list[int] = []
    starts: list[int] = []
    for number, word in enumerate(words):
        if number:
            text.append(" ")
            places.append(-1)
        starts.append(len(places))
        written = nfc(word.text)
        text.append(written)
        places += [number] * len(written)
    return Strip(tuple(words), "".join(text), tuple(places), tuple(starts))


def distance(wanted: str, found: str) -> tuple[int, int]:
    """The least number of changed, lost and added letters between `wanted` and a beginning of `found`, with the length
    of that beginning."""
    row = list(range(len(found) + 1))
    for place, letter in enumerate(wanted, start=1):
        corner, row[0] = row[0], place
        for other, seen in enumerate(found, start=1):
            best = corner if letter == seen else corner + 1
            corner = row[other]
            row[other] = min(best, corner + 1, row[other - 1] + 1)
    least = min(row)
    ends = [place for place, cost in enumerate(row) if cost == least]
    return least, min(ends, key=lambda end: abs(end - len(wanted)))
