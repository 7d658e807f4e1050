"""Templates of names: what they give, and a mistake is named with its line."""

from datetime import date
from pathlib import Path

import pytest

from oms.catalogue import naming, read_naming
from oms.catalogue.naming import FOLDER
from oms.catalogue.reading import CatalogueError

DAY = date(2026, 11, 29)


def test_members_have_folders_and_names_of_the_catalogue() -> None:
    found = naming("party_member", DAY)
    assert found is not None
    assert found.folder_of("42100200300400", "068085000123", "Nguyen Thi Hoa") == (
        "42.100.200.300.400/068085000123_NguyenThiHoa"
    )
    assert found.folder_of("dbk.sonv", "", "K'Bris") == "dbk.sonv/K'Bris"
    assert found.file_of("5", "Quyet dinh ket nap", None) == "05.Quyet dinh ket nap.pdf"
    assert found.file_of("104", "To khai", 2) == "104.To khai.2.pdf"
    assert naming("party_member", date(2026, 6, 29)) is None and naming("civil_servant", DAY) is None


def test_an_installation_has_its_own_template(tmp_path: Path) -> None:
    text = (FOLDER / "naming.yaml").read_text("utf-8")
    (tmp_path / "naming.yaml").write_text(
        text.replace("separator: space", "separator: underscore").replace("padding: 2", "padding: 3"), "utf-8"
    )
    found = naming("party_member", DAY, tmp_path)
    assert found is not None and found.file_of("05", "Quyet dinh", None) == "005.Quyet_dinh.pdf"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('file: "{code}.', 'file: "{cod}.', "cod"),
        ('file_of_several: "{code}.{stem}.{n}.pdf"', 'file_of_several: "{code}.{stem}.pdf"', "file_of_several"),
        ('"{unit_code}/{joined_name}"', '"../{joined_name}"', "../{joined_name}"),
        ('file: "{code}.{stem}.pdf"', 'file: "{code}/{stem}.pdf"', "{code}/{stem}.pdf"),
        ('file: "{code}.{stem}.pdf"', 'file: "{code.__class__}.pdf"', "code.__class__"),
        ("separator: space", "separator: tab", "tab"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (FOLDER / "naming.yaml").read_text("utf-8")
    assert text.count(old) == 1
    path = tmp_path / "naming.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_naming(path)
    line = next(at for at, row in enumerate(path.read_text("utf-8").splitlines(), 1) if new in row)
    assert caught.value.line == line and said in str(caught.value)
