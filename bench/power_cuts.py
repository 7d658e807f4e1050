"""Pull the plug on a working installation, again and again: no promise given before the cut may be lost.

    python bench/power_cuts.py [--cuts 200] [--filesystem ext4|xfs|btrfs] [--postgresql] [--broken no-fsync|normal]
                               [--minutes N]

The installation lies on a file system of its own, inside an image on an XFS that clones files. A clone of the image is
what the disk held at one moment: what was written and not synced is not in it. Server and worker run, officers work
(`household.py`), and at random moments what they were told is noted and then the image cloned: a cut. Each clone is
mounted, which replays its journal, and opened by the program: everything that waits is done, then every promise is
compared and `oms check` asked. At every eighth cut the machine itself loses its power: all is killed, and the programs
start again on the clone and go on there. With `--postgresql` the database is a server of its own, whose cluster lies
on the same disk and loses its power with it.

`--broken` shows that a cut can tell right from wrong: it makes the programs forget fsync of files, or run SQLite with
synchronous=NORMAL (PostgreSQL with synchronous_commit=off); then losses are expected, and finding none ends with 1.
Needs root, loop devices, mkfs.xfs; for PostgreSQL its programs on the path and their account.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import household
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from oms import fixity, search, staging
from oms.settings import Settings

SIZE, OUTER = "1G", "8G"
BRANCHES = 8
"""Cuts in one life of the programs; at the last of them the machine goes down."""
EARLIEST, LATEST = 0.1, 2.5
"""Seconds between a promise that is new and the next cut: a cut before which nothing was promised proves nothing."""
MAKE = {"ext4": ("mkfs.ext4", "-q", "-F"), "xfs": ("mkfs.xfs", "-q", "-f"), "btrfs": ("mkfs.btrfs", "-q", "-f")}
ACCOUNT = "postgres"
"""The account of the system the database server runs as: it refuses root."""
DATABASE = "oms"
# As it comes, but for what it keeps of its log: the disk is small.
SERVER = ("-c", "listen_addresses=", "-c", "max_wal_size=128MB")
CARELESS = ("-c", "synchronous_commit=off")
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


@contextlib.contextmanager
def serving_postgresql(folder: Path, sockets: Path, *options: str) -> Iterator[str]:
    """A PostgreSQL on the cluster in `folder`, made when there is none; its address. It ends as it does without power."""
    sockets.mkdir(exist_ok=True)
    shutil.chown(sockets, ACCOUNT)
    fresh = not folder.exists()
    if fresh:
        folder.mkdir()
        shutil.chown(folder, ACCOUNT)
        making = ["initdb", "--auth=trust", "--encoding=UTF8", f"--username={ACCOUNT}", "-D", str(folder)]
        subprocess.run(making, user=ACCOUNT, group=ACCOUNT, stdout=subprocess.DEVNULL, check=True)
    (folder / "postmaster.pid").unlink(missing_ok=True)  # of a machine that is gone; on this one the number is taken
    program = ["postgres", "-D", str(folder), "-k", str(sockets), *SERVER, *options]
    with sockets.with_suffix(".log").open("ab") as log:
        server = subprocess.Popen(program, user=ACCOUNT, group=ACCOUNT, stdout=log, stderr=log)
    address = f"postgresql+psycopg://{ACCOUNT}@/{{}}?host={sockets}"
    try:
        _answers(address.format("postgres"), server)
        if fresh:
            connection = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT").connect()
            connection.execute(text(f"CREATE DATABASE {DATABASE}"))
            connection.close()
        yield address.format(DATABASE)
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing is written any more
        server.wait()


def _answers(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the server has gone through its log and answers."""
    engine, until = create_engine(address), time.monotonic() + household.STARTING
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OperationalError):
            engine.connect().close()
            engine.dispose()
            return
        time.sleep(0.05)
    raise SystemExit("PostgreSQL does not come up")


@contextlib.contextmanager
def house(root: Path, chosen: argparse.Namespace) -> Iterator[Settings]:
    """The installation on the disk in `root`, with its database server when it has one."""
    settings = Settings(home=root / "oms")
    if not chosen.postgresql:
        yield settings
        return
    options = CARELESS if chosen.broken == "normal" else ()
    with serving_postgresql(root / "cluster", root.with_name(f"{root.name}-sockets"), *options) as address:
        yield replace(settings, database_url=address)


def judge(
    root: Path,
    promises: household.Promises,
    chosen: argparse.Namespace,
    said: "multiprocessing.SimpleQueue[tuple[list[str], int]]",
) -> None:
    """Open what a cut left, let the worker go on, compare; in a process of its own."""
    try:
        with house(root, chosen) as served, household.opened(settings := replace(served, workers=1)) as engine:
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
        # memory: gone with the power
        shutil.rmtree(staging.folder(Settings(home=root / "oms")), ignore_errors=True)


def judged(root: Path, promises: household.Promises, chosen: argparse.Namespace, figures: Figures) -> None:
    """Let another process judge, and count what it says."""
    said: multiprocessing.SimpleQueue[tuple[list[str], int]] = multiprocessing.SimpleQueue()
    process = multiprocessing.get_context("fork").Process(target=judge, args=(root, promises, chosen, said))
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
        with mounted(disk, base / "root") as root, house(root, chosen) as settings:
            programs = household.Programs(settings, log=base / "programs.log", **environment)
            try:
                figures.starts.append(programs.first_answer())
                officers.begin(programs.port)
                for number in range(min(BRANCHES, chosen.cuts - figures.cuts)):
                    officers.wait_for_more(copies[-1][1] if copies else officers.told())
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
                judged(found, told, chosen, figures)
        last, told = copies[-1]
        clone(last, disk)  # the next life begins with what this cut left
        with mounted(last, base / "found") as found:
            judged(found, told, chosen, figures)
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
        f"{'PostgreSQL' if chosen.postgresql else 'SQLite'} on {chosen.filesystem}"
        f"{' ' + chosen.broken if chosen.broken else ''}: {figures.cuts} cuts, {figures.promises} "
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
    options.add_argument("--postgresql", action="store_true")
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
        base.chmod(0o711)  # the account of the database server passes through
        if chosen.broken:
            (base / "broken").mkdir()
            (base / "broken" / "sitecustomize.py").write_text(BROKEN[chosen.broken], "ascii")
        new_disk(base / "outer.img", OUTER, "mkfs.xfs", "-q", "-f", "-m", "reflink=1")
        with mounted(base / "outer.img", base / "outer") as outer:
            new_disk(outer / "disk.img", SIZE, *MAKE[chosen.filesystem])
            with mounted(outer / "disk.img", base / "root") as root, house(root, chosen) as settings:
                place = household.install(settings)
            clone(outer / "disk.img", outer / "new.img")
            search._engine_at.cache_clear()
            lives(base, place, chosen, figures)
    return report(chosen, figures)


if __name__ == "__main__":
    sys.exit(main())
