"""What the program asks of a search engine, whichever engine it is.

Plain data goes in and comes out: no database row, no request. An engine is a cache of the database and may be
rebuilt at any time. It knows no rights: the caller names the dossiers that may be seen at this very moment, and
nothing outside them is found, counted or weighed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from oms.errors import N_, Unavailable

Kind = Literal["dossier", "document", "page"]
State = Literal["ready", "rebuilding", "damaged"]
"""Of the index: answers completely; is being built anew (answers are missing or old until then); needs a rebuild."""

Sort = Literal["relevance", "date", "name"]
"""Best first; newest first, undated last; by the order key. Tiers come first only when sorted by relevance."""

EXACT, UNMARKED, MISREAD = 1, 2, 3
"""Tiers of a match: with the marks as typed; the same letters without marks; a word probably misread or missing."""


class IndexDamaged(Unavailable):
    """The index is missing, damaged or of another version; the database has everything to rebuild it."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            N_("The search index cannot be used. Ask the administrator to run: oms reindex. Nothing is lost.")
        )
        self.reason = reason
        """For the log of the administrator, in English; names files, never content."""


class IndexBusy(Unavailable):
    """Another process held the index for longer than a writer waits; the same call may simply be repeated."""

    def __init__(self) -> None:
        super().__init__(N_("The search index is being written by another process. Try again in a minute."))


@dataclass(frozen=True)
class Item:
    """One thing that can be found.

    `heading` holds what names the thing, one statement a line (names, aliases, numbers, title, unit) and weighs
    more than `text`; `names` and `numbers` say, one a line, which names and numbers stand for the person and the
    thing, so that a query can ask for them alone; `order` sorts items of equal weight; `id` is unique over all kinds.
    """

    id: str
    kind: Kind
    dossier: str
    heading: str
    text: str
    component: str = ""
    category: str = ""
    year: int | None = None
    order: str = ""
    date: str = ""
    names: str = ""
    numbers: str = ""
    state: str = ""
    quality: str = ""

    @cached_property
    def stamp(self) -> str:
        """Hash of the whole content: two items with one stamp need no new indexing."""
        content = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Query:
    """What one person looks for.

    `words` as typed ("" means everything that passes the filters); `dossiers` are the ids this person may see
    now, asked from the database in this request: an empty set finds nothing. `unfinished` says that the last
    word may be half typed (suggestions); otherwise it is completed only when nothing has it as it stands.
    """

    words: str
    dossiers: frozenset[str]
    kind: Kind | None = None
    component: str | None = None
    category: str | None = None
    year: int | None = None
    offset: int = 0
    limit: int = 20
    unfinished: bool = False
    without: tuple[str, ...] = ()
    names: str = ""
    numbers: str = ""
    years: tuple[int | None, int | None] = (None, None)
    state: str | None = None
    quality: str | None = None
    sort: Sort = "relevance"


@dataclass(frozen=True)
class Match:
    """One found item; `score` compares within one tier of one result only.

    `instead` tells of a likely misreading: each typed word, without marks, with the word of the item that was taken
    for it ("" when the item lacks the word); `where` tells whether the words stand in the heading or only in the text.
    """

    id: str
    kind: str
    dossier: str
    score: float
    tier: int
    instead: tuple[tuple[str, str], ...] = ()
    where: Literal["heading", "text"] = "text"


@dataclass(frozen=True)
class Found:
    """A page of matches and exact counts over the whole filtered result (`total`, `facets`, `by_dossier`).

    `facets` has `kind`, `component`, `category`, `year`, `state` and `quality`, each value with its count; empty
    values are left out.
    """

    total: int = 0
    matches: tuple[Match, ...] = ()
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    by_dossier: Mapping[str, int] = field(default_factory=dict)


class Engine(Protocol):
    """A search engine. Reading and writing raise `IndexDamaged` when only a rebuild helps."""

    def put(self, items: Iterable[Item]) -> None:
        """Add the items, in place of earlier ones with the same ids; all of them durably, or none."""

    def remove(self, ids: Iterable[str]) -> None:
        """Take the items out; ids that are not there are no error."""

    def find(self, query: Query) -> Found:
        """Answer the query from the newest durable state; only from `query.dossiers`, filtered before counting."""

    def respell(self, words: str, dossiers: frozenset[str]) -> str | None:
        """`words` with those that no allowed dossier has replaced by likely ones that one has; None when all are
        there, or when one cannot be repaired."""

    def rebuild(self, items: Iterable[Item], *, resume: bool = False) -> None:
        """Put exactly these items in place of everything, even over a damaged index; the old state answers
        until the new one is complete. `resume` takes over what a rebuild that was broken off had written."""

    def rebuilding(self) -> bool:
        """Whether a rebuild is under way in any process."""

    def ids(self) -> set[str]:
        """The ids of all items, to compare with the database."""

    def stamp(self, id: str) -> str | None:
        """The `Item.stamp` that was indexed under `id`, or None when there is none."""

    def stamps(self, ids: Iterable[str] | None = None) -> dict[str, str]:
        """The ids that are there, all or of `ids`, with their stamps: what is missing, stale or left over shows by
        comparing."""

    def healthy(self) -> bool:
        """Whether every byte of the index is as it was written; reads the whole index."""

    def warm_up(self) -> None:
        """Begin to read ahead in the background what many questions need, now and again after a rebuild, where there is
        so much that it is worth it. For a program that is asked often; returns at once and raises nothing."""

    def close(self) -> None:
        """Let go of all files; the next question opens them again."""
