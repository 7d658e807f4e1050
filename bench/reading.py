"""How well, how cheaply and how honestly pages are read, against Tesseract alone and OCRmyPDF on the same pages.

    python bench/reading.py [--pages N] [--seed S] [--conditions office,fax] [--clock] [--long PAGES] [--curve FILE.svg]

Draws papers of invented people, puts them through the conditions of `oms.specimens.faults` (nothing is stored) and prints
per condition the character error rate (CER: NFC, white space folded, with and without marks) and the CPU seconds of each
reader, one thread a page, our searchable PDF included; then how well the judgement tells the pages with a CER above 0.10,
and what it expected against what was true; then which bars were reached. `--long` reads one file of that many small pages
and prints what the process took. Only ratios count: absolute times depend on the machine and on what else it
does. OCRmyPDF is measured when `ocrmypdf` can be called, with `--deskew --rotate-pages --clean -l vie`.
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms.catalogue import demo_units
from oms.recognition import open_scan, read_file, read_page
from oms.specimens import draw_paper, kinds_for, make_people, seats_of
from oms.specimens.faults import CONDITIONS, spoil

BAD = 0.10
"""CER above which a page must be flagged."""

MOST_ERROR = {
    **dict.fromkeys(
        ("clean", "office", "ccitt", "skew", "rot90", "noise", "jpegq", "blur", "lighting", "bleed", "stamp"), 0.03
    ),
    **dict.fromkeys(("yellowfold", "fax", "saltpepper", "copier"), 0.10),
    **dict.fromkeys(("low150", "fade", "worst"), 0.30),
}
"""The bar for the mean CER of each condition."""

MOST_MEMORY = 400
"""Megabytes a worker may take."""

OCRMYPDF = ["ocrmypdf", "--quiet", "--deskew", "--rotate-pages", "--clean", "-l", "vie"]


@dataclass(frozen=True)
class Result:
    """One page: error rates of the three readers (OCRmyPDF's None when it is not there), CPU seconds, our judgement."""

    condition: str
    ours: float
    plain: float
    bare: float
    other: float | None
    cpu: tuple[float, float, float]
    expected: float
    quality: str


def draw_page(condition: str, seed: int, folder: Path) -> tuple[Path, str]:
    """A PDF of one scanned page in this condition, and its true text."""
    chance = random.Random(f"{seed}/{condition}")
    person = make_people(1, chance.randint(1, 10**6), seats_of(demo_units()[:40]))[0]
    kinds = kinds_for(person)
    sheet = draw_paper(person, chance.choice(kinds), seed).sheets[0]
    back = draw_paper(person, chance.choice(kinds), seed + 1).sheets[-1]
    numbers = np.random.default_rng(chance.getrandbits(64))
    page = spoil(np.asarray(sheet.image), condition, numbers, np.asarray(back.image))
    image = Image.fromarray(page.pixels)
    path = folder / "page.pdf"
    if page.quality is None:
        image.convert("1").save(path, resolution=page.dpi)
    else:
        image.save(path, resolution=page.dpi, quality=page.quality)
    image.save(folder / "page.png", dpi=(page.dpi, page.dpi))
    return path, sheet.text


def error_rate(read: str, truth: str) -> float:
    """Levenshtein distance per character of truth."""
    read, truth = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (read, truth))
    target, steps = np.array([ord(letter) for letter in truth]), np.arange(len(truth) + 1)
    row = steps
    for place, letter in enumerate(read, 1):
        best = np.minimum(row[:-1] + (target != ord(letter)), row[1:] + 1)
        row = np.minimum.accumulate(np.concatenate(([place], best)) - steps) + steps
    return float(row[-1] / len(truth))


def without_marks(text: str) -> str:
    """The plain Latin letters of a text."""
    bare = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def cpu_seconds() -> float:
    """CPU time of this process and of the programs it has called."""
    own, called = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + called.ru_utime + called.ru_stime


def call(command: Sequence[str]) -> str:
    """What a program says, with one thread."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    return subprocess.run(command, capture_output=True, check=True, env=environment).stdout.decode()


def measure(condition: str, seed: int, folder: Path) -> Result:
    """One page read by all."""
    path, truth = draw_page(condition, seed, folder)
    start = cpu_seconds()
    reading = read_page(open_scan(path), 1, folder).reading
    ours = cpu_seconds()
    bare = error_rate(call(["tesseract", str(folder / "page.png"), "-", "-l", "vie"]), truth)
    alone = cpu_seconds()
    other = None
    if shutil.which(OCRMYPDF[0]):
        text, out = folder / "other.txt", folder / "other.pdf"
        call([*OCRMYPDF, "--jobs", "1", "--sidecar", str(text), str(path), str(out)])
        other = error_rate(text.read_text(), truth)
    cpu = (ours - start, alone - ours, cpu_seconds() - alone)
    plain = error_rate(without_marks(reading.text), without_marks(truth))
    own = error_rate(reading.text, truth)
    return Result(condition, own, plain, bare, other, cpu, reading.expected_error, reading.quality)


def print_row(name: str, results: Sequence[Result]) -> None:
    """Means of these pages, and the share of the CPU of the others that ours took."""
    own, bare, other = (mean(result.cpu[place] for result in results) for place in range(3))
    rates = [result.other for result in results if result.other is not None]
    third = f"{mean(rates):9.3f} {other:9.2f} {own / other:6.2f}" if rates else f"{'not measured':>26}"
    print(
        f"{name:11} {mean(r.ours for r in results):7.3f} {median(r.ours for r in results):7.3f}"
        f" {mean(r.plain for r in results):7.3f} {own:6.2f} {mean(r.bare for r in results):7.3f} {bare:6.2f}"
        f" {own / bare:6.2f} {third}",
        flush=True,
    )


def print_judgement(results: Sequence[Result]) -> None:
    """How many bad pages were flagged, how many flagged pages are bad, and the expected error by tenths of the pages."""
    flagged = [result.ours > BAD for result in results if result.quality in ("check", "poor", "handwriting")]
    bad = sum(result.ours > BAD for result in results)
    print(f"\npages with a CER above {BAD}: {bad}; flagged: {len(flagged)}, of these bad: {sum(flagged)}")
    print("\nexpected    true    pages")
    for group in np.array_split(sorted(results, key=lambda result: result.expected), min(10, len(results))):
        print(f"{mean(r.expected for r in group):8.3f} {mean(r.ours for r in group):7.3f} {len(group):8}")


def find_flags(results: Sequence[Result]) -> tuple[float, float] | None:
    """Recall and precision of the flags; None without a bad page or a flag."""
    flagged = [result.ours > BAD for result in results if result.quality in ("check", "poor", "handwriting")]
    bad = sum(result.ours > BAD for result in results)
    return (sum(flagged) / bad, sum(flagged) / len(flagged)) if bad and flagged else None


def print_bar(name: str, value: float, bar: float, *, least: bool = False) -> None:
    """One bar, and whether it was reached."""
    reached = value >= bar if least else value <= bar
    print(f"{name:34} {value:8.3f}  bar {'≥' if least else '≤'} {bar:g}  {'reached' if reached else 'NOT REACHED'}")


def print_bars(results: Sequence[Result]) -> None:
    """What was asked for against what was measured on these pages."""
    print()
    print_bar("mean CER", mean(result.ours for result in results), 0.075)
    print_bar("median CER", median(result.ours for result in results), 0.02)
    for condition in dict.fromkeys(result.condition for result in results):
        own = [result.ours for result in results if result.condition == condition]
        print_bar(f"CER {condition} ({len(own)} pages)", mean(own), MOST_ERROR[condition])
    flags = find_flags(results)
    if flags:
        print_bar("recall of flags", flags[0], 0.95, least=True)
        print_bar("precision of flags", flags[1], 0.8, least=True)
    both = [result for result in results if result.other is not None]
    if both:
        print_bar("CPU beside OCRmyPDF", sum(r.cpu[0] for r in both) / sum(r.cpu[2] for r in both), 0.7)
        print_bar("pages on which ours is worse", sum(r.ours > (r.other or 0.0) for r in both), 0)


def print_long(pages: int, seed: int, folder: Path) -> None:
    """The memory of a file of many small pages, read to the searchable PDF page by page."""
    draw_page("office", seed, folder)
    small = Image.open(folder / "page.png").convert("L").resize((620, 877)).crop((0, 0, 620, 260))
    path = folder / "long.pdf"
    small.save(path, save_all=True, append_images=[small] * (pages - 1), resolution=75, quality=60)
    early, read = 0.0, 0
    for read, _ in enumerate(read_file(path, workers=1, pdf=folder / "out.pdf"), 1):
        if read == min(20, pages):
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{read} pages: {early:.0f} MB after 20, {peak:.0f} MB at the end, searchable PDF included")
    print_bar("peak memory of a worker, MB", peak, MOST_MEMORY)


def draw_curve(results: Sequence[Result], path: Path) -> None:
    """Each page as a dot, expected error against true error, both from 0 to 0.5, as a small SVG."""
    dots = "".join(
        f'<circle cx="{40 + 560 * min(r.expected, 0.5):.0f}" cy="{300 - 560 * min(r.ours, 0.5):.0f}" r="3"/>'
        for r in results
    )
    labels = "".join(
        f'<text x="{40 + 56 * step}" y="316" text-anchor="middle">{step / 10:.1f}</text>'
        f'<text x="34" y="{304 - 56 * step}" text-anchor="end">{step / 10:.1f}</text>'
        for step in range(6)
    )
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 340 345" width="680" font-family="sans-serif"'
        ' font-size="11"><rect width="340" height="345" fill="#fff"/><path d="M40 20V300H320" fill="none"'
        ' stroke="#555"/><path d="M40 300L320 20" stroke="#bbb" stroke-dasharray="4"/>'
        f'<g fill="#0b5fa5" fill-opacity=".6">{dots}</g><g fill="#333">{labels}'
        '<text x="180" y="336" text-anchor="middle">expected error</text><text x="44" y="14">true error</text></g></svg>\n'
    )


def print_clock(seed: int, folder: Path) -> None:
    """Pages a minute on two cores: one file with a page of each condition, two pages at a time."""
    pages = [Image.open(folder / "page.png").convert("RGB") for name in CONDITIONS if draw_page(name, seed, folder)]
    path = folder / "all.pdf"
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=200, quality=75)
    start = time.monotonic()
    for _ in read_file(path, workers=2, pdf=folder / "ours.pdf"):
        pass
    ours = len(pages) / (time.monotonic() - start) * 60
    print(f"\npages a minute on two cores: {ours:.1f}", end="")
    if not shutil.which(OCRMYPDF[0]):
        print("; OCRmyPDF not measured")
        return
    start = time.monotonic()
    call([*OCRMYPDF, "--jobs", "2", str(path), str(folder / "other.pdf")])
    other = len(pages) / (time.monotonic() - start) * 60
    print(f", OCRmyPDF {other:.1f}")
    print_bar("pages a minute beside OCRmyPDF", ours / other, 1.6, least=True)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=1, help="pages for each condition")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--conditions", default=",".join(CONDITIONS))
    options.add_argument("--clock", action="store_true", help="also pages a minute on two cores; needs an idle machine")
    options.add_argument("--long", type=int, default=0, help="also the memory of one file of so many small pages")
    options.add_argument("--curve", type=Path, help="write the picture of expected and true errors here")
    chosen = options.parse_args()
    results: list[Result] = []
    print(
        f"{'condition':11} {'CER':>7} {'median':>7} {'plain':>7} {'CPU':>6} {'CER':>7} {'CPU':>6} {'ratio':>6}"
        f" {'CER':>9} {'CPU':>9} {'ratio':>6}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for condition in chosen.conditions.split(","):
            of_condition = [measure(condition, 1000 * chosen.seed + page, Path(folder)) for page in range(chosen.pages)]
            print_row(condition, of_condition)
            results += of_condition
        print_row("all", results)
        print_judgement(results)
        print_bars(results)
        if chosen.curve:
            draw_curve(results, chosen.curve)
        if chosen.clock:
            print_clock(chosen.seed, Path(folder))
        if chosen.long:
            print_long(chosen.long, chosen.seed, Path(folder))
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"\npeak memory of a process: {peak // 1024} MB")


if __name__ == "__main__":
    main()
