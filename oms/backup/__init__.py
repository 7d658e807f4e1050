"""Backup and restore: each backup adds to a folder what is not there yet, and can be put back by itself.

The database is copied first, as of one moment, then the stored files that copy names: every file a row names is put
before its row is committed and never altered, so the two fit together while OMS goes on working, and a file that lies in
the folder already need not be read again. The index is a cache and is built anew. How the folder is laid out: `folders`.
"""

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import Engine, func, inspect, select

from oms import __version__, audit, db, fixity, health, installation, profile, rekeying, search, staging, storage, vault
from oms.audit import sealing as log_sealing
from oms.backup import archives, databases, folders, rotation
from oms.backup.archives import DATABASE, KEPT, NAMING, SEAL
from oms.errors import N_, BadInput, Conflict, NotFound, Refused, Unavailable
from oms.models import Account, AuditEntry
from oms.settings import Settings

# What else is moved aside when a backup takes its place.
REPLACED = ("queue.sqlite3", "queue.sqlite3-wal", "queue.sqlite3-shm")


@dataclass
class Made:
    """A backup: how many files it holds, how many of them were new to the folder, bytes that were written.

    `damaged` names stored files that are missing, or no longer what they were: the folder keeps what it had of them.
    `pruned` names the older backups that were taken away for it.
    """

    archive: Path
    files: int = 0
    new: int = 0
    size: int = 0
    manifest_sha256: str = ""
    damaged: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)


def make(engine: Engine, settings: Settings, folder: Path, *, keep: int = 0) -> Made:
    """Add a backup to a folder; with `keep`, older ones than the newest `keep` leave it, except the last proven one.

    Broken off in the middle it is no backup, and the next one goes on with the files that arrived. Nothing leaves while
    a stored file is damaged or missing: an older backup may be the only one that has it.
    """
    with (
        installation.keep_in_use(settings),  # the database is not exchanged, and files keep the names the copy says
        rekeying.keeping_names(settings),
        folders.alone(folder),
        _work_folder(settings) as work,
    ):
        name = folders.new_name(folder)
        made = Made(folder / folders.BACKUPS / f"{name}.tar")
        part = made.archive.with_name(f"{folders.PART}{name}.tar")
        names = folders.Names(settings)
        with part.open("xb") as raw, archives.tar_onto(raw, names.keys) as tar:
            part.chmod(0o600)
            hashes = {}
            # Before the database: a checkpoint is never about entries the copy does not hold.
            for kept in SEAL:
                if (path := log_sealing.folder(settings) / PurePosixPath(kept).name).is_file():
                    hashes[kept] = archives.add(tar, path, kept)
            copy = work / DATABASE[engine.dialect.name]
            with databases.copied(engine, settings, copy) as session:
                entries = session.scalar(select(func.max(AuditEntry.seq))) or 0
                wanted = {sha256 for sha256, _owner, _size in fixity.named_files(session)}
            hashes[copy.name] = archives.add(tar, copy, copy.name)
            needed = _put_files(engine, settings, folder, wanted, names, made)
            for kept in KEPT:
                if (path := settings.home / kept).is_file():
                    hashes[kept] = archives.add(tar, path, kept)
            document = {
                "format": NAMING,
                "program": __version__,
                "database": engine.dialect.name,
                "version": installation.version_of(engine),
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "audit_entries": entries,
                "audit_segment": log_sealing.segment_at(settings, entries),
                "files": hashes,
                "objects": needed,
            }
            made.manifest_sha256 = archives.add_manifest(tar, document)
        folders.sync(folder)
        signs = vault.signs_of(vault.keys_of(settings.scans))
        folders.finish(folder, name, entries=entries, needed=list(needed.values()), vault=signs)
        made.files, made.size = len(hashes) + len(needed), made.size + made.archive.stat().st_size
        with db.writing(engine) as session:
            audit.record(session, "system:backup", actor=None, files=made.files, manifest=made.manifest_sha256)
            health.remember(session, health.LAST_BACKUP, made.archive.name, len(made.damaged))
            rotation.remember_files(session, made.damaged, whole=False)
            lost = rotation.not_accepted(session, made.damaged)
        if keep and not lost:
            made.pruned = _prune(engine, folder, keep)
    return made


def _put_files(
    engine: Engine, settings: Settings, folder: Path, wanted: Collection[str], names: folders.Names, made: Made
) -> dict[str, str]:
    """Put what the folder lacks; which object each stored file is there."""
    there, needed = folders.objects(folder), dict[str, str]()
    for sha256 in sorted(wanted):
        name = there.get(names.of(sha256))
        is_whole = storage.has(settings.scans, sha256)
        if is_whole and name is None:
            with suppress(FileNotFoundError):
                name = folders.put(folder, settings.scans, sha256, names)
            is_whole = name is not None
            if name is not None:
                made.new += 1
                made.size += folders.path_of(folder, name).stat().st_size
        if not is_whole and fixity.is_named(engine, sha256):  # what was destroyed meanwhile is not lost
            made.damaged.append(sha256)
        if name is not None:
            needed[sha256] = name
    return needed


def _prune(engine: Engine, folder: Path, keep: int) -> list[str]:
    """Take away old backups, unless a look found files that are not as they should be, and no full one since that they are."""
    with db.reading(engine) as session:
        if rotation.damaged(session) or rotation.burst(session):
            return []
        proven = rotation.proven(session)
    return folders.prune(folder, keep=keep, proven=proven)


@contextmanager
def _work_folder(settings: Settings) -> Iterator[Path]:
    parent = settings.home / "run"
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staging.wipe_forgotten(settings)
    with staging.locked_folder(parent, "backup-") as folder:
        yield folder


def restore(
    settings: Settings, source: Path, *, replace: bool = False, reason: str = "", key: Path | None = None
) -> Path | None:
    """Put a backup in the place of the installation; return the folder with what was there before.

    `source` is a folder of backups (its newest one), one archive in it, or a single archive of earlier versions.
    Everything is unpacked beside the installation and checked first. Raises `Conflict` when there is something and
    `replace` is not said, `BadInput` for what is not whole, `Refused` without a `reason` for one that is older than the
    last checkpoint of the audit log, or without the `key` of a sealed one.
    """
    with installation.alone(settings):
        return _restore_alone(settings, source, replace, reason.strip(), key)


def _restore_alone(settings: Settings, source: Path, replacing: bool, reason: str, key: Path | None) -> Path | None:
    profile.check_folder(settings)
    occupied = _is_occupied(settings)
    if occupied and not replacing:
        raise Conflict(
            N_("%(home)s holds an installation. Say --replace to move it aside, or set OMS_HOME to an empty folder."),
            home=settings.home,
        )
    archive, folder = folders.find(source)
    with folders.in_use(folder), _work_folder(settings) as work:
        if folder is not None and source.is_dir():
            folders.require_complete(folder, archive)
        manifest = archives.unpack(archive, work, databases.kind_of(settings), key)
        held = manifest.get("audit_segment", 1), manifest.get("audit_entries", 0)
        sealed = _require_reason(settings, held, reason)
        with _opened(settings, archive, work):
            _fetch_files(archive, folder, manifest.get("objects", {}), work, key)
        aside = settings.home / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%f}" if occupied else None
        with _saying_where(aside):
            if aside is not None:
                _move_aside(settings, aside)
            _put_in_place(settings, work)
            log_sealing.bring_back_breaks(settings, *([aside] if aside else []))
            _begin_again(settings, reason, replaced=occupied, sealed=sealed)
    return aside


def _require_reason(settings: Settings, held: tuple[int, int], reason: str) -> int:
    """Entries that are under a checkpoint here; `Refused` for a backup that ends before, unless somebody says why.

    `held`: the segment of the log in which the backup ends, and its entries.
    """
    (segment, entries), (newest, sealed) = held, log_sealing.sealed_until(settings)
    if segment < newest and not reason:
        raise Refused(
            N_(
                "This backup is from before the audit log was begun again (segment %(newest)s): the break would be gone "
                "from the log, and what happened since. Say why with --reason."
            ),
            newest=newest,
        )
    if held < (newest, sealed) and not reason:
        raise Refused(
            N_(
                "This backup is older than the last checkpoint of the audit log: entries up to %(sealed)s are "
                "signed, it ends at %(entries)s. What happened since would be lost. Say why with --reason."
            ),
            sealed=sealed,
            entries=entries,
        )
    return sealed


@contextmanager
def _opened(settings: Settings, archive: Path, work: Path) -> Iterator[None]:
    """Open what was unpacked with the keys it brought, as long as the block lasts.

    So it is known before anything is touched that it is of the kind the settings say, and that the key at hand fits.
    """
    closed = vault.is_sealed(work) or (work / profile.MARKER).is_file()
    if closed and not settings.protected:
        raise Refused(
            N_(
                "%(file)s is a backup of a protection installation, and these are the settings of a general one. "
                "Nothing was changed. Restore it with OMS_PROFILE=protection, its key and a folder of its own."
            ),
            file=archive.name,
        )
    if settings.protected and not vault.is_sealed(work):
        raise Refused(
            N_(
                "%(file)s is a backup of a general installation, and these are the settings of a protection one. "
                "Nothing was changed. Restore it with the settings of the general one."
            ),
            file=archive.name,
        )
    unpacked = replace(settings, home=work)
    try:
        vault.unlock(unpacked)
        yield
    finally:
        vault.lock(unpacked)


@contextmanager
def _saying_where(aside: Path | None) -> Iterator[None]:
    """Whatever goes wrong once the installation is being moved: say where it lies."""
    try:
        yield
    except Exception as error:
        if aside is None:
            raise
        raise Unavailable(
            N_(
                "The restore broke off (%(reason)s). What was here before is not lost, it lies in %(folder)s. Mend the "
                "cause, then restore again with --replace; keep that folder until all is well."
            ),
            reason=str(error),
            folder=aside,
        ) from error


def _begin_again(settings: Settings, reason: str, *, replaced: bool, sealed: int) -> None:
    """Bring what was put in place up to date, opened with the keys it brought, and write down that it came back."""
    vault.lock(settings)
    vault.unlock(settings)
    engine = db.connect(settings.database)
    try:
        installation.prepare_folders(settings)
        installation.upgrade(settings, engine)
        with db.writing(engine) as session:
            audit.record(session, "system:restore", actor=None, words=reason, replaced=replaced, sealed=sealed or None)
            # Each file was proved on its way: what the backup knew of damage is over, what it never had is missing.
            named = {sha256 for sha256, _owner, _size in fixity.named_files(session)}
            lost = {sha256 for sha256 in named if not storage.has(settings.scans, sha256)}
            rotation.remember_files(session, lost, whole=True)
        search.rebuild(engine, settings)
    finally:
        engine.dispose()


def _fetch_files(archive: Path, folder: Path | None, objects: dict[str, str], work: Path, key: Path | None) -> None:
    """Bring the stored files a backup names out of its folder; `BadInput` naming the first that does not hold."""
    for sha256, name in sorted(objects.items()):
        if folder is None:
            raise archives.not_whole(archive, folders.OBJECTS)
        try:
            found = archives.write(storage.path_of(work / "scans", sha256), folders.fetch(folder, name, key))
        except (ValueError, NotFound):
            raise archives.not_whole(archive, name) from None
        if not storage.bears(work / "scans", sha256, found):
            raise archives.not_whole(archive, name)


def bring_back(engine: Engine, settings: Settings, folder: Path, wanted: Iterable[str], key: Path | None) -> list[str]:
    """Put stored files that are damaged or missing back from a folder of backups; which of them came back.

    What lies in their place is kept in the folder `damaged` of the installation, and only what was proved replaces it.
    What no row names any more was destroyed, and stays so.
    """
    names, there, found = folders.Names(settings), folders.objects(folder), list[str]()
    with folders.in_use(folder):
        for sha256 in sorted(set(wanted)):
            name = there.get(names.of(sha256))
            if name is None:
                continue
            with _work_folder(settings) as work:
                try:
                    archives.write(work / sha256, folders.fetch(folder, name, key))
                except BadInput:
                    continue
                if not storage.is_copy(settings.scans, sha256, work / sha256) or not fixity.is_named(engine, sha256):
                    continue
                _keep_damaged(settings, sha256)
                storage.move(work / sha256, storage.path_of(settings.scans, sha256))
            found.append(sha256)
    with db.writing(engine) as session:
        audit.record(session, "system:repair", actor=None, words=str(folder), mended=len(found))
    return found


def _keep_damaged(settings: Settings, sha256: str) -> None:
    """A copy of what lies in the place of a stored file, under a name of its own: nothing kept before is written over."""
    path = storage.path_of(settings.scans, sha256)
    if path.exists():
        aside = settings.home / "damaged" / f"{sha256}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        with path.open("rb") as stream:
            archives.write(aside, storage.chunks(stream))


def _is_occupied(settings: Settings) -> bool:
    """Whether something is there; of a vault that does not open nobody can say what, so it counts."""
    if not settings.protected:
        vault.unlock(settings)  # refuses a folder that is sealed
    if next(storage.names(settings.scans), None) is not None:
        return True
    if databases.kind_of(settings) == "sqlite" and not databases.files(settings)[0].exists():
        return False
    if settings.protected:
        if not vault.is_sealed(settings.home):
            return True
        try:
            vault.unlock(settings)
        except vault.VaultClosed:
            return True
    engine = db.connect(settings.database)
    try:
        if not inspect(engine).has_table("accounts"):
            return False
        with db.reading(engine) as session:
            return bool(session.scalar(select(func.count(Account.id))))
    finally:
        engine.dispose()


def _move_aside(settings: Settings, aside: Path) -> None:
    aside.mkdir(mode=0o700)
    kind = databases.kind_of(settings)
    if kind == "postgresql":
        engine = db.connect(settings.database)
        databases.copy(engine, settings, aside / DATABASE[kind])
        engine.dispose()
    # Where somebody else signs, their folder is not ours to move: what it says of the log is then said aloud.
    seal = () if settings.seal_folder else (*SEAL, "seal/audit.key", "seal/state.json", "seal/refused.json")
    others = (settings.home / name for name in (*REPLACED, *KEPT, *seal))
    of_database = databases.files(settings) if kind == "sqlite" else []
    for path in (*of_database, *others, settings.scans, settings.index):
        if path.exists():
            shutil.move(path, aside / path.name)


def _put_in_place(settings: Settings, work: Path) -> None:
    databases.put_back(settings, work / DATABASE[databases.kind_of(settings)])
    if (work / "scans").exists():
        if settings.scans.exists():
            settings.scans.rename(work / "empty-scans")
        (work / "scans").rename(settings.scans)
    for name in (*KEPT, *(() if settings.seal_folder else SEAL)):
        if (work / name).exists():
            (settings.home / name).parent.mkdir(mode=0o700, exist_ok=True)
            (work / name).rename(settings.home / name)
    shutil.rmtree(settings.index, ignore_errors=True)
