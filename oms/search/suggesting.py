"""Suggestions while somebody types: people, numbers of documents, components and units, each among what the actor may
see at this moment.

What a suggestion shows is what the list of people shows, which leaves one entry in the audit log for a whole page of
names. An entry for each letter would bury the log, so suggestions leave at most one entry a minute and account, with
the letters typed then; the search that follows, or the dossier opened, leaves its own as always.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, catalogue
from oms.errors import NotFound
from oms.models import AuditEntry, Document, Dossier, Person, Unit, now
from oms.permissions import Action, Actor, allowed, require
from oms.search.analysis import compared
from oms.search.finding import WORDS_LENGTH, Filters, Held, visible
from oms.search.interface import Engine, Query
from oms.vietnamese.text import words

SHORTEST = 2
"""Letters before anything is suggested: one letter begins half of all names."""
PEOPLE, DOCUMENTS, COMPONENTS, UNITS = 6, 3, 3, 3
# The engine also completes words of the text; more are asked for than are shown.
ASKED = 60
LOOK_EVERY = timedelta(minutes=1)

Kind = Literal["person", "document", "component", "unit"]


@dataclass(frozen=True)
class Suggestion:
    """One line of the list: what to read, a note that tells equal ones apart, and the id of the dossier, document,
    component or unit it stands for."""

    kind: Kind
    text: str
    note: str
    id: str


def suggest(session: Session, engine: Engine, typed: str, *, actor: Actor) -> list[Suggestion]:
    """What begins like `typed`, best first within each kind; nothing below two letters."""
    require(actor, Action.SEARCH)
    asked = [compared(word).folded for word in words(typed[:WORDS_LENGTH])]
    if len("".join(asked)) < SHORTEST:
        return []
    held = visible(session, actor, Filters())
    dossiers = frozenset(held)
    query = Query(_findable(typed), dossiers, limit=ASKED, unfinished=True)
    found = [
        *_people(session, engine, query, asked, actor),
        *_documents(session, engine, query, asked, actor),
        *_components(engine, asked, dossiers),
        *_units(session, asked, held.values()),
    ]
    if found:
        _write_look(session, typed, actor)
    return found


def _findable(typed: str) -> str:
    """The words an engine can complete: a single letter at the end begins too much and is left to be compared here."""
    split = words(typed)
    return " ".join(split[:-1]) if len(split) > 1 and len(split[-1]) == 1 else typed


def _people(session: Session, engine: Engine, query: Query, asked: list[str], actor: Actor) -> Iterator[Suggestion]:
    """Dossiers whose person, or number, begins so."""
    ids = _ids(engine, replace(query, kind="dossier"))
    fitting = (dossier for dossier in _dossiers(session, ids, actor) if any(_begins(asked, n) for n in _names(dossier)))
    for dossier in islice(fitting, PEOPLE):
        born = dossier.person.birth_date
        note = [dossier.number, f"{born.year}" if born else "", dossier.custodian.short_name]
        yield Suggestion("person", dossier.person.full_name, " · ".join(part for part in note if part), dossier.id)


def _dossiers(session: Session, ids: list[str], actor: Actor) -> Iterator[Dossier]:
    """The dossiers in this order, a few at a time: the first few nearly always fill the list."""
    about = (joinedload(Dossier.person).selectinload(Person.aliases), joinedload(Dossier.custodian))
    for start in range(0, len(ids), 2 * PEOPLE):
        few = ids[start : start + 2 * PEOPLE]
        rows = select(Dossier).where(Dossier.id.in_(few), allowed(actor, Action.DOSSIER_READ)).options(*about)
        by_id = {dossier.id: dossier for dossier in session.scalars(rows)}
        yield from (by_id[id] for id in few if id in by_id)


def _names(dossier: Dossier) -> Iterator[str]:
    person = dossier.person
    yield person.full_name
    yield from (alias.name for alias in person.aliases)
    yield from (number for number in (dossier.number, person.staff_code) if number)


def _documents(session: Session, engine: Engine, query: Query, asked: list[str], actor: Actor) -> Iterator[Suggestion]:
    """Documents whose number begins so; only once a figure was typed, numbers have one."""
    if not any(character.isdigit() for character in query.words):
        return
    ids = _ids(engine, replace(query, kind="document"))
    rows = (
        select(Document)
        .where(Document.id.in_(ids), allowed(actor, Action.DOCUMENT_READ))
        .options(joinedload(Document.dossier).joinedload(Dossier.person))
    )
    by_id = {document.id: document for document in session.scalars(rows)}
    fitting = (by_id[id] for id in ids if id in by_id and _begins(asked, by_id[id].number or ""))
    for document in islice(fitting, DOCUMENTS):
        note = f"{document.title} · {document.dossier.person.full_name}"
        yield Suggestion("document", document.number or "", note, document.id)


def _ids(engine: Engine, query: Query) -> list[str]:
    return [match.id.split(":", 1)[1] for match in engine.find(query).matches]


def _components(engine: Engine, asked: list[str], dossiers: frozenset[str]) -> Iterator[Suggestion]:
    """Components that have a document among the dossiers of the actor."""
    there = engine.find(Query("", dossiers, kind="document", limit=0)).facets.get("component", {})
    titles = {id: title for id in there if (title := _title(id)) and _has_phrase(asked, title)}
    for id in sorted(titles, key=lambda id: (-there[id], id))[:COMPONENTS]:
        yield Suggestion("component", titles[id], "", id)


def _title(component_id: str) -> str:
    try:
        return catalogue.component(component_id).label_vi
    except NotFound:
        return ""


def _units(session: Session, asked: list[str], held: Iterable[Held]) -> Iterator[Suggestion]:
    """Units that hold a dossier of those; nothing when there is only one to choose from."""
    ids = {row[1] for row in held}
    if len(ids) < 2:
        return
    units = session.scalars(
        select(Unit).where(Unit.id.in_(ids)).options(selectinload(Unit.former_names)).order_by(Unit.name)
    ).all()
    fitting = (
        unit for unit in units if any(_begins(asked, name) for name in (unit.name, unit.short_name, *_former(unit)))
    )
    for unit in islice(fitting, UNITS):
        yield Suggestion("unit", unit.short_name, unit.name if unit.name != unit.short_name else "", unit.id)


def _former(unit: Unit) -> Iterator[str]:
    return (former.name for former in unit.former_names)


def _begins(asked: list[str], text: str) -> bool:
    """True when every typed word begins a word of `text`, in any order, with marks or without."""
    there = [compared(word).folded for word in words(text)]
    return all(any(word.startswith(begun) for word in there) for begun in asked)


def _has_phrase(asked: list[str], text: str) -> bool:
    """True when the typed words follow each other in `text`, the last one perhaps half typed: titles are long."""
    return f" {' '.join(asked)}" in f" {' '.join(compared(word).folded for word in words(text))}"


def _write_look(session: Session, typed: str, actor: Actor) -> None:
    lately = select(AuditEntry.seq).where(
        AuditEntry.account_id == actor.account_id,
        AuditEntry.action == "search:suggest",
        AuditEntry.at > now() - LOOK_EVERY,
    )
    if session.scalar(lately.limit(1)) is None:
        audit.record(session, "search:suggest", actor=actor, words=typed)
