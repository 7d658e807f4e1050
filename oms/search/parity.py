"""How well the index agrees with the database: every difference by name, and the same measured all the time.

Which things there should be is asked from the database by their ids alone, each time; what they say is compared a part
of the dossiers at a time, so that every dossier had its turn within an hour. What differs is brought up to date on the
spot, whatever made it so: a job that was lost, a backup from another day, another name of a component. What a job is
about to index is on its way and no difference. Knows the engine by its interface only.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, select
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from oms import catalogue, db, jobs
from oms.models import Document, Dossier, Fact, Job, JobState, Page, PageState, Scan, now
from oms.search import records
from oms.search.interface import Engine

CHANGE_ENGINE_AT = 300_000
"""Things in the index from which on an installation does better with tantivy, as measured (docs/search.md, “Growth”)."""

MEASURE_EVERY = timedelta(minutes=5)
# A measurement older than this says nothing about now: the worker stands still.
OLD = 3 * MEASURE_EVERY
# With so many parts of a round, and at least so many dossiers in one, every dossier is compared within an hour.
PARTS, LEAST_PART = 12, 500
BATCH = records.BATCH
FACT = "search_parity"

BringUpToDate = Callable[[Sequence[str]], None]
"""Makes the items of these dossiers in the index equal to the database."""


@dataclass(frozen=True)
class Differences:
    """Item ids: in the database only, saying something else there, in the index only."""

    missing: list[str]
    stale: list[str]
    left_over: list[str]

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.missing) + len(self.stale) + len(self.left_over)


@dataclass(frozen=True)
class Parity:
    """A measurement: what there should be, what is wrong after mending, and how much was mended.

    `pages` and `missing_pages` count read pages, `things` everything that can be found, `indexed` what the index
    holds; `reached` is the dossier after which the next part of the comparison begins; `labels` tells which words of
    the catalogue the things were made with.
    """

    at: str
    pages: int
    things: int
    indexed: int
    missing_pages: int
    missing: int
    stale: int
    left_over: int
    mended: int
    reached: str = ""
    labels: str = ""

    @property
    def measured_at(self) -> datetime:
        """When it was measured."""
        return datetime.fromisoformat(self.at)

    @property
    def is_old(self) -> bool:
        """Whether nobody has measured for a while."""
        return now() - self.measured_at > OLD

    @property
    def is_whole(self) -> bool:
        """Whether everything can be found as it is, as far as the last measurement knows."""
        return not (self.missing or self.stale or self.left_over)


def latest(session: Session) -> Parity | None:
    """The last measurement, or None when there was none yet."""
    fact = session.get(Fact, FACT)
    return Parity(**json.loads(fact.value)) if fact else None


def measure(database: Database, engine: Engine, bring_up_to_date: BringUpToDate) -> Parity:
    """Measure, mend what differs, and keep what remains as a fact."""
    with db.reading(database) as session:
        before = latest(session)
    stamps = engine.stamps()  # first: what is gone from the database after this is gone for good
    with db.reading(database) as session:
        expected = _expected(session)
        part = _next_part(sorted(set(expected.values())), before.reached if before else "")
        left_over = _left_over(session, stamps, expected)
    suspect = {dossier_id for item, dossier_id in expected.items() if item not in stamps}
    found = _differing(database, engine, stamps, suspect | set(part))
    concerned = {dossier_id for _item, dossier_id, _is_missing in found}
    if concerned:
        bring_up_to_date(sorted(concerned))
    if left_over:
        engine.remove(left_over)
    remaining = _differing(database, engine, {}, concerned)
    missing = [item for item, _dossier, is_missing in remaining if is_missing]
    parity = Parity(
        at=now().isoformat(timespec="seconds"),
        pages=sum(item.startswith("page:") for item in expected),
        things=len(expected),
        indexed=len(stamps),
        missing_pages=sum(item.startswith("page:") for item in missing),
        missing=len(missing),
        stale=len(remaining) - len(missing),
        left_over=0,
        mended=len(found) - len(remaining) + len(left_over),
        reached=part[-1] if part else "",
        labels=before.labels if before else labels(),
    )
    _keep(database, parity)
    return parity


def compare(database: Database, engine: Engine) -> Differences:
    """Every difference there is; looks at everything there is in the database."""
    stamps = engine.stamps()
    with db.reading(database) as session:
        expected = _expected(session)
        left_over = _left_over(session, stamps, expected)
    found = _differing(database, engine, stamps, set(expected.values()))
    return Differences(
        missing=[item for item, _dossier, is_missing in found if is_missing],
        stale=[item for item, _dossier, is_missing in found if not is_missing],
        left_over=left_over,
    )


def mend(database: Database, engine: Engine, bring_up_to_date: BringUpToDate) -> int:
    """Bring everything that differs up to date; return how many things that were."""
    made_with = labels()
    found = compare(database, engine)
    with db.reading(database) as session:
        expected = _expected(session)
    for batch in _batches(sorted({expected[item] for item in (*found.missing, *found.stale) if item in expected})):
        bring_up_to_date(batch)
    if found.left_over:
        engine.remove(found.left_over)
    with db.reading(database) as session:
        before = latest(session)
    if before is not None and before.labels != made_with:
        _keep(database, Parity(**{**asdict(before), "labels": made_with}))
    return found.total


def look_ahead(database: Database) -> None:
    """From time to time: have the index measured when the last measurement is some minutes old, and compared as a
    whole when the things in it were made with other words of the catalogue than those of now."""
    with db.reading(database) as session:
        parity = latest(session)
        due = jobs.is_due(session, "measure_index", "index", every=MEASURE_EVERY)
    outdated = parity is not None and parity.labels != labels()
    if not (due or outdated):
        return
    with db.writing(database) as session:
        if due:
            jobs.repeat(session, "measure_index", "index", every=MEASURE_EVERY)
        if outdated and not jobs.is_under_way(session, "mend_index", "index"):
            jobs.enqueue(session, "mend_index", "index", actor=None)


def labels() -> str:
    """Hash of the words of the catalogue that become part of things that can be found."""
    words = [
        (category, catalogue.term("category", category).label_vi, component.id, component.label_vi)
        for category in catalogue.categories()
        for component in catalogue.components(category)
    ]
    return hashlib.sha256(repr(sorted(words)).encode()).hexdigest()[:32]


def told(session: Session, items: Sequence[str]) -> dict[str, dict[str, object]]:
    """For each item what a sentence about it can name: number of its dossier, of its page and its scan. No titles:
    who looks after the machines does not read dossiers."""
    found: dict[str, dict[str, object]] = {}
    for batch in _batches(items):
        ids = {item.split(":", 1)[1] for item in batch}
        for id, number in session.execute(select(Dossier.id, Dossier.number).where(Dossier.id.in_(ids))):
            found[records.dossier_item_id(id)] = {"dossier": number}
        documents = select(Document.id, Dossier.number).join(Dossier).where(Document.id.in_(ids))
        for id, number in session.execute(documents):
            found[records.document_item_id(id)] = {"dossier": number, "id": id}
        pages = select(Page.id, Page.number, Page.scan_id, Dossier.number).join(Scan, Scan.id == Page.scan_id)
        for id, page, scan, number in session.execute(
            pages.join(Dossier, Dossier.id == Scan.dossier_id).where(Page.id.in_(ids))
        ):
            found[records.page_item_id(id)] = {"dossier": number, "page": page, "scan": scan}
    return found


def _expected(session: Session) -> dict[str, str]:
    """The id of every item there should be, with its dossier."""
    found = {records.dossier_item_id(id): id for id in session.scalars(select(Dossier.id))}
    documents = select(Document.id, Document.dossier_id).where(~Document.sealed)
    found.update((records.document_item_id(id), dossier) for id, dossier in session.execute(documents))
    pages = select(Page.id, Scan.dossier_id).join(Scan).where(Page.state == PageState.READ, ~Scan.sealed)
    found.update((records.page_item_id(id), dossier) for id, dossier in session.execute(pages))
    return found


def _left_over(session: Session, stamps: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """What only the index has; nothing while an index job is under way, which may be about to take it out."""
    left = sorted(set(stamps) - set(expected))
    indexing = select(Job.id).where(Job.kind.like("index%"), _is_open())
    return [] if not left or session.scalar(indexing.limit(1)) else left


def _differing(
    database: Database, engine: Engine, stamps: Mapping[str, str], dossier_ids: Iterable[str]
) -> list[tuple[str, str, bool]]:
    """Items of these dossiers that are not in the index as they are, with their dossier and whether they are missing.

    `stamps` is what the index said a moment ago; what differs from it is asked again, for a job may have been faster.
    """
    found = []
    for batch in _batches(sorted(dossier_ids)):
        with db.reading(database) as session:
            for item in records.items_of_dossiers(session, batch):
                if stamps.get(item.id) == item.stamp or (there := engine.stamp(item.id)) == item.stamp:
                    continue
                found.append((item.id, item.dossier, there is None))
        if found:
            with db.reading(database) as session:  # asked last: a change that came meanwhile brought its job with it
                working = _at_work(session)
            found = [row for row in found if row[1] not in working]
    return found


def _at_work(session: Session) -> set[str]:
    """Dossiers that a job under way will bring up to date."""
    subjects = select(Job.subject_id).where(_is_open())
    ways = (
        select(Dossier.id).where(Dossier.id.in_(subjects)),
        select(Dossier.id).where(Dossier.custodian_id.in_(subjects)),
        select(Scan.dossier_id).where(Scan.id.in_(subjects)),
        select(Scan.dossier_id).join(Page).where(Page.id.in_(subjects)),
    )
    return {dossier_id for way in ways for dossier_id in session.scalars(way)}


def _is_open() -> ColumnElement[bool]:
    """Jobs that wait or run; what a dead worker had in hand is no work under way."""
    return (Job.state == JobState.QUEUED) | ((Job.state == JobState.RUNNING) & (Job.lease_until >= now()))


def _next_part(dossier_ids: Sequence[str], reached: str) -> list[str]:
    """The dossiers whose turn it is: those after `reached`, from the start again behind the last one."""
    size = max(LEAST_PART, -(-len(dossier_ids) // PARTS))
    after = [id for id in dossier_ids if id > reached]
    return list(after or dossier_ids)[:size]


def _keep(database: Database, parity: Parity) -> None:
    value = json.dumps(asdict(parity))
    with db.writing(database) as session:
        if fact := session.get(Fact, FACT):
            fact.value = value
        else:
            session.add(Fact(key=FACT, value=value))


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch
