"""The data of ours: complete, dated, with sources, and what the issue says about it."""

import unicodedata
from datetime import date

import pytest

from oms import catalogue
from oms.catalogue import Approver, Source
from oms.errors import NotFound, Refused

TODAY = date(2026, 11, 24)
EVERY_LABEL = [
    *(row for name in catalogue.categories() for row in catalogue.components(name, TODAY)),
    *catalogue.component_groups(),
    *catalogue.unit_kinds(),
    *catalogue.org_types(),
    *catalogue.transfer_rules(),
    *catalogue.time_limits(),
    *catalogue.calendar_of_work().every_year,
    *(word for name in ("category", "sensitivity", "source", "gender", "approver") for word in catalogue.terms(name)),
]


def test_every_label_is_there_in_both_languages() -> None:
    assert len(EVERY_LABEL) > 200
    for thing in EVERY_LABEL:
        assert thing.label("vi").strip() and thing.label("en").strip(), thing.id
        assert thing.label("vi") == unicodedata.normalize("NFC", thing.label("vi"))
        assert thing.label("vi-VN") == thing.label_vi
        assert thing.label("en_GB") == thing.label_en


def test_every_component_has_a_basis_and_a_group_and_an_id_of_its_own() -> None:
    for name in catalogue.categories():
        rows = catalogue.components(name, TODAY)
        assert len({row.id for row in rows}) == len(rows)
        for row in rows:
            assert row.basis and row.source in Source
            assert catalogue.component_group(row.group).position >= 0
            assert catalogue.component(row.id, name) == row


def test_each_category_has_a_word() -> None:
    assert {word.id for word in catalogue.terms("category")} == set(catalogue.categories())
    assert catalogue.term("category", "party_member").label() == "Đảng viên"


def test_a_dossier_is_judged_by_the_list_of_its_day() -> None:
    assert catalogue.components("civil_servant", date(2013, 2, 2)) == ()
    assert len(catalogue.components("civil_servant", date(2013, 2, 3))) == 16
    assert catalogue.components("party_member", date(2026, 6, 29)) == ()


def test_the_member_catalogue_has_104_types() -> None:
    rows = catalogue.components("party_member", TODAY)
    assert sorted(row.type_code or "" for row in rows) == sorted(f"{number:02}" for number in range(1, 105))
    assert {row.priority for row in rows} == {1, 2, 3}
    for row in rows:
        assert row.file_stem and row.file_stem.isascii()
        assert row.id == f"pm_{row.type_code}"
    assert catalogue.confusable_types("61") == {"47", "62", "63", "65"}
    assert catalogue.confusable_types("24") == frozenset()


def test_a_cadre_inherits_from_the_civil_servant_and_overrides() -> None:
    ids = {row.id for row in catalogue.components("cadre", TODAY)}
    assert "cs_full_cv" in ids and "cadre_card" in ids
    assert "cs_asset_declaration" not in ids and "cadre_asset_declaration" in ids
    assert catalogue.component("cs_short_cv").form == "2C-BNV/2008"
    assert catalogue.component("cs_short_cv", "cadre").form == "2C/TCTW-98"
    assert catalogue.component("cs_short_cv", "cadre").category == "cadre"


def test_a_yearly_paper_of_public_employees_is_due_at_the_end_of_the_year() -> None:
    supplement = catalogue.component("pe_supplement")
    assert (supplement.recurring, supplement.due, supplement.required) == ("yearly", "12-31", True)


def test_the_protection_file_never_enters() -> None:
    assert not catalogue.component("cadre_political_standards", "cadre").store_in_system


@pytest.mark.parametrize("unknown", ["", "cs_nothing", "pm_105"])
def test_an_unknown_component_is_said(unknown: str) -> None:
    with pytest.raises(NotFound, match="no component"):
        catalogue.component(unknown)
    with pytest.raises(NotFound):
        catalogue.components(unknown)


@pytest.mark.parametrize(
    ("sender", "receiver", "approver"),
    [
        ("board", "grassroots_cell", Approver.SENDING_HEAD),
        ("grassroots_committee", "board", Approver.SENDING_HEAD),
        ("grassroots_committee", "grassroots_cell", Approver.UPPER_CUSTODIAN_HEAD),
        ("board", "board", Approver.SENDING_HEAD),
    ],
)
def test_who_approves_a_transfer(sender: str, receiver: str, approver: Approver) -> None:
    rule = catalogue.transfer_rule(sender, receiver, TODAY)
    assert rule.approver is approver
    assert rule.source is (Source.LAW if {"board"} < {sender, receiver} else Source.PRACTICE)


def test_every_pair_of_kinds_that_keep_dossiers_has_a_rule_and_cells_have_none() -> None:
    keepers = [kind.id for kind in catalogue.unit_kinds() if kind.keeps_dossiers]
    for sender in keepers:
        for receiver in keepers:
            assert catalogue.transfer_rule(sender, receiver, TODAY)
        with pytest.raises(Refused, match="do not hand over"):
            catalogue.transfer_rule(sender, "cell", TODAY)


def test_a_transferred_dossier_is_received_within_thirty_days() -> None:
    limit = catalogue.time_limit("receive_transfer", TODAY)
    assert limit.ends(date(2026, 11, 24)) == date(2026, 12, 24)
    with pytest.raises(NotFound):
        catalogue.time_limit("receive_transfer", date(2013, 2, 2))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),  # Culture Day, by the notice of the year
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 8, 22), True),  # a Saturday worked in the place of another day
        (date(2026, 2, 18), False),  # Tết
        (date(2031, 9, 2), False),  # a year without a notice
        (date(2031, 9, 3), True),
        (date(2024, 11, 25), True),
    ],
)
def test_which_days_are_worked(day: date, works: bool) -> None:
    assert catalogue.calendar_of_work().is_working_day(day) is works


def test_a_limit_in_working_days_leaves_out_weekends_and_days_off() -> None:
    limit = catalogue.time_limit("present_membership_letter", TODAY)
    # From Friday 10/04/2026 on: five weekends, 27/04, 30/04 and 01/05 are not counted.
    assert limit.ends(date(2026, 4, 10)) == date(2026, 5, 27)
    assert limit.source is Source.PRACTICE


def test_nothing_can_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        catalogue.component("cs_short_cv").label_vi = "khác"  # type: ignore[misc]
