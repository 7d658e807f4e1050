"""Cutting pages out: what the scanner packed stays as it was, and nothing of another page goes along."""

import io

import numpy as np
import pikepdf
import pytest
from PIL import Image

from oms.recognition.cutting import NotCuttable, check_cuttable, cut
from oms.recognition.opening import OpenedScan, open_scan
from tests import stacks as made


@pytest.fixture
def pages() -> list[Image.Image]:
    return [made.paper(f"Trang số {number}") for number in range(1, 6)]


def cut_out(tmp_path, content: bytes, numbers: list[int]):
    source, out = tmp_path / "source", tmp_path / "piece"
    source.write_bytes(content)
    scan = open_scan(source)
    check_cuttable(scan)
    cut(scan, numbers, out)
    first = out.read_bytes()
    out.unlink()
    cut(scan, numbers, out)
    assert out.read_bytes() == first, "the same pages give the same bytes"
    return first, open_scan(out)


def packed(pdf: bytes) -> list[bytes]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return [
            thing.read_raw_bytes()
            for thing in opened.objects
            if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == pikepdf.Name.Image
        ]


def test_a_pdf_gives_its_pictures_as_they_are_and_no_other(tmp_path, pages):
    content = made.shared_pdf_of(pages)
    piece, opened = cut_out(tmp_path, content, [2, 4])
    assert opened.pages == 2
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages[0].resources.XObject) == 5
        wanted = [pdf.pages[0].resources.XObject[f"/Im{place}"].read_raw_bytes() for place in (1, 3)]
    assert sorted(packed(piece)) == sorted(wanted), "though all pages share one list of pictures"


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("compression", "mode"), [("group4", "1"), ("jpeg", "RGB"), ("tiff_lzw", "L"), ("tiff_adobe_deflate", "L")]
)
def test_a_tiff_gives_its_strips_as_they_are(tmp_path, pages, compression, mode, big):
    out = io.BytesIO()
    first, *others = [page.convert(mode) for page in pages]
    options = {"compression": compression, "dpi": (200, 200), "big_tiff": big}
    first.save(out, "TIFF", save_all=True, append_images=others, **options)
    piece, opened = cut_out(tmp_path, out.getvalue(), [5, 2])
    assert opened.pages == 2
    with Image.open(io.BytesIO(out.getvalue())) as before, Image.open(io.BytesIO(piece)) as after:
        for place, number in enumerate((5, 2)):
            before.seek(number - 1)
            after.seek(place)
            assert np.array_equal(np.array(before), np.array(after)) and before.info["dpi"] == after.info["dpi"]
            starts, lengths = before.tag_v2[273], before.tag_v2[279]
            for start, length in zip(starts, lengths, strict=True):
                assert out.getvalue()[start : start + length] in piece


def with_note(content: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[0, 0, 9, 9])
        pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(note)])
        pdf.save(out)
    return out.getvalue()


def with_layers(content: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.Root.OCProperties = pikepdf.Dictionary()
        pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize("spoil", [with_note, with_layers])
def test_what_cutting_would_change_stays_whole(tmp_path, pages, spoil):
    with pytest.raises(NotCuttable):
        cut_out(tmp_path, spoil(made.pdf_of(pages[:2])), [1])


def test_a_single_picture_is_no_stack(tmp_path):
    with pytest.raises(NotCuttable, match="single picture"):
        cut_out(tmp_path, made.factories.png_of(made.BLANK), [1])


def test_a_tiff_whose_frames_run_in_a_ring_is_refused(tmp_path, pages):
    content = bytearray(made.tiff_of(pages[:2]))
    place = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[place : place + 2], "little")
    content[place + 2 + 12 * count : place + 6 + 12 * count] = place.to_bytes(4, "little")
    source = tmp_path / "ring.tif"
    source.write_bytes(bytes(content))
    with pytest.raises(NotCuttable):
        check_cuttable(OpenedScan(source, "image/tiff", 2, signed=False, name="ring.tif"))
