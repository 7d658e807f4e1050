"""Is the hidden mark of a page image read back from a copy of it, is nobody else named, what does it cost? (EX-1)

    python bench/marks.py [--pages 20] [--others 20] [--seed S] [--ways half,turned] [--keep FOLDER]

Draws pages of seven kinds (nearly empty, clean, dense, scanned in grey and in colour, black and white, photograph),
writes them as page images, hides a mark in each and copies it in eight ways: made smaller, cut, turned, photographed (at an
angle, in uneven light, unsharp, with noise), quality down to 40. Each copy is held against the marks of the one it was
made for and of the others; then copies without a mark, and copies made for somebody who is not among them. Prints per way how many were read and the least height; PSNR; CPU for each image.
Ends with 1 where a copy of half the size and quality 60 was not read, anybody was named wrongly, or PSNR is below 40 dB.
"""

import argparse
import io
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms import marks
from oms.catalogue.demo_organisation import demo_organisation
from oms.leaks import CHANCE
from oms.recognition import leaked
from oms.recognition.hidden_marks import Pattern, hide
from oms.recognition.pictures import Picture, Pixels
from oms.recognition.screen import screen_picture, write_screen
from oms.specimens.fonts import find_family
from oms.specimens.people import SyntheticPerson, make_people, seats_of
from oms.specimens.scanner import draw_paper, kinds_for, scan_page
from oms.specimens.sheet import DPI

KEY, DAY = b"a key of the measurement and of nothing else", date(2026, 11, 30)
LEAST_PSNR = 40
NEEDED = ("half", "smaller")
"""The ways the bar speaks of: half the size and quality 60, and between; the others are printed."""


def clean(person: SyntheticPerson, chance: random.Random) -> Image.Image:
    """A sheet of a paper as a program would print it."""
    return draw_paper(person, chance.choice(kinds_for(person)), chance.randrange(10_000)).sheets[0].image


def nearly_empty(_person: SyntheticPerson, chance: random.Random) -> Image.Image:
    page = Image.new("L", (1654, 2339), 255)
    pen = ImageDraw.Draw(page)
    pen.text((800, 2200), str(chance.randrange(10, 99)), font=find_family().font("regular", 40), fill=0)
    return page


def dense(_person: SyntheticPerson, chance: random.Random) -> Image.Image:
    page = Image.new("L", (1654, 2339), 255)
    pen, font = ImageDraw.Draw(page), find_family().font("regular", 24)
    syllables = [
        "quyết",
        "định",
        "bổ",
        "nhiệm",
        "cán",
        "bộ",
        "nhà",
        "nước",
        "tỉnh",
        "huyện",
        "xã",
        "đảng",
        "viên",
        "năm",
        "tháng",
        "ngày",
        "hồ",
        "sơ",
        "lý",
        "lịch",
    ]
    for top in range(90, 2250, 30):
        pen.text((90, top), " ".join(chance.choice(syllables) for _ in range(24)), font=font, fill=0)
    return page


def scanned(person: SyntheticPerson, chance: random.Random) -> Image.Image:
    return Image.fromarray(scan_page(clean(person, chance), np.random.default_rng(chance.randrange(2**32))))


def grey(person: SyntheticPerson, chance: random.Random) -> Image.Image:
    return scanned(person, chance).convert("L")


def black_and_white(person: SyntheticPerson, chance: random.Random) -> Image.Image:
    return clean(person, chance).convert("1", dither=Image.Dither.NONE).convert("L")


def photograph(person: SyntheticPerson, chance: random.Random) -> Image.Image:
    """A page filled by soft colours, as a glued-in picture has them."""
    numbers = np.random.default_rng(chance.randrange(2**32))
    small = Image.fromarray(numbers.integers(0, 255, (48, 34, 3), dtype=np.uint8))
    page = scanned(person, chance)
    page.paste(small.resize((page.width * 3 // 4, page.height * 3 // 4), Image.Resampling.BICUBIC), (150, 200))
    return page


KINDS = (nearly_empty, clean, dense, scanned, grey, black_and_white, photograph)


def smaller(page: Image.Image, share: float, quality: int, *, edge: float = 0.0, turn: float = 0.0) -> Image.Image:
    """The page as somebody passes it on."""
    if turn:
        page = page.rotate(turn, Image.Resampling.BICUBIC, fillcolor="white")
    cut = (round(page.width * edge), round(page.height * edge / 2))
    page = page.crop((*cut, page.width - cut[0] // 2, page.height - cut[1]))
    page = page.resize((round(page.width * share), round(page.height * share)), Image.Resampling.BILINEAR)
    page.save(out := io.BytesIO(), "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue()))


def photographed(page: Image.Image, chance: random.Random) -> Image.Image:
    """As a telephone sees a sheet or a screen; without the stripes of a screen and without bends."""
    numbers, size = np.random.default_rng(chance.randrange(2**32)), np.array(page.size)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    seen = 0.8 * (corners + numbers.uniform(-0.03, 0.03, (4, 2)) * size + 0.06 * size)
    across, down = (round(0.9 * side) for side in page.size)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
    sheet = cv2.warpPerspective(np.asarray(page.convert("L")), matrix, (across, down), borderValue=(60,))
    x, y = np.meshgrid(np.linspace(-0.5, 0.7, across), np.linspace(-0.6, 0.6, down))
    light = cv2.GaussianBlur(sheet, (0, 0), 0.7) * (0.75 + 0.25 * np.cos(1.2 * x) * np.cos(1.3 * y))
    noisy = 255 * (light / 255) ** 1.15 + numbers.normal(0, 2.5, light.shape)
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out := io.BytesIO(), "JPEG", quality=75)
    return Image.open(io.BytesIO(out.getvalue()))


WAYS: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "half": lambda page, _chance: smaller(page, 0.5, 60),
    "smaller": lambda page, chance: smaller(page, chance.uniform(0.5, 1), chance.randint(60, 90)),
    "low quality": lambda page, _chance: smaller(page, 0.6, 40),
    "a third": lambda page, _chance: smaller(page, 0.34, 60),
    "edges cut": lambda page, chance: smaller(page, 0.6, 60, edge=chance.uniform(0.02, 0.1)),
    "turned": lambda page, chance: smaller(page, 0.6, 60, turn=chance.uniform(-1.5, 1.5)),
    "on its side": lambda page, _chance: smaller(page.transpose(Image.Transpose.ROTATE_90), 0.6, 60),
    "photographed": photographed,
}


def written(page: Image.Image, folder: Path) -> bytes:
    """The page image as the worker writes it."""
    pixels = np.asarray(page.convert("L" if page.mode == "1" else page.mode))
    dpi = DPI * page.width / 1654 if page.width > 1654 else 200
    return write_screen(screen_picture(Picture(pixels, dpi)), folder / "page.jpg").read_bytes()


def grey_of(content: bytes) -> Pixels:
    return np.array(Image.open(io.BytesIO(content)).convert("L"))


def named(rest: leaked.Rest | None, tried: Sequence[Pattern]) -> list[tuple[int, float]]:
    """Which of the marks stand out so high that a name would be given."""
    heights = [(place, rest.height(one)) for place, one in enumerate(tried)] if rest else []
    return [(place, high) for place, high in heights if leaked.chance_of(high, len(tried)) <= CHANCE]


def psnr(one: bytes, other: bytes) -> float:
    apart = grey_of(one).astype(np.float64) - grey_of(other)
    return float(10 * np.log10(255**2 / np.square(apart).mean()))


def cost(content: bytes, pattern: Pattern) -> float:
    """Milliseconds of a processor."""
    began = time.process_time()
    for _ in range(10):
        hide(content, pattern)
    return (time.process_time() - began) * 100


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=20)
    options.add_argument("--others", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--ways", default=",".join(WAYS), help="in which ways pages are copied")
    options.add_argument("--keep", type=Path, help="write the first marked page of each kind there, to look at")
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    people = make_people(60, chosen.seed, seats_of(demo_organisation().units))
    ways = {way: WAYS[way] for way in chosen.ways.split(",")}
    read: dict[str, list[float]] = {way: [] for way in ways}
    wrong, least, costs = 0, 99.0, dict[str, list[float]]()
    for number in range(chosen.pages):
        draw = KINDS[number % len(KINDS)]
        with tempfile.TemporaryDirectory() as folder:
            content = written(draw(chance.choice(people), chance), Path(folder))
        tried = [marks.pattern_of(KEY, f"account{one}", f"page{number}", DAY) for one in range(chosen.others + 1)]
        marked, original = hide(content, tried[0]), grey_of(content)
        least = min(least, psnr(content, marked))
        costs.setdefault(draw.__name__, []).append(cost(content, tried[0]))
        if chosen.keep and number < len(KINDS):
            (chosen.keep / f"{draw.__name__}.jpg").write_bytes(marked)
        for way, pass_on in ways.items():
            copy = pass_on(Image.open(io.BytesIO(marked)), chance)
            found = named(leaked.lay_onto(np.array(copy.convert("L")), original), tried)
            right = [height for place, height in found if place == 0]
            read[way] += right
            wrong += len(found) - len(right)
            if not right:
                print(f"not read: page {number}, {draw.__name__}, {way}", flush=True)
        stranger = hide(content, marks.pattern_of(KEY, "stranger", f"page{number}", DAY))
        for bare in (content, stranger):
            copy = WAYS["half"](Image.open(io.BytesIO(bare)), chance)
            wrong += len(named(leaked.lay_onto(np.array(copy.convert("L")), original), tried))
    for way, heights in read.items():
        print(f"{way:12} {len(heights)} of {chosen.pages} read, least height {min(heights, default=0):.1f}")
    print(f"wrong names  {wrong} (marked, unmarked and strangers' copies); least PSNR {least:.1f} dB")
    print("CPU          " + ", ".join(f"{kind} {sum(some) / len(some):.1f} ms" for kind, some in costs.items()))
    missed = any(len(read[way]) < chosen.pages for way in NEEDED if way in read)
    return int(missed or wrong > 0 or least < LEAST_PSNR)


if __name__ == "__main__":
    sys.exit(main())
