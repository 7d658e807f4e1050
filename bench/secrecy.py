"""Does the look at the door see stamps of secrecy, and leave ordinary pages alone?

    python bench/secrecy.py [--pages N] [--seed S]

Draws papers with `oms.specimens`, presses stamps of the three levels on them (red, faded, in grey scans, on sheets that
lie on their side, half under a seal, printed without a frame) and prints per kind how many were missed; then stamps of
urgency and ordinary papers, and how many raised an alarm. CPU seconds a page beside those of bare `tesseract`. Ends with
1 where a stamp was missed, another stamp raised an alarm, or more than one ordinary page of 200 did.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms.catalogue.demo_organisation import demo_organisation
from oms.recognition.looking import look_at_picture
from oms.recognition.pictures import Picture
from oms.specimens import ink
from oms.specimens.fonts import find_family
from oms.specimens.people import make_people, seats_of
from oms.specimens.scanner import PaperKind, draw_paper, kinds_for, scan_page

LEVELS = ("MẬT", "TỐI MẬT", "TUYỆT MẬT")
OTHERS = ("KHẨN", "THƯỢNG KHẨN", "HOẢ TỐC", "SAO Y", "XEM XONG TRẢ LẠI", "LƯU HÀNH NỘI BỘ")
LIFTED = "GIẢI MẬT"
"""A paper that was secret: read badly it is a doubt, and somebody looks; printed, and not counted."""
DPI = 200
UNFRAMED = "printed"
"""The kind of which some are known to be missed on bad copies (docs/known-limits.md): printed, and not counted."""
ONE_IN = 200
"""Ordinary pages of which at most one may be doubted."""


def press(page: Image.Image, stamp: Image.Image, chance: random.Random, *, turn: float = 0.0) -> Image.Image:
    """Ink under the number of the paper, left, a little turned."""
    layer = Image.new("RGB", page.size, "white")
    turned = stamp.rotate(turn or chance.uniform(-4, 4), Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    layer.paste(turned, free_place(page, turned.size, chance))
    return ImageChops.multiply(page, layer)


def free_place(page: Image.Image, size: tuple[int, int], chance: random.Random) -> tuple[int, int]:
    """Upper left corner of an empty place in the left column, from below the number down; where none is, over text."""
    ink_map = np.asarray(page.convert("L")) < 200
    for _ in range(80):
        x, y = chance.randint(150, 620), chance.randint(330, 700)
        if not ink_map[y : y + size[1], x : x + size[0]].any():
            return x, y
    return 250, 420


def pale(stamp: Image.Image, share: float) -> Image.Image:
    """The same ink, worn."""
    return Image.blend(stamp, Image.new("RGB", stamp.size, "white"), share)


def half_over(seal: Image.Image, page: Image.Image) -> Image.Image:
    """A seal on an empty sheet, over the right half of a stamp at (300, 440)."""
    layer = Image.new("RGB", page.size, "white")
    layer.paste(seal, (400, 330))
    return layer


def variants(page: Image.Image, chance: random.Random) -> dict[str, Image.Image]:
    """Stamped pages by what is hard about them."""
    text = chance.choice(LEVELS)
    stamp = ink.level_stamp(text)
    plain = press(page, stamp, chance)
    layer = Image.new("RGB", page.size, "white")
    layer.paste(stamp, (300, 440))
    layer = ImageChops.multiply(
        layer, half_over(ink.seal("ĐẢNG ỦY KHỐI CÁC CƠ QUAN TỈNH", ("CHI BỘ", "VĂN PHÒNG")), page)
    )
    over = Image.new("RGB", page.size, "white")
    over.paste(stamp, (chance.randint(250, 430), chance.randint(380, 560)))
    words = find_family().font("bold", 38)
    printed = page.copy()
    place = free_place(page, (round(words.getlength(text)) + 20, 60), chance)
    ImageDraw.Draw(printed).text(place, text, font=words, fill=(20, 20, 25))
    return {
        "red": plain,
        "worn": press(page, ink.worn(stamp, chance), chance, turn=0.5),
        "faded": press(page, pale(stamp, 0.55), chance),
        "grey scan": plain.convert("L").convert("RGB"),
        "black and white": plain.convert("L").point(lambda value: 255 if value > 150 else 0).convert("RGB"),
        "on its side": plain.rotate(90, expand=True),
        "upside down": plain.rotate(180, expand=True),
        "over text": ImageChops.multiply(page, over),
        "half under a seal": ImageChops.multiply(page, layer),
        "printed": printed,
    }


def main() -> int:
    """Draw, look, print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--pages", type=int, default=12)
    arguments.add_argument("--ordinary", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    chance, numbers = random.Random(chosen.seed), np.random.default_rng(chosen.seed)
    people = make_people(60, chosen.seed, seats_of(demo_organisation().units))

    def paper(kinds: tuple[PaperKind, ...] | None = None) -> Image.Image:
        while True:
            person = chance.choice(people)
            fitting = [kind for kind in kinds or kinds_for(person) if kind in kinds_for(person)]
            if fitting:
                drawn = draw_paper(person, chance.choice(fitting), chance.randrange(10_000))
                return chance.choice(drawn.sheets if kinds is None else drawn.sheets[:1]).image

    def look(page: Image.Image) -> bool:
        scanned = scan_page(page, numbers)
        found = look_at_picture(Picture(scanned, DPI))
        return bool(found)

    missed: dict[str, int] = {}
    letters = (PaperKind.PAY_RISE, PaperKind.APPOINTMENT, PaperKind.VERIFICATION_LETTER, PaperKind.PARTY_APPOINTMENT)
    for _ in range(chosen.pages):
        for name, page in variants(paper(letters), chance).items():
            missed[name] = missed.get(name, 0) + (not look(page))
    for name, count in missed.items():
        print(f"missed, {name:16} {count} of {chosen.pages}")
    alarms = {
        text: sum(
            look(press(paper(letters), ink.level_stamp(text, double=False, width=42), chance))
            for _ in range(chosen.pages)
        )
        for text in (*OTHERS, LIFTED)
    }
    for text, count in alarms.items():
        print(f"doubted, {text:16} {count} of {chosen.pages}")
    pages = [paper() for _ in range(chosen.ordinary)]
    start = cpu()
    false = sum(bool(look(page)) for page in pages)
    spent = (cpu() - start) / len(pages)
    print(f"false alarms {false} of {chosen.ordinary} ordinary pages")
    bare = bare_seconds(pages[:6])
    print(f"CPU seconds a page {spent:.2f}, bare tesseract {bare:.2f}, ratio {spent / bare:.2f}")
    stamps = sum(count for name, count in missed.items() if name != UNFRAMED)
    others = sum(alarms[text] for text in OTHERS)
    print(
        f"{stamps} stamps missed, {missed[UNFRAMED]} levels without a frame, {others} other stamps and {false} pages doubted"
    )
    return int(bool(stamps or others) or false * ONE_IN > chosen.ordinary)


def cpu() -> float:
    """CPU seconds of this process and its children."""
    return sum(
        use.ru_utime + use.ru_stime
        for use in (resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF))
    )


def bare_seconds(pages: list[Image.Image]) -> float:
    """CPU seconds `tesseract` takes for the same pages, each."""
    start = cpu()
    with tempfile.TemporaryDirectory() as folder:
        for page in pages:
            page.save(Path(folder) / "page.png", dpi=(DPI, DPI))
            subprocess.run(
                ["tesseract", str(Path(folder) / "page.png"), "-", "-l", "vie"],
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                capture_output=True,
                check=True,
            )
    return (cpu() - start) / len(pages)


if __name__ == "__main__":
    sys.exit(main())
