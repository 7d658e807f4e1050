"""The embedded search engine: Whoosh files, read as arrays.

Many processes may read, one at a time writes (a file lock the kernel releases when a process dies). Why this
package, and which of its traps are walked around where: docs/decisions/003-whoosh.md. Knows no rights: a query
names the dossiers it may see.
"""
# mypy: allow-untyped-calls, allow-subclassing-any
# (whoosh declares itself typed, yet most of its functions have no annotations)

import errno
import shutil
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from whoosh import columns, fields, formats
from whoosh.index import TOC, FileIndex, LockError, clean_files
from whoosh.reading import SegmentReader
from whoosh.util.filelock import try_for
from whoosh.writing import MERGE_SMALL, NO_MERGE, SegmentWriter

from oms.search.analysis import VERSION, Analysed, analyse
from oms.search.answering import answer, respell
from oms.search.cards import Alike, Codes
from oms.search.interface import Found, IndexBusy, IndexDamaged, Item, Query
from oms.search.postings import PostingCache
from oms.search.warming import Warming
from oms.search.whoosh_segments import SEPARATOR, LoadedSegment, WhooshSnapshot
from oms.search.whoosh_storage import (
    INDEX_NAME,
    DurableStorage,
    FreshNames,
    broken_files,
    newest_generation,
    remove_unsealed,
    seal_version,
    sealed_files,
    toc_generation,
    toc_name,
    wrong_size,
)

WRITER_WAIT = 60.0
"""Seconds a writer waits for another process; a merge of 500,000 documents stays below."""
BLOCK = 4096
"""Postings in one block: read whole and kept, so fewer, larger blocks than Whoosh's 128 cost less."""
POOL_MEGABYTES = 96
"""Memory for postings while writing; more is sorted on disk, which takes about 0.1 MB a page."""
BATCH = 50_000
"""Items of one segment of a rebuild: bounds that temporary space to about 5 GB, whatever there is to index. More, smaller
segments repeat their words and are each asked for every word."""
BUILDING = "building"
"""Folder inside the index in which a rebuild prepares its segments."""
OPENING_TRIES = 8
"""Openings before an index counts as damaged while writers keep replacing it."""
WORN = 0.3
"""Share of deleted documents from which a segment is written anew."""


class Words(fields.FieldType):
    """A field whose words and weights come ready made."""

    def __init__(self) -> None:
        none: Any = None
        super().__init__(format=formats.Existence(), analyzer=none)

    def index(self, value: dict[str, int], **_: Any) -> Generator[tuple[bytes, int, float, bytes], Any, None]:
        """Whoosh's (word, frequency, weight, payload) for every word."""
        return ((word.encode(), 1, float(weight), b"") for word, weight in value.items())


def _schema() -> Any:
    card = fields.COLUMN(columns.VarBytesColumn())
    return fields.Schema(folded=Words(), marked=Words(), pairs=Words(), card=card)


class WhooshEngine:
    """`oms.search.interface.Engine` over the index in `folder`; one object serves all threads of a process."""

    def __init__(self, folder: Path, writer_wait: float = WRITER_WAIT, key: bytes | None = None) -> None:
        self._folder = folder
        self._key = key
        """Key of the files of a sealed installation."""
        self._writer_wait = writer_wait
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._storage = DurableStorage(folder, VERSION, key)
        self._schema = _schema()
        self._dossiers, self._alike = Codes(), Alike()
        self._cache = PostingCache()
        self._warming = Warming(self._snapshot)
        self._reading = threading.RLock()
        self._writing = threading.Lock()
        self._snapshots: list[WhooshSnapshot] = []
        """The current one last; before it those that threads are still using."""

    def put(self, items: Iterable[Item]) -> None:
        """Add the items, in place of earlier ones with the same ids; all of them durably, or none."""
        ready = {item.id: _document(analyse(item)) for item in items}  # whole before the writer sees the first
        if not ready:
            return
        with self._writer() as writer:
            self._delete(writer, ready)
            for document in ready.values():
                writer.add_document(**document)
            writer.commit(mergetype=_merge)

    def remove(self, ids: Iterable[str]) -> None:
        """Take the items out; ids that are not there are no error."""
        with self._writer() as writer:
            if self._delete(writer, ids):
                writer.commit(mergetype=_merge)
            else:
                writer.cancel()

    def find(self, query: Query) -> Found:
        """Answer the query from the newest durable state, inside `query.dossiers` only."""
        if not query.dossiers:
            return Found()
        with self._snapshot() as snapshot:
            self._warming.look(snapshot)
            return answer(snapshot, query)

    def respell(self, words: str, dossiers: frozenset[str]) -> str | None:
        """`words` with those that no allowed dossier has replaced by likely ones, or None."""
        if not dossiers:
            return None
        with self._snapshot() as snapshot:
            return respell(snapshot, words, dossiers)

    def rebuild(self, items: Iterable[Item], *, resume: bool = False) -> None:
        """Put exactly these items in place of everything, even over a damaged index; other writers wait.

        `resume` takes over the batches that an earlier rebuild had finished when it was broken off.
        """
        with self._only_writer(), self._locked():
            beside = self._folder / BUILDING
            staging = WhooshEngine(beside, key=self._key)
            done: dict[str, str] = {}
            with suppress(IndexDamaged):
                done = staging.stamps() if resume else {}
            if not done:
                shutil.rmtree(beside)  # what a killed rebuild left
                staging = WhooshEngine(beside, key=self._key)
                TOC.create(staging._storage, self._schema, INDEX_NAME)
            seen: set[str] = set()
            wanted = (item for item in _without_doubles(items, seen) if done.get(item.id) != item.stamp)
            while batch := list(islice(wanted, BATCH)):
                with staging._writer() as writer:
                    staging._delete(writer, (item.id for item in batch if item.id in done))
                    for item in batch:
                        writer.add_document(**_document(analyse(item)))
                    writer.commit(mergetype=NO_MERGE)
            if done.keys() - seen:
                staging.remove(done.keys() - seen)
            staging.close()
            self._adopt(staging)
            shutil.rmtree(beside)

    def rebuilding(self) -> bool:
        """Whether a rebuild is under way in any process."""
        lock = self._storage.lock(f"{INDEX_NAME}_WRITELOCK")
        free = lock.acquire()
        if free:
            lock.release()
        return not free and (self._folder / BUILDING).is_dir()

    def ids(self) -> set[str]:
        """The ids of all items."""
        return set(self.stamps())

    def stamp(self, id: str) -> str | None:
        """The stamp indexed under `id`, or None."""
        with self._snapshot() as snapshot:
            place = snapshot.find_places([id]).get(id)
            return None if place is None else snapshot.stamp(place)

    def stamps(self, ids: Iterable[str] | None = None) -> dict[str, str]:
        """The ids that are there, all or of `ids`, with their stamps."""
        with self._snapshot() as snapshot:
            if ids is None:
                return snapshot.stamps()
            return {id: snapshot.stamp(place) for id, place in snapshot.find_places(ids).items()}

    def healthy(self) -> bool:
        """Whether every byte of the index is as it was written; reads the whole index."""
        try:
            with self._snapshot() as snapshot:
                files = sealed_files(self._folder, {segment.name for segment in snapshot.segments})
                return not broken_files(self._folder, [str(snapshot.key[0]), *files])
        except IndexDamaged:
            return False

    def warm_up(self) -> None:
        """Begin to read ahead in the background what many questions need."""
        self._warming.begin()

    def close(self) -> None:
        """Let go of all files; the next question opens them again."""
        with self._reading:
            kept = [snapshot for snapshot in self._snapshots if snapshot.users]
            self._drop_all_but(kept)

    def _delete(self, writer: SegmentWriter, ids: Iterable[str]) -> int:
        """Mark documents deleted; a place is Whoosh's document number because both hold the same generation."""
        with self._snapshot() as snapshot:
            places = snapshot.find_places(ids)
            for place in places.values():
                writer.delete_document(place)
            return len(places)

    def _adopt(self, staging: "WhooshEngine") -> None:
        """Move the segments of `staging` here and let one new generation name them."""
        remove_unsealed(self._folder)  # what a killed writer left would otherwise be synced and sealed with the rest
        segments = TOC.read(staging._storage, INDEX_NAME, schema=self._schema).segments
        for name in sealed_files(staging._folder, {segment.segment_id() for segment in segments}):
            (staging._folder / name).rename(self._folder / name)
        generation = newest_generation(self._folder) + 1
        TOC(self._schema, segments, generation).write(self._storage, INDEX_NAME)
        clean_files(self._storage, INDEX_NAME, generation, segments)

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        """One writer among the threads of this process."""
        if not self._writing.acquire(timeout=self._writer_wait):
            raise IndexBusy
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The writer's lock of the folder, without a writer."""
        lock = self._storage.lock(f"{INDEX_NAME}_WRITELOCK")
        if not try_for(lock.acquire, timeout=self._writer_wait):
            raise IndexBusy
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writer(self) -> Iterator[Any]:
        """The only writer of all threads and processes; whatever fails inside leaves the last generation."""
        with self._only_writer():
            with self._snapshot():  # notices damage before anything is written on top of it
                index = FileIndex(self._storage, schema=self._schema, indexname=INDEX_NAME)
            try:
                writer: Any = index.writer(
                    timeout=self._writer_wait,
                    codec=FreshNames(blocklimit=BLOCK),
                    compound=False,
                    limitmb=POOL_MEGABYTES,
                )
            except LockError:
                raise IndexBusy from None
            try:
                yield writer
            except BaseException as error:
                if not writer.is_closed:  # its words must not turn up in the next document
                    writer.cancel()
                if isinstance(error, Exception) and not isinstance(error, IndexDamaged) and _is_damage(error):
                    raise IndexDamaged(f"{type(error).__name__} while writing the index") from error
                raise

    @contextmanager
    def _snapshot(self) -> Iterator[WhooshSnapshot]:
        """The newest generation, its files kept open until the block ends."""
        with self._reading:
            snapshot = self._newest()
            snapshot.users += 1
        try:
            yield snapshot
        except Exception as error:
            if _is_damage(error) and not isinstance(error, IndexDamaged):
                raise IndexDamaged(f"{type(error).__name__} while reading the index") from error
            raise
        finally:
            with self._reading:
                snapshot.users -= 1
                self._drop_all_but([old for old in self._snapshots[:-1] if old.users] + self._snapshots[-1:])

    def _newest(self) -> WhooshSnapshot:
        error: Exception | None = None
        for _ in range(OPENING_TRIES):
            toc = self._newest_toc()
            if self._snapshots and self._snapshots[-1].key == toc:
                return self._snapshots[-1]
            try:
                self._snapshots.append(self._load(toc))
                return self._snapshots[-1]
            except Exception as caught:
                if not _is_damage(caught):
                    raise
                error = caught
                if self._newest_toc() == toc:  # otherwise a writer took the files away while we were opening them
                    break
        raise IndexDamaged(error.reason if isinstance(error, IndexDamaged) else f"{type(error).__name__}") from error

    def _newest_toc(self) -> tuple[str, int, int]:
        """Name, inode and time of the current table of contents: a new one on every commit."""
        generation = newest_generation(self._folder)
        while generation >= 0:
            newest = self._folder / toc_name(generation)
            with suppress(FileNotFoundError):
                found = newest.stat()
                return newest.name, found.st_ino, found.st_mtime_ns
            generation = newest_generation(self._folder)  # a writer took it away for a newer one as we looked
        raise IndexDamaged("there is no table of contents")

    def _load(self, toc_key: tuple[str, int, int]) -> WhooshSnapshot:
        """Open one generation, taking over the segments that are already open."""
        if seal_version(self._folder) != VERSION:
            raise IndexDamaged("the index is not sealed, or of another version")
        if wrong := broken_files(self._folder, [toc_key[0]]):
            raise IndexDamaged(f"{wrong[0]} has changed")
        toc = TOC.read(self._storage, INDEX_NAME, gen=toc_generation(toc_key[0]), schema=self._schema)
        names = {segment.segment_id() for segment in toc.segments}
        files = sealed_files(self._folder, names)
        if (wrong_file := wrong_size(self._folder, files)) or len({file.split(".")[0] for file in files}) < len(names):
            raise IndexDamaged(f"{wrong_file or 'a segment'} is missing or has another size")
        opened = {segment.name: segment for snapshot in self._snapshots for segment in snapshot.segments}
        segments = []
        for segment in toc.segments:
            known = opened.get(segment.segment_id())
            segments.append(known or LoadedSegment(self._storage, self._schema, segment, self._dossiers, self._alike))
        deleted = [list(segment.deleted_docs()) for segment in toc.segments]
        return WhooshSnapshot(toc_key, segments, deleted, self._dossiers, self._alike, self._cache, self._reading)

    def _drop_all_but(self, kept: list[WhooshSnapshot]) -> None:
        """Forget snapshots and close the segments nobody has any more."""
        needed = {id(segment) for snapshot in kept for segment in snapshot.segments}
        for snapshot in self._snapshots:
            for segment in snapshot.segments:
                if id(segment) not in needed:
                    needed.add(id(segment))
                    segment.close()
        self._snapshots = kept


def _document(analysed: Analysed) -> dict[str, Any]:
    """What Whoosh is handed for one item; no text is stored, it stays in the database."""
    item = analysed.item
    parts = [item.id, item.stamp, item.order, *analysed.card()]
    card = SEPARATOR.join(part.replace(SEPARATOR, " ") for part in parts).encode("utf-8", "surrogatepass")
    return {"folded": analysed.folded, "marked": analysed.marked, "pairs": analysed.pairs, "card": card}


def _without_doubles(items: Iterable[Item], seen: set[str]) -> Iterator[Item]:
    for item in items:
        if item.id in seen:
            raise ValueError(f"two items with the id {item.id}")
        seen.add(item.id)
        yield item


def _merge(writer: SegmentWriter, segments: list[Any]) -> list[Any]:
    """Whoosh's policy for small segments, and none that is mostly deleted documents is kept."""
    fresh = []
    for segment in segments:
        if segment.deleted_count() >= segment.doc_count_all():
            continue
        if segment.deleted_count() > WORN * segment.doc_count_all():
            with SegmentReader(writer.storage, writer.schema, segment) as reader:
                writer.add_reader(reader)
        else:
            fresh.append(segment)
    merged: list[Any] = MERGE_SMALL(writer, fresh)
    return merged


def _is_damage(error: Exception) -> bool:
    """Whether an error means that the files are not what was written, rather than a mistake of ours.

    Any bytes may stand in a damaged file, so Whoosh may raise anything: what counts is that it was reading.
    """
    if isinstance(error, MemoryError | IndexBusy) or (isinstance(error, OSError) and error.errno != errno.ENOENT):
        return False
    if isinstance(error, IndexDamaged | FileNotFoundError | UnicodeDecodeError):
        return True
    trace = error.__traceback__
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).startswith("whoosh."):
            return True
        trace = trace.tb_next
    return False
