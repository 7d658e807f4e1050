"""Storage: whole or not at all, named by content, never altered."""

import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms import storage
from oms.errors import NotFound, Unavailable


@settings(max_examples=25, deadline=None)
@given(pieces=st.lists(st.binary(max_size=2000), max_size=5))
def test_what_was_put_comes_back(tmp_path_factory, pieces):
    folder = tmp_path_factory.mktemp("scans")
    data = b"".join(pieces)
    sha256, size = storage.put(folder, pieces)
    assert sha256 == hashlib.sha256(data).hexdigest() and size == len(data)
    assert storage.read(folder, sha256) == data
    assert list(storage.names(folder)) == [sha256]
    assert list(storage.leftovers(folder)) == []


def test_files_are_closed_to_other_users(tmp_path):
    sha256, _ = storage.put(tmp_path / "scans", [b"secret"])
    path = storage.path_of(tmp_path / "scans", sha256)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
def test_a_name_is_64_hex_digits_and_nothing_else(tmp_path, name):
    with pytest.raises(NotFound):
        storage.path_of(tmp_path, name)


def test_a_source_that_breaks_leaves_nothing(tmp_path):
    def pieces():
        yield b"first"
        raise ConnectionResetError

    with pytest.raises(Unavailable):
        storage.put(tmp_path, pieces())
    assert list(tmp_path.rglob("*")) == []


def test_a_full_disk_is_said_in_words(tmp_path):
    (tmp_path / "scans").write_text("a file where the folder should be")
    with pytest.raises((Unavailable, FileExistsError)):
        storage.put(tmp_path / "scans", [b"x"])


def test_a_damaged_object_is_replaced_by_good_bytes(tmp_path):
    sha256, _ = storage.put(tmp_path, [b"good bytes"])
    storage.path_of(tmp_path, sha256).write_bytes(b"bad! bytes")
    storage.put(tmp_path, [b"good bytes"])
    assert storage.read(tmp_path, sha256) == b"good bytes"


def test_only_what_nobody_wants_again_is_taken_away(tmp_path):
    sha256, _ = storage.put(tmp_path, [b"orphan"])
    assert not storage.remove_old(tmp_path, sha256, 3600), "too young"
    assert storage.read(tmp_path, sha256) == b"orphan"
    os.utime(storage.path_of(tmp_path, sha256), (0, 0))
    assert storage.age_of(tmp_path, sha256) > 3600
    storage.put(tmp_path, [b"orphan"])
    assert not storage.remove_old(tmp_path, sha256, 3600), "putting the same bytes makes it young again"
    os.utime(storage.path_of(tmp_path, sha256), (0, 0))
    assert storage.remove_old(tmp_path, sha256, 3600)
    assert list(storage.names(tmp_path)) == [] and not storage.remove_old(tmp_path, sha256, 3600)


def test_two_that_put_the_same_at_once_do_not_take_it_from_each_other(tmp_path, monkeypatch):
    put = [storage.put_marked(tmp_path, [b"same"])]
    with monkeypatch.context() as patch:  # the second one looked before the first one was there
        patch.setattr(storage, "_same", lambda *_: False)
        put.append(storage.put_marked(tmp_path, [b"same"]))
    assert not storage.take_back(tmp_path, put[0]) and storage.read(tmp_path, put[0].sha256) == b"same"
    assert storage.take_back(tmp_path, put[1]) and not list(storage.names(tmp_path))
    assert not storage.take_back(tmp_path, put[1]) and not list(storage.leftovers(tmp_path))


@pytest.mark.parametrize("way", ["put", "move"])
def test_bytes_are_on_disk_before_their_name_and_the_name_before_anybody_goes_on(tmp_path, monkeypatch, way):
    """What a power cut would leave: never a name without its bytes, never an answer without a name."""
    source, folder, seen = tmp_path / "source", tmp_path / "scans", []
    source.write_bytes(b"bytes")
    fsync, rename = os.fsync, type(source).rename

    def watch_fsync(descriptor):
        seen.append(("fsync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        fsync(descriptor)

    def watch_rename(path, target):
        seen.append(("rename", str(target)))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", watch_fsync)
    monkeypatch.setattr(type(source), "rename", watch_rename)
    if way == "put":
        target = storage.path_of(folder, storage.put_file(folder, source)[0])
    else:
        storage.move(source, target := folder / "layers" / "page.pdf")
        assert not source.exists()
    renamed = seen.index(("rename", str(target)))
    written = next(place for what, place in seen if what == "fsync" and ".part-" in place)
    assert seen.index(("fsync", written)) < renamed < seen.index(("fsync", str(target.parent)))
    assert ("fsync", str(folder)) in seen, "a new folder is a name, too"
    assert target.read_bytes() == b"bytes"
