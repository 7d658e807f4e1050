"""A sealed backup: opened by a private key it was made for, by nobody else, and only whole."""

import io
import random
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import audit, backup, db, drill, streams
from oms.backup import sealing
from oms.errors import BadInput, Conflict, Refused
from oms.settings import Settings, SettingsError
from tests import factories
from tests.factories import World

CANARY = "Nguyễn Thị Chim Hoàng Yến"


@pytest.fixture
def keys(tmp_path: Path) -> dict[Path, str]:
    """Two key files, the one of the safe and the one for trials, with their public keys."""
    return {path: sealing.new_key(path) for path in (tmp_path / "safe.key", tmp_path / "trial.key")}


@pytest.fixture
def sealed(engine: Engine, settings: Settings, world: World, keys: dict[Path, str], tmp_path: Path) -> Path:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], CANARY)
        audit.record(session, "dossier:create", dossier, actor=None)
    return backup.make(engine, replace(settings, backup_keys=" ".join(keys.values())), tmp_path / "night").archive


def test_each_key_opens_it_and_no_word_of_it_stands_in_the_file(
    sealed: Path, engine: Engine, settings: Settings, keys: dict[Path, str]
) -> None:
    assert CANARY.encode() not in sealed.read_bytes() and b"SQLite format" not in sealed.read_bytes()
    for key in keys:
        assert drill.drill(engine, settings, sealed, key=key).problems == ()


def test_without_the_key_or_with_another_nothing_is_touched(sealed: Path, settings: Settings, tmp_path: Path) -> None:
    sealing.new_key(other := tmp_path / "other.key")
    (wrong := tmp_path / "wrong.key").write_text("no key\n", "ascii")
    empty = replace(settings, home=tmp_path / "empty", database_url="")
    with pytest.raises(Refused, match="--key"):
        backup.restore(empty, sealed)
    with pytest.raises(Refused, match="not sealed to this key"):
        backup.restore(empty, sealed, key=other)
    with pytest.raises(BadInput, match="no key of backups"):
        backup.restore(empty, sealed, key=wrong)
    assert [path for path in empty.home.rglob("*") if path.is_file() and path.name != "in-use.lock"] == []


def test_a_flipped_byte_anywhere_and_a_cut_off_end_are_refused(
    sealed: Path, settings: Settings, keys: dict[Path, str], tmp_path: Path
) -> None:
    whole, key, chance = sealed.read_bytes(), next(iter(keys)), random.Random(7)
    empty = replace(settings, home=tmp_path / "empty", database_url="")
    places = [0, 7, 8, 20, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(15))]
    spoilt = [whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in places]
    for number, data in enumerate([*spoilt, whole[:-1], whole[: len(whole) // 2], whole + b"x", b""]):
        (file := tmp_path / f"spoilt-{number}.tar").write_bytes(data)
        with pytest.raises((BadInput, Refused)):
            backup.restore(empty, file, key=key)
    assert not (empty.home / "scans").exists() or not any(empty.scans.rglob("*"))


def test_a_setting_that_is_no_key_stops_the_backup(
    engine: Engine, settings: Settings, world: World, tmp_path: Path
) -> None:
    for wrong in ("abc", "zz" * 32, "00" * 31):
        with pytest.raises(SettingsError, match="OMS_BACKUP_KEYS"):
            backup.make(engine, replace(settings, backup_keys=wrong), tmp_path / "a")
    assert list(tmp_path.glob("a/backups/*.json")) == []


def test_a_key_is_never_written_over(keys: dict[Path, str]) -> None:
    for path in keys:
        assert path.stat().st_mode & 0o077 == 0
        with pytest.raises(Conflict, match="not written over"):
            sealing.new_key(path)


@pytest.mark.parametrize("size", [0, 1, streams.CHUNK - 1, streams.CHUNK, streams.CHUNK + 1, 3 * streams.CHUNK])
def test_a_stream_comes_back_as_it_was(size: int) -> None:
    data, key, prefix = random.Random(size).randbytes(size), b"k" * 32, b"p" * streams.PREFIX
    out = io.BytesIO()
    writer = streams.Writer(out, key, prefix, b"before")
    for start in range(0, size, 300_001):
        writer.write(data[start : start + 300_001])
    writer.finish()
    assert writer.size == len(out.getvalue())
    assert b"".join(streams.decrypt(key, prefix, b"before", io.BytesIO(out.getvalue()))) == data
    with pytest.raises(streams.Broken):
        list(streams.decrypt(key, prefix, b"behind", io.BytesIO(out.getvalue())))


def test_chunks_cannot_be_swapped_repeated_or_left_out() -> None:
    key, prefix, out = b"k" * 32, b"p" * streams.PREFIX, io.BytesIO()
    writer = streams.Writer(out, key, prefix, b"")
    writer.write(bytes(3 * streams.CHUNK))
    writer.finish()
    size = streams.CHUNK + streams.TAG
    one, two, three = (out.getvalue()[start : start + size] for start in range(0, 3 * size, size))
    for order in ((two, one, three), (one, one, three), (one, three), (one, two), (three,)):
        with pytest.raises(streams.Broken):
            list(streams.decrypt(key, prefix, b"", io.BytesIO(b"".join(order))))


def test_the_log_of_the_machine_goes_on(sealed: Path, session: Session) -> None:
    assert not audit.verify(session).finding
