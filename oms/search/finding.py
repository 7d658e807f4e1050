"""Find: what a person asks, answered from the index and decided by the database.

The dossiers an actor may see are asked from the database first and given to the engine, which finds
and counts only among them; the rows of the hits are loaded through the same rule again. So a change
of custody shows at once, whatever the index still says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from oms import audit
from oms.errors import N_, BadInput
from oms.models import Document, Dossier, Page, Person, Scan
from oms.permissions import Action, Actor, allowed, require
from oms.search.interface import Engine, Found, Kind, Match, Query
from oms.search.records import born
from oms.search.snippets import snippet

PAGE_SIZE = 20
# Longer than any title; keeps a pasted page from becoming a query of a thousand words.
WORDS_LENGTH = 300

Piece = tuple[str, bool]


@dataclass(frozen=True)
class Hit:
    """One thing found: whose dossier, which document and page where it has one, and why (`tier`, `snippet`)."""

    dossier: Dossier
    document: Document | None
    page: Page | None
    tier: int
    score: float
    snippet: list[Piece]


@dataclass(frozen=True)
class Results:
    """One page of hits with exact counts; `facets` are named for the filter they offer."""

    total: int
    hits: list[Hit]
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Filters:
    """What narrows a search; all optional."""

    unit_id: str | None = None
    kind: Kind | None = None
    component: str | None = None
    category: str | None = None
    year: int | None = None


def find(
    session: Session,
    engine: Engine,
    words: str,
    *,
    actor: Actor,
    filters: Filters | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> Results:
    """What `actor` may see that matches `words`; `page` counts from 1, `size` hits each."""
    require(actor, Action.SEARCH)
    filters = filters or Filters()
    if len(words) > WORDS_LENGTH:
        raise BadInput(N_("A search has at most %(limit)s characters. Take the words that matter."), limit=WORDS_LENGTH)
    visible = select(Dossier.id, Dossier.custodian_id).where(allowed(actor, Action.DOSSIER_READ))
    if filters.unit_id:
        visible = visible.where(Dossier.custodian_id == filters.unit_id)
    units = {row.id: row.custodian_id for row in session.execute(visible)}
    found = engine.find(
        Query(
            words=words,
            dossiers=frozenset(units),
            kind=filters.kind,
            component=filters.component,
            category=filters.category,
            year=filters.year,
            offset=(max(page, 1) - 1) * size,
            limit=size,
        )
    )
    hits = _load(session, found.matches, words, actor)
    audit.record(session, "search:find", actor=actor, words=words, total=found.total)
    gone = len(found.matches) - len(hits)
    return Results(found.total - gone, hits, {**found.facets, "unit": _by_unit(found, units)})


def _by_unit(found: Found, units: Mapping[str, str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for dossier_id, count in found.by_dossier.items():
        unit_id = units[dossier_id]
        counts[unit_id] = counts.get(unit_id, 0) + count
    return counts


def _load(session: Session, matches: Iterable[Match], words: str, actor: Actor) -> list[Hit]:
    """The rows behind the matches, each kind with one query and the rule of reading; what is gone is left out."""
    wanted = list(matches)
    ids: dict[str, list[str]] = {"dossier": [], "document": [], "page": []}
    for match in wanted:
        ids[match.kind].append(match.id.split(":", 1)[1])
    whole = joinedload(Document.dossier).options(joinedload(Dossier.person), joinedload(Dossier.custodian))
    dossiers = select(Dossier).where(Dossier.id.in_(ids["dossier"]), allowed(actor, Action.DOSSIER_READ))
    documents = select(Document).where(Document.id.in_(ids["document"]), allowed(actor, Action.DOCUMENT_READ))
    pages = select(Page).where(Page.id.in_(ids["page"]), allowed(actor, Action.PAGE_READ))
    of_scan = joinedload(Page.scan).joinedload(Scan.dossier)
    rows: dict[str, Hit] = {}
    for dossier in session.scalars(dossiers.options(joinedload(Dossier.person), joinedload(Dossier.custodian))):
        rows[f"dossier:{dossier.id}"] = Hit(dossier, None, None, 0, 0.0, _about(dossier.person, words))
    for document in session.scalars(documents.options(whole)):
        pieces = snippet(
            " · ".join(part for part in (document.title, document.number, document.issuing_body) if part), words
        )
        rows[f"document:{document.id}"] = Hit(document.dossier, document, None, 0, 0.0, pieces)
    for page in session.scalars(
        pages.options(
            of_scan.joinedload(Dossier.person),
            joinedload(Page.scan).joinedload(Scan.dossier).joinedload(Dossier.custodian),
            joinedload(Page.document),
            undefer(Page.text),
        )
    ):
        rows[f"page:{page.id}"] = Hit(page.scan.dossier, page.document, page, 0, 0.0, snippet(page.text, words))
    return [
        Hit(row.dossier, row.document, row.page, match.tier, match.score, row.snippet)
        for match in wanted
        if (row := rows.get(match.id)) is not None
    ]


def _about(person: Person, words: str) -> list[Piece]:
    return snippet(
        " · ".join(part for part in (person.full_name, born(person), person.position, person.home_town) if part), words
    )
