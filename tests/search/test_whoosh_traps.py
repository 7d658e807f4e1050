"""What Whoosh does wrong by itself, and that it does not happen here (docs/decisions/003-whoosh.md)."""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from whoosh import fields
from whoosh.filedb.filestore import RamStorage
from whoosh.query import Or, Term

from oms.search import whoosh_segments
from oms.search.interface import IndexBusy, IndexDamaged, Item, Query
from oms.search.whoosh_engine import WhooshEngine
from oms.search.whoosh_storage import INDEX_NAME, DurableStorage

from .corpus import EVERY_DOSSIER, LETTERS, item

ALL = frozenset({"d1"})


def total(whoosh: WhooshEngine, words: str) -> int:
    return whoosh.find(Query(words, ALL)).total


def test_whoosh_takes_an_empty_filter_for_no_filter_and_we_do_not(whoosh: WhooshEngine) -> None:
    plain = RamStorage().create_index(fields.Schema(word=fields.KEYWORD))
    writer = plain.writer()
    writer.add_document(word="secret")
    writer.commit()
    with plain.searcher() as searcher:
        assert len(searcher.search(Term("word", "secret"), filter=Or([]))) == 1  # the trap is still there
    whoosh.put([item("secret", "secret")])
    assert whoosh.find(Query("secret", frozenset())).total == 0
    assert whoosh.find(Query("", frozenset())).total == 0


def test_a_document_that_fails_leaves_no_words_behind(whoosh: WhooshEngine) -> None:
    broken = Item("broken", "page", "d1", "đầu đề", None)  # type: ignore[arg-type]
    whoosh.put([item("before", "trước")])
    with pytest.raises(AttributeError):
        whoosh.put([item("fine", "kim cương"), broken])
    with pytest.raises(AttributeError):
        whoosh.rebuild(iter([item("fine", "kim cương"), broken]))
    whoosh.put([item("next", "sau")])
    assert whoosh.ids() == {"before", "next"}
    assert total(whoosh, "kim") == total(whoosh, "đầu đề") == 0


def interrupted() -> Iterator[Item]:
    yield item("half", "nửa chừng")
    raise KeyboardInterrupt


def test_an_interrupted_rebuild_keeps_the_old_index_and_frees_the_lock(whoosh: WhooshEngine) -> None:
    whoosh.put(LETTERS)
    with pytest.raises(KeyboardInterrupt):
        whoosh.rebuild(interrupted())
    assert whoosh.ids() == {one.id for one in LETTERS}
    whoosh.put([item("next", "tiếp")])
    assert total(whoosh, "nua chung") == 0


def dying(act: Callable[[], None], call: str, count: int) -> bool:
    """Run `act` in a child that is killed at its `count`th call of os.`call`; whether it came so far."""
    child = os.fork()
    if child == 0:
        real, calls = getattr(os, call), [0]

        def kill_at(*arguments: object, **more: object) -> object:
            calls[0] += 1
            if calls[0] == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **more)

        setattr(os, call, kill_at)
        act()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("call", ["fsync", "rename", "unlink", "remove", "open"])
def test_kill_9_anywhere_in_a_commit_leaves_the_old_or_the_new_state(tmp_path: Path, call: str) -> None:
    folder = tmp_path / "index"
    WhooshEngine(folder).rebuild([item("old", "cũ"), item("changed", "bản cũ")])
    count, states = 0, set()
    while count < 12:
        count += 1
        fresh = [item("changed", f"bản mới {count}"), item(f"new-{count}", "mới")]
        killed = dying(lambda: WhooshEngine(folder).put(fresh), call, count)  # noqa: B023
        after = WhooshEngine(folder)
        assert after.healthy()
        came_through = f"new-{count}" in after.ids()
        states.add(came_through)
        assert (total(after, f'"mới {count}"') == 1) is came_through
        assert total(after, "old") == 0
        assert "old" in after.ids()
        if not killed:
            assert came_through
            break
        after.put([item("after-kill", f"còn ghi được {count}")])  # the lock died with its process
        assert total(after, f"ghi {count}") == 1
        after.close()
    if call == "fsync":
        assert states == {False, True}  # killed before and after the moment that counts


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_kill_9_anywhere_in_a_rebuild_leaves_the_old_or_the_new_state(tmp_path: Path, call: str) -> None:
    folder = tmp_path / "index"
    WhooshEngine(folder).rebuild([item("old-0", "bản cũ")])
    states, killed, count = set(), True, 0
    while killed and count < 40:
        count += 1
        before = WhooshEngine(folder).ids()
        killed = dying(lambda: WhooshEngine(folder).rebuild([item(f"old-{count}", "bản mới")]), call, count)  # noqa: B023
        after = WhooshEngine(folder)
        assert after.healthy()
        assert after.ids() in (before, {f"old-{count}"})
        states.add(after.ids() == {f"old-{count}"})
    assert states == {False, True}
    assert 3 < count < 40
    assert sorted(file.name for file in folder.iterdir() if file.is_dir()) == []


def test_a_rebuild_in_several_batches_equals_one(whoosh: WhooshEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.search.whoosh_engine.BATCH", 2)
    whoosh.put([item("gone", "không còn")])
    whoosh.rebuild(LETTERS)
    assert whoosh.stamps() == {one.id: one.stamp for one in LETTERS}
    assert whoosh.healthy()


def test_every_file_is_on_disk_before_the_generation_appears(
    whoosh: WhooshEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    unsynced: list[str] = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        real_fsync(handle)

    def rename(old: str, new: str) -> None:
        if str(new).endswith(".toc"):
            files = [Path(old), *(file for file in Path(old).parent.glob(f"{INDEX_NAME}_*.*"))]
            unsynced.extend(file.name for file in files if file.stat().st_ino not in synced)
            synced.clear()
        real_rename(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    whoosh.rebuild(LETTERS)
    assert unsynced == []
    assert (tmp_path / "index").stat().st_ino in synced  # and the name of the new generation


LISTED = [*LETTERS, *(item(f"listed-{n}", "cùng một lời", f"trang {n}") for n in range(9))]
"""Enough items with the same words for lists in a file of their own."""


def open_files(folder: Path) -> int:
    links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    targets = [str(link.readlink()) for link in links if os.path.lexists(link)]
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8").count(str(folder))
    return mapped + sum(str(folder) in target for target in targets)


def test_sixty_commits_leak_no_file(whoosh: WhooshEngine, tmp_path: Path) -> None:
    reader = WhooshEngine(tmp_path / "index")
    most = 0
    for n in range(60):
        whoosh.put([item(f"p{n % 5}", f"lần {n}")])
        assert total(reader, f'"lần {n}"') == 1
        most = max(most, open_files(tmp_path / "index"))
    assert most < 80  # two engines, each with the few segments of one generation
    assert len(list((tmp_path / "index").iterdir())) < 60
    reader.close()
    whoosh.close()
    assert open_files(tmp_path / "index") == 0


def test_a_seeded_random_generator_repeats_no_segment(whoosh: WhooshEngine) -> None:
    for n in range(3):
        random.seed(20)
        whoosh.put([item(f"p{n}", f"lần {n}")])
    assert whoosh.healthy()
    assert [total(whoosh, f'"lần {n}"') for n in range(3)] == [1, 1, 1]


def test_a_truncated_or_missing_file_is_noticed_when_the_index_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    engine = WhooshEngine(folder)
    engine.rebuild(LISTED)
    engine.close()
    files = [file for file in folder.iterdir() if file.suffix and file.is_file()]
    assert len(files) >= 6
    for file in files:
        content = file.read_bytes()
        for damaged in (content[: len(content) // 2], b"", None):
            if damaged is None:
                file.unlink()
            else:
                file.write_bytes(damaged)
            reader = WhooshEngine(folder)
            with pytest.raises(IndexDamaged):
                reader.find(Query("hoa", EVERY_DOSSIER))
            with pytest.raises(IndexDamaged):
                reader.put([LETTERS[0]])
            assert not reader.healthy()
        file.write_bytes(content)
    assert WhooshEngine(folder).healthy()


def test_a_changed_byte_is_noticed_by_the_check_and_a_rebuild_repairs_it(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    engine = WhooshEngine(folder)
    engine.rebuild(LISTED)
    for file in sorted(folder.glob("*oms_*.*")):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0x55
        file.write_bytes(content)
        assert not WhooshEngine(folder).healthy(), file.name
        content[len(content) // 2] ^= 0x55
        file.write_bytes(content)
    toc = next(folder.glob("*.toc"))
    toc.write_bytes(b"garbage")
    repaired = WhooshEngine(folder)
    repaired.rebuild(LETTERS)
    assert repaired.healthy()
    assert repaired.ids() == {one.id for one in LETTERS}
    assert engine.find(Query("bris", EVERY_DOSSIER)).total == 1  # an engine opened before the damage goes on too


def test_a_writer_says_so_when_another_process_keeps_the_lock(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index", writer_wait=0.0)
    engine.rebuild([])
    lock = DurableStorage(tmp_path / "index", 1).lock(f"{INDEX_NAME}_WRITELOCK")
    assert lock.acquire()
    with pytest.raises(IndexBusy):
        engine.put([LETTERS[0]])
    lock.release()
    engine.put([LETTERS[0]])
    assert engine.ids() == {"hoa"}


@pytest.mark.usefixtures("hurried")
def test_many_threads_put_and_read_at_once(whoosh: WhooshEngine) -> None:
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for n in range(6):
                whoosh.put([item(f"{number}-{n}", f"luồng {number} lần {n}", f"chung {number} {n}")])
        except BaseException as error:
            failures.append(error)

    def read() -> None:
        try:
            for _ in range(60):
                found = whoosh.find(Query("chung luong", ALL, limit=100))
                assert found.total == len(found.matches)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert total(whoosh, "chung luong") == 24


def test_blocks_and_single_steps_read_the_same(whoosh: WhooshEngine) -> None:
    whoosh.put([item(f"p{n}", "chung " * (n % 3), "chung riêng " * (n % 5) + f"số {n}") for n in range(5000)])
    with whoosh._snapshot() as snapshot:
        for segment in snapshot.segments:
            for word in ("chung", "rieng", "so", "77"):

                def matcher() -> object:
                    return segment._terms.matcher("folded", word.encode(), segment._schema["folded"].format)  # noqa: B023

                blocks, steps = (
                    read(matcher(), segment.size) for read in (whoosh_segments._decode, whoosh_segments._step)
                )
                assert len(steps.places)
                assert np.array_equal(blocks.places, steps.places)
                assert np.array_equal(blocks.weights, steps.weights)


def test_many_small_commits_leave_few_segments(whoosh: WhooshEngine) -> None:
    for n in range(40):
        whoosh.put([item(f"p{n}", f"Trần {n}")])
    with whoosh._snapshot() as snapshot:
        assert len(snapshot.segments) < 15
