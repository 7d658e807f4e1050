"""Invented people are many, different, plausible and the same for the same seed."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms import catalogue
from oms.specimens import COMPONENTS, FAKE_ID_PREFIX, SyntheticPerson, UnitSeat, make_people, seats_of

SEATS = seats_of(catalogue.units_on(date(2025, 2, 28)))


@pytest.fixture(scope="module")
def people() -> list[SyntheticPerson]:
    return make_people(600, 2026, SEATS)


def test_the_same_seed_makes_the_same_people_and_another_does_not(people: list[SyntheticPerson]) -> None:
    assert make_people(600, 2026, SEATS) == people
    assert [person.full_name for person in make_people(600, 2027, SEATS)] != [person.full_name for person in people]


def test_every_grassroots_unit_has_people_and_large_ones_more(people: list[SyntheticPerson]) -> None:
    counts = {seat.code: sum(person.unit == seat.code for person in people) for seat in SEATS}
    assert len(SEATS) == 63 and min(counts.values()) >= 1
    assert counts["dh_da_lat"] > counts["so_noi_vu"] > counts["hoi_nha_bao"]


def test_numbers_belong_to_nobody_and_are_unique(people: list[SyntheticPerson]) -> None:
    ids = [person.personal_id for person in people]
    assert len(set(ids)) == len(ids)
    for person in people:
        assert re.fullmatch(rf"{FAKE_ID_PREFIX}[0-3]\d{{8}}", person.personal_id)
        assert person.personal_id[4:6] == f"{person.birth_date.year % 100:02}"
        assert person.personal_id[3] in ("02" if person.gender == "male" else "13")
    assert int(FAKE_ID_PREFIX) > 96
    assert len({person.staff_code for person in people}) == len(people)


def test_highland_names_keep_their_apostrophes_and_their_single_word(people: list[SyntheticPerson]) -> None:
    names = [person.full_name for person in people]
    assert any(name.startswith("K'") for name in names)
    assert any(name.startswith("H'") for name in names)
    for mark in ("Ka ", "Ya ", "Ma ", "Y "):
        assert any(name.startswith(mark) for name in names), mark
    assert any(" " not in name for name in names)
    for person in people:
        if "'" in person.full_name:
            assert person.other_name == person.full_name.replace("'", "’")
            assert person.ethnicity != "Kinh"


def test_compound_family_names_occur() -> None:
    names = [person.full_name for person in make_people(1500, 3, SEATS)]
    for family in ("Tôn Nữ", "Tôn Thất", "Âu Dương"):
        assert any(family in name for name in names), family


def test_lives_run_in_order(people: list[SyntheticPerson]) -> None:
    for person in people:
        assert 18 < person.recruited_on.year - person.birth_date.year < 35
        assert person.recruited_on < person.last_day
        assert 1 <= person.step <= person.grade.steps
        assert (person.party_join_date is not None) == ("party_member" in person.categories)
        if person.party_join_date:
            assert person.recruited_on < person.party_join_date < person.last_day
        if person.party_official_date:
            assert person.party_join_date and person.party_official_date.year == person.party_join_date.year + 1
    assert any(person.party_join_date and not person.party_official_date for person in people)


def test_birth_dates_are_not_always_whole(people: list[SyntheticPerson]) -> None:
    assert {person.birth_precision for person in people} == {"day", "month", "year"}
    for person in people:
        parts = {"day": 3, "month": 2, "year": 1}[person.birth_precision]
        assert len(person.birth_text.split("/")) == parts


def test_dossiers_per_person(people: list[SyntheticPerson]) -> None:
    assert {len(person.categories) for person in people} == {1, 2, 3}
    for person in people:
        assert len(set(person.categories)) == len(person.categories)
        assert set(person.categories) <= set(catalogue.categories()) == set(COMPONENTS)


@given(st.integers(0, 300), st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_exactly_as_many_people_as_asked_for(count: int, weights: list[int]) -> None:
    people = make_people(count, 5, [(f"u{place}", weight) for place, weight in enumerate(weights)])
    assert len(people) == count
    if count >= len(weights):
        assert {person.unit for person in people} == {f"u{place}" for place in range(len(weights))}


def test_one_more_person_changes_nobody_else() -> None:
    seat = [UnitSeat("so_noi_vu", 1)]
    assert make_people(11, 1, seat)[:10] == make_people(10, 1, seat)
