"""Is every guard proved? Each one is taken out, one at a time, and some test must notice (AZ-9).

    python bench/guards.py [--kept FOLDER] [--sample N] [--only PART] [--tests PART …] [--most N] [--again]

Copies the program and puts a switch into it at each `require`, `require_confirmed`, `allowed` and `can`, and at each
comparison of `oms/permissions/`. Every test runs once, and what it passes is noted; then one guard after the other is taken
out, and the tests that pass it run, the most telling first, until one fails. A guard that forty tests pass and none
misses is printed.
A test that takes too long has noticed nothing: guards under which only that happened are told apart and count as missed.
FOLDER is kept: a second run goes on where the first was stopped, with the program as it was then. `--again` takes program
and tests anew; what was found of a guard whose lines are others now, or by a test that is another now, is forgotten, and what
was missed by nobody is tried with the tests that are new or others. `--sample 60` throws sixty switches, chosen by lot and
always the same; `--only` those in files with that in their path, `--tests` uses such test files alone.
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
import tempfile
from collections import Counter
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
"""Seconds for one run of pytest; it goes on where it was."""
LATE, NOTICED = 124, (1, 2)
"""What a run ended with: cut off for its length; tests that failed, or could not even be loaded."""
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


@dataclass(frozen=True)
class Switch:
    """One place of the source: what stands there, and what stands there when the switch is thrown."""

    path: str
    line: int
    function: str
    kept: str
    gone: str
    removed: bool
    lines: str = ""

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
            line, last = (text[:at].count(b"\n") + 1 for at in (begin, end))
            found.append(
                Switch(
                    name,
                    line,
                    function_at(source, line),
                    text[begin:end].decode(),
                    gone,
                    removed,
                    "\n".join(source.split("\n")[line - 1 : last]),
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
    shutil.copy(ROOT / "bench" / "guarding.py", copy / "guarding.py")
    listed.write_text(json.dumps([astuple(one) for one in found]))
    return found


def run(copy: Path, names: list[str], **environment: str) -> int:
    """Run tests of the copy; what pytest ended with, `LATE` when it took too long."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=native", "-p", "no:cacheprovider"]
    command += ["-m", "not browser and not slow"]
    try:
        done = subprocess.run(
            [*command, *names], cwd=copy, capture_output=True, timeout=PATIENCE, check=False,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return LATE
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


def changed_tests(copy: Path) -> set[str]:
    """The files below `tests/` that are not what the copy has."""
    changed = set()
    for file in (ROOT / "tests").rglob("*.py"):
        there = copy / file.relative_to(ROOT)
        if not there.exists() or there.read_bytes() != file.read_bytes():
            changed.add(str(file.relative_to(ROOT)))
    return changed


def moved(before: list[Switch], after: list[Switch]) -> dict[int, int]:
    """Old and new number of each switch whose lines are the same; of several that are alike, the first is the first."""

    def named(switches: list[Switch]) -> dict[tuple[object, ...], int]:
        seen, found = Counter[tuple[object, ...]](), {}
        for number, one in enumerate(switches):
            key = (one.path, one.function, one.kept, one.gone, one.lines)
            found[*key, seen[key]] = number
            seen[key] += 1
        return found

    now = named(after)
    return {number: now[key] for key, number in named(before).items() if key in now}


def still_true(thrown: dict[str, Any], numbers: dict[int, int], changed: set[str]) -> dict[str, Any]:
    """What was found and still says something: of guards with the same lines, by tests that are the same."""

    def same(test: str) -> bool:
        return test.partition("::")[0] not in changed

    kept = {name: str(numbers[int(name)]) for name in {*thrown["tried"], *thrown["killed"]} if int(name) in numbers}
    tried, late = ({kept[one]: list(filter(same, told)) for one, told in thrown.get(of, {}).items() if one in kept}
                   for of in ("tried", "late"))  # fmt: skip
    killed = {kept[one]: by for one, by in thrown["killed"].items() if one in kept and same(by)}
    return {"tried": tried, "late": late, "killed": killed}


def take_anew(kept: Path) -> list[Switch]:
    """Program and tests as they are now, with what is still true of what was found before."""
    before, old = build(kept / "copy"), kept / "before"
    changed = changed_tests(kept / "copy")
    shutil.rmtree(old, ignore_errors=True)
    (kept / "copy").rename(old)
    after = build(kept / "copy")
    shutil.rmtree(old)
    numbers, passes, thrown = moved(before, after), kept / "passes.json", kept / "thrown.json"
    if thrown.exists():
        _write(thrown, still_true(_read(thrown), numbers, changed))
    # Which tests pass a new guard is not known before all were looked at.
    if passes.exists() and len(numbers) == len(after):
        looked = _read(passes)
        sound = {test: told for test, told in looked["passes"].items() if test not in looked["broken"]}
        same = {test: told for test, told in sound.items() if test.partition("::")[0] not in changed}
        told = {test: [numbers[one] for one in through if one in numbers] for test, through in same.items()}
        _write(passes, {"passes": told, "broken": []})
    else:
        passes.unlink(missing_ok=True)
    print(f"{len(before) - len(numbers)} guards and {len(changed)} files of tests are others now", flush=True)
    return after


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


def throw(copy: Path, switches: list[Switch], chosen: list[int], given: argparse.Namespace) -> dict[str, Any]:
    """Which test misses each guard, and which were too long to tell; goes on where it was stopped."""
    files, passes, thrown = tests_of(copy, given.tests), given.kept / "passes.json", given.kept / "thrown.json"
    looked = _read(passes) if passes.exists() else {"passes": {}, "broken": []}
    looked["looked"] = False
    while not looked["looked"]:
        _write(passes, looked)
        run(copy, ["-p", "guarding", *files], OMS_GUARDS=str(passes))
        looked = _read(passes)
        print(f"{len(looked['passes'])} tests looked at, {len(looked['broken'])} fail as they are", flush=True)
    said = {"late": {}} | (_read(thrown) if thrown.exists() else {"tried": {}, "killed": {}})
    said |= {"waiting": [str(one) for one in chosen if str(one) not in said["killed"]], "order": {}, "thrown": False}
    for one in said["waiting"]:
        tried = said["tried"].get(one, [])
        left = [test for test in order(switches[int(one)], int(one), looked["passes"]) if test not in tried]
        said["order"][one] = [test for test in left if test.partition("::")[0] in files][: given.most]
    while not said["thrown"] and any(said["order"].values()):
        _write(thrown, said)
        names = sorted({test.partition("::")[0] for one in said["waiting"] for test in said["order"][one]})
        run(copy, ["-p", "guarding", *names], OMS_GUARDS=str(thrown))
        said = _read(thrown)
        print(f"{len(said['killed'])} noticed, {len(said['waiting'])} wait", flush=True)
    throw_while_loading(copy, switches, said, looked["passes"])
    _write(thrown, said)
    return said


def throw_while_loading(copy: Path, switches: list[Switch], said: dict[str, Any], passes: dict[str, list[int]]) -> None:
    """What is decided while the program is loaded cannot be switched afterwards: a run of its own for each."""
    passed = {number for numbers in passes.values() for number in numbers}
    left = [one for one in said["waiting"] if int(one) not in passed]
    left = [one for one in left if switches[int(one)].path.startswith("oms/permissions/")]
    tests = ["-x", *tests_of(copy, list(DECIDING))]
    if left and run(copy, tests):
        print("the tests of the tables of rights fail as they are: nothing said about what is decided while loading")
        return
    for name in left:
        came = run(copy, tests, OMS_GUARD=name)
        if came in NOTICED:
            said["waiting"].remove(name)
            said["killed"][name] = "while it is loaded"
        elif came:
            said["late"].setdefault(name, []).append("while it is loaded")


def main() -> int:
    """Build, look, throw one switch after the other; say what nobody missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--kept", type=Path, help="folder for the copy and what was found so far; otherwise none is kept"
    )
    parser.add_argument("--sample", type=int, default=0, help="throw only so many switches, chosen by lot")
    parser.add_argument("--only", default="", help="only switches of files with this in their path")
    parser.add_argument("--tests", nargs="*", default=[], help="only test files with one of these in their path")
    parser.add_argument("--most", type=int, default=MOST_TESTS, help="tests tried for each switch")
    parser.add_argument("--again", action="store_true", help="take program and tests anew")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given.kept = given.kept or Path(folder)
        return take_out(given)


def take_out(given: argparse.Namespace) -> int:
    """Every guard that was asked for; 1 when one may go unnoticed."""
    copy = given.kept / "copy"
    switches = take_anew(given.kept) if given.again and copy.exists() else build(copy)
    print(f"{len(switches)} switches, {sum(one.removed for one in switches)} of them calls of guards", flush=True)
    chosen = [number for number, one in enumerate(switches) if given.only in one.path]
    if given.sample:
        chosen = sorted(random.Random(9).sample(chosen, min(given.sample, len(chosen))))
    said = throw(copy, switches, chosen, given)
    missed = [number for number in chosen if str(number) not in said["killed"]]
    late = [number for number in missed if said["late"].get(str(number))]
    for number in missed:
        why = f" ({', '.join(said['late'][str(number)])} took too long)" if number in late else ""
        print(f"nobody misses {switches[number]}{why}")
    share = 1 - len(missed) / len(chosen)
    calls = [number for number in missed if switches[number].removed]
    print(
        f"{len(chosen)} of {len(switches)} guards taken out: {share:.1%} noticed, {len(calls)} calls unnoticed; "
        f"{len(late)} of the {len(missed)} missed had tests that took too long"
    )
    return int(bool(calls) or share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
