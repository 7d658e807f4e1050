"""AZ-7: a field nobody may set from outside changes no column. Here one encoding for each address, all by the bench."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import request
from sqlalchemy import text

from oms import db
from tests.oracle.asking import Cell, Findings, House
from tests.oracle.planting import ENCODINGS, FIELDS, plant, writing


def test_fields_beside_the_declared_ones_change_nothing(house: House) -> None:
    groups: dict[str, list[Cell]] = {}
    for cell in writing(house):
        groups.setdefault(cell.endpoint, []).append(cell)
    assert len(groups) > 150
    findings = Findings()
    for place, (_endpoint, some) in enumerate(sorted(groups.items())):
        plant(house, some[place % len(some)], list(ENCODINGS)[place % len(ENCODINGS)], findings)
    assert findings.mismatches == []


def test_a_body_that_does_not_declare_a_field_is_refused_whole(house: House) -> None:
    cell = next(one for one in writing(house) if one.endpoint == "api_dossiers.create")
    for value in ENCODINGS.values():
        answer = house.ask(cell.who, "POST", cell.address, dict.fromkeys(FIELDS, value))
        assert answer.status_code == 422
        said = answer.get_data(as_text=True)
        unnamed = {name for name in FIELDS if f'"{name}"' not in said}
        assert unnamed <= {"custodian"}, "each is named, but the one it declares"


def test_a_view_that_takes_whatever_is_sent_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = next(one for one in writing(house) if one.endpoint == "desk.leave")
    plain = house.app.view_functions[cell.endpoint]

    def careless(**arguments: Any) -> Any:
        if "role" in request.form:
            with db.writing(house.engine) as session:
                session.execute(text("UPDATE assignments SET role = 'administrator'"))
        return plain(**arguments)

    taken: Callable[..., Any] = careless
    monkeypatch.setitem(house.app.view_functions, cell.endpoint, taken)
    findings = Findings()
    plant(house, cell, "role", findings)
    assert any("'assignments', 'role'" in one for one in findings.mismatches)
