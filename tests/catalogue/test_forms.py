"""The printed forms: complete, dated, with sources; a mistake in the file is named with its line."""

import unicodedata
from pathlib import Path

import pytest

from oms import catalogue
from oms.catalogue.forms import read_forms
from oms.catalogue.reading import CatalogueError
from oms.errors import NotFound

GOOD = """version: 1
as_of: 2026-11-25
vocabularies:
  gender: [Nam, Nữ]
forms:
  - id: A
    label_vi: Mẫu A
    label_en: Form A
    basis: thử
    source: project
    items:
      - {item: "1", key: gender, type: enum, label: Giới tính}
    tables:
      - {item: "2", key: training, label: Đào tạo, columns: [Tên trường]}
  - {id: B, label_vi: Mẫu B, label_en: Form B, basis: thử, source: project, codes: [B-01], like: A}
"""


def test_every_form_has_its_values_once_with_labels_in_nfc() -> None:
    assert {form.id for form in catalogue.forms()} >= {"2C-BNV/2008", "2C/TCTW-98", "HS02-VC/BNV"}
    for form in catalogue.forms():
        keys = [thing.key for thing in form.things]
        assert len(keys) == len(set(keys)) > 30 and form.basis
        for thing in form.things:
            assert thing.labels and all(label == unicodedata.normalize("NFC", label) for label in thing.labels)


def test_one_key_means_one_kind_of_value_on_all_forms() -> None:
    types: dict[str, set[str]] = {}
    for form in catalogue.forms():
        for item in form.items:
            types.setdefault(item.key, set()).add(item.type)
    assert {key for key, found in types.items() if len(found) > 1} <= {"salary_from", "height_cm"}


def test_a_form_like_another_has_its_items_and_its_own_code(tmp_path: Path) -> None:
    path = tmp_path / "forms.yaml"
    path.write_text(GOOD, encoding="utf-8")
    forms = read_forms(path)
    assert forms["B"].things == forms["A"].things and forms["B"].codes == ("B-01",)
    assert forms["A"].items[0].usual == ("Nam", "Nữ") and forms["A"].label_of("training") == "Đào tạo"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("type: enum", "type: colour", 12),
        ("key: training", "key: gender", 6),
        ("like: A", "like: C", 15),
        ('item: "2"', 'itme: "2"', 14),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int) -> None:
    path = tmp_path / "forms.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        read_forms(path)
    assert refused.value.line == line


def test_an_unknown_form_is_not_found() -> None:
    with pytest.raises(NotFound):
        catalogue.form("2D")
