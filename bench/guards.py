"""Is every guard proved? Each one is taken out, one at a time, and some test must notice (AZ-9).

    python bench/guards.py --kept FOLDER [--sample N] [--only PART] [--tests PART …] [--most N] [--again]

Copies the program and puts a switch into it at each `require`, `require_confirmed`, `allowed` and `can`, and at each
comparison of `oms/permissions/`. Every test runs once, and what it passes is noted; then one guard after the other is taken
out, and the tests that pass it run, the most telling first, until one fails. A guard that forty tests pass and none
misses is printed.
FOLDER is kept: a second run goes on where the first was stopped, with the program as it was then. `--again` takes the tests
anew, and what was missed by nobody is tried with those that are new or others now. `--sample 60` throws sixty switches,
chosen by lot and always the same; `--only` those in files with that in their path, `--tests` uses such test files alone.
Ends with 1 when a guard may go unnoticed, or fewer than 98 % of all.
"""

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GUARDS = {
    "require": "None",
    "require_confirmed": "None",
    "allowed": "sa_true()",
    "can": "True",
}
FLIPPED = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
SAID_IN_SQL = {"in_": "not_in", "not_in": "in_", "is_": "is_not", "is_not": "is_"}
COPIED = ("oms", "tests", "templates", "docs", "deploy", "bench", "setup.cfg", "pyproject.toml", "wsgi.py", "requirements.lock", "Makefile")  # fmt: skip
# Rooms of tests that know no dossier, and files that look at the source itself or at every address.
ELSEWHERE = (
    "recognition",
    "box",
    "specimens",
    "vietnamese",
    "search",
    "journeys",
    "templates",
)
OF_THE_SOURCE = (
    "test_architecture.py",
    "test_code_rules.py",
    "test_asvs_table.py",
    "test_translations.py",
    "test_killed.py",
    "test_routes.py",
    "test_hostile_input.py",
)
PATIENCE = 7_200
ENOUGH = 0.98
# Tests that pass a guard and do not notice, before it counts as missed by nobody.
MOST_TESTS = 40
# Call every function that asks for a right: a guard in front of a function is missed here first.
AT_THE_DOOR = ("test_guards_at_the_door.py", "test_each_right_is_asked.py")
# What proves the tables of rights themselves.
DECIDING = ("test_rights.py", "test_permissions.py", "test_invariants.py", "test_search_leaks.py")
SWITCHES = '''"""Switches of bench/guards.py; not part of the program."""

import os

from sqlalchemy import true as sa_true

thrown = int(os.environ.get("OMS_GUARD", "-1"))
passed = set()


def guard(number, kept, gone):
    """What the guard says, or what is said without it."""
    passed.add(number)
    return gone() if number == thrown else kept()
'''
# Notes which guards each test passes; or, when that is known, takes out one guard after the other and runs the tests that
# passed it, the most telling first, until one fails that holds again with the guard in its place.
PLUGIN = """import json
import os
import signal
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from oms import switches

STATE = Path(os.environ["OMS_GUARDS"])
state = json.loads(STATE.read_text())
EVERY, SECONDS, DIRTY = 20, 40, 77


def keep():
    new = STATE.with_suffix(".new")
    new.write_text(json.dumps(state))
    new.replace(STATE)


def failed(item, number=-1):
    switches.thrown = number
    switches.passed.clear()
    item._initrequest()
    signal.alarm(SECONDS)
    try:
        return any(report.failed for report in runtestprotocol(item, log=False, nextitem=item.session))
    finally:
        signal.alarm(0)
        switches.thrown = -1


def too_long(*_):
    raise TimeoutError


def look(items):
    for count, item in enumerate(items):
        if item.nodeid not in state["passes"]:
            wrong = failed(item)
            state["passes"][item.nodeid] = [] if wrong else sorted(switches.passed)
            if wrong:
                state["broken"].append(item.nodeid)
            if count % EVERY == 0:
                keep()
    state["looked"] = True
    keep()


def throw(items):
    fresh = True
    for name in list(state["waiting"]):
        tried = state["tried"].setdefault(name, [])
        for nodeid in state["order"][name]:
            if nodeid not in items or nodeid in tried:
                continue
            if failed(items[nodeid], int(name)):
                # What a failing test leaves behind may make the next one fail: then begin anew with this one.
                clean = not failed(items[nodeid])
                if clean or fresh:
                    state["waiting"].remove(name)
                    state["killed"][name] = nodeid
                    keep()
                if not clean:
                    os._exit(DIRTY)
                fresh = False
                break
            tried.append(nodeid)
            fresh = False
        keep()
    state["thrown"] = True
    keep()


def pytest_runtestloop(session):
    signal.signal(signal.SIGALRM, too_long)
    if "passes" in state:
        look(session.items)
    else:
        throw({item.nodeid: item for item in session.items})
    return True
"""


@dataclass(frozen=True)
class Switch:
    """One place of the source: what stands there, and what stands there when the switch is thrown."""

    path: str
    line: int
    function: str
    kept: str
    gone: str
    removed: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {' '.join(self.kept.split())[:90]}"


def places(source: str, of_permissions: bool) -> Iterator[tuple[int, int, str, bool]]:
    """Where a switch belongs: start and end in the source, what stands there otherwise, whether a call goes."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.expr):
            continue
        begin, end = (
            starts[node.lineno - 1] + node.col_offset,
            starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0),
        )
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        owner = getattr(node.func, "value", None) if isinstance(node, ast.Call) else None
        plain = owner is None or getattr(owner, "id", "") == "permissions"
        if name in GUARDS and plain:
            # `can` also decides what is only shown: it counts among the comparisons.
            yield begin, end, GUARDS[name], name != "can"
        elif of_permissions and name in SAID_IN_SQL and isinstance(node.func, ast.Attribute):
            whole, front = (
                source.encode()[begin:end],
                (node.func.value.end_lineno or 0, node.func.value.end_col_offset or 0),
            )
            cut = starts[front[0] - 1] + front[1] - begin
            other = whole[:cut] + whole[cut:].replace(f".{name}(".encode(), f".{SAID_IN_SQL[name]}(".encode(), 1)
            yield begin, end, other.decode(), False
        elif of_permissions and isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in FLIPPED:
            left, right = (
                ast.get_source_segment(source, node.left),
                ast.get_source_segment(source, node.comparators[0]),
            )
            yield begin, end, f"({left}) {FLIPPED[type(node.ops[0])]} ({right})", False


def function_at(source: str, line: int) -> str:
    """The name of the function around a line, or of the module's own when there is none."""
    inside = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return min(inside, key=lambda node: (node.end_lineno or 0) - node.lineno).name if inside else "<module>"


def build(copy: Path) -> list[Switch]:
    """The copy with its switches; their numbers are their places in the list. One that is there is used as it is."""
    listed = copy / "switches.json"
    if listed.exists():
        return [Switch(*one) for one in json.loads(listed.read_text())]
    copy.mkdir(parents=True)
    for name in COPIED:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
    found: list[Switch] = []
    for path in sorted((copy / "oms").rglob("*.py")):
        source = path.read_text()
        name = str(path.relative_to(copy))
        inside = name.startswith("oms/permissions/")
        if name == "oms/permissions/deciding.py":
            # The questions themselves: their comparisons count, their calls of each other are no guards.
            todo = [one for one in places(source, True) if not one[3]]
        else:
            todo = list(places(source, inside))
        # The demo chooses among what is possible: nobody is refused there.
        if not todo or path.name.startswith("demo"):
            continue
        text, inserted = source.encode(), []
        for begin, end, gone, removed in sorted(todo, key=lambda one: (one[0], -one[1])):
            number = len(found)
            line = text[:begin].count(b"\n") + 1
            found.append(
                Switch(
                    name,
                    line,
                    function_at(source, line),
                    text[begin:end].decode(),
                    gone,
                    removed,
                )
            )
            # Of two that begin at one place the outer one opens first; of two that end there it closes last.
            inserted.append((begin, 1, number, f"_guard({number}, lambda: ("))
            inserted.append((end, 0, -number, f"), lambda: ({gone}))"))
        for at, _closing, _number, words in sorted(inserted, reverse=True):
            text = text[:at] + words.encode() + text[at:]
        body = ast.parse(source).body
        first = next(
            one
            for one in body
            if isinstance(one, ast.Import | ast.ImportFrom) and getattr(one, "module", "") != "__future__"
        )
        lines = text.decode().split("\n")
        lines.insert(first.lineno - 1, "from oms.switches import guard as _guard, sa_true")
        path.write_text("\n".join(lines))
    (copy / "oms" / "switches.py").write_text(SWITCHES)
    (copy / "guards_plugin.py").write_text(PLUGIN)
    listed.write_text(json.dumps([astuple(one) for one in found]))
    return found


def run(copy: Path, names: list[str], **environment: str) -> int:
    """Run tests of the copy; what pytest ended with, 1 when it took too long."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=native", "-p", "no:cacheprovider"]
    command += ["-m", "not browser and not slow"]
    try:
        done = subprocess.run(
            [*command, *names], cwd=copy, capture_output=True, timeout=PATIENCE, check=False,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1
    return done.returncode


def tests_of(copy: Path, parts: list[str]) -> list[str]:
    """The test files that may notice; those about the source itself or about no dossier are left out."""
    files = (file.relative_to(copy) for file in (copy / "tests").rglob("test_*.py"))
    return sorted(
        str(file)
        for file in files
        if file.parts[1] not in ELSEWHERE and file.name not in OF_THE_SOURCE and "in_browser" not in file.name
        if not parts or any(part in str(file) for part in parts)
    )


def take_tests_anew(copy: Path, kept: Path) -> None:
    """The tests as they are now; what was known of those that changed is forgotten."""
    changed = set()
    for file in (ROOT / "tests").rglob("*.py"):
        there = copy / file.relative_to(ROOT)
        if not there.exists() or there.read_bytes() != file.read_bytes():
            changed.add(str(file.relative_to(ROOT)))
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, there)
    passes, thrown = kept / "passes.json", kept / "thrown.json"
    if passes.exists():
        state = _read(passes)
        state["passes"] = {one: told for one, told in state["passes"].items() if one.partition("::")[0] not in changed}
        _write(passes, state)
    if thrown.exists():
        state = _read(thrown)
        for name, tried in state["tried"].items():
            state["tried"][name] = [one for one in tried if one.partition("::")[0] not in changed]
        _write(thrown, state)


def _read(file: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(file.read_text())
    return said


def _write(file: Path, said: dict[str, Any]) -> None:
    file.write_text(json.dumps(said))


def order(switch: Switch, number: int, passes: dict[str, list[int]]) -> list[str]:
    """The tests that pass a guard: first those about its room, then those that pass few others."""
    room, module = Path(switch.path).parts[1].removesuffix(".py").rstrip("s"), Path(switch.path).stem.rstrip("s")

    def telling(nodeid: str) -> tuple[int, int]:
        file = Path(nodeid.partition("::")[0]).name
        deciding = file in DECIDING and switch.path.startswith("oms/permissions/")
        own = (room in nodeid) + 2 * (module in nodeid) + deciding
        return -(own + 4 * (file in AT_THE_DOOR)), len(passes[nodeid])

    return sorted((nodeid for nodeid, numbers in passes.items() if number in numbers), key=telling)


def throw(copy: Path, switches: list[Switch], chosen: list[int], given: argparse.Namespace) -> dict[str, str]:
    """Which test misses each guard; goes on where it was stopped."""
    files, passes, thrown = tests_of(copy, given.tests), given.kept / "passes.json", given.kept / "thrown.json"
    looked = _read(passes) if passes.exists() else {"passes": {}, "broken": []}
    looked["looked"] = False
    while not looked["looked"]:
        _write(passes, looked)
        run(copy, ["-p", "guards_plugin", *files], OMS_GUARDS=str(passes))
        looked = _read(passes)
        print(f"{len(looked['passes'])} tests looked at, {len(looked['broken'])} fail as they are", flush=True)
    said = _read(thrown) if thrown.exists() else {"tried": {}, "killed": {}}
    said |= {"waiting": [str(one) for one in chosen if str(one) not in said["killed"]], "order": {}, "thrown": False}
    for one in said["waiting"]:
        tried = said["tried"].get(one, [])
        left = [test for test in order(switches[int(one)], int(one), looked["passes"]) if test not in tried]
        said["order"][one] = [test for test in left if test.partition("::")[0] in files][: given.most]
    while not said["thrown"] and any(said["order"].values()):
        _write(thrown, said)
        names = sorted({test.partition("::")[0] for one in said["waiting"] for test in said["order"][one]})
        run(copy, ["-p", "guards_plugin", *names], OMS_GUARDS=str(thrown))
        said = _read(thrown)
        print(f"{len(said['killed'])} noticed, {len(said['waiting'])} wait", flush=True)
    # What is decided while the program is loaded cannot be switched afterwards.
    passed = {str(number) for numbers in looked["passes"].values() for number in numbers}
    for name in [one for one in said["waiting"] if one not in passed]:
        if not switches[int(name)].path.startswith("oms/permissions/"):
            continue
        if run(copy, ["-x", *tests_of(copy, list(DECIDING))], OMS_GUARD=name):
            said["waiting"].remove(name)
            said["killed"][name] = "while it is loaded"
            _write(thrown, said)
    killed: dict[str, str] = said["killed"]
    return killed


def main() -> int:
    """Build, look, throw one switch after the other; say what nobody missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--kept",
        type=Path,
        required=True,
        help="folder for the copy and what was found so far",
    )
    parser.add_argument(
        "--sample",
        type=int,
        default=0,
        help="throw only so many switches, chosen by lot",
    )
    parser.add_argument("--only", default="", help="only switches of files with this in their path")
    parser.add_argument("--tests", nargs="*", default=[], help="only test files with one of these in their path")
    parser.add_argument("--most", type=int, default=MOST_TESTS, help="tests tried for each switch")
    parser.add_argument("--again", action="store_true", help="take the tests anew")
    given = parser.parse_args()
    copy = given.kept / "copy"
    switches = build(copy)
    print(
        f"{len(switches)} switches, {sum(one.removed for one in switches)} of them calls of guards",
        flush=True,
    )
    chosen = [number for number, one in enumerate(switches) if given.only in one.path]
    if given.sample:
        chosen = sorted(random.Random(9).sample(chosen, min(given.sample, len(chosen))))
    if given.again:
        take_tests_anew(copy, given.kept)
    killed = throw(copy, switches, chosen, given)
    missed = [switches[number] for number in chosen if str(number) not in killed]
    for one in missed:
        print(f"nobody misses {one}")
    share = 1 - len(missed) / len(chosen)
    calls = [one for one in missed if one.removed]
    print(f"{len(chosen)} of {len(switches)} guards taken out: {share:.1%} noticed, {len(calls)} calls unnoticed")
    return int(bool(calls) or share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
