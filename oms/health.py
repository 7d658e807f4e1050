"""How an installation is doing, in sentences an administrator can act on.

Knows the database, the disk, the queue and the index by their state only: no name of a person and no text of a
dossier can come from here. Every finding says what to do.
"""

import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from oms import (
    __version__,
    box,
    certificates,
    db,
    installation,
    jobs,
    log_standing,
    looks,
    quotas,
    search,
    signatures,
    staging,
    viruses,
)
from oms.accounts import found_out
from oms.errors import N_
from oms.jobs import Backlog
from oms.models import Alarm, Fact, now
from oms.organisation import HANOI
from oms.permissions import Action, Actor, require
from oms.search import parity
from oms.search.interface import IndexBusy, IndexDamaged
from oms.settings import Settings

GOOD, WARNING, DANGER = "success", "warning", "danger"
# A job nobody takes for this long means that no worker runs: the sweep alone comes every five seconds.
PATIENCE = timedelta(minutes=5)
# Below this share of the disk, or this many bytes, scans may soon not be received any more.
DISK_SHARE, DISK_LEAST = 0.1, 20 * 1024**3
# A backup is due every night, its trial restore weekly; a day more for holidays of the machine.
BACKUP_EVERY, DRILL_EVERY = timedelta(days=2), timedelta(days=8)
MAILED_WITHIN = timedelta(days=1)  # an alarm that nobody took for so long stands on its page only
LAST_BACKUP, LAST_DRILL = "last_backup", "last_drill"
BURST = "burst_of_damage"  # how many stored files are damaged at once, and since when; written by backup/rotation


@dataclass(frozen=True)
class Finding:
    """One part of the installation: `tone` success, warning or danger, and a sentence with its values."""

    name: str
    tone: str
    sentence: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A job that failed: which, when and the sentence, with the id of the scan in place of any file name."""

    kind: str
    subject_id: str
    at: datetime | None
    sentence: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Health:
    """The whole picture; `worst` is the tone of the gravest finding."""

    findings: tuple[Finding, ...]
    backlog: Backlog
    failures: tuple[Failure, ...]
    versions: tuple[tuple[str, str], ...]

    @property
    def worst(self) -> str:
        """The tone of the gravest finding."""
        return max((finding.tone for finding in self.findings), key=(GOOD, WARNING, DANGER).index)


def is_ready(session: Session) -> bool:
    """True when the database answers and stands at the migration this program needs."""
    engine = session.info["engine"]
    return installation.version_of(engine) == installation.newest_version(engine)


def examine(session: Session, settings: Settings, *, actor: Actor) -> Health:
    """Look at every part; nothing here takes longer than a page may."""
    require(actor, Action.SYSTEM_READ)
    backlog = jobs.backlog(session)
    return Health(
        findings=diagnose(session, settings),
        backlog=backlog,
        failures=tuple(
            Failure(
                kind=job.kind,
                subject_id=job.subject_id,
                at=job.finished_at,
                sentence=job.error or N_("The administrator finds the reason in the log."),
                # A file name often holds a person's name, and this page is not for reading dossiers.
                values={**(job.error_values or {}), "name": job.subject_id},
            )
            for job in jobs.latest_failures(session)
        ),
        versions=versions(session),
    )


def diagnose(session: Session, settings: Settings) -> tuple[Finding, ...]:
    """All findings; whoever asks has the right to them, or the machine itself (`oms doctor`)."""
    backlog = jobs.backlog(session)
    return (
        _database(session),
        disk(session, settings),
        _staging(settings),
        _box(),
        Finding(N_("Virus scanner"), *viruses.standing(settings)),
        Finding(N_("Digital signatures"), *signatures.standing(settings)),
        Finding(N_("Refused passwords"), *found_out.standing(settings)),
        Finding(N_("Certificate"), *certificates.standing(settings)),
        _queue(backlog),
        _failures(backlog),
        _index(settings, backlog),
        _parity(session),
        _engine(session, settings),
        Finding(N_("Last check"), *looks.fast(session)),
        Finding(N_("Last full look"), *looks.full(session)),
        _last_backup(session),
        _last_drill(session),
        Finding(N_("Seal of the audit log"), *log_standing.seal(session, settings)),
        *(Finding(N_("Broken segment of the audit log"), *told) for told in log_standing.broken(settings)),
        _mail(session, settings),
    )


def remember(session: Session, key: str, file_name: str, problems: int = 0) -> None:
    """Write down that a backup was made (`LAST_BACKUP`) or put back on trial (`LAST_DRILL`) just now."""
    _remember(session, key, f"{_moment()} {problems} {file_name}")


def _moment() -> str:
    return now().isoformat(timespec="seconds")


def _remember(session: Session, key: str, value: str) -> None:
    if fact := session.get(Fact, key):
        fact.value = value
    else:
        session.add(Fact(key=key, value=value))


def _database(session: Session) -> Finding:
    if not is_ready(session):
        return Finding(
            N_("Database"),
            DANGER,
            N_("The database is of another version than the program. Restart OMS: the start brings it up to date."),
        )
    if db.is_sqlite(session):
        pages, page_size = (session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
        return Finding(N_("Database"), GOOD, N_("SQLite, %(size)s."), {"size": _size(pages * page_size)})
    size = session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    return Finding(N_("Database"), GOOD, N_("PostgreSQL, %(size)s."), {"size": _size(size)})


def disk(session: Session, settings: Settings) -> Finding:
    """How much room there is, where there is least of it."""
    free, total, kept = quotas.fullest(session, settings)
    values = {"free": _size(free), "total": _size(total)}
    if free < kept:
        return Finding(
            N_("Disk"),
            DANGER,
            N_(
                "Only %(free)s of %(total)s free, and %(kept)s stay free for database, index and backups: no file is taken "
                "in. Make room now."
            ),
            {**values, "kept": _size(kept)},
        )
    if free < DISK_LEAST or free < DISK_SHARE * total:
        return Finding(
            N_("Disk"), WARNING, N_("%(free)s of %(total)s free. Plan a larger disk before it is full."), values
        )
    return Finding(N_("Disk"), GOOD, N_("%(free)s of %(total)s free."), values)


def _staging(settings: Settings) -> Finding:
    """Where files lie until they were looked at: a stamped one must not touch a disk."""
    if not staging.in_memory():
        return Finding(
            N_("Arriving files"),
            DANGER,
            N_("This machine has no memory file system (/dev/shm): unchecked files lie on the disk. Provide one."),
        )
    values = {"free": _size(shutil.disk_usage(staging.folder(settings)).free)}
    if shutil.disk_usage(staging.folder(settings)).free < settings.max_upload:
        return Finding(
            N_("Arriving files"),
            WARNING,
            N_("Only %(free)s of memory for files being checked: large scans are refused. Give /dev/shm more room."),
            values,
        )
    return Finding(N_("Arriving files"), GOOD, N_("Checked in memory, %(free)s free."), values)


def _box() -> Finding:
    """How closed the box is in which files from outside are opened."""
    name, found = N_("Files from outside"), box.rung()
    if found == box.Rung.FULL:
        return Finding(name, GOOD, N_("Opened in a closed box: no network, no other file, limits of memory and time."))
    if found == box.Rung.WEAK:
        return Finding(
            name,
            DANGER,
            N_(
                "Opened behind weaker walls: this machine forbids namespaces. Install bubblewrap and let it make them, "
                "as docs/install.md says, then restart OMS."
            ),
        )
    return Finding(
        name,
        DANGER,
        N_("None is opened: no box can be built. Install bubblewrap and libseccomp2 (docs/install.md), restart OMS."),
    )


def _queue(backlog: Backlog) -> Finding:
    values = {"waiting": backlog.queued, "running": backlog.running}
    if backlog.oldest and backlog.running == 0 and now() - backlog.oldest > PATIENCE:
        return Finding(
            N_("Jobs"),
            DANGER,
            N_("%(waiting)s jobs wait and nobody works on them. Start the worker: oms worker. Nothing is lost."),
            values,
        )
    if backlog.queued + backlog.running == 0:
        return Finding(N_("Jobs"), GOOD, N_("Nothing waits."))
    return Finding(N_("Jobs"), GOOD, N_("%(running)s running, %(waiting)s waiting."), values)


def _failures(backlog: Backlog) -> Finding:
    if backlog.failed:
        return Finding(
            N_("Failed jobs"),
            WARNING,
            N_("%(failed)s failed. The system page says why; dossier officers can have a scan read again."),
            {"failed": backlog.failed},
        )
    return Finding(N_("Failed jobs"), GOOD, N_("None."))


def _index(settings: Settings, backlog: Backlog) -> Finding:
    try:
        search.open_engine(settings).stamp("-")
    except IndexDamaged:
        return Finding(N_("Search index"), DANGER, N_("The index cannot be used. Run: oms reindex. Nothing is lost."))
    except IndexBusy:
        pass  # somebody writes: that is what it is for
    if backlog.indexing:
        return Finding(
            N_("Search index"), GOOD, N_("Usable; %(waiting)s changes wait for it."), {"waiting": backlog.indexing}
        )
    return Finding(N_("Search index"), GOOD, N_("Usable and up to date."))


def is_searchable(session: Session, settings: Settings) -> bool:
    """True when the index answers and, as measured a few minutes ago, nothing is missing from it."""
    measured = parity.latest(session)
    return search.state(settings) == "ready" and measured is not None and measured.is_whole and not measured.is_old


def _parity(session: Session) -> Finding:
    """How much cannot be found, as the worker measured it last."""
    name, measured = N_("Completeness of search"), parity.latest(session)
    if measured is None:
        return Finding(name, GOOD, N_("Not measured yet; the worker does it every few minutes."))
    values = {
        "missing": _number(measured.missing_pages),
        "pages": _number(measured.pages),
        "at": f"{measured.measured_at.astimezone(HANOI):%d/%m/%Y %H:%M}",
        "others": _number(measured.missing - measured.missing_pages + measured.stale + measured.left_over),
        "mended": _number(measured.mended),
    }
    if measured.is_old:
        return Finding(
            name, WARNING, N_("Last measured on %(at)s. Is the worker running? Start it: oms worker."), values
        )
    if not measured.is_whole:
        sentence = N_(
            "%(missing)s of %(pages)s pages missing from search, %(others)s other differences (%(at)s). "
            "“oms check” names each, “oms check --repair” mends them."
        )
        return Finding(name, DANGER, sentence, values)
    if measured.mended:
        sentence = N_(
            "0 of %(pages)s pages missing from search; %(mended)s things were just brought up to date (%(at)s)."
        )
        return Finding(name, GOOD, sentence, values)
    return Finding(name, GOOD, N_("0 of %(pages)s pages missing from search (%(at)s)."), values)


def _engine(session: Session, settings: Settings) -> Finding:
    """Which engine searches how much, and whether another one would do better."""
    name, measured = N_("Search engine"), parity.latest(session)
    values = {
        "engine": settings.search,
        "things": _number(measured.things if measured else 0),
        "limit": _number(parity.CHANGE_ENGINE_AT),
    }
    if measured is None:
        return Finding(name, GOOD, N_("%(engine)s."), values)
    if settings.search != "whoosh":
        return Finding(name, GOOD, N_("%(engine)s, %(things)s documents and pages in the index."), values)
    if measured.things < parity.CHANGE_ENGINE_AT:
        sentence = N_("%(engine)s, %(things)s documents and pages in the index. Right up to %(limit)s.")
        return Finding(name, GOOD, sentence, values)
    sentence = N_(
        "%(engine)s, %(things)s documents and pages in the index. From %(limit)s on tantivy makes the index anew in a "
        "fifth of the time: install oms[tantivy], set OMS_SEARCH=tantivy, then run: oms reindex."
    )
    return Finding(name, WARNING, sentence, values)


def _remembered(session: Session, key: str) -> tuple[datetime, int, dict[str, str]] | None:
    """What `remember` wrote down: when, how many problems, and the values of the sentence about it."""
    fact = session.get(Fact, key)
    if fact is None:
        return None
    written, problems, file_name = fact.value.split(" ", 2)
    at = datetime.fromisoformat(written)
    values = {"at": f"{at.astimezone(HANOI):%d/%m/%Y %H:%M}", "file": file_name, "problems": problems}
    return at, int(problems), values


def _last_backup(session: Session) -> Finding:
    name, found = N_("Last backup"), _remembered(session, LAST_BACKUP)
    if found is None:
        return Finding(name, WARNING, N_("No backup was made yet. Run: oms backup FOLDER."))
    at, problems, values = found
    if problems:
        sentence = N_(
            "When %(file)s was made (%(at)s), %(problems)s stored files were damaged or missing; it keeps what the folder "
            "had of them. Run “oms check” to see them."
        )
        return Finding(name, DANGER, sentence, values)
    if now() - at > BACKUP_EVERY:
        return Finding(name, WARNING, N_("%(file)s (%(at)s): more than two days ago. Is the timer running?"), values)
    return Finding(name, GOOD, N_("%(file)s (%(at)s)."), values)


def _last_drill(session: Session) -> Finding:
    """When a backup was last proved by putting it back."""
    name, found = N_("Last proven restore"), _remembered(session, LAST_DRILL)
    if found is None:
        return Finding(name, WARNING, N_("No backup was put back on trial yet. Run: oms drill FOLDER."))
    at, problems, values = found
    if problems:
        sentence = N_("%(file)s was put back on trial (%(at)s) and is not whole. Make another backup and look why.")
        return Finding(name, DANGER, sentence, values)
    if now() - at > DRILL_EVERY:
        return Finding(name, WARNING, N_("%(file)s (%(at)s): more than a week ago. Run: oms drill FOLDER."), values)
    return Finding(name, GOOD, N_("%(file)s came up whole on trial (%(at)s)."), values)


def _mail(session: Session, settings: Settings) -> Finding:
    """Whether alarms reach somebody who is not looking at this page."""
    name = N_("Alarms by mail")
    if not (settings.mail_relay and settings.mail_to):
        return Finding(name, GOOD, N_("Not set up: alarms stand under “Alarms” only (OMS_MAIL_RELAY, OMS_MAIL_TO)."))
    late = Alarm.raised_at.between(now() - MAILED_WITHIN, now() - PATIENCE)
    if unsent := session.scalar(select(func.count()).where(Alarm.mailed_at.is_(None), late)):
        sentence = N_("%(relay)s does not take %(count)s alarms. Is the relay running, and may OMS reach it?")
        return Finding(name, WARNING, sentence, {"relay": settings.mail_relay, "count": _number(unsent)})
    return Finding(name, GOOD, N_("Sent by %(relay)s."), {"relay": settings.mail_relay})


def versions(session: Session) -> tuple[tuple[str, str], ...]:
    """What runs here, and in which version."""
    server = session.scalar(text("SELECT sqlite_version()" if db.is_sqlite(session) else "SHOW server_version"))
    return (
        ("OMS", __version__),
        ("Python", platform.python_version()),
        ("SQLite" if db.is_sqlite(session) else "PostgreSQL", str(server)),
        ("Tesseract", _tesseract()),
        ("Flask", version("flask")),
        ("SQLAlchemy", version("sqlalchemy")),
        ("Whoosh", version("whoosh3")),
    )


@cache
def _tesseract() -> str:
    try:
        answer = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "–"
    return answer.stdout.split("\n", 1)[0].removeprefix("tesseract ").strip() or "–"


def _number(number: int) -> str:
    """A count as written in Vietnam."""
    return f"{number:,}".replace(",", ".")


def _size(number: int) -> str:
    """Bytes as GB or MB with one decimal, written as in Vietnam."""
    unit, step = ("GB", 1024**3) if number >= 1024**3 else ("MB", 1024**2)
    return f"{number / step:.1f} {unit}".replace(".", ",")
