"""From one state of an index to an answer: what may be spoken of, the ranked documents as a page, counts, "did you mean".

The documents outside the allowed dossiers are gone before anything is looked up, weighed or counted, so no number
and no order tells of them.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from oms.search.analysis import GUESSED, NAME, NUMBER, Asked, QueryWord, ask
from oms.search.cards import Bools, Ints
from oms.search.interface import MISREAD, Found, Match, Query
from oms.search.postings import NOTHING, Snapshot, shared
from oms.search.ranking import Ranked, Search, everything
from oms.search.scope import Scope
from oms.vietnamese.misreadings import likely_syllables, misreadings, readings
from oms.vietnamese.syllables import all_syllables
from oms.vietnamese.text import fold, tone_key

EXPLAINED = 100
"""Matches of one page whose misread words are named; a caller who wants all of a result wants no reasons."""


def answer(snapshot: Snapshot, query: Query) -> Found:
    """The page of matches `query` asks for with its exact counts."""
    if not query.dossiers:  # an empty filter must never mean none
        return Found()
    asked = ask(query.words)
    if not asked.words and query.words.strip():
        return Found()
    scope = Scope(snapshot, _allowed(snapshot, query))
    ranked = Search(scope).run(asked, query.unfinished) if asked.words else everything(scope.allowed.mask)
    return Found(
        total=len(ranked.places),
        matches=_page(scope, asked, ranked, query),
        facets=snapshot.alike.counts(snapshot.column("alike")[ranked.places]),
        by_dossier=snapshot.dossiers.told(np.bincount(snapshot.column("dossier")[ranked.places])),
    )


def respell(snapshot: Snapshot, words: str, dossiers: frozenset[str]) -> str | None:
    """`words` with those that no allowed dossier has replaced by likely ones that one has, or None."""
    asked = ask(words).words
    scope = Scope(snapshot, _allowed(snapshot, Query(words, dossiers)))
    spelled, changed = [], False
    for number, word in enumerate(asked):
        if scope.count(word.folded):
            spelled.append(word.marked)
            continue
        likely = _likely(scope, asked, number)
        if likely is None:
            return None
        changed = True
        spelled.append(_with_marks(scope, likely) if any(one.has_marks for one in asked) else likely)
    return " ".join(spelled) if changed else None


def _likely(scope: Scope, asked: Sequence[QueryWord], number: int) -> str | None:
    """The allowed word one slip away that stands most often beside the neighbours, then most often at all."""
    best: tuple[int, int, str] | None = None
    for form in misreadings(asked[number].folded):
        if times := scope.count(form):
            beside = 0
            if number:
                beside += len(scope.pair(f"{asked[number - 1].folded} {form}"))
            if number + 1 < len(asked):
                beside += len(scope.pair(f"{form} {asked[number + 1].folded}"))
            best = max(best or (0, 0, ""), (beside, times, form))
    return best[2] if best else None


def _with_marks(scope: Scope, folded: str) -> str:
    """The most frequent marked writing of a word among the allowed documents."""
    written = {tone_key(form) for form in all_syllables() if fold(form) == folded}
    times = {form: len(scope.read("marked", form)) for form in sorted(written) if form != folded}
    best = max(times, key=lambda form: times[form], default=folded)
    return best if times.get(best) else folded


def _allowed(snapshot: Snapshot, query: Query) -> Bools:
    """The documents the query may speak about at all: alive, in an allowed dossier, through every filter."""
    upto = len(snapshot.alike)  # fixed: another thread may take in a newer state meanwhile
    allowed = snapshot.dossiers.chosen(query.dossiers)[snapshot.column("dossier")] & snapshot.live
    alike: list[Bools] = [
        snapshot.alike.chosen(field, wanted, upto)
        for field in ("kind", "component", "category", "state", "quality")
        if (wanted := getattr(query, field)) is not None
    ]
    first, last = query.years
    if first is not None or last is not None:
        alike.append(snapshot.alike.between(max(first or 1, 1), 9999 if last is None else last, upto))
    if query.year is not None:
        alike.append(snapshot.alike.between(query.year, query.year, upto))
    if alike:
        allowed &= np.logical_and.reduce(alike)[snapshot.column("alike")]
    for sign, words in ((NAME, query.names), (NUMBER, query.numbers)):
        for word in ask(words).words:
            kept = np.zeros(snapshot.size, dtype=np.bool_)
            kept[snapshot.postings("folded", sign + word.folded).places] = True
            allowed &= kept
    for words in query.without:
        allowed[_having(snapshot, ask(words))] = False
    return allowed


def _having(snapshot: Snapshot, asked: Asked) -> Ints:
    """The documents that have these words, as typed, side by side."""
    if len(asked.words) == 1:
        word = asked.words[0]
        return snapshot.postings(*(("marked", word.marked) if word.has_marks else ("folded", word.folded))).places
    return shared(snapshot.postings("pairs", pair) for pair in asked.pairs) if asked.words else NOTHING


def _page(scope: Scope, asked: Asked, ranked: Ranked, query: Query) -> tuple[Match, ...]:
    """The asked slice; only documents that can be in it are compared by name."""
    start, end = max(query.offset, 0), max(query.offset, 0) + max(query.limit, 0)
    if start >= len(ranked.places) or end == start:
        return ()
    rows = _first(len(ranked.places), _keys(scope.snapshot, ranked, query), end)[start:].tolist()
    return tuple(_match(scope, asked, ranked, row, explained=place < EXPLAINED) for place, row in enumerate(rows))


Key = Callable[[NDArray[np.intp]], NDArray[np.generic]]
"""For ascending rows of a result what they are compared by; what is smaller stands before what is larger."""


def _keys(snapshot: Snapshot, ranked: Ranked, query: Query) -> list[Key]:
    """What is compared first, and then, where it is equal; the last one is never equal."""
    keys: dict[str, list[Key]] = {
        "relevance": [lambda rows: ranked.groups[rows], lambda rows: -ranked.scores[rows]],
        "date": [lambda rows: -snapshot.column("date")[ranked.places[rows]]],
        "name": [],
    }
    return [*keys[query.sort], lambda rows: snapshot.standing(ranked.places[rows])]


def _first(count: int, keys: Sequence[Key], end: int) -> NDArray[np.intp]:
    """The first `end` of `count` rows, in order. Rows that cannot be among them are dropped key by key, unsorted."""
    rows, sure = np.arange(count), [np.arange(0)]
    for key in keys:
        if len(rows) <= (wanted := end - sum(map(len, sure))):
            break
        values = key(rows)
        last = np.partition(values, wanted - 1)[wanted - 1]
        sure.append(rows[values < last])
        rows = rows[values == last]
    rows = np.sort(np.concatenate((*sure, rows)))
    return rows[np.lexsort([key(rows) for key in reversed(keys)])][:end]


def _match(scope: Scope, asked: Asked, ranked: Ranked, row: int, *, explained: bool) -> Match:
    snapshot, place, tier = scope.snapshot, int(ranked.places[row]), int(ranked.tiers[row])
    return Match(
        id=snapshot.card(place)[1],
        kind=snapshot.alike.value("kind", int(snapshot.column("alike")[place])),
        dossier=snapshot.dossiers.names[snapshot.column("dossier")[place]],
        score=round(float(ranked.scores[row]), 4),
        tier=tier,
        instead=_instead(scope, asked, place) if tier == MISREAD and explained else (),
        where="heading" if ranked.heading[row] else "text",
    )


def _instead(scope: Scope, asked: Asked, place: int) -> tuple[tuple[str, str], ...]:
    """For each word the document lacks: the word taken for it, the one beside its neighbours first; "" for none."""
    found = []
    for number, word in enumerate(asked.words):
        if scope.has("folded", word.folded, place):
            continue
        before = f"{asked.words[number - 1].folded} " if number else None
        after = f" {asked.words[number + 1].folded}" if number + 1 < len(asked.words) else None
        forms = dict.fromkeys((*(form for form, _ in readings(word.folded)), *likely_syllables(word.folded)))
        near = [
            form
            for form in sorted(forms, key=lambda form: " " not in form)  # torn words first: their halves are words, too
            if (" " not in form or scope.has("pairs", form, place))
            and (
                (before is not None and scope.has("pairs", before + form.split(" ")[0], place))
                or (after is not None and scope.has("pairs", form.split(" ")[-1] + after, place))
            )
        ]
        if not near and not scope.has("folded", GUESSED + word.folded, place):
            near = [form for form in misreadings(word.folded) if scope.has("folded", form, place)]
        found.append((word.folded, near[0] if near else ""))
    return tuple(found)
