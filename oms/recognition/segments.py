"""The lines of a page cut where columns part: short runs of words that belong together, with their boxes.

Knows boxes and words, not what they mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from statistics import median

from oms.recognition.pages import Word
from oms.vietnamese.text import fold

Box = tuple[int, int, int, int]

_GAP = 2.2
"""Heights of a line between two words from which they stand in two columns."""

_STARTS = (("cong", "hoa", "xa"), ("dang", "cong", "san", "viet"), ("doc", "lap"))
"""How the right column of a head begins, when it was read in one line with the left one."""


@dataclass(frozen=True)
class Segment:
    """Words of one line in one column."""

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def letters(self) -> str:
        """Letters and figures only, small and without marks."""
        return squeeze(self.text)

    @property
    def left(self) -> int:
        """The left edge."""
        return self.words[0].left

    @property
    def right(self) -> int:
        """The right edge."""
        return max(word.left + word.width for word in self.words)

    @property
    def top(self) -> int:
        """The upper edge."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return max(word.top + word.height for word in self.words)

    @property
    def middle(self) -> float:
        """The middle from left to right."""
        return (self.left + self.right) / 2

    @property
    def box(self) -> Box:
        """Left, top, width and height."""
        return self.left, self.top, self.right - self.left, self.bottom - self.top

    @property
    def confidence(self) -> float:
        """The least confidence of its words."""
        return round(min(word.confidence for word in self.words), 1)

    @property
    def is_capital(self) -> bool:
        """Whether nearly all its letters are capitals."""
        letters = [letter for letter in self.text if letter.isalpha()]
        return len(letters) > 1 and sum(letter.isupper() for letter in letters) >= 0.8 * len(letters)


def squeeze(text: str) -> str:
    """Letters and figures of `text` only, small and without marks."""
    return "".join(letter for letter in fold(text) if letter.isalnum())


def find_segments(words: Sequence[Word]) -> list[Segment]:
    """The segments of a page in reading order."""
    segments = []
    for _, line in groupby(words, key=lambda word: word.line):
        segments += [Segment(tuple(part)) for part in _split(list(line))]
    return segments


def _split(line: list[Word]) -> list[list[Word]]:
    height = median(word.height for word in line)
    parts: list[list[Word]] = [[line[0]]]
    plain = [fold(word.text).strip(".,:;|-–—") for word in line]
    for place, word in enumerate(line[1:], start=1):
        before = line[place - 1]
        apart = word.left - (before.left + before.width) > _GAP * height or word.left < before.left
        if apart or any(tuple(plain[place : place + len(start)]) == start for start in _STARTS):
            parts.append([])
        parts[-1].append(word)
    return parts


def around(segments: Sequence[Segment]) -> Box | None:
    """The box around several segments."""
    if not segments:
        return None
    left, top = min(segment.left for segment in segments), min(segment.top for segment in segments)
    return (
        left,
        top,
        max(segment.right for segment in segments) - left,
        max(segment.bottom for segment in segments) - top,
    )
