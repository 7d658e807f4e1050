"""The archival picture: small, sharp, nothing lost."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from oms.recognition.archive import compose
from oms.recognition.pictures import Picture
from tests.recognition.sheets import LETTER, draw_sheet, seal


def sizes(made):
    layers = [*([made.paper] if made.paper else []), *made.stencils, *made.patches]
    return sum(len(layer.data) for layer in layers) + sum(len(s.shades.data) for s in made.stencils if s.shades)


def picture(sheet, dpi=200):
    return Picture(np.asarray(sheet), float(dpi))


def a_portrait(width=240, height=320):
    """Something like a photograph: all shades, a dark jacket, a pale face."""
    rows, columns = np.mgrid[0:height, 0:width]
    ground = np.stack([60 + columns / 4, 90 + rows / 4, 160 - rows / 8], axis=2)
    image = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.ellipse((70, 60, 170, 200), fill=(214, 170, 140))
    pen.ellipse((20, 200, 220, 420), fill=(40, 60, 40))
    return image


def test_letters_of_one_black_are_one_stencil_on_even_paper():
    made = compose(picture(draw_sheet()))
    assert made.paper is None and made.patches == ()
    (ink,) = made.stencils
    assert max(ink.colour) < 60 and ink.shades is None
    assert min(made.ground) > 250


def test_a_seal_is_a_stencil_of_its_own_in_red_and_the_letters_under_it_stay_black():
    black, red = compose(picture(seal(draw_sheet(height=5.85), x=4, y=2.2))).stencils
    assert max(black.colour) < 60
    with Image.open(io.BytesIO(red.shades.data)) as shades:
        strongest = np.asarray(shades.convert("RGB")).reshape(-1, 3).mean(axis=0)
    assert strongest[0] > 150 > strongest[1] + 40 > strongest[2]
    assert red.box[0] == pytest.approx((4 - 0.7) / 8.27, abs=0.01)
    assert red.box[2] == pytest.approx((4 + 0.7) / 8.27, abs=0.01)


def test_a_photograph_is_kept_as_it_is_and_no_ink_lies_over_it():
    sheet = draw_sheet(height=11)
    sheet.paste(a_portrait(), (1200, 1400))
    made = compose(picture(sheet))
    (patch,) = made.patches
    with Image.open(io.BytesIO(patch.data)) as kept:
        left, top = round(patch.box[0] * sheet.width), round(patch.box[1] * sheet.height)
        own = sheet.crop((left, top, left + kept.width, top + kept.height))
        assert np.abs(np.asarray(kept, int) - np.asarray(own, int)).mean() < 5
    assert left <= 1200 and left + patch.width >= 1440 and top <= 1400 and top + patch.height >= 1720
    assert all(stencil.box[3] <= patch.box[1] for stencil in made.stencils)


def test_a_sheet_with_one_large_photograph_is_kept_whole():
    sheet = Image.new("RGB", (827, 1170), "white")
    sheet.paste(a_portrait().resize((650, 850)), (40, 50))
    made = compose(picture(sheet, 100))
    assert made.stencils == () and made.patches == ()
    assert made.paper is not None and (made.paper.width, made.paper.height) == (827, 1170)


@pytest.mark.parametrize("dpi", [200, 300])
def test_an_ordinary_page_in_colour_stays_under_the_bar(dpi):
    lines = [*LETTER, "", *LETTER, "", *LETTER, "", *LETTER[:4]]
    sheet = seal(draw_sheet(lines, height=11.69, paper=244, dpi=dpi), x=5, y=9, dpi=dpi)
    grain = np.random.default_rng(1).integers(-6, 7, (400, 400, 3), np.int16)
    tiles = np.tile(grain, (9, 7, 1))[: sheet.height, : sheet.width]
    sheet = Image.fromarray((np.asarray(sheet) + tiles).clip(0, 255).astype(np.uint8))
    assert sizes(compose(picture(sheet, dpi))) < 120_000


def test_pale_writing_beside_dark_is_not_lost():
    sheet = draw_sheet(height=5.85)
    pen = ImageDraw.Draw(sheet)
    pen.line((160, 1000, 1400, 1000), fill=(205, 205, 205), width=4)
    made = compose(picture(sheet))
    assert made.paper is not None or len(made.stencils) > 1
    with Image.open(io.BytesIO(made.paper.data)) as paper:
        row = np.asarray(paper.convert("L"), int)[round(1000 * paper.height / sheet.height), 100:600]
    assert row.mean() < 240


def test_grey_pages_are_kept_in_grey():
    grey = cv2.GaussianBlur(np.asarray(draw_sheet().convert("L")), (5, 5), 0)
    light = np.linspace(1.0, 0.75, grey.shape[1])[None, :]
    made = compose(Picture((grey * light).astype(np.uint8), 200.0))
    assert made.paper is not None and made.paper.grey
    assert len(made.stencils) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (60, 60, 3)])
def test_tiny_pictures_are_no_trouble(shape):
    assert compose(Picture(np.full(shape, 200, np.uint8), 200.0)).ground == (200, 200, 200)
