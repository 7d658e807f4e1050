"""The folder of a Whoosh index, made durable and sealed.

Whoosh never calls fsync and notices damage only when it happens to read it. Here every file is on disk before
the table of contents that names it, and a seal (sizes and checksums of all files) is written with each
generation: a truncated file is noticed when the index is opened, a changed byte by `broken_files`.
"""
# mypy: allow-untyped-calls, allow-subclassing-any

import io
import json
import os
import re
import secrets
import zlib
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from whoosh.codec.whoosh3 import W3Codec, W3PostingsWriter, W3Segment
from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.filedb.structfile import BufferFile, StructFile

from oms.search.interface import IndexDamaged

INDEX_NAME = "oms"
SALT = 32
_NONCE = bytes(12)  # each file has a key of its own, used once
OVERHEAD = SALT + 16
"""Bytes by which an encrypted file is longer than its content."""
_SEGMENT_FILE = re.compile(rf"{INDEX_NAME}_\w+\..+")
_READ_AT_ONCE = 1 << 20
INLINE = 3
"""Postings of a list that stands with its word."""
_SEAL = "seal-{generation}.json"


class FreshNames(W3Codec):
    """Whoosh's codec, with names of segments that cannot repeat and short lists beside their words.

    Whoosh draws the names from the global `random`: after `random.seed(1)`, twice, a new segment overwrites the files
    of an old one. Its own switch for short lists calls a function there is not.
    """

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> W3PostingsWriter:
        """What writes posting lists."""
        return _ShortListsInline(dbfile, self._blocklimit, byteids, self._compression)

    def new_segment(self, storage: FileStorage, indexname: str) -> W3Segment:  # noqa: ARG002 - whoosh's signature
        """An empty segment."""
        return W3Segment(self, indexname, segid=secrets.token_hex(8))


class _ShortListsInline(W3PostingsWriter):
    """Keeps a short list with its word, where Whoosh reads it from: a block of its own costs 40 bytes more."""

    def finish_postings(self) -> Any:
        """The description of the finished list."""
        if self.written() or len(self) > INLINE:
            return super().finish_postings()
        described: Any = self._terminfo
        described.add_block(self)
        described.set_inlined(self._ids, self._weights, [b""] * len(self))
        self._terminfo = None
        return described


class SealedFiles(FileStorage):
    """Whoosh's folder of files, each encrypted under a key of its own; a file is opened whole, into memory."""

    def __init__(self, folder: Path, key: bytes | None) -> None:
        super().__init__(str(folder))
        self.path = folder
        self.key = key

    def create_file(self, name: str, excl: bool = False, mode: str = "wb", **options: Any) -> Any:
        """A file that is encrypted as it is closed, and lies in memory until then."""
        if self.key is None:
            return super().create_file(name, excl=excl, mode=mode, **options)
        key, content = self.key, io.BytesIO()

        def close(_file: StructFile) -> None:
            (self.path / name).write_bytes(seal_file(key, name, content.getvalue()))

        return StructFile(content, name=name, onclose=close)

    def open_file(self, name: str, **options: Any) -> Any:
        """The content of a file; raises `IndexDamaged` when it is not what was written."""
        if self.key is None:
            return super().open_file(name, **options)
        return BufferFile(memoryview(unseal_file(self.key, self.path / name)), name=name)

    def file_length(self, name: str) -> int:
        """Bytes of the content."""
        length: int = super().file_length(name)
        return length if self.key is None else length - OVERHEAD

    def temp_storage(self, name: str | None = None) -> Any:
        """A place for files of the writer: in memory when nothing may lie open."""
        return super().temp_storage(name) if self.key is None else RamStorage()


class DurableStorage(SealedFiles):
    """Whoosh's folder of files; renaming (the moment a generation becomes the current one) is made durable."""

    def __init__(self, folder: Path, version: int, key: bytes | None = None) -> None:
        super().__init__(folder, key)
        self.version = version

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Bring everything to disk, seal it, then let the new table of contents appear."""
        known = read_seal(self.path)
        sums: dict[str, list[int]] = {}
        for file in sorted(self.path.iterdir()):
            if _SEGMENT_FILE.fullmatch(file.name):  # written once and never changed
                sums[file.name] = known.get(file.name) or _sync_and_sum(file)
        toc = _sync_and_sum(self.path / oldname)
        generation = toc_generation(newname)
        seal = self.path / _SEAL.format(generation=generation)
        content = {"version": self.version, "files": {**sums, newname: toc}}
        with seal.open("w", encoding="utf-8") as file_object:
            json.dump(content, file_object)
            file_object.flush()
            os.fsync(file_object.fileno())
        super().rename_file(oldname, newname, safe=safe)
        sync_folder(self.path)
        for old in self.path.glob("seal-*.json"):
            if old != seal:
                old.unlink(missing_ok=True)


def seal_file(key: bytes, name: str, content: bytes) -> bytes:
    """A file of the index, encrypted: salt of the key of this file, then the content as one message, bound to its name."""
    salt = secrets.token_bytes(SALT)
    return salt + AESGCM(_key_of_file(key, salt)).encrypt(_NONCE, content, _bound(name))


def unseal_file(key: bytes, path: Path) -> bytes:
    """The content of an encrypted file; raises `IndexDamaged`."""
    sealed = path.read_bytes()
    salt = sealed[:SALT]
    try:
        return AESGCM(_key_of_file(key, salt)).decrypt(_NONCE, sealed[SALT:], _bound(path.name))
    except (InvalidTag, ValueError):
        raise IndexDamaged(f"{path.name} is not what was written") from None


def _key_of_file(key: bytes, salt: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, b"oms-index-file/1").derive(key)


def _bound(name: str) -> bytes:
    return b".toc" if ".toc" in name else name.encode()  # a table of contents gets its name when it is whole


def read_seal(folder: Path) -> dict[str, list[int]]:
    """Name to [size, CRC-32] of the newest seal, empty when there is none that can be read."""
    content = _newest_seal(folder)
    files: dict[str, list[int]] = content["files"] if content else {}
    return files


def sealed_files(folder: Path, segments: set[str]) -> list[str]:
    """The sealed files of these segments."""
    return [name for name in read_seal(folder) if name.split(".")[0] in segments]


def remove_unsealed(folder: Path) -> None:
    """Delete files of segments that no generation names; the caller holds the writer's lock."""
    sealed = read_seal(folder)
    for file in folder.iterdir():
        if _SEGMENT_FILE.fullmatch(file.name) and file.name not in sealed:
            file.unlink()


def seal_version(folder: Path) -> int | None:
    """The version of the analysis the index was written with, None without a readable seal."""
    content = _newest_seal(folder)
    return content["version"] if content else None


def wrong_size(folder: Path, names: list[str]) -> str:
    """The first of the sealed files `names` that is missing, not sealed or of another size; "" when all are right."""
    sealed = read_seal(folder)
    for name in names:
        file = folder / name
        if name not in sealed or not file.is_file() or file.stat().st_size != sealed[name][0]:
            return name
    return ""


def broken_files(folder: Path, names: list[str]) -> list[str]:
    """Those of `names` whose bytes are not the sealed ones; reads them all."""
    sealed = read_seal(folder)
    return [name for name in names if not (folder / name).is_file() or _sum(folder / name) != sealed.get(name)]


def sync_folder(folder: Path) -> None:
    """Make names inside `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def toc_name(generation: int) -> str:
    """The file name of a table of contents, as Whoosh writes it."""
    return f"_{INDEX_NAME}_{generation}.toc"


def toc_generation(name: str) -> int:
    """The generation in the file name of a table of contents."""
    return int(name.removesuffix(".toc").rsplit("_", 1)[1])


def newest_generation(folder: Path) -> int:
    """The newest generation there is a table of contents of; -1 when there is none."""
    return max((toc_generation(toc.name) for toc in folder.glob(f"_{INDEX_NAME}_[0-9]*.toc")), default=-1)


def _newest_seal(folder: Path) -> dict[str, Any] | None:
    """The seal of the table of contents that is current (a kill may leave a newer seal without its generation)."""
    seal = folder / _SEAL.format(generation=newest_generation(folder))
    try:
        content = json.loads(seal.read_text(encoding="utf-8"))
        return content if isinstance(content["files"], dict) and isinstance(content["version"], int) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sync_and_sum(file: Path) -> list[int]:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return _sum(file)


def _sum(file: Path) -> list[int]:
    checksum, size = 0, 0
    with file.open("rb") as content:
        while part := content.read(_READ_AT_ONCE):
            checksum = zlib.crc32(part, checksum)
            size += len(part)
    return [size, checksum]
