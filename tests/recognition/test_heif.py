"""Photographs of telephones: opened, counted and drawn like any scan."""

import pillow_heif
import pytest
from PIL import Image

from oms.errors import DamagedFile, FileTooLarge
from oms.recognition import open_scan, page_image
from tests.recognition.sheets import draw_sheet


def save_heic(path, *sheets):
    heif = pillow_heif.HeifFile()
    for sheet in sheets:
        heif.add_from_pillow(sheet)
    heif.save(path, quality=60)
    return path


def test_a_photograph_of_a_telephone_is_opened_and_drawn(tmp_path):
    sheet = draw_sheet(["Một dòng chữ"], dpi=100)
    scan = open_scan(save_heic(tmp_path / "a.jpg", sheet, sheet.rotate(90, expand=True)))
    assert (scan.media_type, scan.pages) == ("image/heic", 2)
    first, second = page_image(scan, 1), page_image(scan, 2)
    assert (first.width, first.height) == sheet.size == (second.height, second.width)


def test_a_photograph_cut_off_on_its_way_is_damaged(tmp_path):
    path = save_heic(tmp_path / "a.heic", draw_sheet(["Một dòng chữ"], dpi=100))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DamagedFile):
        open_scan(path)


def test_a_photograph_of_more_than_fifty_images_is_refused(tmp_path):
    small = Image.new("L", (32, 32), "white")
    with pytest.raises(FileTooLarge, match="51 pages; at most 50"):
        open_scan(save_heic(tmp_path / "a.heic", *[small] * 51))
