"""A plugin of pytest: every request, command and job of a run is held against the log (`bench/audit_run.py`).

    python -m pytest -p tests.recorded_run tests/web

`AT2_KEPT` names the file the findings are added to, one JSON document a line. With `AT2_HOSTILE` each text of each form
and body gets a NUL, half a character and bytes that are no UTF-8 at its end; what the tests then say of it counts for
nothing, what was committed is judged as ever.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests import hostile_bodies
from tests.accounting import faults, is_counted, unseen
from tests.recording import Act, Entry, Recorder

KEPT = os.environ.get("AT2_KEPT", "")
HOSTILE = os.environ.get("AT2_HOSTILE", "")


class Judge:
    """Counts acts, and keeps what is wrong with them under the test in which it was seen."""

    def __init__(self) -> None:
        self.recorder, self.test = Recorder(), ""
        self.counted: Counter[str] = Counter()
        self.found: list[str] = []
        self.before: list[Entry] = []
        self.recorder.over = self.judge

    def judge(self, act: Act) -> None:
        """One act that is over."""
        changing = any(map(is_counted, act.changes))
        self.counted.update({act.kind: 1, "changing": changing, "entries": len(act.entries)})
        self.counted["looks"] += not changing and any(entry.outcome == "done" for entry in act.entries)
        said = [*faults(act), *unseen(act, self.before)]
        self.before += [entry for entry in act.entries if entry.outcome == "done"]
        if HOSTILE and act.status >= 500:
            said.append(f"answered {act.status}")
        self.found += [f"{self.test}: {act.name} {act.status}: {one}" for one in said]

    def pytest_sessionstart(self) -> None:
        """Listen."""
        self.recorder.start()
        self.recorder.follow()
        if HOSTILE:
            hostile_bodies.spoil_all()

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Remember where we are."""
        self.test, self.before = item.nodeid, []

    def pytest_sessionfinish(self) -> None:
        """Add the findings to the file."""
        if KEPT:
            with Path(KEPT).open("a", encoding="utf-8") as kept:
                kept.write(json.dumps({"counted": self.counted, "found": self.found}) + "\n")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say it."""
        terminalreporter.write_line(f"recorded: {dict(self.counted)}, {len(self.found)} found")
        for line in self.found[:200]:
            terminalreporter.write_line(f"not as the log says: {line}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Put it into the run."""
    config.pluginmanager.register(Judge(), "recorded")
