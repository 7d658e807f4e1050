"""How often the right paper comes first, and among the first five, however it is asked for."""

import multiprocessing
from collections.abc import Sequence
from pathlib import Path

from searching import finders

WAYS = (
    *("as written", "without marks", "old tone", "partly marked"),
    *("one letter wrong", "name in the text only", "name misread"),
)
BARS = {
    **dict.fromkeys(WAYS[:4], (0.97, 1.0)),
    "one letter wrong": (0.85, 0.97),
    "name in the text only": (0.80, 0.95),
    "name misread": (0.40, 0.60),
}
"""What is asked of us: first, among the first five."""

Shares = dict[str, tuple[float, float]]


def measure(names: Sequence[str], folder: Path, source: finders.Source, each: int) -> dict[str, Shares]:
    """For each engine and way of asking: the share of questions with the right paper first, and among five."""
    found = {}
    for name in names:
        place = finders.place(name, folder, source)
        finders.build(name, place, source)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found[name] = pool.apply(_shares, (name, place, source, each))
    return found


def _shares(name: str, place: Path, source: finders.Source, each: int) -> Shares:
    find = finders.opened(name, place, source)
    every, _ = source.scopes()
    ranks: dict[str, list[int]] = {way: [] for way in WAYS}
    for question in source.known(each):
        answer = find(question.words, every)
        ranks[question.way].append(next((at for at, id in enumerate(answer) if id in question.right), 99))
    return {
        way: (sum(at == 0 for at in those) / len(those), sum(at < 5 for at in those) / len(those))
        for way, those in ranks.items()
        if those
    }
