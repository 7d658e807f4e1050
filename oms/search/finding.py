"""Find: what a person asks, answered from the index and decided by the database.

The dossiers an actor may see are asked from the database first and given to the engine, which finds
and counts only among them; the rows of the hits are loaded through the same rule again. So a change
of custody shows at once, whatever the index still says.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, joinedload, undefer

from oms import audit
from oms.errors import N_, BadInput
from oms.models import Category, Document, Dossier, Page, Scan
from oms.permissions import Action, Actor, allowed, require
from oms.search.asking import Asked, understand
from oms.search.interface import MISREAD, Engine, Found, Kind, Match, Query, Sort
from oms.search.records import born
from oms.search.snippets import Piece, snippet

PAGE_SIZE = 20
# Longer than any title; keeps a pasted page from becoming a query of a thousand words.
WORDS_LENGTH = 300
# More than any result has; asks the engine for all of it.
EVERYTHING = 1_000_000
# Ids in one question to the database.
BATCH = 500


Held = Row[str, str, Category]
"""A dossier that may be seen: its id, custodian and category."""


@dataclass(frozen=True)
class Hit:
    """One thing found: whose dossier, which document and page where it has one, and why.

    `tier`, `instead` and `where` are those of the `Match`.
    """

    dossier: Dossier
    document: Document | None
    page: Page | None
    tier: int
    score: float
    snippet: list[Piece]
    instead: tuple[tuple[str, str], ...] = ()
    where: Literal["heading", "text"] = "text"


@dataclass(frozen=True)
class Results:
    """One page of hits with exact counts; `facets` are named for the filter they offer.

    `respelled` is the question with likely words in place of those that nobody has, "" when there is nothing to
    offer; it is made from what the actor may see only.
    """

    total: int
    hits: list[Hit]
    facets: Mapping[str, Mapping[str, int]]
    asked: Asked
    respelled: str = ""


@dataclass(frozen=True)
class Filters:
    """What narrows a search; all optional."""

    unit_id: str | None = None
    kind: Kind | None = None
    component: str | None = None
    category: str | None = None
    year: int | None = None
    state: str | None = None
    quality: str | None = None
    dossier_id: str | None = None


def find(
    session: Session,
    engine: Engine,
    words: str,
    *,
    actor: Actor,
    filters: Filters | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
    sort: Sort = "relevance",
) -> Results:
    """What `actor` may see that answers `words` (oms.search.asking); `page` counts from 1, `size` hits each."""
    filters = filters or Filters()
    results = look_up(session, engine, words, filters, actor=actor, page=page, size=size, sort=sort)
    audit.record(session, "search:find", actor=actor, words=words, total=results.total, **narrowed(filters))
    return results


def look_up(
    session: Session,
    engine: Engine,
    words: str,
    filters: Filters,
    *,
    actor: Actor,
    page: int = 1,
    size: int = PAGE_SIZE,
    sort: Sort = "relevance",
) -> Results:
    """As `find`, but the caller writes the look."""
    require(actor, Action.SEARCH)
    asked = ask(words)
    held = visible(session, actor, filters)
    query = replace(_query(asked, filters, frozenset(held)), offset=(max(page, 1) - 1) * size, limit=size, sort=sort)
    found = engine.find(query)
    hits = _load(session, found.matches, asked, actor)
    if len(hits) < len(found.matches):
        found = _decide(session, engine, query, held, actor)
        hits = _load(session, found.matches, asked, actor)
    facets = {**found.facets, "unit": _by_unit(found, held)}
    return Results(found.total, hits, facets, asked, _respell(engine, asked, found, frozenset(held)))


def count(session: Session, engine: Engine, words: str, filters: Filters, *, actor: Actor) -> tuple[int, list[Match]]:
    """How much a kept question finds among what `actor` may see now, and all of it, unread: a number is no look."""
    require(actor, Action.SEARCH)
    query = _query(ask(words), filters, frozenset(visible(session, actor, filters)))
    found = engine.find(replace(query, limit=EVERYTHING))
    there = _there(session, found.matches, actor)
    return len(there), there


def ask(words: str) -> Asked:
    """What the typed words ask for; `BadInput` when they are too many or cannot be meant."""
    if len(words) > WORDS_LENGTH:
        raise BadInput(N_("A search has at most %(limit)s characters. Take the words that matter."), limit=WORDS_LENGTH)
    return understand(words)


def visible(session: Session, actor: Actor, filters: Filters) -> dict[str, Held]:
    """The dossiers that may be seen at this moment: id, custodian and category by id."""
    rows = select(Dossier.id, Dossier.custodian_id, Dossier.category).where(allowed(actor, Action.DOSSIER_READ))
    if actor.opened is not None:
        # In the closed installation nothing of a closed file is found, and not that there is something to find.
        rows = rows.where(Dossier.id.in_(list(actor.opened)))
    if filters.unit_id:
        rows = rows.where(Dossier.custodian_id == filters.unit_id)
    if filters.dossier_id:
        rows = rows.where(Dossier.id == filters.dossier_id)
    return {row[0]: row for row in session.execute(rows)}


def narrowed(filters: Filters) -> dict[str, Any]:
    """The filters that are set, for the log."""
    return {name: value for name, value in vars(filters).items() if value}


def _query(asked: Asked, filters: Filters, dossiers: frozenset[str]) -> Query:
    return Query(
        words=asked.words,
        dossiers=dossiers,
        kind=filters.kind,
        component=filters.component,
        category=filters.category,
        year=filters.year,
        state=filters.state,
        quality=filters.quality,
        without=asked.without,
        names=asked.names,
        numbers=asked.numbers,
        years=asked.years,
    )


def _respell(engine: Engine, asked: Asked, found: Found, dossiers: frozenset[str]) -> str:
    """The question with likely words, when nothing but misreadings was found."""
    if not asked.words or (found.matches and found.matches[0].tier < MISREAD):
        return ""
    words = engine.respell(asked.words, dossiers)
    return asked.typed(words) if words else ""


def _decide(session: Session, engine: Engine, query: Query, held: Mapping[str, Held], actor: Actor) -> Found:
    """The answer without what the database no longer has, counted over the whole result; rare and therefore slow."""
    found = engine.find(replace(query, offset=0, limit=EVERYTHING))
    there = _there(session, found.matches, actor)
    kept = {match.id for match in there}
    gone = [match for match in found.matches if match.id not in kept]
    facets = {name: Counter(counts) for name, counts in found.facets.items()}
    facets.get("kind", Counter()).subtract(match.kind for match in gone)
    facets.get("category", Counter()).subtract(held[match.dossier][2].value for match in gone)
    by_dossier = Counter(found.by_dossier)
    by_dossier.subtract(match.dossier for match in gone)
    return Found(
        len(there),
        tuple(there[query.offset : query.offset + query.limit]),
        # What a match does not carry cannot be counted without those that are gone, and is not told.
        {name: +counts if name in ("kind", "category") else Counter() for name, counts in facets.items()},
        +by_dossier,
    )


def _by_unit(found: Found, held: Mapping[str, Held]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for dossier_id, times in found.by_dossier.items():
        counts[held[dossier_id][1]] += times
    return dict(counts)


_MODELS: dict[str, tuple[type[Any], Action]] = {
    "dossier": (Dossier, Action.DOSSIER_READ),
    "document": (Document, Action.DOCUMENT_READ),
    "page": (Page, Action.PAGE_READ),
}


def _rows(kind: str, ids: Iterable[str], actor: Actor) -> Select[Any]:
    """The rows of one kind that are there and may be read."""
    model, action = _MODELS[kind]
    return select(model).where(model.id.in_(ids), allowed(actor, action))


def _split(matches: Iterable[Match]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {"dossier": [], "document": [], "page": []}
    for match in matches:
        ids[match.kind].append(match.id.split(":", 1)[1])
    return ids


def _there(session: Session, matches: Sequence[Match], actor: Actor) -> list[Match]:
    """The matches whose rows exist and may be read, in their order."""
    found: set[str] = set()
    for kind, ids in _split(matches).items():
        for start in range(0, len(ids), BATCH):
            rows = _rows(kind, ids[start : start + BATCH], actor)
            found.update(f"{kind}:{id}" for id in session.scalars(rows.with_only_columns(rows.selected_columns.id)))
    return [match for match in matches if match.id in found]


def _load(session: Session, matches: Sequence[Match], asked: Asked, actor: Actor) -> list[Hit]:
    """The hits behind the matches, each kind with one query and the rule of reading; what is gone is left out."""
    ids = _split(matches)
    about = (joinedload(Dossier.person), joinedload(Dossier.custodian))
    dossiers = _rows("dossier", ids["dossier"], actor).options(*about)
    documents = _rows("document", ids["document"], actor).options(joinedload(Document.dossier).options(*about))
    pages = _rows("page", ids["page"], actor).options(
        joinedload(Page.scan).joinedload(Scan.dossier).options(*about),
        joinedload(Page.document),
        undefer(Page.text),
        undefer(Page.words),
    )
    rows = {f"dossier:{row.id}": row for row in session.scalars(dossiers)}
    rows |= {f"document:{row.id}": row for row in session.scalars(documents)}
    rows |= {f"page:{row.id}": row for row in session.scalars(pages)}
    return [_hit(rows[match.id], match, asked.shown) for match in matches if match.id in rows]


def _hit(row: Dossier | Document | Page, match: Match, shown: str) -> Hit:
    if isinstance(row, Dossier):
        dossier, document, page, person = row, None, None, row.person
        text = _line(person.full_name, born(person), person.position, person.home_town)
    elif isinstance(row, Document):
        dossier, document, page = row.dossier, row, None
        text = _line(row.title, row.number, row.issuing_body, row.signer)
    else:
        dossier, document, page, text = row.scan.dossier, row.document, row, row.text
    pieces = snippet(text, shown, instead=match.instead)
    return Hit(dossier, document, page, match.tier, match.score, pieces, match.instead, match.where)


def _line(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)
