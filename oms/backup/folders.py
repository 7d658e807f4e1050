"""A folder of backups: stored files are put there once, and each backup is a small archive and a list of what it needs.

    objects/ab/ab…            a stored file, under its SHA-256
    objects/cd/cd…-ef…        a sealed one: a name only this installation can make, and the SHA-256 of what lies there
    backups/20261129T233000.tar    database, settings, and which object is which file
    backups/20261129T233000.json   the names of the objects it needs; the last thing written: without it there is no backup

So names alone say what is there and what it must be: the machine that makes backups opens none, whoever keeps the
folder proves it without a key, and two backups share what both need. An object leaves only when no list names it, and
nothing leaves while an archive has lost its list. Sealed twice, a file has two names with the same first half; either
serves.
"""

import fcntl
import hashlib
import hmac
import io
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from oms import storage, streams
from oms.backup import sealing
from oms.backup.archives import CHUNK, not_whole, unsealed
from oms.errors import N_, BadInput, Conflict
from oms.settings import Settings, kept_key

FORMAT = "oms-backups/1"
OBJECTS, BACKUPS = "objects", "backups"
PART = ".part-"
# Before the list of a backup that leaves: with it the archive goes, also after a kill between the two.
GONE = ".gone-"
# Held by all who read; only under it something is taken away.
IN_USE = ".in-use"
_OBJECT = re.compile(r"([0-9a-f]{64})(?:-([0-9a-f]{64}))?")


@dataclass(frozen=True)
class Listed:
    """A whole backup of a folder: its archive, the SHA-256 and size of that, and names of the objects it needs.

    `vault` holds the signs of the data keys it was made under, for a closed installation.
    """

    archive: Path
    made_at: str
    entries: int
    sha256: str
    size: int
    objects: tuple[str, ...]
    vault: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.archive.stem


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else writes there; what a broken-off backup left is taken away. Made when it is not there."""
    if not folder.absolute().parent.is_dir() or (folder.exists() and not folder.is_dir()):
        raise BadInput(N_("%(folder)s is no folder for backups. Name one whose parent exists."), folder=folder)
    for place in (folder, folder / OBJECTS, folder / BACKUPS):
        place.mkdir(mode=0o700, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(N_("Another backup into %(folder)s is under way."), folder=folder) from None
        (folder / IN_USE).touch(mode=0o600)
        _go_on(folder)
        yield


def _go_on(folder: Path) -> None:
    """Finish what a kill broke off. An archive without a list is left alone: who lost the list may still need it."""
    backups = folder / BACKUPS
    for gone in backups.glob(f"{GONE}*.json"):
        _take_away(gone)
    for written in backups.glob(f"{PART}*.json"):
        name = written.name.removeprefix(PART)
        if (backups / name).with_suffix(".tar").exists() and _is_list(written):
            written.rename(backups / name)  # the list was on disk before its archive got its name
    for left in (*folder.glob(f"{OBJECTS}/{PART}*"), *backups.glob(f"{PART}*")):
        left.unlink()


def _take_away(gone: Path) -> None:
    """End a backup whose list was renamed to be gone."""
    gone.with_name(gone.name.removeprefix(GONE)).with_suffix(".tar").unlink(missing_ok=True)
    gone.unlink()


@contextmanager
def in_use(folder: Path | None) -> Iterator[None]:
    """Nothing is taken away from the folder meanwhile; a folder nobody writes to (a copy elsewhere) needs no lock."""
    path = folder / IN_USE if folder is not None else None
    if path is None or not path.exists():
        yield
        return
    with path.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _lists(folder: Path) -> list[Path]:
    """The lists of its backups, the oldest first."""
    return sorted(path for path in (folder / BACKUPS).glob("*.json") if not path.name.startswith("."))


def without_list(folder: Path) -> list[Path]:
    """Archives that lost their list."""
    found = (path for path in (folder / BACKUPS).glob("*.tar") if not path.name.startswith("."))
    return sorted(path for path in found if not path.with_suffix(".json").exists())


class Names:
    """How stored files are called in a folder of backups."""

    def __init__(self, settings: Settings) -> None:
        self.keys = sealing.public_keys(settings.backup_keys)
        self._secret = kept_key(settings, "backup-names.key").encode() if self.keys else b""

    def of(self, sha256: str) -> str:
        """The first half of its name: other keys, another name, so that all is there for whoever has the new one."""
        if not self.keys:
            return sha256
        return hmac.new(self._secret, b"".join(sorted(self.keys)) + sha256.encode(), "sha256").hexdigest()


def objects(folder: Path) -> dict[str, str]:
    """What is there: whole names by their first halves."""
    found = {}
    for shelf in (folder / OBJECTS).glob("??"):
        for path in shelf.iterdir():
            if match := _OBJECT.fullmatch(path.name):
                found[match[1]] = path.name
    return found


def path_of(folder: Path, name: str) -> Path:
    """Where an object lies; `ValueError` for what is no name of one."""
    if not _OBJECT.fullmatch(name):
        raise ValueError("no name of an object")
    return folder / OBJECTS / name[:2] / name


def put(folder: Path, scans: Path, sha256: str, names: Names) -> str | None:
    """Put a stored file there, on disk when this returns; its name, or None when it is not what its name says."""
    part = folder / OBJECTS / f"{PART}{secrets.token_hex(8)}"
    read = hashlib.sha256()
    written = hashlib.sha256() if names.keys else read
    try:
        with storage.path_of(scans, sha256).open("rb") as stream, part.open("xb") as raw:
            part.chmod(0o600)
            out = sealing.Sealing(cast(BinaryIO, _Hashed(raw, written)), names.keys) if names.keys else None
            while piece := stream.read(CHUNK):
                read.update(piece)
                (out or raw).write(piece)
            if out:
                out.finish()
            raw.flush()
            os.fsync(raw.fileno())
        if not storage.bears(scans, sha256, read.hexdigest()):
            return None
        first, second = names.of(sha256), written.hexdigest()
        name = first if first == second else f"{first}-{second}"
        target = path_of(folder, name)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        part.rename(target)
        return name
    finally:
        part.unlink(missing_ok=True)


class _Hashed(io.RawIOBase):
    """A file to write to whose bytes are hashed on their way."""

    def __init__(self, out: Any, digest: Any) -> None:
        self._out, self._digest = out, digest

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Pass on."""
        self._digest.update(data)
        self._out.write(data)
        return len(data)


def sync(folder: Path) -> None:
    """Make all names of the folder last."""
    for place in (*(folder / OBJECTS).glob("??"), folder / OBJECTS, folder / BACKUPS, folder):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def new_name(folder: Path) -> str:
    """A name for the next backup: when it was begun, behind all others."""
    last = max((path.stem for path in (*_lists(folder), *without_list(folder))), default="")
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    return name if name > last else f"{last}b"


def finish(folder: Path, name: str, *, entries: int, needed: Sequence[str], vault: Sequence[str] = ()) -> None:
    """Write the list, give the archive its name, then the list: from now on it is a backup."""
    archive = folder / BACKUPS / f"{PART}{name}.tar"
    document = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "audit_entries": entries,
        "archive": {"sha256": storage.hash_of(archive), "size": archive.stat().st_size},
        "objects": sorted(needed),
        **({"vault": list(vault)} if vault else {}),
    }
    part = folder / BACKUPS / f"{PART}{name}.json"
    with part.open("xb") as out:
        part.chmod(0o600)
        out.write(json.dumps({**document, "sha256": _hash_of_list(document)}, indent=0).encode())
        out.flush()
        os.fsync(out.fileno())
    sync(folder)
    archive.rename(folder / BACKUPS / f"{name}.tar")
    sync(folder)
    part.rename(folder / BACKUPS / f"{name}.json")
    sync(folder)


def listed(folder: Path) -> list[Listed]:
    """All whole backups, the oldest first; `BadInput` naming a list that cannot be read."""
    return [_read(path) for path in _lists(folder)]


def _is_list(path: Path) -> bool:
    try:
        _read(path)
    except BadInput:
        return False
    return True


def _hash_of_list(document: Mapping[str, Any]) -> str:
    """What a list bears of itself: one that a disk altered would have objects taken away that are needed."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> Listed:
    try:
        said = json.loads(path.read_bytes())
        if said.pop("sha256") != _hash_of_list(said):
            raise ValueError("altered")
        names = tuple(str(name) for name in said["objects"])
        if said["format"] != FORMAT or not all(_OBJECT.fullmatch(name) for name in names):
            raise ValueError("not a list of ours")
        archive = said["archive"]
        return Listed(
            path.with_suffix(".tar"),
            str(said["made_at"]),
            int(said["audit_entries"]),
            str(archive["sha256"]),
            int(archive["size"]),
            names,
            tuple(map(str, said.get("vault", ()))),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_whole(path, type(error).__name__) from error


def find(source: Path) -> tuple[Path, Path | None]:
    """The archive that is meant, and the folder of its objects: of a folder the newest backup."""
    if source.is_dir():
        if not (source / BACKUPS).is_dir():
            raise BadInput(N_("There is no backup in %(folder)s. Make one: oms backup FOLDER."), folder=source)
        names = [path.with_suffix(".tar") for path in _lists(source)]
        if not names:
            raise BadInput(N_("There is no backup in %(folder)s. Make one: oms backup FOLDER."), folder=source)
        return names[-1], source
    is_inside = source.parent.name == BACKUPS and (source.parent.parent / OBJECTS).is_dir()
    return source, source.parent.parent if is_inside else None


def require_complete(folder: Path, archive: Path) -> None:
    """Refuse the newest backup of a folder when parts of it are not there, naming the newest one that is complete."""
    lacking = _lacking(folder, archive)
    if not lacking:
        return
    older = (path.with_suffix(".tar") for path in reversed(_lists(folder)))
    complete = next((path for path in older if not _lacking(folder, path)), None)
    if complete is None:
        raise not_whole(archive, lacking)
    raise BadInput(
        N_(
            "%(file)s, the newest backup, lacks %(what)s. Nothing was changed. The newest complete one is %(complete)s: "
            "name it to put it back, or copy the folder again."
        ),
        file=archive.name,
        what=lacking,
        complete=complete,
    )


def _lacking(folder: Path, archive: Path) -> str:
    """The first part of a backup that is not there, "" when all are; reads none of them."""
    if not archive.is_file():
        return archive.name
    try:
        needed = _read(archive.with_suffix(".json")).objects
    except BadInput:
        return archive.with_suffix(".json").name
    there = objects(folder)
    return next((name for name in needed if _first(name) not in there), "")


def _first(name: str) -> str:
    """The half of a name that says which file it is."""
    return name.partition("-")[0]


def _sound(folder: Path, name: str) -> Path | None:
    """A file that is this object: the one of the name, else another with the same first half."""
    named = path_of(folder, name)
    others = sorted(path for path in named.parent.glob(f"{_first(name)}*") if _OBJECT.fullmatch(path.name))
    for path in (named, *(path for path in others if path != named)):
        if path.is_file() and storage.hash_of(path) == path.name.rpartition("-")[2]:
            return path
    return None


def fetch(folder: Path, name: str, key: Path | None) -> Iterator[bytes]:
    """The content of an object piece by piece; `BadInput` when it is not what its name says."""
    path = _sound(folder, name)
    if path is None:
        raise not_whole(path_of(folder, name), name)
    try:
        with path.open("rb") as raw:
            yield from unsealed(raw, key, name) if sealing.is_sealed(raw) else storage.chunks(raw)
    except FileNotFoundError:
        raise not_whole(path, name) from None
    except streams.Broken as error:
        raise not_whole(path, name) from error


def verify(folder: Path) -> list[str]:
    """Names of everything that is not as it was put there, lists and archives too; needs no key."""
    wrong, needed = [path.with_suffix(".json").name for path in without_list(folder)], set[str]()
    for path in _lists(folder):
        try:
            backup = _read(path)
        except BadInput:
            wrong.append(path.name)
            continue
        if not backup.archive.is_file() or storage.hash_of(backup.archive) != backup.sha256:
            wrong.append(backup.archive.name)
        needed |= set(backup.objects)
    return wrong + [name for name in sorted(needed) if _sound(folder, name) is None]


def prune(folder: Path, *, keep: int, proven: str) -> list[str]:
    """Take away all but the newest `keep` backups and the one that was last proven; then what no list names any more.

    With a list that is lost or cannot be read nothing is taken away: nobody knows what it needs. Nor while somebody
    reads a backup.
    """
    backups = listed(folder)
    if lost := without_list(folder):
        raise not_whole(lost[0], lost[0].with_suffix(".json").name)
    with (folder / IN_USE).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        gone = [backup for backup in backups[: -max(1, keep)] if backup.name != proven]
        for backup in gone:
            path = backup.archive.with_suffix(".json")
            _take_away(path.rename(path.with_name(f"{GONE}{path.name}")))
        sync(folder)
        _take_objects(folder, {_first(name) for backup in backups if backup not in gone for name in backup.objects})
    return [backup.name for backup in gone]


def _take_objects(folder: Path, needed: Iterable[str]) -> None:
    needed = set(needed)
    for path in list((folder / OBJECTS).glob("??/*")):
        if _OBJECT.fullmatch(path.name) and _first(path.name) not in needed:
            path.unlink()
