"""A page of a PDF that is one scanned image gives that image; anything more is drawn."""

import numpy as np
import pikepdf
import pytest
from PIL import Image

from oms.recognition import open_scan
from oms.recognition.rendering import page_image
from tests.recognition.sheets import draw_sheet


def scanned(tmp_path, sheet, dpi=150, change=None, **options):
    path = tmp_path / "a.pdf"
    sheet.save(path, resolution=dpi, **options)
    if change:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            change(pdf)
            pdf.save(path)
    return page_image(open_scan(path), 1)


def test_a_scan_keeps_its_own_pixels_and_resolution(tmp_path):
    sheet = draw_sheet(dpi=150)
    sheet.save(tmp_path / "a.jpg", quality=80)
    page = scanned(tmp_path, sheet, quality=80)
    with Image.open(tmp_path / "a.jpg") as jpeg:
        assert (page.pixels == np.asarray(jpeg)).all()
    assert page.dpi == pytest.approx(150, abs=1)


def test_a_fax_stays_in_two_tones(tmp_path):
    page = scanned(tmp_path, draw_sheet().convert("1"), dpi=200)
    assert set(np.unique(page.pixels)) == {0, 255}
    assert ((page.pixels < 128) == (np.asarray(draw_sheet().convert("1")) == 0)).mean() > 0.999


def test_a_fine_scan_is_made_smaller(tmp_path):
    page = scanned(tmp_path, draw_sheet(dpi=600), dpi=600)
    assert (page.dpi, page.height) == (300, round(5.85 * 300))


def test_a_page_turned_by_its_own_mark_is_shown_turned(tmp_path):
    def turn(pdf):
        pdf.pages[0].Rotate = 90

    page = scanned(tmp_path, draw_sheet(dpi=150), change=turn)
    upright = scanned(tmp_path, draw_sheet(dpi=150))
    assert (page.pixels == np.rot90(upright.pixels, -1)).all()


def test_what_is_drawn_over_the_image_is_not_lost(tmp_path):
    def cover(pdf):
        pdf.pages[0].contents_add(b"q 0 0 0 rg 0 0 200 200 re f Q")

    page = scanned(tmp_path, draw_sheet([], dpi=150), change=cover)
    assert (page.pixels[-100:, :100] < 30).all()


def test_an_image_that_does_not_fill_the_page_is_drawn_where_it_lies(tmp_path):
    def widen(pdf):
        left, bottom, right, top = (float(side) for side in pdf.pages[0].MediaBox)
        pdf.pages[0].MediaBox = pdf.pages[0].CropBox = [left, bottom, right * 1.1, top * 1.1]

    page = scanned(tmp_path, draw_sheet(dpi=150), change=widen)
    assert page.width > 1.05 * 8.27 * page.dpi
