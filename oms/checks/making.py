"""Findings made anew: what a dossier says is held against the rules, and the rows follow.

A finding is known by the fingerprint of its facts. What was settled is not found again unless they change; what is no
longer found says so by itself. Every run may be repeated: the same facts leave the same rows.
"""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from oms import audit, db, dossiers, milestones
from oms.checks import careers, doubles, values
from oms.checks.found import Found
from oms.checks.strangers import write
from oms.models import Dossier, Finding, FindingState, Page
from oms.permissions import Actor
from oms.reading import unpack_words
from oms.record.facts import Facts, find_box, gather
from oms.settings import Settings

TABLES = ("work_history", "salary_history")
FOLLOWING = (FindingState.OPEN, FindingState.SENT)
"""States that end by themselves when nothing is found any more; what a person decided stays as history."""


def look_for(session: Session, dossier: Dossier) -> list[Found]:
    """All contradictions of a dossier now, each once; writes nothing."""
    return _look_for(session, gather(session, dossier))


def _look_for(session: Session, facts: Facts) -> list[Found]:
    return list({one.fingerprint: one for one in _all(session, facts)}.values())


def _all(session: Session, facts: Facts) -> Iterator[Found]:
    own = values.own_values(facts)
    yield from values.find_strange_pages(facts)
    for find in (values.find_names, values.find_births, values.find_values, values.find_orders):
        yield from find(own)
    yield from values.find_document_dates(own)
    yield from careers.find_career(own)
    yield from careers.find_pay(own)
    yield from doubles.find_doubles(session, facts)


def check(session: Session, dossier: Dossier, *, actor: Actor | None) -> int:
    """Bring the findings of a dossier, and what lists by the calendar tell of it, up to date; return how many are new."""
    dossiers.hold(session, dossier)
    facts = gather(session, dossier)
    milestones.keep(session, facts)
    found = {one.fingerprint: one for one in _look_for(session, facts)}
    rows = {
        row.fingerprint: row
        for row in session.scalars(
            select(Finding).where(Finding.dossier_id == dossier.id).options(selectinload(Finding.places))
        )
    }
    new = [write(session, dossier.id, _with_boxes(session, one)) for key, one in found.items() if key not in rows]
    back = [row for key, row in rows.items() if key in found and row.state == FindingState.GONE]
    gone = [row for key, row in rows.items() if key not in found and row.state in FOLLOWING]
    for row in back:
        _put(row, FindingState.OPEN)
    for row in gone:
        _put(row, FindingState.GONE)
    session.flush()
    if new or back or gone:
        audit.record(session, "check:run", dossier, actor=actor, new=len(new) + len(back), gone=len(gone))
    return len(new) + len(back)


def _with_boxes(session: Session, found: Found) -> Found:
    """The finding with the boxes of rows of tables: the reading keeps none, the words of the row have them."""
    places = []
    for place in found.places:
        if place.page_id is not None and place.box is None and place.key in TABLES:
            words = unpack_words(session.scalar(select(Page.words).where(Page.id == place.page_id)))
            places.append(replace(place, box=find_box(words, place.text)))
        else:
            places.append(place)
    return replace(found, places=tuple(places))


def _put(row: Finding, state: FindingState) -> None:
    row.state, row.reason, row.due_on = state, "", None
    row.settled_by_id = row.settled_at = None


def check_dossier(engine: Engine, _settings: Settings, dossier_id: str, *, actor: Actor | None) -> list[str]:
    """Job `check_dossier`: as `check`, for a dossier that may be gone by now."""
    with db.writing(engine) as session:
        dossier = session.get(Dossier, dossier_id)
        if dossier is not None:
            check(session, dossier, actor=actor)
        return list(session.info.pop("enqueued", []))
