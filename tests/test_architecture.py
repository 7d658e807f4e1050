"""The order of the rooms: a module imports only from rooms above it, and only HTTP rooms know Flask."""

import ast
from pathlib import Path

import pytest

from oms.models import Base
from oms.reorganisation.landing import COLUMNS

ROOT = Path(__file__).parent.parent / "oms"
# Rooms from the top of the house down; a room may use itself and everything above it, less what is forbidden.
ORDER = (
    ("errors", "settings", "streams"),
    ("vault", "staging"),
    ("box", "words", "zips"),
    ("vietnamese",),
    ("catalogue",),
    ("recognition", "specimens", "printing", "spreadsheets", "workbooks"),
    ("db", "models", "faults"),
    ("storage", "grants", "profile", "viruses"),
    ("permissions",),
    ("audit", "jobs", "limits", "exporting"),
    ("organisation", "accounts"),
    ("quotas", "marks"),
    ("search",),
    ("saved_searches", "people"),
    ("dossiers",),
    ("record",),
    ("first_load", "completeness", "milestones"),
    ("figures",),
    ("holds", "retention", "access_reviews", "openings", "protection_flags"),
    ("whereabouts", "stocktaking", "sheets", "signatures"),
    ("intake", "gate", "desk", "review", "reading", "purging", "proposals", "checks", "rearranging"),
    ("scan_folders", "inserts", "protection", "disposal", "procedures", "campaigns"),
    ("stacks",),
    ("consultations",),
    ("custody",),
    ("membership",),
    ("reorganisation",),
    ("packages",),
    ("papers",),
    (
        "installation",
        "certificates",
        "clocks",
        "log_standing",
        "looks",
        "health",
        "alarms",
        "overview",
        "rekeying",
        "worker",
        "audit_reading",
        "audit_words",
        "leaks",
        "policy",
    ),
    (
        "problems",
        "fixity",
        "scrubbing",
        "backup",
        "drill",
        "demo",
        "demo_campaigns",
        "demo_cases",
        "demo_consultations",
        "demo_membership",
        "demo_milestones",
        "demo_procedures",
        "demo_protection",
        "demo_records",
        "demo_stacks",
    ),
    ("web", "api"),
    ("cli",),
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
PURE = {
    "errors",
    "settings",
    "streams",
    "box",
    "zips",
    "vietnamese",
    "catalogue",
    "recognition",
    "specimens",
    "printing",
    "spreadsheets",
    "workbooks",
}
HTTP = {"web", "api", "cli"}


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.lineno, node.module)]
            if node.module == "oms":
                found += [(node.lineno, f"oms.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_rooms_above(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    assert room in LEVEL, f"{path} lies in no known room: give it one in ORDER"
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] != "oms" or len(parts) < 2 or parts[1] == "__version__":
            continue
        other = parts[1]
        assert LEVEL[other] <= LEVEL[room], f"{path}:{line}: {room} must not import {other}"
        if room in PURE:
            assert other in PURE, f"{path}:{line}: {room} knows no database"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_http_rooms_know_flask_and_commit(path: Path) -> None:
    room = room_of(path)
    if room in HTTP:
        return
    for line, name in imports(path):
        assert not name.split(".")[0].startswith("flask"), f"{path}:{line}: only {sorted(HTTP)} import Flask"


def test_pure_rooms_know_no_sqlalchemy() -> None:
    for path in modules():
        if room_of(path) in PURE:
            for line, name in imports(path):
                assert name.split(".")[0] not in ("sqlalchemy", "flask"), f"{path}:{line}"


def test_every_column_that_points_to_a_unit_says_what_becomes_of_it_when_the_unit_ends() -> None:
    """A new table of units fails here until `oms/reorganisation/landing.py` says whether its rows go on."""
    pointing = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.c
        if any(key.column.table.name == "units" for key in column.foreign_keys)
    }
    assert pointing == {f"{column.class_.__tablename__}.{column.key}" for column in COLUMNS}


def test_files_stay_readable() -> None:
    """A file over 400 lines wants to become a folder."""
    long = {
        str(path.relative_to(ROOT)): n for path in modules() if (n := len(path.read_text("utf-8").splitlines())) > 450
    }
    assert not long
