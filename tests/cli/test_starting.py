"""OMS refuses to start with one clear line: what it cannot write, keys that are none, settings nobody understands (CR-12).

A disk mounted for reading only needs root: `python bench/faults.py start`.
"""

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from oms import cli, installation
from oms.errors import Unavailable
from oms.settings import KEPT_KEYS, Settings, SettingsError, check_keys, kept_key, secret_key

NOBODY = 65534
DRAWN = "w7Yk2mQp9ZrT4vXs8NbC6hJd3LfG5aEu1KtP0oRi-_yW"


@pytest.fixture
def house() -> Iterator[Settings]:
    """The folders of an installation of another user than root, who passes every right."""
    home = Path(tempfile.mkdtemp())
    settings = Settings(home=home)
    installation.prepare_folders(settings)
    (settings.scans / "0a").mkdir(mode=0o700)
    for name in ("oms.sqlite3", "queue.sqlite3"):
        (home / name).touch(mode=0o600)
    if os.getuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    yield settings
    for path in (home, *home.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(home)


def refusal(settings: Settings) -> str:
    """What a start by that user says; nothing when it may begin."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=_start, args=(settings, theirs))
    process.start()
    said = str(ours.recv())
    process.join()
    return said


def _start(settings: Settings, said: Connection) -> None:
    if os.getuid() == 0:
        os.setuid(NOBODY)
    try:
        installation.require_writable(settings)
        said.send("")
    except Unavailable as error:
        said.send(str(error))


@pytest.mark.parametrize(
    "name", [".", "scans", "scans/0a", "index", "run", "oms.sqlite3", "queue.sqlite3"], ids=lambda name: name
)
def test_what_cannot_be_written_is_named(house: Settings, name: str) -> None:
    assert refusal(house) == ""
    path = house.home / name
    path.chmod(0o500 if path.is_dir() else 0o400)
    said = refusal(house)
    assert said.startswith(f"{path.resolve()} cannot be written by the user OMS runs as") and "chown -R" in said


def test_a_folder_that_is_still_to_be_made_needs_one_to_make_it_in(house: Settings) -> None:
    new = Settings(home=house.home / "run" / "new" / "oms")
    assert refusal(new) == ""
    (house.home / "run").chmod(0o500)
    assert refusal(new).startswith(f"{house.home / 'run'} cannot be written")


@pytest.mark.parametrize("name", KEPT_KEYS)
def test_a_key_that_others_can_read_or_nobody_drew_stops_the_start(tmp_path: Path, name: str) -> None:
    settings, path = Settings(home=tmp_path), tmp_path / name
    path.write_text(DRAWN, "ascii")
    path.chmod(0o600)
    check_keys(settings)
    assert kept_key(settings, name) == DRAWN
    for mode in (0o640, 0o604):
        path.chmod(mode)
        with pytest.raises(SettingsError, match=r"Others can read .*chmod 400"):
            check_keys(settings)
    path.chmod(0o600)
    for content, sentence in (
        ("", "has 0 characters"),
        (DRAWN[:31], "has 31 characters"),
        ("k" * 64, "stands in examples"),
        ("0123456789" * 6 + "changeme", "stands in examples"),
        (f"{DRAWN}-Please-CHANGE-ME", "stands in examples"),
    ):
        path.write_text(content, "ascii")
        with pytest.raises(SettingsError, match=sentence):
            check_keys(settings)
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(SettingsError, match="cannot be read"):
        check_keys(settings)


def test_a_key_in_the_settings_is_held_to_the_same(tmp_path: Path) -> None:
    assert secret_key(Settings(home=tmp_path, secret_key=DRAWN)) == DRAWN
    for key in ("short", "k" * 40, "example-" * 8):
        with pytest.raises(SettingsError):
            check_keys(Settings(home=tmp_path, secret_key=key))
    assert list(tmp_path.iterdir()) == [], "a look makes no key"


def test_keys_that_are_made_pass_and_leave_nothing_beside_them(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for name in KEPT_KEYS:
        assert len(kept_key(settings, name)) == 64
    check_keys(settings)
    assert {path.name for path in tmp_path.iterdir()} == set(KEPT_KEYS)


def test_the_server_says_it_in_one_line_before_it_forks(oms, world, settings: Settings) -> None:
    (settings.home / "secret.key").write_text("short", "ascii")
    answer = oms("serve", "--with-worker", "--port", 1)
    assert answer.code == cli.WRONG_USE and answer.out == ""
    assert answer.err.count("\n") == 1 and "secret.key" in answer.err
