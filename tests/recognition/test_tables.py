"""Ruled tables: what counts as one, and that it is read cell by cell."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageFilter

from oms.recognition import open_scan, read_page, tables
from oms.recognition.pictures import Picture
from tests.recognition.sheets import add_noise, draw_sheet, draw_table, error_rate, lean

ROWS = [
    ("TT", "Họ và tên", "Ngày sinh", "Ngạch", "Bậc"),
    ("1", "Nguyễn Thị Hòa", "02/01/1990", "Văn thư", "8/9"),
    ("2", "Khuất Hữu Thành", "27/07/1989", "Chuyên viên|chính", "6/9"),
    ("3", "Lê Thị Bích|Diệp", "22/03/1977", "Cán sự", ""),
    ("4", "Hồ Thu Hồng", "01/12/1968", "Chuyên viên", "2/9"),
    ("5", "Mai Ngọc Hiền", "14/01/1966", "Kế toán viên", "5/9"),
]
WIDTHS = (0.5, 2.0, 1.4, 1.6, 0.7)
TRUTH = " ".join(cell.replace("|", " ") for row in ROWS for cell in row)


def grey(image):
    return Picture(np.asarray(image.convert("L")), 200.0)


def read(image, path):
    image.save(path, dpi=(200, 200))
    return read_page(open_scan(path), 1, path.parent).reading


def test_the_cells_of_a_table_are_found_row_by_row():
    _, cells = tables.drop_rules(grey(draw_table(ROWS, WIDTHS)))
    assert [cell.row for cell in cells] == [row for row in range(1, 7) for _ in WIDTHS]
    assert all(a.left < b.left or a.row < b.row for a, b in pairwise(cells))


def test_tables_that_a_crease_joins_stay_apart():
    rules = np.zeros((900, 600), np.uint8)
    for top in (100, 500):
        for step in range(4):
            rules[top + 60 * step : top + 60 * step + 2, 100:500] = 1
            rules[top : top + 182, 100 + 133 * step : 102 + 133 * step] = 1
    rules[100:682, 100:102] = 1
    cells, _ = tables.find_cells(rules, 100.0)
    assert [cell.table for cell in cells] == [0] * 9 + [1] * 9


def test_rules_go_and_letters_stay():
    ruled, bare = grey(draw_table(ROWS, WIDTHS)), grey(draw_table(ROWS, WIDTHS, line=0))
    cleaned, _ = tables.drop_rules(ruled)
    assert (ruled.pixels < 128).sum() > 1.2 * (bare.pixels < 128).sum()
    assert ((cleaned.pixels < 128) == (bare.pixels < 128)).mean() > 0.9995


def test_a_page_of_text_sharp_or_blurred_has_no_rules_to_drop():
    for sheet in (draw_sheet(), draw_sheet(dpi=200).filter(ImageFilter.GaussianBlur(2))):
        page = grey(sheet)
        assert tables.drop_rules(page) == (page, [])


def test_a_frame_around_a_text_is_no_table():
    page = grey(draw_table([("Kính gửi: Ban Tổ chức",)], (5.0,)))
    assert tables.drop_rules(page) == (page, [])


def test_a_table_is_read_cell_by_cell_and_row_by_row(tmp_path):
    reading = read(lean(draw_table(ROWS, WIDTHS), 0.8), tmp_path / "a.png")
    assert error_rate(reading.text, TRUTH) < 0.03
    rows = reading.text.splitlines()
    assert len(rows) == len(ROWS)
    assert "Khuất Hữu Thành\t27/07/1989\tChuyên viên chính\t6/9" in rows[2]
    assert reading.text.split() == [word.text for word in reading.words]


def test_single_figures_in_a_column_are_read(tmp_path):
    reading = read(draw_table(ROWS, WIDTHS), tmp_path / "a.png")
    assert [row.split("\t")[0] for row in reading.text.splitlines()[1:]] == ["1", "2", "3", "4", "5"]
    first = next(word for word in reading.words if word.text == "1")
    assert 140 < first.left < 240
    assert first.height < 40


def test_text_above_and_below_a_table_keeps_its_place(tmp_path):
    sheet = draw_table(ROWS, WIDTHS, top=1.6)
    sheet.paste(draw_sheet(["Danh sách cán bộ, công chức được nâng lương"], height=1.4), (0, 0))
    sheet.paste(draw_sheet(["Trang này có bốn người"], height=0.9, top=0.3), (0, 980))
    text = read(add_noise(sheet, strength=4), tmp_path / "a.png").text
    assert text.splitlines()[0] == "Danh sách cán bộ, công chức được nâng lương"
    assert text.splitlines()[-1] == "Trang này có bốn người"


def test_a_grey_table_on_a_shadowed_page_is_found(tmp_path):
    sheet = np.asarray(draw_table(ROWS, WIDTHS)).astype(float)
    shaded = Image.fromarray(((170 + sheet / 3) * np.linspace(1.0, 0.7, sheet.shape[1])[:, None]).astype(np.uint8))
    assert error_rate(read(shaded, tmp_path / "a.png").text, TRUTH) < 0.06


def test_the_broken_rules_of_a_fax_are_found():
    sheet = np.asarray(draw_table(ROWS, WIDTHS).convert("L")).copy()
    sheet[:, 7::37], sheet[:, 8::37], sheet[17::37], sheet[18::37] = 255, 255, 255, 255
    faxed = Picture(np.where(sheet < 128, 0, 255).astype(np.uint8), 200.0)
    _, cells = tables.drop_rules(faxed)
    assert [cell.row for cell in cells] == [row for row in range(1, 7) for _ in WIDTHS]


def test_a_page_of_text_in_two_tones_has_no_rules_to_drop():
    page = grey(draw_sheet().convert("1"))
    assert tables.drop_rules(page) == (page, [])
