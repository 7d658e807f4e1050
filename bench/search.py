"""How well, how fast and in how much memory the engines find, and whether a filed page is found at once.

    python bench/search.py [--items 100000] [--seed 4] [--known 12000] [--each 150] [--folder KEPT]
                           (OMS_TEST_POSTGRESQL=postgresql://… adds PostgreSQL; see bench/searching)

Prints what was measured and every bar, reached or not; the bars of speed are set for 100,000 items. Ratios count;
absolute times belong to the machine. Where other programs keep it busy, the CPU tells what an engine costs and the clock
mostly what the others do. With --folder the indexes are kept and taken over by the next run.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from searching import corpus, finders, given, quality, speed

FOR = 100_000
"""Items the bars of speed are set for."""


@dataclass(frozen=True)
class Bar:
    """What was asked for and what was measured."""

    what: str
    figure: float
    bar: float
    at_least: bool = False

    def __str__(self) -> str:
        reached = self.figure >= self.bar if self.at_least else self.figure <= self.bar
        return f"{'reached' if reached else 'NOT REACHED':12} {self.what}: {self.figure:.3g} (bar {self.bar:.3g})"


def main() -> None:
    """Measure what was asked for and print the bars."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=FOR, help="pages for speed and memory")
    options.add_argument("--words", type=int, default=corpus.WORDS, help="words of a page")
    options.add_argument("--known", type=int, default=12_000, help="pages among which known ones are looked for")
    options.add_argument("--each", type=int, default=150, help="questions of each way of asking for a known page")
    options.add_argument("--timed", type=int, default=40, help="questions of each kind that are timed")
    options.add_argument("--seed", type=int, default=4)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    options.add_argument("--engines", nargs="+", default=(*finders.OURS, finders.PLAIN, finders.POSTGRESQL))
    options.add_argument("--corpus", type=Path, help="papers somebody else made (bench/searching/given.py)")
    options.add_argument("--asked", type=Path, help="questions about them with known answers")
    options.add_argument("--folder", type=Path, help="where indexes are kept between runs")
    chosen = options.parse_args()
    names = [name for name in chosen.engines if name != finders.POSTGRESQL or os.environ.get(finders.ADDRESS)]
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory(prefix="oms-bench-search-") as place:
        folder = chosen.folder or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        if "quality" in chosen.parts:
            asked = [name for name in names if name != finders.PLAIN]
            bars += show_quality(quality.measure(asked, folder, papers(chosen, chosen.known), chosen.each))
        if "speed" in chosen.parts:
            source = papers(chosen, chosen.items)
            bars += show_speed(speed.measure(names, folder, source, chosen.seed, chosen.timed), chosen.items)
        if finders.POSTGRESQL in names and not chosen.folder:
            for count in {chosen.known, chosen.items}:
                finders.forget(papers(chosen, count))
    ours = [name for name in names if name in finders.OURS]
    # Imported late: the processes that find would carry the whole program in their memory.
    if "load" in chosen.parts:
        from searching import under_load

        for name in ours:
            waits = under_load.measure(name)
            print(f"{name}: {under_load.told(waits)}", flush=True)
            bars.append(Bar(f"{name}: seconds until a filed page is found, 95th, under load", speed.high(waits), 2))
    if "kills" in chosen.parts:
        import killing

        for name in ours:
            bars.append(Bar(f"{name}: kills that lost anything", killing.losses(name, chosen.kills), 0))
            after = killing.losses_of_an_installation(name, chosen.kills)
            bars.append(Bar(f"{name}: kills after which index and database differ", after, 0))
    print(f"\nBars, seed {chosen.seed}" + ("" if chosen.items >= FOR else f" (those of speed are set for {FOR} items)"))
    print(*bars, sep="\n")


def papers(chosen: argparse.Namespace, count: int) -> finders.Source:
    """Those somebody gave, or invented ones."""
    if chosen.corpus:
        return given.Given(chosen.corpus, count, chosen.asked)
    return corpus.Invented(count, chosen.seed, chosen.words)


PARTS = ("quality", "speed", "load", "kills")


def show_quality(found: dict[str, quality.Shares]) -> list[Bar]:
    """Print the shares and return the bars."""
    bars = []
    for name, shares in found.items():
        told = (f"{way} {shares[way][0]:.2f}/{shares[way][1]:.2f}" for way in quality.WAYS if way in shares)
        print(f"{name}, first/among five:", " · ".join(told), flush=True)
    for name in found.keys() & set(finders.OURS):
        for way, shares in found[name].items():
            for at, place in enumerate(("first", "among five")):
                bars.append(Bar(f"{name}: {way}, {place}", shares[at], quality.BARS[way][at], at_least=True))
                if other := found.get(finders.POSTGRESQL):
                    bars.append(Bar(f"{name}: {way}, {place}, against PostgreSQL", shares[at], other[way][at], True))
    return bars


def show_speed(found: dict[str, speed.Measured], count: int) -> list[Bar]:
    """Print what each engine took and return the bars."""
    for name, one in found.items():
        ways = ", ".join(f"{way} {speed.median(times):.1f}/{speed.high(times):.1f}" for way, times in one.ways.items())
        print(
            f"{name}: all units {_pair(one.everywhere)} ms, one unit {_pair(one.one_unit)} ms; CPU {_pair(one.cpu_everywhere)} "
            f"and {_pair(one.cpu_one_unit)} ms; {one.memory[0]} MB of its own, {one.memory[1]} with mapped files, opened in {one.opening:.1f} s; "
            f"{count / max(one.built.seconds, 0.001):.0f} pages a CPU second, {one.built.size / count:.0f} bytes a page\n    CPU by kind: {ways}",
            flush=True,
        )
    bars = []
    for name in [name for name in finders.OURS if name in found]:
        one, whoosh = found[name], name == "whoosh"
        bars.append(Bar(f"{name}: ms in one unit, 95th, clock", speed.high(one.one_unit), 100))
        bars.append(Bar(f"{name}: ms in one unit, 95th, CPU", speed.high(one.cpu_one_unit), 100))
        bars.append(Bar(f"{name}: megabytes of memory of its own", one.memory[0], 400 if whoosh else 120))
        bars.append(Bar(f"{name}: megabytes of memory with mapped files", one.memory[1], 400 if whoosh else 120))
        bars.append(Bar(f"{name}: bytes of index a document", one.built.size / count, 2500))
        for other, factor in ((finders.POSTGRESQL, 0.15), ("tantivy", 6), (finders.PLAIN, 6 if whoosh else 1.3)):
            if other not in found or (other == name) or (not whoosh and other == finders.POSTGRESQL):
                continue
            kinds = {"clock": (one.everywhere, found[other].everywhere)}
            kinds["CPU"] = (one.cpu_everywhere, found[other].cpu_everywhere)
            for kind, (times, others) in kinds.items():
                if not (whoosh and other != finders.POSTGRESQL):
                    ratio = speed.median(times) / speed.median(others)
                    bars.append(Bar(f"{name}: median against {other}, {kind}", ratio, factor))
                bars.append(
                    Bar(f"{name}: 95th against {other}, {kind}", speed.high(times) / speed.high(others), factor)
                )
    return bars


def _pair(times: list[float]) -> str:
    return f"{speed.median(times):.1f}/{speed.high(times):.1f}"


if __name__ == "__main__":
    main()
