"""Fixity: database, files and index compared with each other, and every difference named.

The database is the truth about what there should be, storage about the bytes; the index is a cache.
Works while OMS is running: what is only on its way (a file without its row for a moment, a scan
being read) is no problem. Mends only what loses nothing.
"""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from oms import audit, custody, db, installation, jobs, organisation, purging, rekeying, search, staging, storage
from oms.audit import sealing
from oms.backup import rotation
from oms.errors import N_
from oms.log_standing import broken
from oms.models import (
    OPEN_STATES,
    AttachedFile,
    AuditEntry,
    Disposal,
    DisposalItem,
    DisposalState,
    Document,
    Dossier,
    Job,
    JobState,
    Page,
    PageState,
    Purge,
    Scan,
    ScanState,
    Stack,
    SubjectRequest,
    Transfer,
    TransferState,
    Unit,
    now,
)
from oms.problems import Problem, as_far_as_possible, of_copy
from oms.reading import layer_path
from oms.search import parity
from oms.search.interface import IndexDamaged
from oms.settings import Settings

# A file may be on its way to its row for so long (seconds): an upload takes minutes at most.
ON_ITS_WAY = 3600
# Staging and what dead programs left are wiped every few seconds where a worker runs; a minute more for one that starts.
STAGING_GRACE = 60
# A job nobody took for so long (seconds) is stuck: a running worker hands over again after 60.
STUCK = 600
# Problems of stored files that a backup can mend.
OF_FILES = ("missing-file", "damaged-file")
# Problems mended by taking something away; with many files damaged it may be what is looked for.
OF_REMOVAL = ("unknown-file", "leftover")
# Problems after which an older backup may be the only one that has what is gone: none leaves meanwhile.
OF_LOSS = (*OF_FILES, "lost-upload", "database-damaged", "broken-reference", "audit-broken")
# Known, signed for and never repaired: told at every look, and no reason to call the rest damaged.
TOLD = ("audit-segment",)
# Newest entries of the audit log that `fast` looks at.
NEWEST_ENTRIES = 1000
# What a difference of the index means, by what differs and the kind of thing.
_INDEX = {
    ("missing", "dossier"): N_("Dossier %(dossier)s cannot be found by searching."),
    ("missing", "document"): N_("The document %(id)s of dossier %(dossier)s cannot be found by searching."),
    ("missing", "page"): N_("Page %(page)s of scan %(scan)s in dossier %(dossier)s cannot be found by searching."),
    ("stale", "dossier"): N_("Dossier %(dossier)s is found by what it no longer says."),
    ("stale", "document"): N_("The document %(id)s of dossier %(dossier)s is found by what it no longer says."),
    ("stale", "page"): N_("Page %(page)s of scan %(scan)s in dossier %(dossier)s is found by what it no longer says."),
}


def check(engine: Engine, settings: Settings, *, fast: bool = False, nightly: bool = False) -> Iterator[Problem]:
    """Every problem of the installation; `fast` looks at presence and size only, `nightly` reads all but files."""
    yield from of_copy(settings)
    with rekeying.keeping_names(settings), db.reading(engine) as session:
        for looks in (
            _check_database(session, fast),
            _check_uploads(session),
            _check_files(engine, session, settings, fast or nightly),
            _check_scans(session),
            _check_dossiers(session),
            _check_transfers(session),
            _check_jobs(session),
            _check_audit(session, settings, fast),
        ):
            yield from as_far_as_possible(looks)
    yield from as_far_as_possible(_check_leftovers(engine, settings))
    if not nightly:  # the timer's unit may make no box; services say at their start whether they can
        yield from _check_box(engine, settings)
    yield from as_far_as_possible(_check_index(engine, settings, fast))


def _check_database(session: Session, fast: bool) -> Iterator[Problem]:
    if not db.is_sqlite(session):
        return
    pragma = "quick_check" if fast else "integrity_check"
    for (finding,) in session.execute(text(f"PRAGMA {pragma}")):
        if finding != "ok":
            message = N_("The database file is damaged: %(finding)s. Restore the latest backup.")
            yield Problem("database-damaged", "database", message, {"finding": finding})
    for row in session.execute(text("PRAGMA foreign_key_check")):
        message = N_("A row of the table %(table)s refers to a row of %(parent)s that does not exist.")
        yield Problem("broken-reference", f"{row[0]}:{row[1]}", message, {"table": row[0], "parent": row[2]})


def _check_uploads(session: Session) -> Iterator[Problem]:
    """What the log says was received and nobody destroyed is there: the log was told in the same commit, and is sealed.

    Minutes of a destruction name no scan: of a dossier that lost more than its minutes tell, all are named.
    """
    there = select(Scan.id).where(Scan.id == AuditEntry.object_id)
    executed = select(DisposalItem.id).where(
        DisposalItem.scan_id == AuditEntry.object_id,
        DisposalItem.disposal.has(Disposal.state == DisposalState.EXECUTED),
    )
    gone = select(AuditEntry.seq, AuditEntry.object_id, AuditEntry.dossier_id).where(
        AuditEntry.action == "scan:upload",
        AuditEntry.outcome == "done",
        AuditEntry.object_kind == "scan",
        ~there.exists(),
        ~executed.exists(),
    )
    lost = session.execute(gone).all()
    counted = select(Purge.dossier_id, func.count()).group_by(Purge.dossier_id)
    purged = {row[0]: row[1] for row in session.execute(counted)}
    for dossier_id, missing in Counter(row.dossier_id for row in lost).items():
        if missing <= purged.get(dossier_id, 0):
            continue
        for seq, scan_id in ((row.seq, row.object_id) for row in lost if row.dossier_id == dossier_id):
            message = N_(
                "Scan %(scan)s was received (entry %(seq)s of the log), and nothing is there of it. Restore a backup."
            )
            yield Problem("lost-upload", f"scan:{scan_id}", message, {"scan": scan_id, "seq": seq})


def named_files(session: Session) -> Iterator[tuple[str, str, int | None]]:
    """SHA-256, whose file it is, and its size where it is known."""
    for scan_id, received, size, pdf in session.execute(select(Scan.id, Scan.sha256, Scan.size, Scan.pdf_sha256)):
        yield received, f"scan:{scan_id}", size
        if pdf:
            yield pdf, f"pdf:{scan_id}", None
    for file_id, attached, size in session.execute(select(AttachedFile.id, AttachedFile.sha256, AttachedFile.size)):
        yield attached, f"attached:{file_id}", size
    waiting = select(Stack.id, Stack.sha256, Stack.size).where(Stack.ended_at.is_(None))
    for stack_id, given, size in session.execute(waiting):
        yield given, f"stack:{stack_id}", size
    proofs = select(SubjectRequest.id, SubjectRequest.proof_sha256, SubjectRequest.proof_size)
    for request_id, proof, of_proof in session.execute(proofs.where(SubjectRequest.proof_sha256.is_not(None))):
        assert proof is not None
        yield proof, f"request:{request_id}", of_proof
    for page_id, sha256 in session.execute(
        select(Page.id, Page.image_sha256).where(Page.image_sha256.is_not(None)).execution_options(yield_per=1000)
    ):
        assert sha256 is not None
        yield sha256, f"image:{page_id}", None


def _check_files(engine: Engine, session: Session, settings: Settings, fast: bool) -> Iterator[Problem]:
    """What was destroyed during the look is rightly gone: of each that is not there is asked anew."""
    sound: dict[str, bool] = {}
    for sha256, owner, size in named_files(session):
        if not storage.has(settings.scans, sha256):
            if is_named(engine, sha256):
                message = N_("The file %(sha256)s is missing. Restore it from a backup.")
                yield Problem("missing-file", owner, message, {"sha256": sha256})
            continue
        if sha256 not in sound:
            sound[sha256] = fast or storage.is_sound(settings.scans, sha256)
        is_whole = sound[sha256] and storage.has_length(settings.scans, sha256, size)
        if not is_whole and is_named(engine, sha256):
            message = N_("The file %(sha256)s is not as it was received. Restore it from a backup.")
            yield Problem("damaged-file", owner, message, {"sha256": sha256})
    for sha256 in storage.names(settings.scans):
        if sha256 not in sound and storage.age_of(settings.scans, sha256) > ON_ITS_WAY:
            message = N_("The file %(sha256)s belongs to nothing; an upload was broken off.")
            yield Problem("unknown-file", sha256, message, {"sha256": sha256}, mendable=True)


def _check_scans(session: Session) -> Iterator[Problem]:
    counted = select(func.count(Page.id)).where(Page.scan_id == Scan.id).scalar_subquery()
    for scan_id, told, there in session.execute(
        select(Scan.id, Scan.page_count, counted).where(Scan.page_count != counted)
    ):
        message = N_("The scan should have %(told)s pages and has %(there)s.")
        yield Problem("page-count", f"scan:{scan_id}", message, {"told": told, "there": there})
    for page_id in session.scalars(
        select(Page.id)
        .join(Scan, Scan.id == Page.scan_id)
        .join(Document, Document.id == Page.document_id)
        .where(Document.dossier_id != Scan.dossier_id)
    ):
        yield Problem("page-astray", f"page:{page_id}", N_("The page is filed in a document of another dossier."))
    yield from _check_ledger(session)
    filed = select(Page.document_id).where(Page.document_id.is_not(None))
    for document_id in session.scalars(select(Document.id).where(Document.id.not_in(filed))):
        yield Problem("document-empty", f"document:{document_id}", N_("The document has no page."))
    for page_id in session.scalars(
        select(Page.id)
        .join(Scan, Scan.id == Page.scan_id)
        .where(Page.state == PageState.WAITING, Scan.state.in_((ScanState.READ, ScanState.FILED)))
    ):
        yield Problem("page-unread", f"page:{page_id}", N_("The page was never read, though its scan counts as read."))


def _check_ledger(session: Session) -> Iterator[Problem]:
    """Every page lies in one document or waits: its database holds that; here is what no constraint can say."""
    placed = select(Page.document_id, func.count(), func.max(Page.document_position)).where(
        Page.document_id.is_not(None)
    )
    for document_id, pages, last in session.execute(
        placed.group_by(Page.document_id).having(func.count() != func.max(Page.document_position))
    ):
        message = N_("The document has %(pages)s pages, but the last one is counted as %(last)s.")
        yield Problem("page-order", f"document:{document_id}", message, {"pages": pages, "last": last})
    waits = select(Page.id).where(Page.scan_id == Scan.id, Page.document_id.is_(None)).exists()
    rules = (
        (ScanState.FILED, waits, N_("The scan counts as filed, but pages of it lie in no document.")),
        (ScanState.READ, ~waits, N_("The scan waits for a check, but all its pages are filed.")),
    )
    for state, rule, message in rules:
        for scan_id in session.scalars(select(Scan.id).where(Scan.state == state, rule)):
            yield Problem("page-ledger", f"scan:{scan_id}", message)


def _check_dossiers(session: Session) -> Iterator[Problem]:
    gone = select(Dossier.id, Dossier.number, Unit.name).outerjoin(Unit, Unit.id == Dossier.custodian_id)
    for dossier_id, number, unit in session.execute(
        gone.where(or_(Unit.id.is_(None), Unit.valid_to < organisation.today()))
    ):
        message = N_(
            "Dossier %(number)s is held by a unit that no longer exists: %(unit)s. Hand it over to the successor."
        )
        yield Problem("custodian-ended", f"dossier:{dossier_id}", message, {"number": number, "unit": unit or "–"})


def _check_transfers(session: Session) -> Iterator[Problem]:
    still = (TransferState.APPROVED, TransferState.IN_TRANSIT)
    holding = select(Transfer.dossier_id).where(Transfer.state.in_(still))
    for dossier_id, number in session.execute(
        select(Dossier.id, Dossier.number).where(Dossier.frozen, Dossier.id.not_in(holding))
    ):
        message = N_("Dossier %(number)s is held still, but no approved transfer is open.")
        yield Problem("frozen-without-transfer", f"dossier:{dossier_id}", message, {"number": number})
    # What came from outside is here already.
    holder = case((Transfer.state == TransferState.ARRIVED, Transfer.to_unit_id), else_=Transfer.from_unit_id)
    rules: tuple[tuple[str, str, ColumnElement[bool]], ...] = (
        (
            "transfer-unfrozen",
            N_("Transfer %(number)s is approved or on its way, but its dossier is not held still."),
            and_(Transfer.state.in_(still), ~Dossier.frozen),
        ),
        (
            "transfer-custodian",
            N_("Transfer %(number)s is open, but its dossier is not where it should be."),
            and_(Transfer.state.in_(OPEN_STATES), Dossier.custodian_id != holder),
        ),
        (
            "transfer-unsealed",
            N_("Transfer %(number)s was approved without a sealed list."),
            and_(Transfer.state.in_(still), Transfer.manifest_sha256.is_(None)),
        ),
        (
            "transfer-undispatched",
            N_("Transfer %(number)s is on its way without a day of dispatch."),
            and_(Transfer.state == TransferState.IN_TRANSIT, Transfer.dispatched_at.is_(None)),
        ),
        (
            "transfer-closing",
            N_("Transfer %(number)s is over without a day, or open with one."),
            Transfer.state.in_(OPEN_STATES) == Transfer.closed_at.is_not(None),
        ),
    )
    for kind, message, rule in rules:
        query = select(Transfer.id, Transfer.number).join(Dossier, Dossier.id == Transfer.dossier_id).where(rule)
        for transfer_id, number in session.execute(query):
            yield Problem(kind, f"transfer:{transfer_id}", message, {"number": number})
    for transfer in session.scalars(select(Transfer).where(Transfer.manifest_sha256.is_not(None))):
        if transfer.manifest is None or custody.manifest_hash(transfer.manifest) != transfer.manifest_sha256:
            message = N_("The sealed list of transfer %(number)s was altered.")
            yield Problem("manifest-altered", f"transfer:{transfer.id}", message, {"number": transfer.number})


def _check_jobs(session: Session) -> Iterator[Problem]:
    old = now() - timedelta(seconds=STUCK)
    for job_id, kind in session.execute(
        select(Job.id, Job.kind).where(
            or_(
                (Job.state == JobState.QUEUED) & (func.coalesce(Job.handed_over_at, Job.created_at) < old),
                (Job.state == JobState.RUNNING) & (Job.lease_until < old),
            )
        )
    ):
        message = N_("The job “%(kind)s” waits and nobody takes it. Is “oms worker” running?")
        yield Problem("job-stuck", f"job:{job_id}", message, {"kind": kind}, mendable=True)
    of_page = aliased(Page)
    open_job = select(Job.id).where(
        Job.state.in_((JobState.QUEUED, JobState.RUNNING)),
        or_(
            Job.subject_id == Scan.id,
            Job.subject_id.in_(select(of_page.id).where(of_page.scan_id == Scan.id)),
        ),
    )
    for scan_id in session.scalars(
        select(Scan.id).where(Scan.state.in_((ScanState.RECEIVED, ScanState.READING)), ~open_job.exists())
    ):
        message = N_("The scan waits to be read, but no job is there for it.")
        yield Problem("scan-forgotten", f"scan:{scan_id}", message, mendable=True)


def _check_audit(session: Session, settings: Settings, fast: bool) -> Iterator[Problem]:
    seal = sealing.state_of(settings)
    newest = audit.verify_newest(session, NEWEST_ENTRIES, seal.first) if fast else None
    found = newest or sealing.verify_log(session, settings)
    if found.finding == "frozen-changed":  # no backup mends it, and it stays: old ones may leave
        message = N_("An older segment of the audit log was changed once more after it was left behind.")
        yield Problem("audit-frozen", f"entry:{found.seq}", message)
    elif found.finding:
        message = N_("The audit log does not hold at entry %(seq)s.")
        message = message if found.seq else N_("The checkpoints of the audit log cannot be believed.")
        yield Problem("audit-broken", f"entry:{found.seq}", message, {"seq": found.seq, "finding": found.finding})
    for _tone, message, values in broken(settings):
        yield Problem("audit-segment", f"entry:{values['first']}", message, values)


def _check_leftovers(engine: Engine, settings: Settings) -> Iterator[Problem]:
    """Files and folders of programs that died."""
    with db.reading(engine) as session:
        reading = set(session.scalars(select(Page.id).join(Scan).where(Scan.state == ScanState.READING)))
    layers = layer_path(settings, "any").parent
    limits = dict.fromkeys(storage.leftovers(settings.scans), ON_ITS_WAY)
    # The worker wipes what lies there longer than a person may look at a doubtful page.
    limits |= dict.fromkeys(staging.folder(settings).iterdir(), staging.SECONDS + STAGING_GRACE)
    limits |= dict.fromkeys(staging.forgotten(settings), STAGING_GRACE)
    limits |= {path: ON_ITS_WAY for path in layers.glob("*") if path.stem not in reading}
    for path, seconds in sorted(limits.items()):
        if _age(path) > seconds:
            place = str(path.relative_to(settings.home)) if path.is_relative_to(settings.home) else str(path)
            yield Problem(
                "leftover",
                place,
                N_("%(path)s was left behind by a program that died."),
                {"path": place},
                mendable=True,
            )


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0


def _check_box(engine: Engine, settings: Settings) -> Iterator[Problem]:
    if (fault := installation.box_fault(settings, engine)) is not None:
        yield Problem("box-open", "machine", fault.message, dict(fault.values))


def _check_index(engine: Engine, settings: Settings, fast: bool) -> Iterator[Problem]:
    damaged = Problem(
        "index-damaged",
        "index",
        N_("The search index is missing or damaged. “oms reindex” builds it anew."),
        mendable=True,
    )
    try:
        differences = search.compare(engine, settings)
        if not fast and not search.open_engine(settings).healthy():
            yield damaged
            return
    except IndexDamaged:
        yield damaged
        return
    with db.reading(engine) as session:
        for kind, items in (("missing", differences.missing), ("stale", differences.stale)):
            named = parity.told(session, items)
            for item in items:
                values = named.get(item, {"dossier": "–", "page": "–", "scan": "–", "id": item})
                yield Problem(f"index-{kind}", item, _INDEX[kind, item.split(":")[0]], values, mendable=True)
    for item in differences.left_over:
        message = N_("%(item)s is still in the index, though it no longer exists.")
        yield Problem("index-left-over", item, message, {"item": item}, mendable=True)


def lost_files(problems: Iterable[Problem]) -> set[str]:
    """The names of the stored files that are damaged or missing."""
    return {str(problem.values["sha256"]) for problem in problems if problem.kind in OF_FILES}


def repair(engine: Engine, settings: Settings, problems: Iterable[Problem], *, send: Callable[[str], None]) -> int:
    """Mend what is mendable; return how many. `send` hands a job to the queue."""
    problems, mended, index = list(problems), 0, False
    with db.reading(engine) as session:
        stopped = rotation.burst(session) or rotation.is_burst(session, lost_files(problems))
    for problem in problems:
        if not problem.mendable or (stopped and problem.kind in OF_REMOVAL):
            continue
        key = problem.where.split(":", 1)[-1]
        if problem.kind.startswith("index-"):
            index = True
        elif problem.kind == "unknown-file":
            if is_named(engine, key) or not storage.remove_old(settings.scans, key, ON_ITS_WAY):
                continue
        elif problem.kind == "leftover":
            staging.wipe_forgotten(settings)
            _remove_leftover(settings, problem.where)
        elif problem.kind == "job-stuck":
            send(key)
        elif problem.kind == "scan-forgotten":
            _read_forgotten(engine, key, send)
        mended += 1
    if index:
        search.mend(engine, settings)
    with db.writing(engine) as session:
        audit.record(session, "system:repair", actor=None, mended=mended)
    return mended


def is_named(engine: Engine, sha256: str) -> bool:
    """Whether a row names the stored file at this moment: one that was destroyed since the question began is not lost."""
    with db.reading(engine) as session:
        return purging.is_named(session, sha256)


def _remove_leftover(settings: Settings, place: str) -> None:
    path = settings.home / place
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _read_forgotten(engine: Engine, scan_id: str, send: Callable[[str], None]) -> None:
    with db.writing(engine) as session:
        jobs.enqueue(session, "read_scan", scan_id, actor=None)
    jobs.deliver(session, send)
