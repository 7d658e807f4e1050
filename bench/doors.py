"""What stands before the doors tells nothing and breaks nothing: names of accounts, a crowd signing in, a crowd sending files.

    python bench/doors.py [--pairs 200]

AU-N: the time of a refusal does not tell whether there is an account of that name: pairs of a known and an unknown one, in
random order, over HTTP. CC-6: fifty sign in at once; what the server takes for it, and whether it answers others meanwhile.
At the first try so many must come in as the machine can hash half as fast as it does here by itself, and whoever was told to
wait must come in when they try again as told.
CC-3: fifty files of 10 MB at once, ten of them the same bytes: each gets its answer, each is there once.
"""

import argparse
import hashlib
import json
import random
import statistics
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import household
from hostile import Door
from sqlalchemy import func, select

from oms import accounts, db, fixity, search, storage
from oms.accounts.passwords import HASHING_PATIENCE
from oms.cli.serving import PROCESSES
from oms.models import Account, Role, Scan, Unit
from oms.settings import Settings
from tests import factories

CROWD = 50
APART = 0.10
"""Share by which the medians may differ."""
HEALTHY = 0.3
"""Seconds for 95 of 100 questions after health."""
HASHED = 0.5
"""Share of its speed with nothing else to do at which a machine hashes for a crowd."""
TRIES = 20
"""Times somebody who is told to wait tries again, as long after as told."""
FILE = 10 * 1024 * 1024
JSON = {"Content-Type": "application/json"}


def people(settings: Settings, number: int) -> list[str]:
    """So many more accounts in the unit of the officers."""
    with household.opened(settings) as engine, db.writing(engine) as session:
        unit = session.scalars(select(Unit).where(Unit.code == "sonv")).one()
        names = [f"ten.{place:03d}" for place in range(number)]
        for name in names:
            factories.make_account(session, name, Role.OFFICER, unit)
        assert session.scalar(select(func.count(Account.id))) or number < 0
    return names


def ask_for_token(port: int, name: str, password: str, address: str) -> tuple[int, float]:
    """Status of a sign-in of a program from an address, and its seconds."""
    began = time.perf_counter()
    body = json.dumps({"username": name, "password": password}).encode()
    status, _said = Door(port).ask("POST", "/api/v1/tokens", body, **{**JSON, "X-Forwarded-For": address})
    return status, time.perf_counter() - began


def names_tell_nothing(port: int, known: list[str], chance: random.Random) -> str:
    """What is wrong, or nothing; prints both medians."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for place, name in enumerate(known):
        pair = [(True, name), (False, f"khong.{place:03d}")]
        chance.shuffle(pair)
        for is_there, tried in pair:
            status, seconds = ask_for_token(port, tried, "sai-mat-khau-2026", f"10.{place // 250}.{place % 250}.9")
            if status != 401:
                return f"{tried} was answered {status}"
            took[is_there].append(seconds)
    there, nowhere = statistics.median(took[True]), statistics.median(took[False])
    apart = abs(there - nowhere) / min(there, nowhere)
    print(f"names: {len(known)} pairs, medians {there * 1000:.0f} and {nowhere * 1000:.0f} ms, {apart:.1%} apart")
    return f"names: medians {apart:.1%} apart" if apart >= APART else ""


def least_at_once() -> int:
    """How many must come in at the first try: both processes hash one at a time, and nobody waits longer than so long."""
    began = time.perf_counter()
    accounts.passwords.hash_password(factories.PASSWORD)
    each = time.perf_counter() - began
    return max(PROCESSES, min(CROWD, int(HASHED * PROCESSES * HASHING_PATIENCE / each)))


class Watching:
    """Health, and the memory of the web processes, while something else goes on."""

    def __init__(self, programs: household.Programs) -> None:
        self.programs, self.over = programs, threading.Event()
        self.took: list[float] = []
        self.memory: list[int] = []
        self.failed = 0
        self.threads = [threading.Thread(target=work) for work in (self._ask, self._weigh)]

    def __enter__(self) -> "Watching":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _ask(self) -> None:
        while not self.over.wait(0.05):
            began = time.perf_counter()
            try:
                self.failed += Door(self.programs.port).ask("GET", "/healthz")[0] != 200
            except OSError:
                self.failed += 1
            self.took.append(time.perf_counter() - began)

    def _weigh(self) -> None:
        while not self.over.wait(0.05):
            held = 0
            for pid, name in self.programs.members().items():
                with suppress(OSError, IndexError, ValueError):
                    if name == "oms-web":
                        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                        held += int(rollup.split("\nPss:")[1].split()[0]) * 1024
            self.memory.append(held)

    @property
    def slow(self) -> float:
        """Seconds of the 95th of a hundred questions."""
        return sorted(self.took)[int(len(self.took) * 0.95)] if self.took else 0.0


def come_in(port: int, place: int, name: str) -> tuple[int, float, int]:
    """Status and seconds of the first try, and how many tries it took to come in; 0 when nothing helped."""
    first = (0, 0.0)
    for tries in range(1, TRIES + 1):
        status, seconds = ask_for_token(port, name, factories.PASSWORD, f"10.9.{tries}.{place}")
        first = first if tries > 1 else (status, seconds)
        if status == 201:
            return *first, tries
        time.sleep(HASHING_PATIENCE)
    return *first, 0


def what_is_wrong(statuses: Counter[int], least: int, shut_out: int) -> list[str]:
    """What is wrong with the answers to a crowd of which `least` must come in at the first try, and all in the end."""
    found = [f"signing in: answered {status}" for status in statuses if status not in (201, 503)]
    if statuses[201] < least:
        found.append(f"signing in: {statuses[201]} came in at the first try, not {least}")
    return found + [f"signing in: {shut_out} never came in"] * bool(shut_out)


def a_crowd_signs_in(programs: household.Programs, names: list[str]) -> list[str]:
    """What is wrong; prints what it took."""
    least = least_at_once()
    with ThreadPoolExecutor(CROWD) as crowd, Watching(programs) as watching:
        time.sleep(0.5)
        told = list(crowd.map(lambda at: come_in(programs.port, *at), enumerate(names)))
    statuses, more = Counter(status for status, _, _ in told), max(watching.memory) - watching.memory[0]
    tries = [count for _, _, count in told]
    print(
        f"signing in: {len(told)} at once: {dict(statuses)} at the first try (at least {least} must come in), all after "
        f"{max(tries)} tries but {tries.count(0)}, longest {max(s for _, s, _ in told):.1f} s, web processes "
        f"+{more / 1024**2:.0f} MB, /healthz p95 {watching.slow * 1000:.0f} ms of {len(watching.took)}"
    )
    found = what_is_wrong(statuses, least, tries.count(0))
    found += ["signing in: /healthz failed"] * bool(watching.failed)
    found += ["signing in: more than 128 MiB"] * (more > 128 * 1024**2)
    return found + ["signing in: /healthz was slow"] * (watching.slow >= HEALTHY)


def large_picture(number: int, size: int = FILE) -> bytes:
    """A small page in a PNG of so many bytes: the rest is a chunk that no reader knows."""
    page = factories.png_of(factories.draw_page(f"SO {number}", size=(420, 300)))
    rest = random.Random(number).randbytes(size - len(page) - 12)
    chunk = struct.pack(">I", len(rest)) + b"omSt" + rest + struct.pack(">I", zlib.crc32(b"omSt" + rest))
    return page[:-12] + chunk + page[-12:]


def a_crowd_sends_files(programs: household.Programs, place: household.Place, settings: Settings) -> list[str]:
    """What is wrong; prints what came of it."""
    door = household._signed_in(programs.port, "canbo.sonv")
    pictures = [large_picture(max(number, 9)) for number in range(CROWD)]  # the first ten are one
    path, before = f"/api/v1/dossiers/{place.desks[0]}/scans", set(storage.names(settings.scans))
    with ThreadPoolExecutor(CROWD) as crowd, Watching(programs) as watching:
        sent = list(crowd.map(lambda picture: door.send(path, picture, "a.png", {}), pictures))
    answers = Counter(status for status, _ in sent)
    promised = {entry["sha256"] for status, said in sent if status == 202 for entry in json.loads(said)}
    kept = set(storage.names(settings.scans)) - before
    with household.opened(settings) as engine, db.reading(engine) as session:
        scans = session.scalars(select(Scan.sha256).where(Scan.sha256.in_(promised))).all()
        problems = [row.kind for row in fixity.check(engine, settings) if row.kind in (*fixity.OF_FILES, "lost-upload")]
    print(
        f"files: {len(sent)} of {FILE // 1024**2} MB at once: {dict(answers)}, {len(set(scans))} of {CROWD - 9} different "
        f"ones there, each once: {len(scans) == len(set(scans))}, /healthz p95 {watching.slow * 1000:.0f} ms"
    )
    found = [f"files: answered {status}" for status in answers if status not in (200, 202, 429, 503, 507)]
    found += [f"files: {kind}" for kind in problems] + ["files: /healthz failed"] * bool(watching.failed)
    for sha256 in promised - {name for name in kept if storage.is_sound(settings.scans, name)}:
        found.append(f"files: {sha256} was received and is not there")
    found += ["files: taken in twice"] * (len(scans) != len(set(scans)))
    sent_bytes = {hashlib.sha256(picture).hexdigest() for picture in pictures}
    return found + ["files: bytes nobody sent"] * bool(promised - sent_bytes)


def main() -> int:
    """All three on a new installation; 1 when something is not as it should be."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--pairs", type=int, default=200)
    reading.add_argument("--seed", type=int, default=1)
    chosen = reading.parse_args()
    household.end_in_order()
    with tempfile.TemporaryDirectory() as folder:
        settings, log = Settings(home=Path(folder) / "home", https=True), Path(folder) / "log"
        place = household.install(settings)
        known = people(settings, max(chosen.pairs, CROWD))
        programs = household.Programs(settings, log=log, OMS_HTTPS="1")
        try:
            programs.first_answer()
            found = []
            if chosen.pairs:
                found.append(names_tell_nothing(programs.port, known[: chosen.pairs], random.Random(chosen.seed)))
            found += a_crowd_signs_in(programs, known[:CROWD])
            found += a_crowd_sends_files(programs, place, settings)
            if found:
                print(log.read_text("utf-8", "replace")[-3000:])
        finally:
            programs.kill()
            search._engine_at.cache_clear()
    found = [line for line in found if line]
    print(*found, sep="\n")
    print(f"doors: {len(found)} faults; password hashes {accounts.passwords._hasher.memory_cost // 1024} MiB each")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
