"""Pull the plug on a working installation, again and again: no promise given before the cut may be lost.

    python bench/power_cuts.py [--cuts 200] [--filesystem ext4|xfs|btrfs] [--broken no-fsync|normal] [--minutes N]

The installation lies on a file system of its own, inside an image on an XFS that clones files. A clone of the image is
what the disk held at one moment: what was written and not synced is not in it. Server and worker run, officers work
(`household.py`), and at random moments what they were told is noted and then the image cloned: a cut. Each clone is
mounted, which replays its journal, and opened by the program: everything that waits is done, then every promise is
compared and `oms check` asked. At every eighth cut the machine itself loses its power: all is killed, and the programs
start again on the clone and go on there.

`--broken` shows that a cut can tell right from wrong: it makes the programs forget fsync of files, or run SQLite with
synchronous=NORMAL; then losses are expected, and finding none ends with 1. Needs root, loop devices, mkfs.xfs.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import household

from oms import fixity, search, staging
from oms.settings import Settings

SIZE, OUTER = "1G", "8G"
BRANCHES = 8
"""Cuts in one life of the programs; at the last of them the machine goes down."""
EARLIEST, LATEST = 0.1, 2.5
"""Seconds between two cuts."""
MAKE = {"ext4": ("mkfs.ext4", "-q", "-F"), "xfs": ("mkfs.xfs", "-q", "-f"), "btrfs": ("mkfs.btrfs", "-q", "-f")}
# Put before everything a program imports: the program itself has no switch for doing it wrong.
BROKEN = {
    "no-fsync": "import os\nos.fsync = os.fdatasync = lambda descriptor: None\n",
    "normal": """
import sqlite3

class Cursor(sqlite3.Cursor):
    def execute(self, statement, *values):
        return super().execute(statement.replace("synchronous=FULL", "synchronous=NORMAL"), *values)

class Connection(sqlite3.Connection):
    def cursor(self, factory=Cursor):
        return super().cursor(factory)

_connect = sqlite3.connect

def connect(*arguments, **options):
    return _connect(*arguments, **{"factory": Connection, **options})

sqlite3.connect = sqlite3.dbapi2.connect = connect
""",
}


@dataclass
class Figures:
    """What was seen."""

    cuts: int = 0
    losing: int = 0
    promises: int = 0
    most_without_row: int = 0
    starts: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def command(*words: object) -> None:
    """Run a program of the system; its words when it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr.strip()}")


def new_disk(image: Path, size: str, *make: str) -> None:
    """An empty file system in a file."""
    image.unlink(missing_ok=True)
    command("truncate", "-s", size, image)
    command(*make, image)


@contextlib.contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    """A disk in its place for as long as the block runs."""
    place.mkdir(parents=True, exist_ok=True)
    command("mount", "-o", "loop", image, place)
    try:
        yield place
    finally:
        for _ in range(200):
            if subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.05)
        else:
            command("umount", "--lazy", place)


def clone(disk: Path, copy: Path) -> None:
    """What the disk holds at this moment, as one act."""
    copy.unlink(missing_ok=True)
    command("cp", "--reflink=always", disk, copy)


def judge(home: Path, promises: household.Promises, said: "multiprocessing.SimpleQueue[tuple[list[str], int]]") -> None:
    """Open what a cut left, let the worker go on, compare; in a process of its own."""
    settings = Settings(home=home, workers=1)
    try:
        with household.opened(settings) as engine:
            at_once = household.broken(engine, settings, promises)
            left = household.without_row(engine, settings)
            if not at_once:
                household.settle(engine, settings)
            later = household.broken(engine, settings, promises)
            problems = [f"oms check: {row.kind} {row.where}" for row in fixity.check(engine, settings)]
        said.put(([*dict.fromkeys([*at_once, *later, *problems])], left))
    except BaseException as error:
        said.put(([f"{type(error).__name__}: {error}"], 0))
    finally:
        shutil.rmtree(staging.folder(settings), ignore_errors=True)  # memory: gone with the power


def judged(home: Path, promises: household.Promises, figures: Figures) -> None:
    """Let another process judge, and count what it says."""
    said: multiprocessing.SimpleQueue[tuple[list[str], int]] = multiprocessing.SimpleQueue()
    process = multiprocessing.get_context("fork").Process(target=judge, args=(home, promises, said))
    process.start()
    faults, left = said.get()
    process.join()
    figures.cuts += 1
    figures.losing += bool(faults)
    figures.most_without_row = max(figures.most_without_row, left)
    figures.faults += faults
    words = f"BAD {len(faults)}: {faults[0]}" if faults else "kept"
    print(f"cut {figures.cuts:3}: {promises.number:5} promises, {left} files without row, {words}", flush=True)


def lives(base: Path, place: household.Place, chosen: argparse.Namespace, figures: Figures) -> None:
    """Life after life on the disk, until there were enough cuts or no time is left."""
    disk, chance = base / "outer" / "disk.img", random.Random(chosen.seed)
    officers = household.Officers(place, household.Promises())
    until = time.monotonic() + 60 * chosen.minutes
    paths = [str(base / "broken"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {"PYTHONPATH": os.pathsep.join(paths)} if chosen.broken else {}
    while figures.cuts < chosen.cuts and time.monotonic() < until:
        copies: list[tuple[Path, household.Promises]] = []
        before = officers.promises.number
        with mounted(disk, base / "root") as root:
            settings = Settings(home=root / "oms")
            programs = household.Programs(settings, log=base / "programs.log", **environment)
            try:
                figures.starts.append(programs.first_answer())
                officers.begin(programs.port)
                for number in range(min(BRANCHES, chosen.cuts - figures.cuts)):
                    time.sleep(chance.uniform(EARLIEST, LATEST))
                    told = officers.told()  # before the clone is made: each of them was given before the cut
                    clone(disk, copy := base / "outer" / f"cut{number}.img")
                    copies.append((copy, told))
            finally:
                programs.kill()
                officers.end()
            shutil.rmtree(staging.folder(settings), ignore_errors=True)
        for copy, told in copies[:-1]:
            with mounted(copy, base / "found") as found:
                judged(found / "oms", told, figures)
        last, told = copies[-1]
        clone(last, disk)  # the next life begins with what this cut left
        with mounted(last, base / "found") as found:
            judged(found / "oms", told, figures)
        figures.promises += told.number - before
        officers.promises = told
        if chosen.broken:  # what lost something is no ground to go on from
            clone(base / "outer" / "new.img", disk)
            officers.promises = household.Promises()
    figures.faults += officers.faults


def report(chosen: argparse.Namespace, figures: Figures) -> int:
    """One line of figures; 1 when it is not as it should be."""
    starts = sorted(figures.starts)
    for fault in [*dict.fromkeys(figures.faults)][:20]:
        print(fault)
    print(
        f"{chosen.filesystem}{' ' + chosen.broken if chosen.broken else ''}: {figures.cuts} cuts, {figures.promises} "
        f"promises, {figures.losing} cuts lost something; files without row at most {figures.most_without_row}; first "
        f"answer after {starts[len(starts) // 2]:.1f} s, at most {starts[-1]:.1f} s"
    )
    return int(bool(figures.faults) != bool(chosen.broken))


def main() -> int:
    """Build the disk, cut, report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cuts", type=int, default=200)
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--filesystem", choices=MAKE, default="ext4")
    options.add_argument("--broken", choices=BROKEN)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--base", type=Path, help="where the images lie; otherwise among temporary files")
    chosen = options.parse_args()
    if os.geteuid() or not shutil.which("mkfs.xfs") or not Path("/dev/loop-control").exists():
        print("power cuts need root, loop devices and xfsprogs: nothing was tried")
        return 2
    household.end_in_order()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="oms-cuts-", dir=chosen.base) as folder:
        base = Path(folder)
        if chosen.broken:
            (base / "broken").mkdir()
            (base / "broken" / "sitecustomize.py").write_text(BROKEN[chosen.broken], "ascii")
        new_disk(base / "outer.img", OUTER, "mkfs.xfs", "-q", "-f", "-m", "reflink=1")
        with mounted(base / "outer.img", base / "outer") as outer:
            new_disk(outer / "disk.img", SIZE, *MAKE[chosen.filesystem])
            with mounted(outer / "disk.img", base / "root") as root:
                place = household.install(Settings(home=root / "oms"))
            clone(outer / "disk.img", outer / "new.img")
            search._engine_at.cache_clear()
            lives(base, place, chosen, figures)
    return report(chosen, figures)


if __name__ == "__main__":
    sys.exit(main())
