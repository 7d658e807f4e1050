"""A named folder that comes as a ZIP by the browser: looked at first, then taken in, in the background.

Nobody has looked at what is in the ZIP, so it lies in memory only, under the id of its row. “Received” is said of each
file when that one is safe, never of the ZIP: after a power cut the officer gives it in again, and what is here already is
passed over. A worker that was killed goes on behind the last file that has its line.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, db, intake, jobs, staging
from oms.errors import N_, BadInput, Conflict, FileNotNow, NotFound, OmsError, Refused, SecretFile
from oms.exporting import Translate, require_purpose
from oms.models import Category, FolderImport, FolderImportLine, ImportState, now
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, can, require
from oms.scan_folders.archives import LARGEST, Archive, ArchiveRefused
from oms.scan_folders.going import LEFT_OUT, TAKEN, WOULD_TAKE, Fate, Line, go, write_report
from oms.scan_folders.planning import Planned, plan, write_down
from oms.settings import Settings

JOB = "import_folder"
MOST_LISTED = 20
KEPT = timedelta(days=30)
"""How long it can be read what became of a ZIP."""
_TOUCHED_EVERY = 60
_SINCE = "since"
"""Among the values of what is lacking: since when."""
_WAITED_TOO_LONG = N_(
    "The virus scanner, or the room a file needs, did not come back in time, so the ZIP was wiped. What came in of it stays: "
    "call the administrator, then give the same ZIP in again, and it goes on there."
)


def _place(settings: Settings, import_id: str) -> Path:
    return staging.folder(settings) / f"zip-{import_id}"


@dataclass(frozen=True)
class Staged:
    """A ZIP in memory whose directory was proved."""

    place: Path
    files: int


def stage(settings: Settings, pieces: Iterable[bytes]) -> Staged:
    """Put a ZIP into memory and prove its directory; raises `ArchiveRefused`, and then nothing stays."""
    staging.wipe_old(settings)
    place = staging.make_place(settings)
    try:
        with staging.refusing_when_full("ZIP"):
            _write(place / "zip", pieces)
        files = len(Archive(place / "zip").files)
        if not files:
            raise ArchiveRefused(N_("There is no file in the ZIP. Make it from the folder with the scans."))
    except BaseException:
        staging.wipe(place)
        raise
    return Staged(place, files)


def give(
    session: Session,
    settings: Settings,
    staged: Staged,
    name: str,
    *,
    category: Category | None = None,
    actor: Actor,
) -> FolderImport:
    """Enter a staged ZIP and order the look at its files; the caller drops it when this, or its commit, fails."""
    if not actor.has(Action.SCAN_IMPORT):
        require(actor, Action.SCAN_IMPORT)
    _forget_open(session, settings, actor)
    _forget_old(session)
    made = FolderImport(
        given_by_id=actor.account_id, file_name=intake.label_of(name), category=category, files=staged.files
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise _one_at_a_time() from None
    jobs.enqueue(session, JOB, made.id, actor=actor)
    audit.record(session, "scan:import", made, actor=actor, outcome="held", files=made.files)
    staging.let_go(staged.place)
    staged.place.rename(_place(settings, made.id))
    return made


def refuse(session: Session, reason: str, *, actor: Actor) -> None:
    """Write down that a ZIP was refused and why; no name of it is kept."""
    audit.record(session, "scan:import", actor=actor, outcome="refused", words=reason)


def _forget_old(session: Session) -> None:
    """Lists name people by their files: they go when nobody needs them any more."""
    old = select(FolderImport.id).where(FolderImport.ended_at < now() - KEPT)
    session.execute(delete(FolderImportLine).where(FolderImportLine.import_id.in_(old)))
    session.execute(delete(FolderImport).where(FolderImport.ended_at < now() - KEPT))


def _forget_open(session: Session, settings: Settings, actor: Actor) -> None:
    """What was looked at and waits, or cannot go on, gives way to a new ZIP; what a job works on does not."""
    query = select(FolderImport).where(FolderImport.given_by_id == actor.account_id, FolderImport.ended_at.is_(None))
    for one in session.scalars(query.with_for_update()):
        if not _is_put_off(one) and one.state != ImportState.LOOKED and jobs.is_under_way(session, JOB, one.id):
            raise _one_at_a_time()
        staging.wipe(_place(settings, one.id))
        one.state, one.ended_at = ImportState.GONE, now()
    session.flush()


def _is_put_off(folder: FolderImport) -> bool:
    """Whether the job only waits: the scanner is silent, or the disk is full, and the page says so."""
    return folder.ended_at is None and folder.error is not None


def _one_at_a_time() -> Conflict:
    return Conflict(N_("A ZIP of yours is being worked on. Wait until it is finished, then give in the next one."))


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    size = 0
    with path.open("xb") as out:
        for piece in pieces:
            size += len(piece)
            if size > LARGEST:
                raise ArchiveRefused(N_("The ZIP is larger than %(most)s MB. Make several of it."), most=LARGEST >> 20)
            out.write(piece)


def confirm(session: Session, settings: Settings, folder: FolderImport, *, actor: Actor) -> None:
    """Have the files taken in that were looked at; `Conflict` when the ZIP is no longer in memory."""
    db.lock(session, folder)
    require(actor, Action.SCAN_IMPORT, folder)
    if folder.state != ImportState.LOOKED:
        raise Conflict(N_("This ZIP is not waiting for your word. Reload the page to see how far it is."))
    place = _place(settings, folder.id)
    if not place.is_dir():
        raise Conflict(N_("The ZIP waited longer than ten minutes and was wiped. Give it in again."))
    os.utime(place)
    session.execute(delete(FolderImportLine).where(FolderImportLine.import_id == folder.id))
    folder.state = ImportState.TAKING
    session.flush()
    jobs.enqueue(session, JOB, folder.id, actor=actor)
    audit.record(session, "scan:import", folder, actor=actor, outcome="held", files=folder.files)


def drop(settings: Settings, staged: Staged, import_id: str | None = None) -> None:
    """Wipe a staged ZIP whose row could not be entered; `import_id` is the one it was to have."""
    for place in (staged.place, *([_place(settings, import_id)] if import_id else [])):
        staging.wipe(place)


def discard(session: Session, settings: Settings, folder: FolderImport, *, actor: Actor) -> None:
    """Wipe a ZIP that was only looked at, or that cannot go on just now; what came in of it stays."""
    db.lock(session, folder)
    require(actor, Action.SCAN_IMPORT, folder)
    if folder.state != ImportState.LOOKED and not _is_put_off(folder):
        raise Conflict(N_("This ZIP is not waiting for your word. Reload the page to see how far it is."))
    staging.wipe(_place(settings, folder.id))
    folder.state, folder.ended_at = ImportState.GONE, now()
    session.flush()
    audit.record(session, "scan:import", folder, actor=actor, outcome="refused")


@contextmanager
def _kept_fresh(place: Path) -> Iterator[None]:
    """While a long file is looked at, the folder of its ZIP must not seem forgotten (`staging.wipe_old`)."""
    done = threading.Event()

    def touch() -> None:
        while not done.wait(_TOUCHED_EVERY):
            with suppress(FileNotFoundError):  # the officer wiped it
                os.utime(place)

    toucher = threading.Thread(target=touch, name="keeps a ZIP", daemon=True)
    os.utime(place)
    toucher.start()
    try:
        yield
    finally:
        done.set()
        toucher.join()
        if place.is_dir():
            os.utime(place)


def work_off(engine: Engine, settings: Settings, import_id: str, *, actor: Actor | None) -> list[str]:
    """Job `import_folder`: look at every file, or take it in; may run twice and goes on where it was."""
    with db.reading(engine) as session:
        folder = session.get(FolderImport, import_id)
        if folder is None or folder.state not in (ImportState.LOOKING, ImportState.TAKING):
            return []
        if actor is None:
            raise Refused(N_("The account that gave this ZIP in is closed."))
        category, dry_run = folder.category, folder.state == ImportState.LOOKING
        lines = select(FolderImportLine.position, FolderImportLine.state).where(FolderImportLine.import_id == import_id)
        told = dict(session.execute(lines).all())
    place = _place(settings, import_id)
    if not (place / "zip").is_file():
        _end(engine, import_id, ImportState.GONE)
        return []
    sent, promised = list[str](), list[int]()
    with _kept_fresh(place):
        source = Archive(place / "zip")
        with db.reading(engine) as session:
            planned = plan(session, source.root, source.files, actor=actor, category=category)
        for position, one in enumerate(planned, start=1):
            if not (place / "zip").is_file():  # another worker took the job over, and is done
                return sent
            if told.get(position) == WOULD_TAKE:
                promised.append(sum(map(len, source.pieces(one.path))))
            if position not in told:
                try:
                    fate = go(
                        engine,
                        settings,
                        source,
                        one,
                        actor=actor,
                        send=sent.append,
                        dry_run=dry_run,
                        promised=promised,
                    )
                except FileNotNow as error:
                    if _waits_too_long(engine, import_id):
                        _end_without(engine, import_id, error, actor)
                        staging.wipe(place)
                        return sent
                    _say(engine, import_id, error)
                    raise  # the job is put off and goes on with this file
                _tell(engine, import_id, position, one, fate)
    if dry_run:
        _looked(engine, import_id)
        return sent
    _end(engine, import_id, ImportState.DONE, planned, actor)
    staging.wipe(place)
    return sent


def _say(engine: Engine, import_id: str, error: OmsError) -> None:
    """Why it does not go on, for the page, and since when; said once, not each time the job tries again."""
    with db.writing(engine) as session:
        folder = session.get_one(FolderImport, import_id, with_for_update=True)
        if folder.ended_at is None:
            since = (folder.error_values or {}).get(_SINCE) or now().isoformat()
            folder.error, folder.error_values = error.message, {**_values_of(error), _SINCE: since}


def _waits_too_long(engine: Engine, import_id: str) -> bool:
    """Whether what it lacks has been out of reach for longer than the rule of the day lets a ZIP wait in memory."""
    rule = catalogue.upload_rule(today())
    with db.reading(engine) as session:
        since = (session.get_one(FolderImport, import_id).error_values or {}).get(_SINCE)
    return bool(rule and since and abs(now() - datetime.fromisoformat(since)) > timedelta(minutes=rule.put_off_minutes))


def _end_without(engine: Engine, import_id: str, error: FileNotNow, actor: Actor) -> None:
    """What it lacks did not come back: it ends as refused, and the log says what was lacking."""
    with db.writing(engine) as session:
        folder = session.get_one(FolderImport, import_id, with_for_update=True)
        if folder.ended_at is not None:  # the officer wiped it meanwhile
            return
        folder.state, folder.ended_at = ImportState.REFUSED, now()
        folder.error, folder.error_values = _WAITED_TOO_LONG, None
        session.flush()
        audit.record(session, "scan:import", folder, actor=actor, outcome="refused", words=error.what)


def _values_of(error: OmsError) -> dict[str, str]:
    return {name: str(value) for name, value in error.values.items()}


def _looked(engine: Engine, import_id: str) -> None:
    with db.writing(engine) as session:
        folder = session.get_one(FolderImport, import_id, with_for_update=True)
        if folder.ended_at is None:
            folder.state, folder.error, folder.error_values = ImportState.LOOKED, None, None


def _tell(engine: Engine, import_id: str, position: int, one: Planned, fate: Fate) -> None:
    error = fate.error
    secret = isinstance(error, SecretFile)  # of what bears a mark no name stays (NĐ 26/2020/NĐ-CP Đ3.4)
    message = error.what if isinstance(error, SecretFile) else error.message if error else None
    values = _values_of(error) if error and not secret else None
    line = FolderImportLine(
        import_id=import_id,
        position=position,
        file="" if secret else str(one.path),
        dossier_id=one.dossier.id if one.dossier else None,
        title="" if secret else one.paper.title,
        state=fate.state,
        error=message,
        error_values=values,
        by_name_only=one.by_name_only,
    )
    # A job may run twice, on a machine so busy that a lease was not renewed: the line of whoever was faster holds.
    with db.writing(engine) as session:
        folder = session.get_one(FolderImport, import_id, with_for_update=True)
        if folder.ended_at is None:  # it goes on again
            folder.error, folder.error_values = None, None
        try:
            with session.begin_nested():
                session.add(line)
        except IntegrityError:
            there = (FolderImportLine.import_id == import_id, FolderImportLine.position == position)
            if session.scalar(select(func.count()).where(*there)) == 0:
                raise  # nothing is there: something else is wrong with the line


def _end(
    engine: Engine,
    import_id: str,
    state: ImportState,
    planned: list[Planned] | None = None,
    actor: Actor | None = None,
) -> None:
    with db.writing(engine) as session:
        folder = session.get_one(FolderImport, import_id, with_for_update=True)
        if folder.ended_at is not None:  # the officer wiped it meanwhile
            return
        folder.state, folder.ended_at, folder.error, folder.error_values = state, now(), None, None
        if planned is not None and actor is not None:
            counts = count(session, folder)
            write_down(session, planned, counts.get(TAKEN, 0), counts.get(LEFT_OUT, 0), actor=actor)


def give_up(session: Session, settings: Settings, kind: str, subject_id: str, error: OmsError) -> None:
    """The job failed for good: say so on the page, and wipe the ZIP that nobody can go on with."""
    if kind != JOB:
        return
    staging.wipe(_place(settings, subject_id))
    folder = session.get(FolderImport, subject_id)
    if folder is not None and folder.ended_at is None:
        folder.state, folder.ended_at, folder.error = ImportState.REFUSED, now(), error.message
        folder.error_values = _values_of(error)


def count(session: Session, folder: FolderImport) -> dict[str, int]:
    """How many files there are of each state so far."""
    query = select(FolderImportLine.state, func.count()).where(FolderImportLine.import_id == folder.id)
    return dict(session.execute(query.group_by(FolderImportLine.state)).all())


def list_imports(session: Session, *, actor: Actor) -> list[FolderImport]:
    """The ZIPs the actor gave in, the latest first."""
    query = select(FolderImport).where(allowed(actor, Action.SCAN_IMPORT))
    found = session.scalars(query.order_by(FolderImport.given_at.desc(), FolderImport.id).limit(MOST_LISTED))
    return list(found)


def view(session: Session, folder: FolderImport, *, actor: Actor) -> None:
    """Write down that the actor looked at the list."""
    require(actor, Action.SCAN_IMPORT, folder)
    audit.record(session, "scan:import_view", folder, actor=actor)


def lines_of(
    session: Session, folder: FolderImport, *, actor: Actor, sentence: Callable[[OmsError], str]
) -> list[Line]:
    """What became of each file, in order; a dossier that has left the unit is not named any more."""
    query = (
        select(FolderImportLine)
        .where(FolderImportLine.import_id == folder.id)
        .options(joinedload(FolderImportLine.dossier))
        .order_by(FolderImportLine.position)
    )
    return [
        Line(
            line.file or f"№ {line.position}",
            line.dossier.number if line.dossier and can(actor, Action.DOSSIER_READ, line.dossier) else "",
            line.title,
            line.state,
            sentence(OmsError(line.error, **(line.error_values or {}))) if line.error else "",
            line.by_name_only,
        )
        for line in session.scalars(query)
    ]


def export(
    session: Session,
    folder: FolderImport,
    sum_up: str,
    *,
    purpose: str,
    actor: Actor,
    sentence: Callable[[OmsError], str],
    translate: Translate,
) -> bytes:
    """The list as an Excel file, with its purpose written down."""
    require(actor, Action.SCAN_IMPORT, folder)
    if not folder.files:
        raise NotFound()
    reason = require_purpose(purpose, actor=actor)
    lines = lines_of(session, folder, actor=actor, sentence=sentence)
    if not lines:
        raise BadInput(N_("Nothing has been looked at yet. Wait for the first files."))
    audit.record(session, "scan:import_export", folder, actor=actor, words=reason, rows=len(lines))
    return write_report(lines, sum_up, purpose=reason, actor=actor, translate=translate)
