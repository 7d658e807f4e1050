"""Each step alone: what it takes away, and that it does nothing where there is nothing to do."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from oms.recognition import cleaning, orientation
from oms.recognition.pictures import Picture, has_colour
from tests.recognition.sheets import add_noise, draw_sheet, draw_table, lean, letters, seal, stamp


def picture(image, dpi=200):
    return Picture(np.asarray(image), float(dpi))


def grey(image, dpi=200):
    return picture(image.convert("L"), dpi)


def test_red_ink_goes_and_black_ink_stays():
    sheet = draw_sheet()
    plain = cleaning.drop_red_ink(picture(sheet)).pixels
    sealed = cleaning.drop_red_ink(picture(seal(stamp(sheet, "MẬT", left=5, top=0.2), x=4, y=2))).pixels
    assert ((plain < 128) == (sealed < 128)).mean() > 0.9999
    assert ((plain > 220) == (sealed > 220)).mean() > 0.999


def test_a_grey_page_has_no_red_ink_to_drop():
    page = grey(draw_sheet())
    assert cleaning.drop_red_ink(page) is page


def test_a_tint_of_old_paper_is_no_colour():
    yellow = (np.asarray(draw_sheet()) * np.array([1.0, 0.93, 0.7])).astype(np.uint8)
    assert not has_colour(yellow)
    assert has_colour(np.asarray(stamp(draw_sheet(), "KHẨN", left=5, top=0.2)))


def test_a_shadow_becomes_white_paper_and_even_paper_is_left_alone():
    sheet = np.asarray(draw_sheet().convert("L"))
    shadow = (sheet * np.linspace(1.0, 0.55, sheet.shape[1])).astype(np.uint8)
    levelled = cleaning.level_paper(Picture(shadow, 200.0)).pixels
    assert np.percentile(levelled[:, -200:], 60) > 245
    page = Picture(sheet, 200.0)
    assert cleaning.level_paper(page) is page


def test_leaders_go_while_dots_and_marks_of_words_stay():
    lines = ["Họ và tên: ............................................", "Bị bệnh. Kết luận: đủ điều kiện..."]
    page = grey(draw_sheet(lines, height=2))
    cleaned = cleaning.drop_leaders(page)
    plain = grey(draw_sheet(["Họ và tên:", lines[1]], height=2))
    assert np.abs(cleaned.pixels.astype(int) - plain.pixels).max() == 0
    assert cleaning.drop_leaders(plain) is plain


def test_small_letters_are_enlarged_and_right_ones_left_alone():
    small = grey(draw_sheet(dpi=120), 120)
    assert 1.5 < cleaning.fit_letters(small).width / small.width <= 2.5
    right = grey(draw_sheet(dpi=300, points=12), 300)
    assert cleaning.fit_letters(right) is right


@pytest.mark.parametrize("strength", [0, 8])
def test_paper_without_writing_is_blank(strength):
    assert cleaning.is_blank(picture(add_noise(draw_sheet([], paper=235), strength=strength)))


def test_the_palest_writing_makes_a_page_not_blank():
    pale = draw_sheet(["Xác nhận của cơ quan: đúng sự thật"], ink=190, paper=235).filter(ImageFilter.GaussianBlur(1))
    assert not cleaning.is_blank(picture(add_noise(pale, strength=5)))


def test_one_line_or_a_seal_makes_a_page_not_blank():
    assert not cleaning.is_blank(picture(draw_sheet(["Xác nhận của cơ quan: đúng sự thật"])))
    assert not cleaning.is_blank(picture(seal(draw_sheet([]), x=4, y=3)))


def never(_):
    raise AssertionError("the lines alone are enough")


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
def test_lines_of_text_tell_which_way_is_up(clockwise):
    lying = draw_sheet().rotate(clockwise, expand=True)
    assert orientation.find_stance(picture(lying), never)[0] == clockwise


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
def test_a_table_is_not_read_down_its_columns(clockwise):
    name, post = ("Lê Đức", "Nguyễn Thị|Phượng"), ("Văn thư", "Kế toán|viên")
    rows = [(str(row), name[row % 2], f"{row}/05/1971", post[row % 3 % 2], "3/9", "4,98") for row in range(10, 30)]
    lying = draw_table(rows, (0.5, 1.5, 1.2, 1.2, 0.6, 0.7), height=11).rotate(clockwise, expand=True)
    assert orientation.find_stance(picture(lying), never)[0] == clockwise


def test_a_sample_is_read_where_lines_do_not_tell():
    capitals = picture(draw_sheet(["BAN CHẤP HÀNH ĐẢNG BỘ", "VĂN PHÒNG TỈNH ỦY"] * 3))
    asked = []

    def read(sample):
        asked.append(sample)
        return len(asked)  # the last one asked is the best

    assert orientation.find_stance(capitals, read)[0] in (0, 180)
    assert asked


@pytest.mark.parametrize("degrees", [-5.0, -0.6, 0.0, 2.3])
def test_the_lean_is_measured_to_a_tenth_of_a_degree(degrees):
    _, skew = orientation.find_stance(picture(lean(draw_sheet(), degrees)), lambda sample: 0.0)
    assert skew == pytest.approx(degrees, abs=0.15)


def test_nothing_is_cut_off_when_a_page_is_made_level():
    page = grey(lean(draw_sheet(), 4.0))
    level = orientation.deskew(page, 4.0)
    assert (level.pixels < 128).sum() == pytest.approx((page.pixels < 128).sum(), rel=0.05)
    assert orientation.deskew(page, 0.1) is page
    assert orientation.rotate(page, 0) is page


def test_transparent_images_lie_on_white_paper(tmp_path):
    from oms.recognition.pictures import load_frame

    clear = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    clear.save(tmp_path / "a.png")
    assert load_frame(tmp_path / "a.png", 1).pixels.min() == 255


def red_title(sheet, text="BẰNG TỐT NGHIỆP"):
    ImageDraw.Draw(sheet).text((300, 300), text, font=letters(38), fill=(195, 25, 35))
    return sheet


def test_a_title_printed_in_red_stays_though_seals_go():
    page = cleaning.drop_red_ink(picture(red_title(seal(draw_sheet([]), x=6.5, y=4)))).pixels
    assert (page[300:420, 300:1000] < 128).mean() > 0.1
    assert (page[600:1000, 1000:] > 200).all()


def test_the_border_of_a_certificate_goes_and_what_stands_inside_and_outside_stays():
    sheet = draw_sheet()
    bordered = sheet.copy()
    pen = ImageDraw.Draw(bordered)
    for inset, width in ((60, 8), (90, 3)):
        pen.rectangle((inset, inset, sheet.width - inset, sheet.height - inset), outline=(60, 90, 60), width=width)
    pen.text((300, 20), "Mẫu số 7", font=letters(10), fill=(20, 20, 20))
    cleaned = cleaning.drop_frame(grey(bordered)).pixels
    plain = np.asarray(sheet.convert("L"))
    assert (cleaned[100:-100, 100:-100] == plain[100:-100, 100:-100]).all()
    assert (cleaned[60:92] > 200).all()
    assert (cleaned[20:55, 300:460] < 128).any()


def test_a_page_without_a_border_is_left_alone():
    for sheet in (draw_sheet(), draw_table([("Họ và tên", "Năm sinh")] * 12, (3.0, 3.0))):
        page = grey(sheet)
        assert cleaning.drop_frame(page) is page


def test_grain_is_smoothed_and_clean_paper_is_not():
    noisy = grey(add_noise(draw_sheet(paper=235), strength=30))
    assert cleaning.drop_grain(noisy).pixels.std() < 0.8 * noisy.pixels.std()
    clean = grey(draw_sheet())
    assert cleaning.drop_grain(clean) is clean


def test_show_through_disappears_and_pale_ink_darkens():
    dark, ghost, paper = 110, 175, 235
    pixels = np.full((400, 400), paper, np.uint8)
    pixels[100:140], pixels[200:240] = dark, ghost
    pixels += np.random.default_rng(1).integers(0, 12, pixels.shape, np.uint8)
    seen = cleaning.sharpen_ink(Picture(pixels, 200.0)).pixels
    assert np.median(seen[100:140]) < 60 and np.median(seen[200:240]) > 90
    pale = np.full((400, 400), paper, np.uint8)
    pale[100:140] = 160
    pale += np.random.default_rng(1).integers(0, 12, pale.shape, np.uint8)
    assert np.median(cleaning.sharpen_ink(Picture(pale, 200.0)).pixels[100:140]) < 120


def test_the_back_of_a_page_goes_and_pale_ink_is_not_taken_for_it():
    sheet = np.asarray(draw_sheet().convert("L")).astype(float)
    back = 255 - (255 - np.roll(np.asarray(draw_sheet().filter(ImageFilter.GaussianBlur(1)).convert("L")), 24, 0)) * 0.4
    page = Picture(np.minimum(sheet, back).astype(np.uint8), 200.0)
    cleaned = cleaning.drop_back(page, 115.0).pixels
    assert (cleaned[(sheet > 250) & (back < 200)] > 180).mean() > 0.95
    assert (cleaned[sheet < 60] < 60).all()
    pale = Picture((255 - (255 - sheet) * 0.35).astype(np.uint8), 200.0)
    assert cleaning.find_back_edge(pale) is None


@pytest.mark.parametrize("upright", [False, True])
def test_a_line_from_edge_to_edge_goes_and_the_letters_under_it_stay(upright):
    page = np.asarray(draw_sheet().convert("L"))
    inked = np.flatnonzero((page < 128).sum(axis=1))
    row = int(inked[len(inked) // 2])
    lined = page.copy()
    lined[row : row + 2] = 0
    scanned = lined.T if upright else lined
    cleaned = cleaning.drop_scan_lines(Picture(np.ascontiguousarray(scanned), 200.0)).pixels
    assert (cleaned < 128).sum() < (scanned < 128).sum() - 500
    band = slice(row, row + 2)
    cleaned = cleaned.T if upright else cleaned
    assert (np.delete(cleaned, band, axis=0) == np.delete(page, band, axis=0)).all()
    letters = page[row - 2 : row].min(axis=0) < 128
    letters &= page[row + 2 : row + 4].min(axis=0) < 128
    assert letters.any() and (cleaned[band][:, letters] < 128).all()


@pytest.mark.parametrize(("left", "height"), [(120, 2), (0, 12)])
def test_rules_that_end_at_the_margin_and_thick_bars_are_no_dirt(left, height):
    page = np.asarray(draw_sheet()).copy()
    page[700 : 700 + height, left : page.shape[1] - left] = 0
    picture = Picture(page, 200.0)
    assert cleaning.drop_scan_lines(picture) is picture


@pytest.mark.parametrize("size", [(97, 140), (98, 140), (140, 140), (300, 420)])
def test_of_a_small_page_the_busiest_part_is_what_there_is(size: tuple[int, int]) -> None:
    page = Image.new("L", size, 255)
    page.paste(0, (40, 50, 60, 70))
    small = Picture(np.asarray(page), 150)
    part = orientation.busiest_part(small, orientation.find_ink(small))
    assert min(part.pixels.shape) >= min(*size, 354) - 1 and (part.pixels == 0).any()
