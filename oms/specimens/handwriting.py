"""A page written by hand: invented text as joined, uneven strokes of a pen, for trying what tells it from bad print.

Nobody's hand: letters are a few points each, joined within a syllable, shaken by chance. Knows no font.
"""

import math
import random
import unicodedata
from collections.abc import Sequence

from PIL import Image, ImageDraw

from oms.specimens.sheet import HEIGHT, MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, WIDTH

Point = tuple[float, float]
INK = (34, 40, 92)

_LETTERS = {
    "a": "93 61 42 34 15 06 08 29 59 86 94 96 99 b8",
    "b": "07 31 40 21 14 19 38 67 85 64 44 95",
    "c": "84 63 34 16 18 39 68 97",
    "d": "84 54 26 18 39 69 96 90 95 99 b8",
    "e": "17 56 65 44 25 18 39 69 97",
    "g": "84 54 26 18 39 68 94 99 8c 5d 2c a8",
    "h": "07 31 40 21 16 19 26 54 75 79 98",
    "i": "07 35 34 38 49 67",
    "k": "07 31 40 21 19 16 65 54 37 59 88",
    "l": "07 31 40 20 17 39 58",
    "m": "06 15 19 16 44 55 59 56 84 95 99 b8",
    "n": "06 15 19 16 54 75 79 98",
    "o": "64 34 16 18 39 68 76 64 85",
    "p": "06 15 1d 16 54 76 68 29 98",
    "q": "84 54 26 18 39 68 94 9d a9",
    "r": "07 34 45 74 65 69 88",
    "s": "07 44 56 68 49 28 88",
    "t": "07 42 41 38 59 77",
    "u": "05 15 18 39 68 75 78 89 a8",
    "v": "05 15 39 67 75 94",
    "x": "05 44 59 98 45 04 09 59 86",
    "y": "05 15 18 48 75 78 6c 3d 2b a7",
    "0": "52 23 16 39 79 96 83 52", "1": "24 52 59", "2": "13 52 83 75 19 99", "3": "13 52 83 46 88 59 19",
    "4": "62 17 97 55 59", "5": "92 32 25 75 88 59 19", "6": "72 35 18 59 88 66 27", "7": "12 92 49",
    "8": "52 23 77 59 18 73 52", "9": "83 52 24 56 84 89 59", ",": "49 3b", ".": "49 49", "-": "16 86", "/": "91 09",
}  # fmt: skip
"""Points as two signs each: across (0 to b, tenths of a letter) and down (0 the height of b, 9 the line, d below)."""

_MARKS = {
    "̂": "43 52 63", "̆": "32 53 72", "̛": "84 93 a2", "̀": "30 51", "́": "41 60",
    "̉": "40 60 51", "̃": "31 40 61 70", "̣": "4b 5b", "-": "62 b2",
}  # fmt: skip


def write_by_hand(lines: Sequence[str], seed: int) -> Image.Image:
    """The lines on a white A4 page of 200 dpi, in a hand that is chosen by the seed."""
    source = random.Random(seed)
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    size, slant, width = source.uniform(30, 44), source.uniform(-0.1, 0.45), source.choice((3, 4, 5))
    y = MARGIN_TOP + 2 * size
    for line in lines:
        x, phase = MARGIN_LEFT + source.uniform(-20, 40), source.uniform(0, 6)
        for syllable in line.split():
            if x + len(syllable) * size * 0.6 > WIDTH - MARGIN_RIGHT:
                x, y = MARGIN_LEFT + source.uniform(-20, 40), y + size * source.uniform(1.9, 2.2)
            rise = 0.12 * size * math.sin(x / 180 + phase) + source.gauss(0, 0.07 * size)
            x = _write_syllable(pen, syllable, (x, y + rise), size * source.uniform(0.85, 1.15), slant, width, source)
            x += size * source.uniform(0.35, 0.6)
        y += size * source.uniform(1.9, 2.3)
        if y > HEIGHT - 2 * size:
            break
    return page


def _write_syllable(
    pen: ImageDraw.ImageDraw,
    syllable: str,
    start: Point,
    size: float,
    slant: float,
    width: int,
    source: random.Random,
) -> float:
    """Draw one syllable; returns where it ends."""
    x, joined, marks = start[0], list[Point](), list[list[Point]]()
    for sign in unicodedata.normalize("NFD", syllable.replace("đ", "d-").replace("Đ", "D-")):
        if unicodedata.combining(sign) or (sign == "-" and joined and len(syllable) > 1):
            before = x - 0.62 * size
            marks.append(_place(_MARKS.get(sign, "4b 5b"), (before, start[1]), size, slant, source))
            continue
        large = 1.45 if sign.isupper() else 1.0
        points = _place(_LETTERS.get(sign.lower(), _LETTERS["i"]), (x, start[1]), size * large, slant, source)
        joined += points
        x += 0.62 * size * large * source.uniform(0.9, 1.15)
        if source.random() < 0.18:
            marks.append(joined)
            joined = []
    for stroke in (joined, *marks):
        if len(stroke) > 1:
            pen.line(_smooth(stroke), fill=INK, width=width, joint="curve")
    return x


def _place(signs: str, start: Point, size: float, slant: float, source: random.Random) -> list[Point]:
    """The points of a letter on the page, each shaken a little."""
    digits = [int(sign, 16) for sign in signs.replace(" ", "")]
    shake = 0.035 * size
    placed = []
    for across, down in zip(digits[::2], digits[1::2], strict=True):
        height = (9 - down) / 9 * size
        x = start[0] + across / 10 * 0.62 * size + slant * height
        placed.append((x + source.gauss(0, shake), start[1] - height + source.gauss(0, shake)))
    return placed


def _smooth(points: Sequence[Point]) -> list[Point]:
    """A curve through the points (Catmull and Rom)."""
    ends = [points[0], *points, points[-1]]
    curve = []
    for first, second, third, fourth in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(5):
            t = step / 5
            curve.append(
                (
                    _between(first[0], second[0], third[0], fourth[0], t),
                    _between(first[1], second[1], third[1], fourth[1], t),
                )
            )
    return [*curve, points[-1]]


def _between(first: float, second: float, third: float, fourth: float, t: float) -> float:
    square, cube = t * t, t * t * t
    return 0.5 * (
        2 * second
        + (third - first) * t
        + (2 * first - 5 * second + 4 * third - fourth) * square
        + (3 * second - first - 3 * third + fourth) * cube
    )
