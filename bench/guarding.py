"""The half of bench/guards.py that runs inside pytest, in the copy of the program with the switches.

Notes which guards each test passes; or, when that is known, takes out one guard after the other and runs the tests that
passed it, the most telling first, until one fails that holds again with the guard in its place. A test that takes too long
tells nothing: it is written down apart, and the next one is tried.
"""

import importlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

STATE = Path(os.environ["OMS_GUARDS"])
EVERY, DIRTY = 20, 77
SECONDS = int(os.environ.get("OMS_GUARD_SECONDS", "40"))
HELD, FAILED, LATE = "held", "failed", "late"


class TooLong(BaseException):
    """Not an `Exception`: nothing of the program or of a test takes it for its own."""


class Trial:
    """What is known so far, and how one test goes with one guard taken out."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = json.loads(STATE.read_text())
        self.switches = importlib.import_module("oms.switches")
        self.late = False
        signal.signal(signal.SIGALRM, self._too_long)

    def _too_long(self, *_: object) -> None:
        self.late = True
        raise TooLong

    def keep(self) -> None:
        """What is known, whole or as it was before."""
        new = STATE.with_suffix(".new")
        new.write_text(json.dumps(self.state))
        new.replace(STATE)

    def how(self, item: Any, number: int = -1) -> str:
        """`HELD`, `FAILED`, or `LATE` when its time was over, whatever came of it then."""
        self.switches.thrown, self.late = number, False
        self.switches.passed.clear()
        item._initrequest()
        signal.alarm(SECONDS)
        try:
            failed = any(report.failed for report in runtestprotocol(item, log=False, nextitem=item.session))
        except TooLong:
            failed = True
        finally:
            signal.alarm(0)
            self.switches.thrown = -1
        return LATE if self.late else FAILED if failed else HELD

    def look(self, items: list[Any]) -> None:
        """Which guards each test passes; one that does not hold as it is tells nothing."""
        for count, item in enumerate(items):
            if item.nodeid not in self.state["passes"]:
                holds = self.how(item) == HELD
                self.state["passes"][item.nodeid] = sorted(self.switches.passed) if holds else []
                if not holds:
                    self.state["broken"].append(item.nodeid)
                if count % EVERY == 0:
                    self.keep()
        self.state["looked"] = True
        self.keep()

    def throw(self, items: dict[str, Any]) -> None:
        """Each guard that waits, under the tests that pass it."""
        self.fresh = True
        for name in list(self.state["waiting"]):
            self._throw_one(name, items)
            self.keep()
        self.state["thrown"] = True
        self.keep()

    def _throw_one(self, name: str, items: dict[str, Any]) -> None:
        tried = self.state["tried"].setdefault(name, [])
        for nodeid in self.state["order"][name]:
            if nodeid not in items or nodeid in tried:
                continue
            came = self.how(items[nodeid], int(name))
            if came == FAILED:
                # What a failing test leaves behind may make the next one fail: then begin anew with this one.
                clean = self.how(items[nodeid]) == HELD
                if clean or self.fresh:
                    self.state["waiting"].remove(name)
                    self.state["killed"][name] = nodeid
                    self.keep()
                if not clean:
                    os._exit(DIRTY)
                self.fresh = False
                return
            tried.append(nodeid)
            if came == LATE:
                self.state["late"].setdefault(name, []).append(nodeid)
                self.keep()
                os._exit(DIRTY)  # it was cut off in the middle of something
            self.fresh = False


def pytest_runtestloop(session: pytest.Session) -> bool:
    """In the place of pytest's own."""
    trial = Trial()
    if "passes" in trial.state:
        trial.look(session.items)
    else:
        trial.throw({item.nodeid: item for item in session.items})
    return True
