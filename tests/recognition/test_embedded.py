"""Text that a PDF carries: kept when it is good, converted when it is old, else read from the picture."""

import pikepdf
import pytest

from oms.recognition import open_scan
from oms.recognition.embedded import find_embedded_words
from tests.vietnamese.test_encodings import RIGHT, TCVN3, VNI


def write_pdf(path, lines, *, encoding="cp1252", image=None):
    """A page with text in Helvetica, line under line, as a word processor of the nineties writes it."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        page = pdf.pages[0]
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        if image:
            stream = pikepdf.Stream(pdf, b"\xff" * (image[0] * image[1]), Type=pikepdf.Name.XObject)
            stream.stream_dict.update(
                pikepdf.Dictionary(
                    Subtype=pikepdf.Name.Image,
                    Width=image[0],
                    Height=image[1],
                    BitsPerComponent=8,
                    ColorSpace=pikepdf.Name.DeviceGray,
                )
            )
            page.Resources.XObject = pikepdf.Dictionary(Scan=stream)
        drawn = [f"1 0 0 1 50 {780 - 20 * row} Tm <{line.encode(encoding).hex()}> Tj" for row, line in enumerate(lines)]
        page.Contents = pikepdf.Stream(pdf, ("BT /F 11 Tf " + " ".join(drawn) + " ET").encode())
        pdf.save(path)
    return open_scan(path)


def in_lines(text):
    words = text.split()
    return [" ".join(words[start : start + 8]) for start in range(0, len(words), 8)]


@pytest.mark.parametrize("text", [TCVN3, VNI])
def test_old_letters_are_converted_with_their_lines_and_boxes(tmp_path, text):
    words = find_embedded_words(write_pdf(tmp_path / "a.pdf", in_lines(text)), 1, dpi=144)
    assert " ".join(word.text for word in words) == RIGHT
    assert [word.text for word in words if word.line == 1] == RIGHT.split()[8:16]
    assert words[0].left == pytest.approx(100, abs=3)
    assert all(word.confidence == 100 for word in words)


@pytest.mark.parametrize("image", [(800, 1100), None])
def test_letters_that_make_no_vietnamese_are_not_kept_under_a_scan(tmp_path, image):
    lines = ["Kinh gui Ban To chuc Tinh uy Lam Dong", "ho so can bo cong chuc vien chuc kfnh gx1 bnn"]
    words = find_embedded_words(write_pdf(tmp_path / "a.pdf", lines, image=image), 1, dpi=144)
    assert bool(words) is (image is None)  # a page that a program wrote may be in another language


def test_text_beside_a_small_picture_is_that_of_a_program(tmp_path):
    lines = ["A plain letter in another language", "with a small coat of arms"]
    assert find_embedded_words(write_pdf(tmp_path / "a.pdf", lines, image=(300, 300)), 1, dpi=144)


def test_old_letters_mixed_with_misread_ones_are_not_kept(tmp_path):
    broken = " ".join(word[::-1] for word in TCVN3.split())
    assert find_embedded_words(write_pdf(tmp_path / "a.pdf", in_lines(broken)), 1, dpi=144) == []
