"""Commands that began before the data got new keys: none of them loses what it was told is written, or harms the copy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text

from oms import db, profile, rekeying, vault
from oms.cli import opening
from oms.errors import Conflict
from oms.models import Fact
from oms.vault import keeping
from tests.vault.conftest import Killed
from tests.vault.test_rekeying import is_readable, say_settings, start

# With the keys of before, past what a command asks first; each step when it is told on its standard input.
STUBBORN = """
import sys
from pathlib import Path
from oms import db, vault
from oms.models import Fact
from oms.settings import Settings

settings = Settings(home=Path(sys.argv[1]), profile="protection", vault_key=sys.argv[2])
vault.unlock(settings)
print("unlocked", flush=True)
sys.stdin.readline()
engine = db.connect(settings.database)
try:
    with db.writing(engine) as session:
        session.add(Fact(key="waiter", value="done"))
    print("committed", flush=True)
except Exception:
    print("failed", flush=True)
sys.stdin.readline()
"""
COMMAND = """
import sys
from oms import db
from oms.cli.opening import open_house
from oms.models import Fact

print("began", flush=True)
house = open_house()
with db.writing(house.engine) as session:
    session.add(Fact(key="waiter", value="done"))
print("committed", flush=True)
sys.stdin.readline()
"""


class Other:
    """Another process, spoken to line by line; it ends with the block."""

    def __init__(self, program, *values):
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, values)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_raised):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def says(self):
        return self.process.stdout.readline().strip()

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()


def for_commands(settings, monkeypatch):
    """Let commands find the house, with the signs of its kind that a real one has."""
    say_settings(settings, monkeypatch)
    profile.mark(settings)
    engine = db.connect(settings.database)
    with db.writing(engine) as session:
        session.add(Fact(key=profile.MARKER, value=profile.PROTECTION))
    engine.dispose()


def facts_of(settings):
    """What is written in the house after a start, whose database is whole."""
    engine = start(settings)
    try:
        with db.reading(engine) as session:
            assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
            return set(session.scalars(select(Fact.key)))
    finally:
        engine.dispose()


def test_a_process_that_waited_fails_and_harms_nothing(house, monkeypatch):
    """It has the former keys and the former file open, and stays on."""
    settings, engine = house
    engine.dispose()
    real = rekeying._copy
    with Other(STUBBORN, settings.home, settings.vault_key) as other:
        assert other.says() == "unlocked"

        def copying(*args):
            other.go_on()
            _until_it_has_open(other.process, settings.home / keeping.DATABASE)
            return real(*args)

        monkeypatch.setattr(rekeying, "_copy", copying)
        heard = []

        def locked(given):  # whoever waited for the database has it now, if it was let go of
            heard.append(other.says())
            return real_lock(given)

        real_lock = keeping.lock
        monkeypatch.setattr(keeping, "lock", locked)
        rekeying.begin(settings)
        assert heard == ["failed"]
        assert not [path.name for path in settings.home.glob("oms.sqlite3?*")]
        is_readable(settings)
        assert "waiter" not in facts_of(settings)
    assert "waiter" not in facts_of(settings)
    is_readable(settings)


def _until_it_has_open(process, path):
    while not any(_target(entry) == path for entry in Path(f"/proc/{process.pid}/fd").iterdir()):
        assert process.poll() is None, "it ended before"
        os.sched_yield()


def _target(entry):
    try:
        return entry.readlink()
    except FileNotFoundError:
        return None


def test_after_a_kill_the_copy_takes_no_name_while_somebody_has_the_former_one_open(house, monkeypatch):
    settings, engine = house
    engine.dispose()

    def dies(*_args):
        raise Killed

    with Other(STUBBORN, settings.home, settings.vault_key) as other:
        assert other.says() == "unlocked"
        with monkeypatch.context() as patch:
            patch.setattr(keeping, "exchange_database", dies)
            with pytest.raises(Killed):
                rekeying.begin(settings)
        other.go_on()
        assert other.says() == "committed"
        vault.lock(settings)
        with pytest.raises(vault.VaultClosed, match="Wait until it has ended"):
            vault.unlock(settings)
    (settings.home / "oms.sqlite3-wal").write_bytes(b"of a process that was killed")
    is_readable(settings)
    facts_of(settings)
    assert not [path.name for path in settings.home.glob("oms.sqlite3.*")]


def test_a_command_is_not_overtaken_and_one_that_comes_meanwhile_waits(house, monkeypatch):
    settings, engine = house
    engine.dispose()
    for_commands(settings, monkeypatch)
    with Other(COMMAND) as before:
        assert [before.says(), before.says()] == ["began", "committed"]
        with pytest.raises(Conflict, match="is running in"):
            rekeying.begin(settings)
    assert "waiter" in facts_of(settings)
    engine = start(settings)
    with db.writing(engine) as session:
        session.delete(session.get(Fact, "waiter"))
    engine.dispose()
    others, real = [], rekeying._copy

    def copying(*args):
        others.append(Other(COMMAND))
        assert others[0].says() == "began"
        _until_it_has_open(others[0].process, settings.home / "run" / "in-use.lock")
        return real(*args)

    monkeypatch.setattr(rekeying, "_copy", copying)
    rekeying.begin(settings)
    with others[0] as meanwhile:
        assert meanwhile.says() == "committed"
    assert "waiter" in facts_of(settings) and rekeying.is_under_way(settings)


def test_a_house_that_was_closed_holds_up_nobody(house, monkeypatch):
    settings, engine = house
    engine.dispose()
    for_commands(settings, monkeypatch)
    opened = opening.open_house()
    with pytest.raises(Conflict, match="is running in"):
        rekeying.begin(settings)
    opened.close()
    rekeying.begin(settings)
    is_readable(settings)
