"""How large the pages of the archival PDF are and what writing them costs, against plain JPEG pages.

    python bench/archive.py [--people N] [--seed S] [--long PAGES]

Draws papers with `oms.specimens`, scans them in colour, in grey and in two tones at 200 and 300 dpi, and prints per
kind the bytes per page (mean and largest), those of the JPEG of the screen, and the CPU seconds of writing. `--long`
joins that many pages to one file and prints its size, the seconds and the peak memory. Nothing is stored.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import mean

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms import catalogue
from oms.recognition.layer import write_layer, write_pdf
from oms.recognition.pages import Word
from oms.recognition.pictures import Picture, scale_to
from oms.recognition.screen import screen_picture, write_screen
from oms.specimens import draw_paper, kinds_for, make_people, scan_page, seats_of

DAY = date(2025, 2, 28)


def draw_pages(people: int, seed: int) -> Iterator[Picture]:
    """The first page of one paper of each person, as a colour scanner of 200 dpi sees it."""
    numbers = np.random.default_rng(seed)
    for place, person in enumerate(make_people(people, seed, seats_of(catalogue.units_on(DAY)))):
        kinds = kinds_for(person)
        sheet = draw_paper(person, kinds[place % len(kinds)], seed, pages=1).sheets[0]
        yield Picture(np.asarray(scan_page(sheet.image, numbers)), 200.0)


def to_grey(page: Picture) -> Picture:
    """The page of a grey scanner."""
    return Picture(cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY), page.dpi)


def to_two_tones(page: Picture) -> Picture:
    """The page of a scanner set to black and white."""
    grey = cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY)
    return Picture(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1], page.dpi)


SCANNERS = {"colour": lambda page: page, "grey": to_grey, "two tones": to_two_tones}


def words_of(page: Picture) -> list[Word]:
    """As many words as a full page has, for the weight of the text."""
    step = round(page.height / 45)
    return [
        Word("chuyển", 100 + 150 * column, step * row, 120, 30, 90.0, row)
        for row in range(2, 42)
        for column in range(9)
    ]


def measure(pages: list[Picture], folder: Path) -> tuple[list[int], list[int], float, float]:
    """Bytes of layer and screen image of each page, and CPU seconds per page of both."""
    layers, screens, seconds, screen_seconds = [], [], 0.0, 0.0
    for page in pages:
        start = time.process_time()
        layer = write_layer(page, words_of(page), page.dpi, folder / "layer.pdf")
        middle = time.process_time()
        screen = write_screen(screen_picture(page), folder / "screen.jpg")
        screen_seconds += time.process_time() - middle
        seconds += middle - start
        layers.append(layer)
        write_pdf([layer], folder / "one.pdf")
        layers[-1] = (folder / "one.pdf").stat().st_size
        screens.append(screen.stat().st_size)
    return layers, screens, seconds / len(pages), screen_seconds / len(pages)


def write_long(page: Picture, count: int, folder: Path) -> None:
    """Write `count` layers and join them, as a long scan is finished."""
    layer = write_layer(page, words_of(page), page.dpi, folder / "0.pdf").read_bytes()
    layers = [folder / f"{number}.pdf" for number in range(count)]
    for path in layers:
        path.write_bytes(layer)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    write_pdf(layers, folder / "long.pdf")
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = (folder / "long.pdf").stat().st_size
    print(f"{count} pages joined: {size / count / 1000:.1f} kB a page, {seconds:.1f} s CPU, ", end="")
    print(f"peak memory {after / 1024:.0f} MB ({(after - before) / 1024:.0f} MB more than before)")


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=8, help="pages of each kind")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--long", type=int, default=500, help="pages of the long file")
    chosen = options.parse_args()
    drawn = list(draw_pages(chosen.people, chosen.seed))
    print(f"{'scan':18} {'kB mean':>8} {'largest':>8} {'JPEG kB':>8} {'CPU s':>6} {'JPEG s':>7}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_long(drawn[0], chosen.long, folder)
        for name, scanner in SCANNERS.items():
            for dpi in (200, 300):
                pages = [scanner(page if dpi == 200 else scale_to(page, dpi)) for page in drawn]
                layers, screens, seconds, screen_seconds = measure(pages, folder)
                print(
                    f"{name + f', {dpi} dpi':18} {mean(layers) / 1000:8.1f} {max(layers) / 1000:8.1f} "
                    f"{mean(screens) / 1000:8.1f} {seconds:6.2f} {screen_seconds:7.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
