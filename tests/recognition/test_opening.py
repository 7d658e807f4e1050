"""Files that come in: told by content, counted, refused in words when they cannot be opened whole."""

import io
import struct

import pikepdf
import pytest
from PIL import Image

from oms.errors import DamagedFile, EmptyFile, FileTooLarge, LockedFile, UnsupportedFile
from oms.recognition import open_scan, page_image
from oms.specimens import word_files
from tests.recognition.sheets import draw_sheet


def save_image(path, format, **options):
    draw_sheet(["Một dòng chữ"], dpi=100).save(path, format, **options)
    return path


def save_pdf(path, pages=2, **options):
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    pdf.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("format", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("TIFF", "image/tiff")]
)
def test_an_image_is_told_by_its_content_not_its_name(tmp_path, format, media_type):
    scan = open_scan(save_image(tmp_path / "x.pdf", format))
    assert (scan.media_type, scan.pages, scan.signed) == (media_type, 1, False)


def test_the_pages_of_a_pdf_and_the_frames_of_a_tiff_are_counted(tmp_path):
    frames = [draw_sheet([str(number)], dpi=50) for number in range(3)]
    frames[0].save(tmp_path / "frames.tif", save_all=True, append_images=frames[1:], compression="tiff_lzw")
    assert open_scan(tmp_path / "frames.tif").pages == 3
    assert open_scan(save_pdf(tmp_path / "two.pdf")).pages == 2


@pytest.mark.parametrize("before", [b"<html>", b"\xff\xd8\xff\xe0", b"PK\x03\x04", b"\x89PNG"])
def test_a_file_that_is_two_kinds_at_once_is_refused(tmp_path, before):
    path = save_pdf(tmp_path / "a.pdf")
    path.write_bytes(before + path.read_bytes())
    with pytest.raises(UnsupportedFile):
        open_scan(path)


def test_a_picture_of_a_few_pixels_is_drawn(tmp_path):
    Image.new("L", (8, 6), "white").save(tmp_path / "a.png")
    picture = page_image(open_scan(tmp_path / "a.png"), 1)
    assert (picture.width, picture.height) == (8, 6)


def test_an_empty_file_is_refused_with_its_name(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"")
    with pytest.raises(EmptyFile, match=r"Hồ sơ 5\.pdf is empty"):
        open_scan(tmp_path / "a.pdf", name="Hồ sơ 5.pdf")


@pytest.mark.parametrize(
    "content",
    [word_files.draw(kind="text/plain"), b"GIF89a.......", b"hello", b"<html></html>", b"\0" * 100],
    ids=["zip", "gif", "text", "html", "zeros"],
)
def test_another_type_is_refused(tmp_path, content):
    (tmp_path / "a.pdf").write_bytes(content)
    with pytest.raises(UnsupportedFile):
        open_scan(tmp_path / "a.pdf")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_an_image_cut_off_on_its_way_is_damaged(tmp_path, format, share):
    path = save_image(tmp_path / "a", format)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DamagedFile):
        open_scan(path)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_a_pdf_cut_off_on_its_way_is_damaged(tmp_path, share):
    path = tmp_path / "a.pdf"
    sheets = [draw_sheet(dpi=60) for _ in range(4)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DamagedFile):
        open_scan(path)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\nnothing else",
        b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF",
        b"\xff\xd8\xff\xe0 no image",
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\0\0\0\0",
    ],
)
def test_what_only_begins_like_a_scan_is_damaged(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DamagedFile):
        open_scan(tmp_path / "a")


def test_a_pdf_without_pages_is_damaged(tmp_path):
    with pytest.raises(DamagedFile):
        open_scan(save_pdf(tmp_path / "a.pdf", pages=0))


def test_a_pdf_that_asks_for_a_password_is_locked(tmp_path):
    path = save_pdf(tmp_path / "a.pdf", encryption=pikepdf.Encryption(user="mở", owner="chủ"))
    with pytest.raises(LockedFile):
        open_scan(path)


def test_a_pdf_that_only_forbids_changes_opens(tmp_path):
    path = save_pdf(tmp_path / "a.pdf", encryption=pikepdf.Encryption(user="", owner="chủ"))
    assert open_scan(path).pages == 2


def test_too_many_pages_are_refused(tmp_path):
    with pytest.raises(FileTooLarge, match="2001 pages"):
        open_scan(save_pdf(tmp_path / "a.pdf", pages=2001))


def test_too_many_pixels_are_refused_without_decoding_them(tmp_path):
    small = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(small, "PNG")
    (tmp_path / "a.png").write_bytes(small.getvalue())
    with pytest.raises(FileTooLarge):
        open_scan(tmp_path / "a.png")


@pytest.mark.parametrize("place", ["stencil", "mask"])
def test_too_many_pixels_are_refused_in_stencils_and_masks_too(tmp_path, place):
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    kind = {"Type": pikepdf.Name.XObject, "Subtype": pikepdf.Name.Image, "ImageMask": True, "BitsPerComponent": 1}
    image = pikepdf.Stream(pdf, b"", Width=20_000, Height=20_000, **kind)
    if place == "mask":
        image = pikepdf.Stream(pdf, b"", Width=10, Height=10, **{**kind, "ImageMask": False}, Mask=image)
    pdf.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Image=image))
    pdf.save(tmp_path / "a.pdf")
    with pytest.raises(FileTooLarge):
        open_scan(tmp_path / "a.pdf")


@pytest.mark.parametrize("size", [(595, 1), (20_000, 842)])
def test_a_pdf_page_that_is_no_paper_is_refused(tmp_path, size):
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    pdf.pages[0].MediaBox = pikepdf.Array([0, 0, *size])
    pdf.save(tmp_path / "a.pdf")
    with pytest.raises(FileTooLarge):
        open_scan(tmp_path / "a.pdf")


def test_a_signed_pdf_is_known_as_signed(tmp_path):
    pdf = pikepdf.new()
    pdf.add_blank_page()
    field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="Chữ ký", V=pikepdf.Dictionary(Type=pikepdf.Name.Sig))
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[pdf.make_indirect(field)], SigFlags=3)
    pdf.save(tmp_path / "a.pdf")
    assert open_scan(tmp_path / "a.pdf").signed


def test_a_tiff_of_very_many_frames_is_refused_before_they_are_counted(tmp_path):
    """100,000 frames in a few megabytes: each a directory of eight tags that points to the same one pixel."""
    count, tags = 100_000, ((256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (278, 1), (279, 1))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    length = 2 + len(entries) + 4
    frames = (
        struct.pack("<H", len(tags))
        + entries
        + struct.pack("<I", 12 + (number + 1) * length if number + 1 < count else 0)
        for number in range(count)
    )
    path = tmp_path / "bomb.tif"
    path.write_bytes(b"II*\x00" + struct.pack("<I", 12) + b"\x00" * 4 + b"".join(frames))
    with pytest.raises(FileTooLarge):
        open_scan(path, name="bomb.tif")
