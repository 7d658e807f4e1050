"""A mistake in a catalogue file is refused with the file and the line."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from oms.catalogue.components import read_components
from oms.catalogue.demo_organisation import read_demo_organisation
from oms.catalogue.reading import FOLDER, CatalogueError
from oms.catalogue.rules import read_time_limits, read_transfer_rules
from oms.catalogue.terms import read_terms
from oms.catalogue.units import read_unit_kinds
from oms.catalogue.working_days import read_working_days

Reader = Callable[[Path], object]
READERS: dict[str, Reader] = {
    "components.yaml": read_components,
    "organisation_demo.yaml": read_demo_organisation,
    "terms.yaml": read_terms,
    "time_limits.yaml": read_time_limits,
    "transfer_rules.yaml": read_transfer_rules,
    "unit_kinds.yaml": read_unit_kinds,
    "working_days.yaml": read_working_days,
}
MISTAKES = [
    ("components.yaml", "id: cs_short_cv,", "id: cs_full_cv,", "used twice"),
    ("components.yaml", "group: training, original", "group: traning, original", "traning"),
    ("components.yaml", "label_vi: Tiểu sử tóm tắt, ", "", "label_vi"),
    ("components.yaml", "recurring: yearly, due", "recuring: yearly, due", "recuring"),
    ("components.yaml", 'due: "12-31"', 'due: "13-31"', "13-31"),
    ("components.yaml", "valid_from: 2019-07-15", "valid_from: 15/7/2019", "15/7/2019"),
    ("components.yaml", "sensitivity: high, subject", "sensitivity: hi, subject", "hi"),
    ("components.yaml", "priority: 1, file_stem: Phieu dang", "priority: one, file_stem: Phieu dang", "whole number"),
    ("components.yaml", "inherits: civil_servant", "inherits: civil_servent", "civil_servent"),
    ("components.yaml", "label_vi: Phiếu cán bộ", unicodedata.normalize("NFD", "label_vi: Phiếu cán bộ"), "NFC"),
    ("organisation_demo.yaml", "kind: cell, parent: so_y_te", "kind: cell, parent: so_yte", "so_yte"),
    ("organisation_demo.yaml", '"68.020.022.000.000"', '"68.020.22.000.000"', "68.020.22"),
    ("organisation_demo.yaml", "kind: merge, from: [cuc_qltt]", "kind: merged, from: [cuc_qltt]", "merged"),
    ("organisation_demo.yaml", "to: [so_nnmt]", "to: [so_nnmmt]", "so_nnmmt"),
    ("terms.yaml", "{id: female,", "{id: male,", "used twice"),
    ("terms.yaml", "label_en: Cadre}", "label_en: Cadre, note: x}", "note"),
    ("working_days.yaml", "- year: 2026", "- year: 2025", "twice"),
    ("working_days.yaml", "2025-04-30, 2025-05-01", "2025-04-31, 2025-05-01", "no date"),
    ("working_days.yaml", "[2025-04-26]", "[2026-04-26]", "in the year of this row"),
    ("working_days.yaml", "day: 09-02", "day: 2/9", "no day of the year"),
    ("time_limits.yaml", "amount: 30", "amount: thirty", "thirty"),
    ("time_limits.yaml", "    unit: day", "    unit: days", "days"),
    ("time_limits.yaml", "valid_to: null", 'valid_to: "2012-01-01"', "before valid_from"),
    ("transfer_rules.yaml", "senders: [grassroots_committee, grassroots_cell]", "senders: [grasroots]", "grasroots"),
    ("transfer_rules.yaml", "approver: upper_custodian_head", "approver: somebody", "somebody"),
    ("unit_kinds.yaml", "has_seal: false", "has_seal: perhaps", "perhaps"),
    ("unit_kinds.yaml", "{id: state_agency", "{id: state_agency, id: state_agency", "given twice"),
]


@pytest.mark.parametrize("name", READERS)
def test_our_own_files_are_sound(name: str) -> None:
    assert READERS[name](FOLDER / name), "the reader raises on a mistake and returns what it read"


@pytest.mark.parametrize(("name", "right", "wrong", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_line(name: str, right: str, wrong: str, said: str, tmp_path: Path) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert right in text
    copy = tmp_path / name
    copy.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as refusal:
        READERS[name](copy)
    assert refusal.value.file == name
    assert refusal.value.line == text[: text.index(right)].count("\n") + 1
    assert f"{name}, line {refusal.value.line}" in str(refusal.value)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("", 1, "empty"),
        ("version: 1\nas_of: 2026-11-23\nterms: [\n", 4, "YAML"),
        ("version: 1\nterms: {}\n", 1, "as_of"),
        ("- one\n- two\n", 1, "keys with values"),
        ("version: 1\nas_of: 2026-11-23\nterms:\n  gender: male\n", 4, "must be a list"),
        ("version: 1\nas_of: 2026-11-23\nterms:\n  gender:\n    - male\n", 5, "keys with values"),
    ],
)
def test_a_broken_file_is_refused(content: str, line: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "terms.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(CatalogueError, match=said) as refusal:
        read_terms(tmp_path / "terms.yaml")
    assert refusal.value.line == line


def test_two_rules_for_one_transfer_are_refused(tmp_path: Path) -> None:
    text = (FOLDER / "transfer_rules.yaml").read_text(encoding="utf-8")
    copy = tmp_path / "transfer_rules.yaml"
    copy.write_text(text.replace("receivers: [board, upper_committee]", "receivers: [board, grassroots_cell]", 1))
    with pytest.raises(CatalogueError, match="decide the same transfer"):
        read_transfer_rules(copy)


def test_a_unit_that_ends_without_successor_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "organisation_demo.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not ("kind: merge" in line and "ban_dan_toc" in line)]
    copy = tmp_path / "organisation_demo.yaml"
    copy.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CatalogueError, match="ban_dan_toc"):
        read_demo_organisation(copy)
