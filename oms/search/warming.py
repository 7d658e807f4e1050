"""Reading ahead: the lists of the words that stand on many pages, before somebody who asks for one waits for it."""

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress

from oms.search.interface import IndexDamaged
from oms.search.postings import Snapshot
from oms.vietnamese.syllables import all_syllables
from oms.vietnamese.text import fold, tone_key

WARM_FROM = 20_000
"""Documents from which on it is worth it."""
WARMED = 25
"""Words that stand on one page of so many are read."""
PAIRED = 100
"""So many of the most frequent syllables are also looked for beside each other."""


THREAD = "warming the search index"
"""Name of the threads that do it."""


class Warming:
    """Reads ahead in the background what `opened` gives, once it has begun; what was read once is not read again."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Snapshot]]) -> None:
        self._opened = opened
        self._has_begun = False
        self._claiming = threading.Lock()

    def begin(self) -> None:
        """Read ahead now, and from now on whatever `look` finds new; returns before anything is opened."""
        self._has_begun = True
        self._start()

    def look(self, snapshot: Snapshot) -> None:
        """Read ahead if much of what is being asked is new: the index was made anew, or opened again."""
        if self._has_begun and snapshot.cold() > WARM_FROM:
            self._start()

    def _start(self) -> None:
        threading.Thread(target=self._work, daemon=True, name=THREAD).start()

    def _work(self) -> None:
        with suppress(IndexDamaged), self._opened() as snapshot:  # whoever asks next says what is damaged
            with self._claiming:
                if snapshot.cold() <= WARM_FROM:
                    return
                snapshot.set_warm()
            warm(snapshot)


def warm(snapshot: Snapshot) -> None:
    """Read the lists of frequent syllables, and of pairs of the most frequent, the longest last: those are kept longest."""
    marked = {tone_key(syllable) for syllable in all_syllables()}
    folded = _frequent(snapshot, "folded", set(map(fold, marked)))
    often = [word for _, _, word in folded[-PAIRED:]]
    pairs = _frequent(snapshot, "pairs", {f"{one} {other}" for one in often for other in often})
    for _, field, word in sorted([*folded, *_frequent(snapshot, "marked", marked), *pairs]):
        snapshot.postings(field, word)


def _frequent(snapshot: Snapshot, field: str, words: Iterable[str]) -> list[tuple[int, str, str]]:
    """Those that stand on many pages, with how many, the rarest first."""
    counts = ((snapshot.count(field, word), field, word) for word in words)
    return sorted(counted for counted in counts if counted[0] * WARMED > snapshot.size)
