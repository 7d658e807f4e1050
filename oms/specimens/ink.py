"""Seals, signatures and register stamps: invented ink on a white ground, to be pressed on a page."""

import math
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from oms.specimens.fonts import find_family

RED = (206, 32, 40)
BLUE = (28, 44, 140)
SEAL_DIAMETER = 284
"""36 mm at 200 dots per inch."""

PER_MILLIMETRE = 200 / 25.4
"""Pixels."""

FINER = 2
"""Seals are drawn this much larger and made smaller, so that turned letters stay smooth."""


@lru_cache(maxsize=64)
def seal(around: str, inside: tuple[str, ...]) -> Image.Image:
    """A round red seal: the higher body around, the own name across, a star at the foot."""
    size = SEAL_DIAMETER * FINER
    mask = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(mask)
    for inset, width in ((4, 9), (20, 3), (96, 4)):
        draw.ellipse((inset, inset, size - inset, size - inset), outline=255, width=width)
    _write_around(mask, around, size)
    _draw_star(draw, size / 2, size - 58, 28)
    _write_across(draw, inside, size)
    mask = mask.resize((SEAL_DIAMETER, SEAL_DIAMETER), Image.Resampling.LANCZOS)
    return _inked(mask, RED)


def worn(picture: Image.Image, source: random.Random) -> Image.Image:
    """The same ink as pressed by hand: a little turned, paler in patches."""
    angle = source.uniform(-14, 14)
    turned = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))
    patches = Image.new("L", (9, 9))
    patches.frombytes(bytes(source.randint(0, 110) for _ in range(81)))
    veil = patches.resize(turned.size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", turned.size, "white"), turned, veil)


def signature(source: random.Random) -> Image.Image:
    """A blue scrawl of 300 × 130 pixels that is nobody's."""
    width, height = 300, 130
    mask = Image.new("L", (width * 2, height * 2), 0)
    draw = ImageDraw.Draw(mask)
    loops = source.randint(4, 7)
    phase, lift = source.uniform(0, 6), source.uniform(0.4, 1.0)
    points = []
    for step in range(160):
        part = step / 159
        angle = phase + part * loops * 2 * math.pi
        swing = height * 0.62 * (1 - part * lift * 0.7)
        x = width * 0.2 + part * width * 1.4 + math.cos(angle) * 42
        y = height + math.sin(angle) * swing * (0.6 + 0.4 * math.sin(part * 9 + phase))
        points.append((x, y))
    draw.line(points, fill=235, width=6, joint="curve")
    tail = height * source.uniform(1.2, 1.6)
    draw.line([(width * 0.2, tail), (width * 1.8, tail - height * 0.5)], fill=225, width=5)
    return _inked(mask.resize((width, height), Image.Resampling.LANCZOS), BLUE)


def box_stamp(lines: tuple[str, ...]) -> Image.Image:
    """A rectangular register stamp ("ĐẾN" with number and date), as an office presses it on incoming paper."""
    width, height = 330, 30 + 44 * len(lines)
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    draw.rectangle((3, 3, width - 4, height - 4), outline=255, width=4)
    for number, line in enumerate(lines):
        style, size = ("bold", 40) if number == 0 else ("regular", 30)
        font = find_family().font(style, size)
        draw.text((width / 2, 36 + number * 44), line, font=font, fill=255, anchor="mm")
    return _inked(mask, RED)


def level_stamp(text: str, *, double: bool = True, width: float | None = None) -> Image.Image:
    """A framed stamp of capitals, 8 mm high: double-framed as marks of secrecy are, single-framed as urgency is.

    `width` in millimetres; else 20, 30 or 40 by the length of the text (TT 24/2020/TT-BCA, NĐ 30/2020).
    """
    finer = 3
    across = round((width or (20 if len(text) < 6 else 30 if len(text) < 9 else 40)) * PER_MILLIMETRE) * finer
    mask = Image.new("L", (across, round(8 * PER_MILLIMETRE) * finer), 0)
    draw = ImageDraw.Draw(mask)
    for inset, line in ((0, 8), (16, 5)) if double else ((0, 8),):
        draw.rectangle((inset, inset, across - 1 - inset, mask.height - 1 - inset), outline=255, width=line)
    points = 120
    while find_family().font("bold", points).getlength(text) > across - 70:
        points -= 4
    draw.text((across / 2, mask.height / 2), text, font=find_family().font("bold", points), fill=255, anchor="mm")
    return _inked(mask.resize((across // finer, mask.height // finer), Image.Resampling.LANCZOS), RED)


def _inked(mask: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGB", mask.size, "white")
    picture.paste(colour, (0, 0), mask)
    return picture


def _write_around(mask: Image.Image, text: str, size: int) -> None:
    """Set letters along the upper arc, each turned to its place."""
    points = 50 if len(text) < 24 else 42 if len(text) < 32 else 34
    font: ImageFont.FreeTypeFont = find_family().font("bold", points)
    radius = size / 2 - 58
    widths = [font.getlength(letter) + 3 for letter in text]
    angle = -sum(widths) / radius / 2
    for letter, width in zip(text, widths, strict=True):
        middle = angle + width / radius / 2
        tile = Image.new("L", (points * 2, points * 2), 0)
        ImageDraw.Draw(tile).text((points, points), letter, font=font, fill=255, anchor="mm")
        tile = tile.rotate(-math.degrees(middle), Image.Resampling.BICUBIC)
        x = size / 2 + math.sin(middle) * radius - points
        y = size / 2 - math.cos(middle) * radius - points
        mask.paste(255, (round(x), round(y)), tile)
        angle += width / radius


def _write_across(draw: ImageDraw.ImageDraw, lines: tuple[str, ...], size: int) -> None:
    for points in range(64, 20, -4):
        font = find_family().font("bold", points)
        if all(font.getlength(line) < size - 240 for line in lines):
            break
    top = size / 2 - (len(lines) - 1) * points * 0.6
    for number, line in enumerate(lines):
        draw.text((size / 2, top + number * points * 1.2), line, font=font, fill=255, anchor="mm")


def _draw_star(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    corners = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.4
        angle = math.pi * corner / 5
        corners.append((x + math.sin(angle) * reach, y - math.cos(angle) * reach))
    draw.polygon(corners, fill=255)
