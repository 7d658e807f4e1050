"""Storage: whole or not at all, named by content, never altered."""

import hashlib
import os
import stat

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
    assert storage.get(folder, sha256).read_bytes() == data
    assert list(storage.names(folder)) == [sha256]
    assert list(storage.leftovers(folder)) == []


def test_files_are_closed_to_other_users(tmp_path):
    sha256, _ = storage.put(tmp_path / "scans", [b"secret"])
    path = storage.get(tmp_path / "scans", sha256)
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
    assert storage.get(tmp_path, sha256).read_bytes() == b"good bytes"


def test_only_what_nobody_wants_again_is_taken_away(tmp_path):
    sha256, _ = storage.put(tmp_path, [b"orphan"])
    assert not storage.remove_old(tmp_path, sha256, 3600), "too young"
    assert storage.get(tmp_path, sha256).read_bytes() == b"orphan"
    os.utime(storage.path_of(tmp_path, sha256), (0, 0))
    assert storage.age_of(tmp_path, sha256) > 3600
    storage.put(tmp_path, [b"orphan"])
    assert not storage.remove_old(tmp_path, sha256, 3600), "putting the same bytes makes it young again"
    os.utime(storage.path_of(tmp_path, sha256), (0, 0))
    assert storage.remove_old(tmp_path, sha256, 3600)
    assert list(storage.names(tmp_path)) == [] and not storage.remove_old(tmp_path, sha256, 3600)
