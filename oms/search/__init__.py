"""Search: one small interface, one file per engine; the database is the truth, the index a cache."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import Engine as Database
from sqlalchemy import select

from oms import db, jobs
from oms.errors import N_
from oms.models import Dossier, Job, JobState, Scan
from oms.permissions import Actor
from oms.search import parity, records
from oms.search.finding import PAGE_SIZE, WORDS_LENGTH, Filters, Hit, Results, find
from oms.search.interface import Engine, IndexDamaged, Query, State
from oms.search.parity import CHANGE_ENGINE_AT
from oms.settings import Settings, SettingsError

__all__ = [
    "CHANGE_ENGINE_AT",
    "PAGE_SIZE",
    "WORDS_LENGTH",
    "Filters",
    "Hit",
    "IndexDamaged",
    "Results",
    "compare",
    "find",
    "index_dossier",
    "index_scan",
    "index_unit",
    "measure_index",
    "mend",
    "mend_damage",
    "mend_index",
    "open_engine",
    "rebuild",
    "rebuild_index",
    "renew_index",
    "state",
]

# More than any dossier has documents and pages: one question lists all its items.
EVERYTHING = 1_000_000
# Waiting dossiers that share a commit of the index: what one job may cost more than its own.
SHARING = 20


def open_engine(settings: Settings) -> Engine:
    """The engine of an installation, one per process: it keeps its searcher open."""
    return _engine_at(settings.search, settings.index)


@cache
def _engine_at(name: str, folder: Path) -> Engine:
    if name == "whoosh":
        from oms.search.whoosh_engine import WhooshEngine

        return WhooshEngine(folder)
    if name != "tantivy":
        raise SettingsError(N_("OMS_SEARCH is %(name)s. It must be whoosh or tantivy."), name=name)
    try:
        from oms.search.tantivy_engine import TantivyEngine
    except ImportError as error:
        raise SettingsError(
            N_("OMS_SEARCH is tantivy, but tantivy is not installed. Run: pip install tantivy, then: oms reindex.")
        ) from error
    return TantivyEngine(folder / "tantivy")


def state(settings: Settings) -> State:
    """Whether searching answers from a whole index now; costs no more than opening it."""
    engine = open_engine(settings)
    try:
        engine.stamp("")
    except IndexDamaged:
        return "rebuilding" if engine.rebuilding() else "damaged"
    return "ready"


def mend_damage(database: Database, settings: Settings) -> None:
    """From time to time, first at the start: have an index that is missing, damaged or of another version rebuilt as a
    job, and a sound one measured."""
    if state(settings) == "damaged":
        with db.writing(database) as session:
            jobs.enqueue(session, "rebuild_index", "index", actor=None)
    else:
        parity.look_ahead(database)


def rebuild_index(database: Database, settings: Settings, subject: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the signature of a job
    """Job `rebuild_index`: build the index anew unless somebody already has; goes on where a killed one stopped."""
    if state(settings) == "damaged":
        rebuild(database, settings, resume=True)
    return []


def renew_index(database: Database, settings: Settings, subject: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the signature of a job
    """Job `renew_index`: build the index anew though nothing is wrong with it, because an engine keeps the words of
    what was taken out in its files for a while, and what was purged must be gone from there too."""
    rebuild(database, settings)
    return []


def index_scan(database: Database, settings: Settings, scan_id: str, *, actor: Actor | None) -> list[str]:
    """Job `index_scan`: bring the items of the scan's dossier up to date."""
    with db.reading(database) as session:
        scan = session.get(Scan, scan_id)
        dossier_id = scan.dossier_id if scan else None
    return [] if dossier_id is None else index_dossier(database, settings, dossier_id, actor=actor)


def index_dossier(database: Database, settings: Settings, dossier_id: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the actor of a job; indexing concerns no one
    """Job `index_dossier`: make the items of one dossier in the index equal to the database.

    Those that wait share its commit, which takes the time; their own jobs then find nothing left to write.
    """
    waiting = select(Job.subject_id).where(Job.kind == "index_dossier", Job.state == JobState.QUEUED)
    with db.reading(database) as session:
        others = session.scalars(waiting.order_by(Job.created_at, Job.id).limit(SHARING)).all()
    _bring_up_to_date(database, settings, list(dict.fromkeys((dossier_id, *others))))
    return []


def index_unit(database: Database, settings: Settings, unit_id: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the signature of a job
    """Job `index_unit`: bring the dossiers a unit holds up to date, a batch at a time, after the unit, or one it took
    over from, got another name or place: `jobs.enqueue(session, "index_unit", unit.id, actor=actor)`."""
    with db.reading(database) as session:
        ids = list(session.scalars(select(Dossier.id).where(Dossier.custodian_id == unit_id).order_by(Dossier.id)))
    for start in range(0, len(ids), records.BATCH):
        _bring_up_to_date(database, settings, ids[start : start + records.BATCH])
    return []


def _bring_up_to_date(database: Database, settings: Settings, dossier_ids: Sequence[str]) -> None:
    """Make the items of these dossiers in the index equal to the database, in one commit at most for each way."""
    engine = open_engine(settings)
    try:
        query = Query("", frozenset(dossier_ids), limit=EVERYTHING)
        there = {match.id for match in engine.find(query).matches}
    except IndexDamaged:
        rebuild(database, settings)
        return
    with db.reading(database) as session:
        items = list(records.items_of_dossiers(session, dossier_ids))
    stamps = {item.id: engine.stamp(item.id) for item in items if item.id in there}
    if changed := [item for item in items if stamps.get(item.id) != item.stamp]:
        engine.put(changed)
    if left := there - {item.id for item in items}:
        engine.remove(left)


def rebuild(database: Database, settings: Settings, *, resume: bool = False) -> None:
    """Make the index anew from the database; the old one answers until then.

    `resume` goes on where a rebuild that was broken off stopped. What is put by others meanwhile waits.
    """
    with db.reading(database) as session:
        open_engine(settings).rebuild(records.all_items(session), resume=resume)


def measure_index(database: Database, settings: Settings, subject: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the signature of a job
    """Job `measure_index`: count what is missing from the index, mend it, and keep the figures (oms.search.parity)."""
    if state(settings) == "ready":
        parity.measure(database, open_engine(settings), lambda ids: _bring_up_to_date(database, settings, ids))
    return []


def mend_index(database: Database, settings: Settings, subject: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the signature of a job
    """Job `mend_index`: compare everything and bring up to date what differs."""
    mend(database, settings)
    return []


def mend(database: Database, settings: Settings) -> int:
    """Bring the index up to date where it differs from the database, anew when it is damaged; in how many things."""
    engine = open_engine(settings)
    try:
        count = parity.mend(database, engine, lambda ids: _bring_up_to_date(database, settings, ids))
        if engine.healthy():
            return count
    except IndexDamaged:
        pass
    rebuild(database, settings)
    return 1


def compare(database: Database, settings: Settings) -> parity.Differences:
    """What of the database is missing in the index, stale or left over there, by item id."""
    return parity.compare(database, open_engine(settings))
