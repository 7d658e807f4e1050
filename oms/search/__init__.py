"""Search: one small interface, one file per engine; the database is the truth, the index a cache."""

import fcntl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from sqlalchemy import Engine as Database
from sqlalchemy import select

from oms import db, jobs, vault
from oms.errors import N_
from oms.models import Dossier, Scan
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
    "index_dossiers",
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
    "warm_up",
]

# More than any dossier has documents and pages: one question lists all its items.
EVERYTHING = 1_000_000
# Held while the database is read and written to the index: else what was read before could come after what is newer.
TURN = "turn.lock"


def open_engine(settings: Settings) -> Engine:
    """The engine of an installation, one per process: it keeps its searcher open."""
    return _engine_at(settings.search, settings.index)


@cache
def _engine_at(name: str, folder: Path) -> Engine:
    if name == "whoosh":
        from oms.search.whoosh_engine import WhooshEngine

        keys = vault.keys_of(folder)
        return WhooshEngine(folder, key=keys.index if keys else None)
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


def warm_up(settings: Settings) -> None:
    """Have the engine read ahead in the background; for a program that is asked often, in each of its processes."""
    with suppress(SettingsError):  # whoever searches is told
        open_engine(settings).warm_up()


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


def index_scan(database: Database, settings: Settings, scan_id: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the actor of a job; indexing concerns no one
    """Job `index_scan`: bring the items of the scan's dossier up to date."""
    index_dossiers(database, settings, [("index_scan", scan_id)])
    return []


def index_dossier(database: Database, settings: Settings, dossier_id: str, *, actor: Actor | None) -> list[str]:  # noqa: ARG001 - the actor of a job; indexing concerns no one
    """Job `index_dossier`: make the items of one dossier in the index equal to the database."""
    index_dossiers(database, settings, [("index_dossier", dossier_id)])
    return []


def index_dossiers(database: Database, settings: Settings, subjects: Iterable[tuple[str, str]]) -> None:
    """Do the jobs `index_scan` and `index_dossier` of these (kind, subject) at once: they share a commit of the index,
    which takes the time."""
    asked = list(subjects)
    scans = [subject for kind, subject in asked if kind == "index_scan"]
    ids = {subject for kind, subject in asked if kind == "index_dossier"}
    with db.reading(database) as session:
        ids |= set(session.scalars(select(Scan.dossier_id).where(Scan.id.in_(scans))))
    if ids:
        _bring_up_to_date(database, settings, sorted(ids))


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
    query = Query("", frozenset(dossier_ids), limit=EVERYTHING)
    try:
        with _turn(settings):
            there = engine.stamps(match.id for match in engine.find(query).matches)
            with db.reading(database) as session:
                items = list(records.items_of_dossiers(session, dossier_ids))
            if changed := [item for item in items if there.get(item.id) != item.stamp]:
                engine.put(changed)
            if left := there.keys() - {item.id for item in items}:
                engine.remove(left)
    except IndexDamaged:
        rebuild(database, settings)


@contextmanager
def _turn(settings: Settings) -> Iterator[None]:
    """One at a time among all threads and processes; the kernel frees the lock of a killed one."""
    with (settings.index / TURN).open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
