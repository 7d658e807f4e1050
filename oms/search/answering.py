"""From one state of an index to an answer: what may be spoken of, the ranked documents as a page, counts, "did you mean".

The documents outside the allowed dossiers are gone before anything is looked up, weighed or counted, so no number
and no order tells of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from oms.search.analysis import GUESSED, NAME, NUMBER, Asked, QueryWord, ask
from oms.search.interface import MISREAD, Found, Match, Query
from oms.search.postings import NOTHING, Bools, Ints, Snapshot, common
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
    ranked = Search(scope).run(asked, query.unfinished) if asked.words else everything(scope.allowed)
    return Found(
        total=len(ranked.places),
        matches=_page(scope, asked, ranked, query),
        facets=_facets(snapshot, ranked.places),
        by_dossier=_counts(snapshot, "dossier", ranked.places),
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
    times = {form: len(scope.read("marked", form)[0]) for form in sorted(written) if form != folded}
    best = max(times, key=lambda form: times[form], default=folded)
    return best if times.get(best) else folded


def _allowed(snapshot: Snapshot, query: Query) -> Bools:
    """The documents the query may speak about at all: alive, in an allowed dossier, through every filter."""
    allowed = snapshot.codes["dossier"].chosen(query.dossiers)[snapshot.column("dossier")] & snapshot.live
    for field in ("kind", "component", "category", "state", "quality"):
        if (wanted := getattr(query, field)) is not None:
            allowed &= snapshot.codes[field].chosen((wanted,))[snapshot.column(field)]
    first, last = query.years
    years = snapshot.column("year") if query.year is not None or first is not None or last is not None else None
    if years is not None:
        allowed &= (years >= max(first or 1, 1)) & (years <= (9999 if last is None else last))
        if query.year is not None:
            allowed &= years == query.year
    scope = Scope(snapshot, allowed)
    for sign, words in ((NAME, query.names), (NUMBER, query.numbers)):
        for word in ask(words).words:
            _keep(allowed, scope.read("folded", sign + word.folded)[0])
    for words in query.without:
        allowed[_having(scope, ask(words))] = False
    return allowed


def _keep(allowed: Bools, places: Ints) -> None:
    kept = np.zeros(len(allowed), dtype=np.bool_)
    kept[places] = True
    allowed &= kept


def _having(scope: Scope, asked: Asked) -> Ints:
    """The documents that have these words, as typed, side by side."""
    if len(asked.words) == 1:
        word = asked.words[0]
        return scope.read(*(("marked", word.marked) if word.has_marks else ("folded", word.folded)))[0]
    places = np.flatnonzero(scope.allowed).astype(np.int32) if asked.words else NOTHING
    for pair in asked.pairs:
        places = common(places, scope.pair(pair))
    return places


def _page(scope: Scope, asked: Asked, ranked: Ranked, query: Query) -> tuple[Match, ...]:
    """The asked slice; only documents that can be in it are compared by name."""
    start, end = max(query.offset, 0), max(query.offset, 0) + max(query.limit, 0)
    if start >= len(ranked.places) or end == start:
        return ()
    snapshot = scope.snapshot
    keys = _sort_keys(snapshot, ranked, query)
    rows = np.arange(len(ranked.places))
    if end < len(rows) and keys:
        first = np.lexsort(keys[::-1])
        last = first[end - 1]
        worse = np.zeros(len(rows), dtype=np.bool_)
        equal = np.ones(len(rows), dtype=np.bool_)
        for key in keys:
            worse |= equal & (key > key[last])
            equal &= key == key[last]
        rows = np.flatnonzero(~worse)
    standing = snapshot.standing(ranked.places[rows])
    chosen = rows[np.lexsort((standing, *(key[rows] for key in keys[::-1])))][start:end].tolist()
    return tuple(_match(scope, asked, ranked, row, explained=place < EXPLAINED) for place, row in enumerate(chosen))


def _sort_keys(snapshot: Snapshot, ranked: Ranked, query: Query) -> list[NDArray[np.generic]]:
    """What is compared before the name, weightiest first; smaller stands before larger."""
    if query.sort == "name":
        return []
    if query.sort == "date":
        return [-snapshot.column("date")[ranked.places]]
    return [ranked.groups, -ranked.scores]


def _match(scope: Scope, asked: Asked, ranked: Ranked, row: int, *, explained: bool) -> Match:
    snapshot, place, tier = scope.snapshot, int(ranked.places[row]), int(ranked.tiers[row])
    return Match(
        id=snapshot.card(place)[1],
        kind=snapshot.codes["kind"].names[snapshot.column("kind")[place]],
        dossier=snapshot.codes["dossier"].names[snapshot.column("dossier")[place]],
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


def _facets(snapshot: Snapshot, places: Ints) -> dict[str, dict[str, int]]:
    facets = {
        field: _counts(snapshot, field, places) for field in ("kind", "component", "category", "state", "quality")
    }
    years, counts = np.unique(snapshot.column("year")[places], return_counts=True)
    facets["year"] = {
        str(year): int(count) for year, count in zip(years.tolist(), counts.tolist(), strict=True) if year
    }
    return facets


def _counts(snapshot: Snapshot, field: str, places: Ints) -> dict[str, int]:
    """How many of the documents have each value of `field`; empty values are left out."""
    counts = np.bincount(snapshot.column(field)[places], minlength=0)
    codes = np.flatnonzero(counts)
    found = dict(zip(map(snapshot.codes[field].names.__getitem__, codes.tolist()), counts[codes].tolist(), strict=True))
    found.pop("", None)
    return found
