"""The demonstration organisation counts what it must, on the days it must."""

from datetime import date

import pytest

from oms import catalogue
from oms.errors import NotFound

LAST_DAY = date(2025, 2, 28)
NEW_DAY = date(2025, 3, 1)


def test_expected_counts() -> None:
    expected = catalogue.demo_organisation().expected
    whole = [row for row in expected if row.below is None and row.received_by is None]
    assert [(row.date, row.grassroots, row.members) for row in whole] == [
        (LAST_DAY, 63, 3519),
        (NEW_DAY, 53, 3455),
    ]
    # What a committee received is counted where the events are carried out: tests/test_reorganisation_replay.py.
    assert len(expected) == 4
    for row in whole:
        units = catalogue.grassroots(catalogue.units_on(row.date))
        assert len(units) == row.grassroots
        assert sum(unit.members or 0 for unit in units) == row.members


def test_parents_exist_and_stand_before_their_children() -> None:
    seen: set[str] = set()
    for unit in catalogue.demo_units():
        assert unit.parent is None or unit.parent in seen
        seen.add(unit.id)
    for day in (date(2020, 1, 1), LAST_DAY, NEW_DAY, date(2026, 11, 24)):
        present = {unit.id: unit for unit in catalogue.units_on(day)}
        for unit in present.values():
            assert unit.parent is None or unit.parent in present, (day, unit.id)


def test_party_codes_are_unique_on_each_day_and_follow_the_parent() -> None:
    for day in (LAST_DAY, NEW_DAY):
        units = {unit.id: unit for unit in catalogue.units_on(day)}
        codes = [unit.party_code for unit in units.values() if unit.party_code]
        assert len(set(codes)) == len(codes)
        for unit in catalogue.grassroots(units.values()):
            assert unit.parent and unit.party_code
            above = units[unit.parent].party_code
            assert above and unit.party_code[:6] == above[:6]


def test_cells_follow_a_unit_that_gets_another_parent() -> None:
    before = {unit.id: unit for unit in catalogue.units_on(LAST_DAY)}
    after = {unit.id: unit for unit in catalogue.units_on(NEW_DAY)}
    assert before["vp_tinh_uy_c1"].party_code == "68.020.001.000.001"
    assert after["vp_tinh_uy_c1"].party_code == "68.031.001.000.001"
    assert after["so_nnptnt_kiem_lam"].parent == "so_nnmt"
    assert after["so_nnptnt_kiem_lam_c2"].party_code == "68.032.032.001.002"


def test_a_unit_had_another_name_before() -> None:
    assert "Văn hóa - Thông tin" in {u.id: u for u in catalogue.units_on(date(2007, 1, 1))}["so_vhttdl"].name
    assert "Thể thao và Du lịch" in {u.id: u for u in catalogue.units_on(LAST_DAY)}["so_vhttdl"].name


def test_each_committee_has_one_custodian_on_each_day() -> None:
    for day in (LAST_DAY, NEW_DAY):
        units = catalogue.units_on(day)
        for committee in (unit for unit in units if unit.kind == "upper_committee"):
            assert len([unit for unit in units if unit.parent == committee.id and unit.custodian]) == 1


def test_an_unknown_unit_is_said() -> None:
    assert catalogue.demo_unit("so_noi_vu").host == "Sở Nội vụ"
    with pytest.raises(NotFound):
        catalogue.demo_unit("so_khong_co")
