"""How well, how cheaply and how honestly pages are read, against Tesseract alone and OCRmyPDF on the same pages.

    python bench/reading.py [--pages N] [--seed S] [--conditions office,fax] [--others N] [--clock] [--long PAGES]
    python bench/reading.py --folder FOLDER   # pages that somebody else drew: pdf/NAME.pdf, pages/NAME.*, gt/NAME.txt

Draws papers of invented people, puts them through the conditions of `oms.specimens.faults` (nothing is stored) or takes
the pages of a folder, where NAME begins with the condition, and prints per condition the character error rate (CER: NFC,
white space folded, with and without marks), the CPU seconds of each reader, one thread a page, our searchable PDF
included, and the size of that PDF; then how well the judgement tells the pages with a CER above 0.10, and what it expected
against what was true; then each bar, reached or not. `--others` is the number of pages of a condition that the other two
read as well. `--long` reads one file of that many small pages and prints what the process took; `--rows` writes
one line per page, `--curve` a picture of expected and true errors. Only ratios count: absolute times depend on the machine
and on what else it does. OCRmyPDF is measured when `ocrmypdf` can be called, with `--deskew --rotate-pages --clean -l vie`,
and the better of its two page layouts (Tesseract's own choice, and one column) is taken.
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms.catalogue import demo_units
from oms.recognition import open_scan, read_file, read_page
from oms.recognition.comparing import compare
from oms.specimens import draw_paper, kinds_for, make_people, seats_of
from oms.specimens.faults import CONDITIONS, spoil

BAD = 0.10
"""CER above which a page must be flagged."""

MOST_ERROR = {
    **dict.fromkeys(
        ("clean", "office", "ccitt", "skew", "rot", "noise", "jpegq", "blur", "lighting", "bleed", "stamp"), 0.03
    ),
    **dict.fromkeys(("yellowfold", "fax", "saltpepper", "copier"), 0.10),
    **dict.fromkeys(("low", "fade", "worst"), 0.30),
}
"""The bar for the mean CER of each condition, by its name without figures."""

MOST_MEMORY = 400
"""Megabytes a worker may take."""

MOST_KILOBYTES = 120
"""Size of the searchable PDF of an ordinary page."""

OCRMYPDF = ["ocrmypdf", "--quiet", "--deskew", "--rotate-pages", "--clean", "-l", "vie"]
LAYOUTS: tuple[list[str], ...] = ([], ["--tesseract-pagesegmode", "4"])


@dataclass(frozen=True)
class Page:
    """One scanned page: as a PDF, as a picture, and what it says."""

    condition: str
    pdf: Path
    picture: Path
    truth: str


@dataclass(frozen=True)
class Result:
    """One page as we read it: CER with and without marks, CPU seconds, kilobytes of PDF, judgement; and as the others
    did: Tesseract alone, OCRmyPDF; None when they were not asked."""

    name: str
    condition: str
    ours: float
    plain: float
    cpu: float
    size: float
    expected: float
    quality: str
    bare: float | None = None
    bare_cpu: float | None = None
    other: float | None = None
    other_cpu: float | None = None


def draw_page(condition: str, seed: int, folder: Path) -> Page:
    """One scanned page in this condition."""
    chance = random.Random(f"{seed}/{condition}")
    person = make_people(1, chance.randint(1, 10**6), seats_of(demo_units()[:40]))[0]
    kinds = kinds_for(person)
    sheet = draw_paper(person, chance.choice(kinds), seed).sheets[0]
    back = draw_paper(person, chance.choice(kinds), seed + 1).sheets[-1]
    numbers = np.random.default_rng(chance.getrandbits(64))
    page = spoil(np.asarray(sheet.image), condition, numbers, np.asarray(back.image))
    image = Image.fromarray(page.pixels)
    path = folder / f"{condition}_{seed}.pdf"
    if page.quality is None:
        image.convert("1").save(path, resolution=page.dpi)
    else:
        image.save(path, resolution=page.dpi, quality=page.quality)
    picture = path.with_suffix(".png")
    image.save(picture, dpi=(page.dpi, page.dpi))
    return Page(condition, path, picture, sheet.text)


def stored_pages(folder: Path, condition: str) -> Iterator[Page]:
    """The pages of a folder that are in this condition."""
    for path in sorted((folder / "pdf").glob(f"{condition}_*.pdf")):
        picture = next((folder / "pages").glob(f"{path.stem}.*"))
        yield Page(condition, path, picture, (folder / "gt" / f"{path.stem}.txt").read_text())


def cpu_seconds() -> float:
    """CPU time of this process and of the programs it has called."""
    own, called = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + called.ru_utime + called.ru_stime


def call(command: Sequence[str]) -> str:
    """What a program says, with one thread."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    return subprocess.run(command, capture_output=True, check=True, env=environment).stdout.decode()


def measure(page: Page, folder: Path, *, others: bool) -> Result:
    """One page read by us and, where asked, by the others."""
    start = cpu_seconds()
    read = read_page(open_scan(page.pdf), 1, folder)
    cpu = cpu_seconds() - start
    reading, rates = read.reading, compare(read.reading.text, page.truth)
    size = read.layer.stat().st_size / 1000
    own = (rates.cer, rates.cer_unmarked, cpu, size, reading.expected_error, reading.quality)
    found = (*_read_bare(page), *_read_other(page, folder)) if others else ()
    return Result(page.pdf.stem, page.condition, *own, *found)


def _read_bare(page: Page) -> tuple[float, float]:
    start = cpu_seconds()
    text = call(["tesseract", str(page.picture), "-", "-l", "vie"])
    return compare(text, page.truth).cer, cpu_seconds() - start


def _read_other(page: Page, folder: Path) -> tuple[float, float] | tuple[None, None]:
    """The better of both layouts, the CPU of the cheaper one."""
    if not shutil.which(OCRMYPDF[0]):
        return None, None
    rates, times = [], []
    for layout in LAYOUTS:
        start, text = cpu_seconds(), folder / "other.txt"
        call([*OCRMYPDF, *layout, "--jobs", "1", "--sidecar", str(text), str(page.pdf), str(folder / "other.pdf")])
        rates.append(compare(text.read_text(), page.truth).cer)
        times.append(cpu_seconds() - start)
    return min(rates), min(times)


def print_row(name: str, results: Sequence[Result]) -> None:
    """Means of these pages; of those the others read as well, what all made of them."""
    row = (
        f"{name:11} {len(results):5} {mean(r.ours for r in results):7.3f} {median(r.ours for r in results):7.3f}"
        f" {mean(r.plain for r in results):7.3f} {mean(r.cpu for r in results):6.2f} {mean(r.size for r in results):5.0f}"
    )
    both = [result for result in results if result.bare is not None]
    if both:
        row += f" {mean(r.ours for r in both):9.3f} {mean(r.bare or 0 for r in both):7.3f}"
    both = [result for result in both if result.other is not None]
    if both:
        row += f" {mean(r.other or 0 for r in both):9.3f} {compare_cpu(both):9.2f}"
    print(row, flush=True)


def compare_cpu(results: Sequence[Result]) -> float:
    """Our CPU by that of OCRmyPDF, on pages that both read."""
    return sum(r.cpu for r in results) / sum(r.other_cpu or 0 for r in results)


def print_judgement(results: Sequence[Result]) -> None:
    """How many bad pages were flagged, how many flagged pages are bad, and the expected error by tenths of the pages."""
    flagged = find_flagged(results)
    bad = sum(result.ours > BAD for result in results)
    print(f"\npages with a CER above {BAD}: {bad}; flagged: {len(flagged)}, of these bad: {sum(flagged)}")
    print("\nexpected    true    pages")
    for group in np.array_split(sorted(results, key=lambda result: result.expected), min(10, len(results))):
        print(f"{mean(r.expected for r in group):8.3f} {mean(r.ours for r in group):7.3f} {len(group):8}")


def find_flagged(results: Sequence[Result]) -> list[bool]:
    """Of each flagged page, whether it is bad."""
    return [result.ours > BAD for result in results if result.quality in ("check", "poor", "handwriting")]


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
        print_bar(f"CER {condition} ({len(own)} pages)", mean(own), MOST_ERROR[condition.rstrip("0123456789")])
    flagged, bad = find_flagged(results), sum(result.ours > BAD for result in results)
    if bad:
        print_bar(f"recall of flags ({bad} bad pages)", sum(flagged) / bad, 0.95, least=True)
    if flagged:
        print_bar(f"precision of {len(flagged)} flags", sum(flagged) / len(flagged), 0.8, least=True)
    sizes = [result.size for result in results if result.condition != "worst"]
    if sizes:
        print_bar("largest PDF but of worst, KB", max(sizes), MOST_KILOBYTES)
    both = [result for result in results if result.other is not None]
    if both:
        print_bar("CPU beside OCRmyPDF", compare_cpu(both), 0.7)
        print_bar("pages on which ours is worse", sum(r.ours > (r.other or 0.0) for r in both), 0)


def print_long(pages: int, seed: int, folder: Path) -> None:
    """The memory of a file of many small pages, read to the searchable PDF page by page."""
    picture = draw_page("office", seed, folder).picture
    small = Image.open(picture).convert("L").resize((620, 877)).crop((0, 0, 620, 260))
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


def print_clock(pages: Sequence[Page], folder: Path) -> None:
    """Pages a minute on two cores: one file with these pages, two of them at a time."""
    pictures = [Image.open(page.picture).convert("RGB") for page in pages]
    path = folder / "all.pdf"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], resolution=200, quality=75)
    start = time.monotonic()
    for _ in read_file(path, workers=2, pdf=folder / "ours.pdf"):
        pass
    ours = len(pictures) / (time.monotonic() - start) * 60
    print(f"\npages a minute on two cores: {ours:.1f}", end="")
    if not shutil.which(OCRMYPDF[0]):
        print("; OCRmyPDF not measured")
        return
    start = time.monotonic()
    call([*OCRMYPDF, "--jobs", "2", str(path), str(folder / "other.pdf")])
    other = len(pictures) / (time.monotonic() - start) * 60
    print(f", OCRmyPDF {other:.1f}")
    print_bar("pages a minute beside OCRmyPDF", ours / other, 1.6, least=True)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, help="take the pages of this folder instead of drawing some")
    options.add_argument("--pages", type=int, help="pages for each condition: one, or all of a folder, when not named")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--conditions", help="all that there are when not named")
    options.add_argument("--others", type=int, default=10**6, help="pages of a condition that the others read, too")
    options.add_argument("--clock", action="store_true", help="also pages a minute on two cores; needs an idle machine")
    options.add_argument("--long", type=int, default=0, help="also the memory of one file of so many small pages")
    options.add_argument("--rows", type=Path, help="write what was measured of each page here, one JSON a line")
    options.add_argument("--curve", type=Path, help="write the picture of expected and true errors here")
    return options.parse_args()


def find_pages(chosen: argparse.Namespace, folder: Path) -> Iterator[list[Page]]:
    """The pages of one condition after the other."""
    names = chosen.conditions.split(",") if chosen.conditions else None
    if chosen.folder:
        there = {path.name.split("_")[0] for path in (chosen.folder / "pdf").glob("*.pdf")}
        yield from (list(stored_pages(chosen.folder, name))[: chosen.pages] for name in names or sorted(there))
        return
    seeds = [1000 * chosen.seed + page for page in range(chosen.pages or 1)]
    yield from ([draw_page(condition, seed, folder) for seed in seeds] for condition in names or CONDITIONS)


def main() -> None:
    """Print the tables."""
    chosen = _options()
    results: list[Result] = []
    firsts: list[Page] = []
    print(
        f"{'condition':11} {'pages':>5} {'CER':>7} {'median':>7} {'plain':>7} {'CPU':>6} {'KB':>5}"
        f" {'same: ours':>9} {'bare':>6} {'OCRmyPDF':>9} {'CPU share':>9}"
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for pages in find_pages(chosen, folder):
            found = [measure(page, folder, others=number < chosen.others) for number, page in enumerate(pages)]
            print_row(pages[0].condition, found)
            results += found
            firsts.append(pages[0])
            if chosen.rows:
                with chosen.rows.open("a") as rows:
                    rows.writelines(json.dumps(asdict(result)) + "\n" for result in found)
        print_row("all", results)
        print_judgement(results)
        print_bars(results)
        if chosen.curve:
            draw_curve(results, chosen.curve)
        if chosen.clock:
            print_clock(firsts, folder)
        if chosen.long:
            print_long(chosen.long, chosen.seed, folder)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"\npeak memory of a process: {peak // 1024} MB")


if __name__ == "__main__":
    main()
