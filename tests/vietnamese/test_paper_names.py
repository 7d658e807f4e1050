"""Names of folders and files of scans."""

import unicodedata

import pytest

from oms.vietnamese.paper_names import OwnerName, PaperName, read_owner, read_paper


@pytest.mark.parametrize(
    ("folder", "owner"),
    [
        ("068085001234_NGUYEN_VAN_AN", OwnerName("068085001234", "NGUYEN VAN AN")),
        ("250123456 - Nguyễn Văn An", OwnerName("250123456", "Nguyễn Văn An")),
        (unicodedata.normalize("NFD", "068085001234_Trần Thị Hoà"), OwnerName("068085001234", "Trần Thị Hoà")),
        ("068085001234_K'Bris", OwnerName("068085001234", "K'Bris")),
        ("Nguyễn Văn An", OwnerName("", "Nguyễn Văn An")),
        ("12345_Nguyễn Văn An", None),
        ("068085001234", None),
        ("Lô 3", None),
    ],
)
def test_a_folder_says_whose_papers_lie_in_it(folder, owner):
    assert read_owner(folder) == owner


@pytest.mark.parametrize(
    ("name", "paper"),
    [
        ("01.Lý lịch đảng viên.pdf", PaperName(1, "Lý lịch đảng viên", None)),
        ("012_Quyet_dinh_tuyen_dung.2.PDF", PaperName(12, "Quyet dinh tuyen dung", 2)),
        ("3 - Bằng tốt nghiệp.jpeg", PaperName(3, "Bằng tốt nghiệp", None)),
        (unicodedata.normalize("NFD", "7.Giấy khai sinh.tif"), PaperName(7, "Giấy khai sinh", None)),
        ("04.QuyÕt ®Þnh n©ng bËc l­¬ng c«ng chøc.pdf", PaperName(4, "Quyết định nâng bậc lương công chức", None)),
        ("Lý lịch.pdf", PaperName(None, "Lý lịch", None)),
        ("05.pdf", PaperName(None, "05", None)),
    ],
)
def test_a_file_says_its_place_title_and_copy(name, paper):
    assert read_paper(name) == paper
