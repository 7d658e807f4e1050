"""One archive: a tar of plain files under names of ours, sealed to public keys where there are any, a list at its end.

The list holds the SHA-256 of every file before it: an archive that was cut off has none.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from oms import storage, streams
from oms.audit.sealing import BREAKS
from oms.backup import sealing
from oms.errors import N_, BadInput, OmsError, Refused

MANIFEST = "manifest.json"
# The first form held the stored files, too; the second names those of the folder it lies in.
WHOLE, NAMING = "oms-backup/1", "oms-backup/2"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
# Files of the data folder that belong to an installation, beside database and scans.
KEPT = (
    "oms.toml",
    "secret.key",
    "second-factor.key",
    "package.key",
    "cover-sheets.key",
    "marks.key",
    "backup-names.key",
    "profile",
    "vault.json",
)
# Not the key: who has the backup must not be able to sign.
SEAL = ("seal/audit.pub", "seal/checkpoints.jsonl", f"seal/{BREAKS}")
CHUNK = 1024 * 1024


@contextmanager
def tar_onto(raw: BinaryIO, keys: list[bytes]) -> Iterator[tarfile.TarFile]:
    """A tar written piece by piece onto a file, sealed to the keys where there are any; on disk when this ends well."""
    out = sealing.Sealing(raw, keys) if keys else raw
    with tarfile.open(fileobj=out, mode="w|") as tar:
        yield tar
    if isinstance(out, sealing.Sealing):
        out.finish()
    raw.flush()
    os.fsync(raw.fileno())


def add(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, Any]:
    """Put a file into the tar, piece by piece; return its hash and size as they went in."""
    member = tarfile.TarInfo(name)
    with path.open("rb") as stream:
        member.size, member.mode = os.fstat(stream.fileno()).st_size, 0o600
        hashing = _Hashing(stream)
        tar.addfile(member, hashing)
    return {"sha256": hashing.digest.hexdigest(), "size": member.size}


class _Hashing(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self.stream.read(size)
        self.digest.update(piece)
        return piece


def add_manifest(tar: tarfile.TarFile, document: Mapping[str, Any]) -> str:
    """Put the list at the end; its SHA-256."""
    data = json.dumps(document, indent=0, sort_keys=True).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _open_tar(source: Path, key: Path | None) -> Iterator[tarfile.TarFile]:
    """The tar of a backup, read from its start to its end; `Refused` without the key of a sealed one."""
    with source.open("rb") as raw:
        stream: BinaryIO | io.BufferedReader = raw
        if sealing.is_sealed(raw):
            stream = io.BufferedReader(sealing.Reading(unsealed(raw, key, source.name)), streams.CHUNK)
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            yield tar
        while stream.read(CHUNK):  # only the last chunk proves that none is missing
            pass


def unsealed(raw: BinaryIO, key: Path | None, name: str) -> Iterator[bytes]:
    """The content of something sealed; `Refused` without its key."""
    if key is None:
        raise Refused(N_("%(file)s is sealed. Say with --key where the file with its private key lies."), file=name)
    return sealing.unseal(raw, key)


def unpack(source: Path, folder: Path, dialect: str, key: Path | None) -> dict[str, Any]:
    """Unpack into `folder` and compare every hash; the manifest. Raises `BadInput` naming what does not hold."""
    found: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with _open_tar(source, key) as tar:
            for member in tar:
                # Only plain files under names of ours, each once: a tar could also hold links and devices.
                data = tar.extractfile(member) if member.isreg() and _is_ours(member.name) else None
                if data is None or member.name in found:
                    raise not_whole(source, member.name)
                if member.name == MANIFEST:
                    manifest = json.load(data)
                else:
                    found[member.name] = write(folder / member.name, storage.chunks(cast(BinaryIO, data)))
    except (tarfile.TarError, streams.Broken, OSError, ValueError, EOFError) as error:
        if isinstance(error, OSError) and not isinstance(error, tarfile.TarError) and error.errno:
            raise
        raise not_whole(source, type(error).__name__) from error
    if manifest is None or manifest.get("format") not in (WHOLE, NAMING):
        raise not_whole(source, MANIFEST)
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
            raise not_whole(source, name)
    return manifest


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if name in (MANIFEST, *KEPT, *SEAL, *DATABASE.values()):
        return True
    is_object = len(parts) == 3 and parts[0] == "scans" and parts[1] == parts[2][:2] and "/".join(parts) == name
    return is_object and len(parts[2]) == 64 and set(parts[2]) <= set("0123456789abcdef")


def not_whole(source: Path, what: str) -> OmsError:
    """The refusal of a backup of which a part does not hold."""
    return BadInput(
        N_("%(file)s is not a whole backup (%(what)s). Nothing was changed; take another copy of it."),
        file=source.name,
        what=what,
    )


def write(path: Path, pieces: Iterable[bytes]) -> str:
    """Write a new file, on disk when this returns; its SHA-256."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for piece in pieces:
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()
