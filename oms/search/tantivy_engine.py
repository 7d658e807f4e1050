"""The search engine for large sites: tantivy (Rust, in process) keeps and finds the posting lists.

Analysis and ranking are those of every engine, so the same query brings the same in the same order. tantivy syncs
its files before a commit appears; a rebuild is made in a folder beside and becomes the current one by one rename.
Knows no rights: a query names the dossiers it may see. Needs the package `tantivy` (extra `oms[tantivy]`).
"""

import fcntl
import json
import os
import secrets
import shutil
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import tantivy

from oms.search.analysis import ONCE, VERSION, Analysed, analyse
from oms.search.answering import answer, respell
from oms.search.interface import Found, IndexBusy, IndexDamaged, Item, Query
from oms.search.tantivy_rows import Rows, TantivySnapshot, bit, signed
from oms.search.warming import Warming

WRITER_WAIT = 60.0
"""Seconds a writer waits for another process."""
MEMORY = 50_000_000
"""Bytes tantivy may use while writing."""
BATCH = 20_000
"""Items of one commit of a rebuild: what a broken-off rebuild need not do again."""
OPENING_TRIES = 8
"""Openings before an index counts as damaged while writers keep replacing it."""
LAYOUT = 2
"""Raise it whenever the fields change, as `VERSION` when the words do."""
CURRENT, BUILDING, SEAL, LOCK = "current", "building", "oms-seal.json", "writer.lock"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for field in ("folded", "marked", "pairs", "id"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for field in ("row", "bit"):
        builder.add_unsigned_field(field, fast=True)
    builder.add_bytes_field("card", stored=True)
    return builder.build()


class TantivyEngine:
    """`oms.search.interface.Engine` over the index in `folder`; one object serves all threads of a process."""

    def __init__(self, folder: Path, writer_wait: float = WRITER_WAIT) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._writer_wait = writer_wait
        self._schema = _schema()
        self._reading = threading.RLock()
        self._writing = threading.Lock()
        self._key: tuple[str, int, int] | None = None
        self._index: Any = None
        self._rows = Rows(self._schema)
        self._newest: TantivySnapshot | None = None
        self._warming = Warming(lambda: nullcontext(self._snapshot()))

    def put(self, items: Iterable[Item]) -> None:
        """Add the items, in place of earlier ones with the same ids; all of them durably, or none."""
        ready = {item.id: analyse(item) for item in items}
        if ready:
            with self._locked():
                self._write(self._place(), list(ready.values()), ready)

    def remove(self, ids: Iterable[str]) -> None:
        """Take the items out; ids that are not there are no error."""
        with self._locked():
            snapshot = self._snapshot()
            there = [id for id in ids if snapshot.stamp(id) is not None]
            if there:
                self._write(self._place(), [], there)

    def find(self, query: Query) -> Found:
        """Answer the query from the newest durable state, inside `query.dossiers` only."""
        if not query.dossiers:
            return Found()
        snapshot = self._snapshot()
        self._warming.look(snapshot)
        return answer(snapshot, query)

    def respell(self, words: str, dossiers: frozenset[str]) -> str | None:
        """`words` with those that no allowed dossier has replaced by likely ones, or None."""
        return respell(self._snapshot(), words, dossiers) if dossiers else None

    def rebuild(self, items: Iterable[Item], *, resume: bool = False) -> None:
        """Put exactly these items in place of everything, even over a damaged index; other writers wait.

        `resume` takes over what an earlier rebuild that was broken off had already written.
        """
        with self._locked():
            beside = self._folder / BUILDING
            try:
                done = {} if not resume else TantivyEngine._at(beside).stamps()
            except IndexDamaged:
                done = {}
            if not done:
                shutil.rmtree(beside, ignore_errors=True)
                beside.mkdir(mode=0o700)
                tantivy.Index(self._schema, path=str(beside))
                _seal(beside)
            seen: set[str] = set()
            wanted = (item for item in _without_doubles(items, seen) if done.get(item.id) != item.stamp)
            while batch := list(islice(wanted, BATCH)):
                self._write(beside, map(analyse, batch), [item.id for item in batch if item.id in done])
            self._write(beside, [], done.keys() - seen)
            self._make_current(beside)

    def rebuilding(self) -> bool:
        """Whether a rebuild is under way in any process."""
        if not (self._folder / BUILDING).is_dir():
            return False
        with (self._folder / LOCK).open("w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def ids(self) -> set[str]:
        """The ids of all items."""
        return set(self.stamps())

    def stamp(self, id: str) -> str | None:
        """The stamp indexed under `id`, or None."""
        return self._snapshot().stamp(id)

    def stamps(self, ids: Iterable[str] | None = None) -> dict[str, str]:
        """The ids that are there, all or of `ids`, with their stamps."""
        snapshot = self._snapshot()
        if ids is None:
            return snapshot.stamps()
        return {id: stamp for id in ids if (stamp := snapshot.stamp(id)) is not None}

    def healthy(self) -> bool:
        """Whether every byte of the index is as it was sealed; reads the whole index.

        After a kill between commit and seal the table of contents is newer than the seal: then files the newer
        commit has done away with may be gone, those still there must be as they were.
        """
        try:
            self._snapshot()
            place = self._place()
            sealed = dict(_read_seal(place)["files"])
        except IndexDamaged:
            return False
        newer = _sum(place / "meta.json") != sealed.pop("meta.json", None)
        return all(
            _sum(place / name) == told or (newer and not (place / name).exists()) for name, told in sealed.items()
        )

    def warm_up(self) -> None:
        """Begin to read ahead in the background what many questions need."""
        self._warming.begin()

    def close(self) -> None:
        """Let go of all files; the next question opens them again."""
        with self._reading:
            self._key = self._index = self._newest = None
            self._rows = Rows(self._schema)

    @classmethod
    def _at(cls, place: Path) -> "TantivyEngine":
        """An engine over a folder that is itself an index."""
        engine = cls(place.parent)
        engine._place = lambda: place  # type: ignore[method-assign]
        return engine

    def _place(self) -> Path:
        """The folder of the current index."""
        try:
            return self._folder / (self._folder / CURRENT).read_text("ascii")
        except OSError:
            raise IndexDamaged("there is no current index") from None

    def _state(self) -> tuple[str, int, int]:
        """The current index and its newest commit; zeros where there is no commit."""
        place = self._place()
        try:
            meta = (place / "meta.json").stat()
        except FileNotFoundError:
            return place.name, 0, 0
        return place.name, meta.st_ino, meta.st_mtime_ns

    def _snapshot(self) -> TantivySnapshot:
        """The newest commit; what is open already is followed, not read again.

        Writers of other processes may take files away for newer ones while they are opened: then again.
        """
        with self._reading:
            for _ in range(OPENING_TRIES):
                state = self._state()
                try:
                    return self._follow(state)
                except BaseException as error:
                    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # of Rust
                        raise
                    self.close()
                    failed: BaseException = error
                if self._state() == state:
                    break
            if isinstance(failed, IndexDamaged):
                raise failed
            raise IndexDamaged(f"{type(failed).__name__} while opening the index") from failed

    def _follow(self, state: tuple[str, int, int]) -> TantivySnapshot:
        if self._newest is not None and state == self._key:
            return self._newest
        place = self._place()
        if self._index is None or self._key is None or self._key[0] != place.name:
            _check_sizes(place)
            self._rows = Rows(self._schema)
            # By an index of its own: tantivy keeps what was read of its stored cards, 16 MB, as long as one is open.
            with self._rows.lock:
                self._rows.follow(tantivy.Index.open(str(place)).searcher())
            self._index = tantivy.Index.open(str(place))
            self._index.config_reader(reload_policy="manual")
        self._index.reload()
        searcher = self._index.searcher()
        with self._rows.lock:
            self._rows.follow(searcher)
        self._newest, self._key = TantivySnapshot(self._rows, searcher), state
        return self._newest

    def _write(self, place: Path, analysed: Iterable[Analysed], gone: Iterable[str]) -> None:
        """One durable commit in the index at `place`: delete `gone`, then add."""
        _check_sizes(place)
        index = tantivy.Index.open(str(place))
        last = index.searcher().search(tantivy.Query.all_query(), limit=1, order_by_field="row").hits
        row = max(_read_seal(place)["rows"], last[0][0] + 1 if last else 0)  # no number twice, even after a kill
        try:
            with index.writer(MEMORY, 1) as writer:
                writer.garbage_collect_files()  # a killed writer's half-written ones bear the names we are to give
                for id in gone:
                    writer.delete_documents_by_term("id", id)
                for one in analysed:
                    writer.add_document(_document(one, row))
                    row += 1
                writer.commit()
                writer.wait_merging_threads()
        except ValueError as error:
            raise IndexDamaged(f"tantivy could not write: {error}") from error
        _seal(place, row)

    def _make_current(self, beside: Path) -> None:
        name = f"index-{secrets.token_hex(4)}"
        beside.rename(self._folder / name)
        pointer = self._folder / f"{CURRENT}.new"
        with pointer.open("w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        pointer.rename(self._folder / CURRENT)
        _sync(self._folder)
        for old in self._folder.glob("index-*"):
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The only writer of all threads and processes; the kernel frees the lock of a killed one."""
        if not self._writing.acquire(timeout=self._writer_wait):
            raise IndexBusy
        try:
            with (self._folder / LOCK).open("w", encoding="ascii") as lock:
                deadline = time.monotonic() + self._writer_wait
                while True:
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() >= deadline:
                            raise IndexBusy from None
                        time.sleep(0.05)
                yield
        finally:
            self._writing.release()


def _document(analysed: Analysed, row: int) -> tantivy.Document:
    item = analysed.item
    document = tantivy.Document()
    document.add_text("id", _plain(item.id))
    document.add_unsigned("row", row)
    document.add_unsigned("bit", bit(row))
    card = [item.id, item.stamp, item.order, *analysed.card()]
    document.add_bytes("card", "\x1f".join(part.replace("\x1f", " ") for part in card).encode("utf-8", "surrogatepass"))
    for word, weight in analysed.folded.items():
        document.add_text("folded", _plain(signed(word, weight)))
    for word in analysed.marked:
        document.add_text("marked", _plain(signed(word, ONCE)))
    for word, weight in analysed.pairs.items():
        document.add_text("pairs", _plain(signed(word, weight)))
    return document


def _plain(text: str) -> str:
    """Without halves of surrogate pairs, which Rust refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _without_doubles(items: Iterable[Item], seen: set[str]) -> Iterator[Item]:
    for item in items:
        if item.id in seen:
            raise ValueError(f"two items with the id {item.id}")
        seen.add(item.id)
        yield item


def _seal(place: Path, rows: int = 0) -> None:
    """Write down size and checksum of every file of the commit, and the next free row, durably."""
    known = {} if not (place / SEAL).exists() else _read_seal(place)["files"]
    files = {
        file.name: known.get(file.name) or _sum(file)
        for file in sorted(place.iterdir())
        if file.is_file() and not file.name.startswith((".", "oms-")) and file.name != "meta.json"
    }
    files["meta.json"] = _sum(place / "meta.json")
    fresh = place / f"{SEAL}.new"
    with fresh.open("w", encoding="ascii") as file:
        json.dump({"version": [VERSION, LAYOUT], "rows": rows, "files": files}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(place / SEAL)
    _sync(place)


def _read_seal(place: Path) -> dict[str, Any]:
    try:
        seal: dict[str, Any] = json.loads((place / SEAL).read_text("ascii"))
        return {"version": seal["version"], "rows": int(seal["rows"]), "files": dict(seal["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        raise IndexDamaged("the index is not sealed") from None


def _check_sizes(place: Path) -> None:
    """Refuse an index of another version, or with a file that is not as it was sealed.

    After a kill between commit and seal tantivy's own table of contents is newer than the seal, and is trusted.
    """
    seal = _read_seal(place)
    if seal["version"] != [VERSION, LAYOUT]:
        raise IndexDamaged("the index is of another version")
    if _sum(place / "meta.json") != seal["files"].get("meta.json"):
        return
    for name, (size, _) in seal["files"].items():
        file = place / name
        if not file.is_file() or file.stat().st_size != size:
            raise IndexDamaged(f"{name} is missing or has another size")


def _sum(file: Path) -> list[int]:
    checksum, size = 0, 0
    try:
        with file.open("rb") as content:
            while part := content.read(1 << 20):
                checksum, size = zlib.crc32(part, checksum), size + len(part)
    except FileNotFoundError:
        return [0, 0]
    return [size, checksum]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
