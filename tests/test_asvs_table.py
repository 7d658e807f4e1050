"""The table of `docs/asvs.md` is whole, and every test and every place it names is there."""

import re
from functools import cache
from importlib import metadata

from oms.settings import CHECKOUT

TABLE = (CHECKOUT / "docs" / "asvs.md").read_text()
ROWS = [
    tuple(part.strip() for part in line.split("|")[1:-1]) for line in TABLE.splitlines() if re.match(r"\| \d", line)
]
# Sections of the chapters and how many requirements of level 1 and 2 each has; sections of level 3 only are left out.
LAST = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4, "3.4": 6,
    "3.5": 5, "3.7": 2, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3,
    "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "11.1": 2,
    "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2,
    "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3,
    "16.5": 3,
}  # fmt: skip
OF_LEVEL_3 = {"5.2.4", "5.2.5", "5.2.6", "5.3.3", "6.3.8", "6.5.6", "7.5.3", "8.3.2", "16.5.4"}


@cache
def named_in(file: str) -> set[str]:
    path = CHECKOUT / file
    return set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)) if path.exists() else set()


@cache
def places_of(file: str) -> set[str]:
    """What headings of a page are called in an address."""
    headings = re.findall(r"^#+ (.*)", (CHECKOUT / "docs" / file).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_requirement_is_left_out_and_none_is_blank() -> None:
    numbers = [row[0] for row in ROWS]
    wanted = {f"{section}.{number}" for section, last in LAST.items() for number in range(1, last + 1)} | OF_LEVEL_3
    assert len(numbers) == len(set(numbers)) == 209
    assert set(numbers) == wanted
    assert [row for row in ROWS if len(row) != 3 or not all(row)] == []


def test_each_says_a_test_a_place_or_why_not() -> None:
    for number, _words, proof in ROWS:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", proof)
        assert [name for file, name in named if name not in named_in(file)] == [], number
        places = re.findall(r"\]\(([\w-]+\.md)(?:#([\w-]+))?\)", proof)
        assert [place for file, place in places if place and place not in places_of(file)] == [], number
        if not named and not places:
            assert re.match(r"(not reached|not applicable): .{6,}", proof), number


def test_what_runs_here_is_what_the_list_names() -> None:
    """The list of packages with their hashes is what is installed, in the versions it says."""
    lock = (CHECKOUT / "requirements.lock").read_text()
    # A package may stand there twice, for different versions of Python.
    listed = set(re.findall(r"^([\w.-]+)==([\w.!+-]+)", lock, re.MULTILINE))
    here = {re.sub(r"[-_.]+", "-", one.name).lower(): one.version for one in metadata.distributions()}
    tools = {"oms", "pip", "setuptools", "wheel"}
    assert {one for one in here.items() if one[0] not in tools} - listed == set()
    assert lock.count("--hash=sha256:") >= len(listed)
