"""AZ-7: fields that nobody may set from outside, put beside what a form or a body is asked for.

The same question is asked plainly and with them: both must change the same columns, and the guarded columns to the same
values. A body of the API with a field it does not declare is refused whole.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from tests.oracle.asking import Cell, Findings, House, cells
from tests.oracle.oracle import IN

FIELDS = (
    "role", "unit_id", "unit", "custodian", "custodian_id", "restricted", "sealed", "frozen", "is_admin", "is_superuser",
    "disabled", "created_by", "created_at", "received_by_id", "sha256", "size", "state", "status", "version_id", "confirmed",
    "actor", "account_id", "owner_id", "id", "dossier_id", "number_of", "opened", "valid_to", "password_hash", "closed_at",
    "approved_by_id", "settled_by_id", "may", "units", "via", "manifest_sha256", "pdf_sha256", "secret", "with_units_below",
)  # fmt: skip
# As JSON; a form gets the same letters, and the doubled one twice.
ENCODINGS: dict[str, Any] = {
    "true": True, "text": "true", "one": 1, "one as text": "1", "list": [True], "operator": {"$ne": 0}, "null": None,
    "role": "administrator", "twice": ["false", "true"],
}  # fmt: skip
# Columns that decide who may what, who did it, and what a file is: here the values are compared, too.
GUARDED = re.compile(
    r"^(role|unit_id|custodian_id|disabled|sealed|frozen|sha256|pdf_sha256|manifest_sha256|size|with_units_below)$"
)
# The log tells what was sent where it was refused.
BESIDE = {"audit_entries", "audit_words", "sign_ins"}
Changes = set[tuple[str, str, str]]


def writing(house: House) -> Iterator[Cell]:
    """Each address that is written to, in the name of each of the people it is open to, about one thing."""
    seen = set()
    for cell in cells(house.app, house.organisation, nothing=False):
        key = cell.who, cell.endpoint, cell.method
        if cell.method in ("GET", "HEAD") or cell.expected != IN or key in seen or not cell.who:
            continue
        if not cell.endpoint.startswith(("account.sign", "api_tokens.", "static")):
            seen.add(key)
            yield cell


def plant(house: House, cell: Cell, encoding: str, findings: Findings) -> None:
    """Ask plainly, then with every field in this encoding."""
    said = f"{cell.endpoint} {cell.who} {encoding}"
    value = ENCODINGS[encoding]
    if cell.address.startswith("/api/"):
        _of_a_program(house, cell, value, said, findings)
        return
    letters = value if encoding == "twice" else [value if isinstance(value, str) else json.dumps(value)]
    plain, with_them = (_changes(house, cell, data) for data in ({}, dict.fromkeys(FIELDS, letters)))
    findings.answers += 2
    for told in sorted(with_them - plain):
        findings.mismatches.append(f"{said}: also changed {told}")


def _of_a_program(house: House, cell: Cell, value: Any, said: str, findings: Findings) -> None:
    """A body that does not declare them is refused, and says which; what declares one takes it as what it is."""
    plain, with_them = (_changes(house, cell, data) for data in ({}, dict.fromkeys(FIELDS, value)))
    findings.answers += 2
    for told in sorted(with_them - plain):
        findings.mismatches.append(f"{said}: also changed {told}")


def _changes(house: House, cell: Cell, data: dict[str, Any]) -> Changes:
    """Which columns of which tables a question changed; of guarded ones to which values."""
    found: Changes = set()
    before, house.changed = house.changed, lambda _said: found.update(_compare(house))
    answer = house.ask(cell.who, cell.method, cell.address, data)
    house.changed = before
    if answer.status_code >= 500:
        found.add(("server", "fault", str(answer.status_code)))
    return found


def _compare(house: House) -> Changes:
    found: Changes = set()
    with sqlite3.connect(house.path) as opened:
        names = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in set(names) - BESIDE:
            columns = [row[1] for row in opened.execute(f"PRAGMA table_info({name})")]
            was, now = (_rows(connection, name) for connection in (house.kept, opened))
            for key in {*was, *now}:
                old, new = was.get(key, (None,) * len(columns)), now.get(key, (None,) * len(columns))
                for column, one, other in zip(columns, old, new, strict=True):
                    if one != other:
                        found.add((name, column, str(other) if GUARDED.match(column) else ""))
    return found


def _rows(connection: sqlite3.Connection, name: str) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in connection.execute(f"SELECT rowid, * FROM {name}")}
