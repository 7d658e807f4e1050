"""The rules of truth checks: whole, dated, and a mistake is named with its line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from oms import catalogue
from oms.catalogue.checks import read_checks


def test_rules_name_values_that_forms_ask_for() -> None:
    keys = {item.key for form in catalogue.forms() for item in form.items}
    rules = catalogue.check_rules()
    named = {rule.earlier for rule in rules.orders} | {rule.later for rule in rules.orders}
    assert named | {one.key for one in rules.compared} <= keys
    papers = {row.id for kind in catalogue.categories() for row in catalogue.components(kind)}
    assert {paper for rule in rules.births for paper in rule.papers} <= papers


def test_the_pay_table_by_rank_and_day() -> None:
    (group,) = catalogue.pay_groups("01.003", date(2020, 1, 1))
    assert (group.at(1), group.at(9), group.at(10)) == (Decimal("2.34"), Decimal("4.98"), None)
    assert len(catalogue.pay_groups("01.004", date(2020, 1, 1))) > 1, "the rank was paid by another group before"
    assert [group.id for group in catalogue.pay_groups("01.004", date(2022, 1, 1))] == ["A0"]


def test_a_rule_of_its_time() -> None:
    member, other = (catalogue.birth_rule(date(2020, 1, 1), member=member) for member in (True, False))
    assert member and other and member.papers != other.papers
    assert catalogue.birth_rule(date(2010, 1, 1), member=True) is None


def test_a_figure_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "checks.yaml"
    group = '  - {id: A1, first: "2,34", rise: "0.33", steps: 9, basis: b, source: law}\n'
    path.write_text(f"version: 1\nas_of: 2026-11-29\npay_groups:\n{group}", encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError) as raised:
        read_checks(path)
    assert raised.value.line == 4 and raised.value.values["value"] == "2,34"
