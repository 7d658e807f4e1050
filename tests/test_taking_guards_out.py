"""What bench/guards.py counts: a test that is too long has noticed nothing, and what is old says nothing."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[1] / "bench"
TESTS = """
import time

from oms.switches import guard


def held(number):
    return guard(number, lambda: True, lambda: False)


def test_notices():
    assert held(0)


def test_is_cut_off():
    if not held(1):
        time.sleep(60)


def test_looks_away():
    assert held(2) in (True, False)


def test_swallows_that_it_was_cut_off():
    try:
        if not held(3):
            time.sleep(60)
    except BaseException:
        pass
"""


@pytest.fixture
def guards(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCH)
    return importlib.import_module("guards")


def test_a_test_that_takes_too_long_kills_nothing(guards: Any, tmp_path: Path) -> None:
    (tmp_path / "oms").mkdir()
    (tmp_path / "oms" / "__init__.py").touch()
    (tmp_path / "oms" / "switches.py").write_text(guards.SWITCHES)
    (tmp_path / "test_four.py").write_text(TESTS)
    names = ("notices", "is_cut_off", "looks_away", "swallows_that_it_was_cut_off")
    tests = [f"test_four.py::test_{name}" for name in names]
    state = tmp_path / "thrown.json"
    order = {str(number): [test] for number, test in enumerate(tests)}
    said = {"tried": {}, "killed": {}, "late": {}, "thrown": False, "waiting": list(order), "order": order}
    state.write_text(json.dumps(said))
    more = {"PYTHONPATH": f"{tmp_path}:{BENCH}", "OMS_GUARDS": str(state), "OMS_GUARD_SECONDS": "1"}
    for _run in range(4):  # it begins anew after a test that was cut off
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "guarding", "test_four.py"]
        subprocess.run(command, cwd=tmp_path, env={**os.environ, **more}, capture_output=True, check=False)
        said = json.loads(state.read_text())
        if said["thrown"]:
            break
    assert said["killed"] == {"0": tests[0]} and said["waiting"] == ["1", "2", "3"]
    assert said["late"] == {"1": [tests[1]], "3": [tests[3]]}


def switch(guards: Any, line: int, kept: str, lines: str) -> Any:
    return guards.Switch("oms/a.py", line, "do", kept, "None", True, lines)


def test_what_was_found_of_other_lines_or_by_other_tests_is_forgotten(guards: Any) -> None:
    before = [
        switch(guards, 3, "require(actor, A)", "    require(actor, A)"),
        switch(guards, 4, "require(actor, B)", "    require(actor, B)"),
        switch(guards, 5, "require(actor, A)", "    require(actor, A)"),
    ]
    after = [before[2], switch(guards, 9, "require(actor, B)", "    if late: require(actor, B)"), before[0]]
    numbers = guards.moved(before, after)
    assert numbers == {0: 0, 2: 2}, "the line around the second one is another now"
    thrown = {
        "tried": {"0": ["a.py::x", "b.py::y"]},
        "late": {"1": ["a.py::x"], "2": ["a.py::x", "b.py::y"]},
        "killed": {"0": "a.py::x", "1": "a.py::x", "2": "b.py::y"},
    }
    kept = guards.still_true(thrown, numbers, changed={"b.py"})
    assert kept == {"tried": {"0": ["a.py::x"]}, "late": {"2": ["a.py::x"]}, "killed": {"0": "a.py::x"}}
