"""Backup and restore: one tar with the database, all stored files and the settings, each with its SHA-256.

The database is copied first, as of one moment, then the files: every file a row names is put before
its row is committed and never altered, so the two fit together while OMS goes on working. The index
is a cache and is built anew. The list of hashes stands at the end: a file cut off has none.
"""

import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.engine import make_url

from oms import __version__, audit, db, health, installation, search, storage, streams
from oms.audit.sealing import folder as seal_folder
from oms.audit.sealing import sealed_entries
from oms.backup import sealing
from oms.errors import N_, BadInput, Conflict, OmsError, Refused, Unavailable
from oms.models import Account, AttachedFile, AuditEntry, Page, Scan, SubjectRequest
from oms.settings import Settings

MANIFEST = "manifest.json"
FORMAT = "oms-backup/1"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
# Files of the data folder that belong to an installation, beside database and scans.
KEPT = (
    "oms.toml",
    "secret.key",
    "second-factor.key",
    "package.key",
    "cover-sheets.key",
)
# Not the key: who has the backup must not be able to sign.
SEAL = ("seal/audit.pub", "seal/checkpoints.jsonl")
# What else is moved aside when a backup takes its place.
REPLACED = ("queue.sqlite3", "queue.sqlite3-wal", "queue.sqlite3-shm")
CHUNK = 1024 * 1024


@dataclass
class Made:
    """What a backup holds; `damaged` names stored files that are missing or no longer what they were."""

    files: int = 0
    size: int = 0
    manifest_sha256: str = ""
    damaged: list[str] = field(default_factory=list)


def make(engine: Engine, settings: Settings, target: Path) -> Made:
    """Write the backup to `target`, which appears only when it is whole; raises `Conflict` when it exists."""
    if target.exists():
        raise Conflict(N_("%(file)s exists already and is not written over. Choose another name."), file=target)
    if not target.absolute().parent.is_dir():
        raise BadInput(N_("There is no folder for %(file)s. Make it first."), file=target)
    part = target.with_name(f".{target.name}.part")
    made, hashes = Made(), {}
    try:
        keys = sealing.public_keys(settings.backup_keys)
        with _work_folder(settings) as folder, part.open("xb") as raw, _tar_onto(raw, keys) as tar:
            part.chmod(0o600)
            copy = folder / DATABASE[engine.dialect.name]
            # Before the database: a checkpoint is never about entries the copy does not hold.
            for name in SEAL:
                if (path := seal_folder(settings) / PurePosixPath(name).name).is_file():
                    hashes[name] = _add(tar, path, name)
            with db.reading(engine) as session:
                entries = session.scalar(select(func.max(AuditEntry.seq))) or 0
            _copy_database(engine, settings, copy)
            hashes[copy.name] = _add(tar, copy, copy.name)
            named = _named_files(engine)
            for sha256 in storage.names(settings.scans):
                name = f"scans/{sha256[:2]}/{sha256}"
                hashes[name] = _add(tar, storage.path_of(settings.scans, sha256), name)
                if hashes[name]["sha256"] != sha256:
                    made.damaged.append(sha256)
                named.discard(sha256)
            made.damaged += sorted(named)
            for name in KEPT:
                if (path := settings.home / name).is_file():
                    hashes[name] = _add(tar, path, name)
            made.manifest_sha256 = _add_manifest(tar, engine, hashes, entries)
        part.rename(target)
    except FileExistsError:
        raise Conflict(
            N_("Another backup to %(file)s is under way, or one was broken off. If none is running, remove %(part)s."),
            file=target,
            part=part,
        ) from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    made.files, made.size = len(hashes), target.stat().st_size
    with db.writing(engine) as session:
        audit.record(session, "system:backup", actor=None, files=made.files, manifest=made.manifest_sha256)
        health.remember(session, health.LAST_BACKUP, target.name, len(made.damaged))
    return made


@contextmanager
def _tar_onto(raw: BinaryIO, keys: list[bytes]) -> Iterator[tarfile.TarFile]:
    """A tar written piece by piece onto a file, sealed to the keys where there are any; on disk when this ends well."""
    out = sealing.Sealing(raw, keys) if keys else raw
    with tarfile.open(fileobj=out, mode="w|") as tar:
        yield tar
    if isinstance(out, sealing.Sealing):
        out.finish()
    raw.flush()
    os.fsync(raw.fileno())


@contextmanager
def _open_tar(source: Path, key: Path | None) -> Iterator[tarfile.TarFile]:
    """The tar of a backup, read from its start to its end; `Refused` without the key of a sealed one."""
    with source.open("rb") as raw:
        stream: BinaryIO | io.BufferedReader = raw
        if sealing.is_sealed(raw):
            if key is None:
                raise Refused(
                    N_("%(file)s is sealed. Say with --key where the file with its private key lies."), file=source.name
                )
            stream = io.BufferedReader(sealing.Reading(sealing.unseal(raw, key)), streams.CHUNK)
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            yield tar
        while stream.read(CHUNK):  # only the last chunk proves that none is missing
            pass


@contextmanager
def _work_folder(settings: Settings) -> Iterator[Path]:
    parent = settings.home / "run"
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="backup-") as folder:
        yield Path(folder)


def _copy_database(engine: Engine, settings: Settings, copy: Path) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("VACUUM INTO ?", (str(copy),))  # type: ignore[union-attr]
        return
    _run_postgresql("pg_dump", settings, "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}")


def _run_postgresql(program: str, settings: Settings, *arguments: str) -> None:
    """Run pg_dump or pg_restore on the configured database; the password goes by environment, not by command line."""
    address = make_url(settings.database)
    host = address.host or str(address.query.get("host") or "")
    environment = {**os.environ, "PGPASSWORD": address.password or "", "PGUSER": address.username or ""}
    environment |= {"PGHOST": host, "PGPORT": str(address.port or ""), "PGDATABASE": address.database or ""}
    command = [program, *arguments, f"--dbname={address.database}"]
    try:
        done = subprocess.run(
            command, env={k: v for k, v in environment.items() if v}, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise Unavailable(
            N_("The program %(program)s was not found. Install the package postgresql-client, then try again."),
            program=program,
        ) from None
    if done.returncode != 0:
        raise Unavailable(
            N_("%(program)s could not do its work: %(reason)s"),
            program=program,
            reason=done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1],
        )


def _named_files(engine: Engine) -> set[str]:
    with db.reading(engine) as session:
        found = {*session.scalars(select(Scan.sha256)), *session.scalars(select(AttachedFile.sha256))}
        found |= {sha for sha in session.scalars(select(Scan.pdf_sha256)) if sha}
        found |= {sha for sha in session.scalars(select(SubjectRequest.proof_sha256)) if sha}
        return found | {sha for sha in session.scalars(select(Page.image_sha256)) if sha}


class _Hashing(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self.stream.read(size)
        self.digest.update(piece)
        return piece


def _add(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, Any]:
    """Put a file into the tar, piece by piece; return its hash and size as they went in."""
    member = tarfile.TarInfo(name)
    with path.open("rb") as stream:
        member.size, member.mode = os.fstat(stream.fileno()).st_size, 0o600
        hashing = _Hashing(stream)
        tar.addfile(member, hashing)
    return {"sha256": hashing.digest.hexdigest(), "size": member.size}


def _add_manifest(tar: tarfile.TarFile, engine: Engine, hashes: dict[str, dict[str, Any]], entries: int) -> str:
    document = {
        "format": FORMAT,
        "program": __version__,
        "database": engine.dialect.name,
        "version": installation.version_of(engine),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "audit_entries": entries,
        "files": hashes,
    }
    data = json.dumps(document, indent=0, sort_keys=True).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))
    return hashlib.sha256(data).hexdigest()


def restore(
    settings: Settings, source: Path, *, replace: bool = False, reason: str = "", key: Path | None = None
) -> Path | None:
    """Put a backup in the place of the installation; return the folder with what was there before.

    Everything is unpacked beside the installation and checked first. Raises `Conflict` when there is
    something and `replace` is not said, `BadInput` for a file that is not whole, `Refused` without a
    `reason` for one that is older than the last checkpoint of the audit log, or without the `key` of a sealed one.
    """
    with _alone(settings):
        return _restore_alone(settings, source, replace, reason.strip(), key)


def _restore_alone(settings: Settings, source: Path, replace: bool, reason: str, key: Path | None) -> Path | None:
    engine = db.connect(settings.database)
    try:
        occupied = _is_occupied(engine, settings)
        if occupied and not replace:
            raise Conflict(
                N_(
                    "%(home)s holds an installation. Say --replace to move it aside, or set OMS_HOME to an empty folder."
                ),
                home=settings.home,
            )
        with _work_folder(settings) as folder:
            manifest = _unpack(source, folder, engine.dialect.name, key)
            sealed = sealed_entries(settings)
            if manifest.get("audit_entries", 0) < sealed and not reason:
                raise Refused(
                    N_(
                        "This backup is older than the last checkpoint of the audit log: entries up to %(sealed)s are "
                        "signed, it ends at %(entries)s. What happened since would be lost. Say why with --reason."
                    ),
                    sealed=sealed,
                    entries=manifest.get("audit_entries", 0),
                )
            aside = _move_aside(settings, engine) if occupied else None
            engine.dispose()
            _put_in_place(settings, folder)
        installation.prepare_folders(settings)
        installation.upgrade(settings, engine)
        with db.writing(engine) as session:
            audit.record(session, "system:restore", actor=None, words=reason, replaced=occupied, sealed=sealed or None)
        search.rebuild(engine, settings)
    finally:
        engine.dispose()
    return aside


def keep_in_use(settings: Settings) -> IO[str]:
    """Say for as long as the file is open that a server or worker runs here; `restore` then refuses."""
    lock = (settings.home / "run" / "in-use.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    run = settings.home / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / "in-use.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(N_("OMS is running in %(home)s. Stop it first, then restore."), home=settings.home) from None
        yield


def _database_files(settings: Settings) -> list[Path]:
    path = Path(make_url(settings.database).database or settings.home / "oms.sqlite3")
    return [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


def _is_occupied(engine: Engine, settings: Settings) -> bool:
    if next(storage.names(settings.scans), None) is not None:
        return True
    if engine.dialect.name == "sqlite" and not _database_files(settings)[0].exists():
        return False
    if not inspect(engine).has_table("accounts"):
        return False
    with db.reading(engine) as session:
        return bool(session.scalar(select(func.count(Account.id))))


def _unpack(source: Path, folder: Path, dialect: str, key: Path | None) -> dict[str, Any]:
    """Unpack into `folder` and compare every hash; the manifest. Raises `BadInput` naming what does not hold."""
    found: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with _open_tar(source, key) as tar:
            for member in tar:
                # Only plain files under names of ours, each once: a tar could also hold links and devices.
                data = tar.extractfile(member) if member.isreg() and _is_ours(member.name) else None
                if data is None or member.name in found:
                    raise _not_whole(source, member.name)
                if member.name == MANIFEST:
                    manifest = json.load(data)
                else:
                    found[member.name] = _write(folder / member.name, data)
    except (tarfile.TarError, streams.Broken, OSError, ValueError, EOFError) as error:
        if isinstance(error, OSError) and not isinstance(error, tarfile.TarError) and error.errno:
            raise
        raise _not_whole(source, type(error).__name__) from error
    if manifest is None or manifest.get("format") != FORMAT:
        raise _not_whole(source, MANIFEST)
    if manifest["database"] != dialect:
        raise BadInput(
            N_(
                "The backup comes from %(there)s, this installation is set to %(here)s. Set OMS_DATABASE_URL accordingly."
            ),
            there=manifest["database"],
            here=dialect,
        )
    expected = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise _not_whole(source, name)
    return manifest


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if name in (MANIFEST, *KEPT, *SEAL, *DATABASE.values()):
        return True
    is_object = len(parts) == 3 and parts[0] == "scans" and parts[1] == parts[2][:2] and "/".join(parts) == name
    return is_object and len(parts[2]) == 64 and set(parts[2]) <= set("0123456789abcdef")


def _not_whole(source: Path, what: str) -> OmsError:
    return BadInput(
        N_("%(file)s is not a whole backup (%(what)s). Nothing was changed; take another copy of it."),
        file=source.name,
        what=what,
    )


def _write(path: Path, data: Any) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while piece := data.read(CHUNK):
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _move_aside(settings: Settings, engine: Engine) -> Path:
    aside = settings.home / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    aside.mkdir(mode=0o700)
    if engine.dialect.name == "postgresql":
        _copy_database(engine, settings, aside / DATABASE["postgresql"])
    engine.dispose()
    # Where somebody else signs, their folder is not ours to move: what it says of the log is then said aloud.
    seal = () if settings.seal_folder else (*SEAL, "seal/audit.key", "seal/state.json", "seal/refused.json")
    others = (settings.home / name for name in (*REPLACED, *KEPT, *seal))
    databases = _database_files(settings) if engine.dialect.name == "sqlite" else []
    for path in (*databases, *others, settings.scans, settings.index):
        if path.exists():
            shutil.move(path, aside / path.name)
    return aside


def _put_in_place(settings: Settings, folder: Path) -> None:
    if (copy := folder / DATABASE["sqlite"]).exists():
        for old in _database_files(settings):
            old.unlink(missing_ok=True)  # an empty one: what held anything was moved aside
        shutil.move(copy, _database_files(settings)[0])
    else:
        _replace_postgresql(settings, folder / DATABASE["postgresql"])
    if (folder / "scans").exists():
        if settings.scans.exists():
            settings.scans.rename(folder / "empty-scans")
        (folder / "scans").rename(settings.scans)
    for name in (*KEPT, *(() if settings.seal_folder else SEAL)):
        if (folder / name).exists():
            (settings.home / name).parent.mkdir(mode=0o700, exist_ok=True)
            (folder / name).rename(settings.home / name)
    shutil.rmtree(settings.index, ignore_errors=True)


def _replace_postgresql(settings: Settings, dump: Path) -> None:
    engine = db.connect(settings.database)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    _run_postgresql("pg_restore", settings, "--single-transaction", "--exit-on-error", "--no-owner", str(dump))
