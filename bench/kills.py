"""kill -9 of the web server, a process of it, the worker, the index process or all of them, while officers work.

    python bench/kills.py [--kills 500] [--minutes N] [--postgresql ADDRESS]

Every 0.2 to 3 seconds somebody is killed; nobody repairs anything. What is killed is started again by `oms serve`, and
where that was killed too, or gave up, it is started again as systemd would. After every five kills the officers pause,
what waits is done by the worker, and every promise they were given is compared and `oms check` asked. With an address
(a server where the role may make databases) the same on PostgreSQL, whose sessions are killed, too.
"""

import argparse
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import household
from hostile import Door
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from oms import db, fixity, jobs
from oms.settings import Settings

EARLIEST, LATEST = 0.2, 3.0
ROUND = 5
"""Kills between two looks at everything."""
ANSWER = 5.0
"""Seconds within which somebody answers again."""
VICTIMS = ("all", "serve", "web", "worker", "index")


def kill(programs: household.Programs, chance: random.Random) -> str:
    """Kill somebody who lives; who it was."""
    living = programs.members()
    chosen = chance.choice(VICTIMS)
    if chosen == "all":
        programs.kill()
        return chosen
    pids = [programs.process.pid] if chosen == "serve" else [p for p, name in living.items() if name == f"oms-{chosen}"]
    for pid in pids and [chance.choice(pids)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return chosen
    return "nobody"


def answers_again(programs: household.Programs) -> float:
    """Seconds until somebody answers; waits as long as `oms serve` lives."""
    began = time.monotonic()
    while programs.process.poll() is None and time.monotonic() - began < household.STARTING:
        with suppress(OSError, HTTPException):
            if Door(programs.port).ask("GET", "/readyz")[0] == 200:
                break
        time.sleep(0.05)
    return time.monotonic() - began


def look(engine: Engine, settings: Settings, officers: household.Officers) -> list[str]:
    """What does not hold, once the worker has done what waits."""
    left, deadline = -1, 0.0
    while left:
        with db.reading(engine) as session:
            before, waiting = left, jobs.backlog(session)
        left = waiting.queued + waiting.running
        # A slow machine is no fault: as long as it gets less, it is being done.
        if left != before:
            deadline = time.monotonic() + household.PATIENCE
        elif time.monotonic() > deadline:
            return [f"what waits was not done: {waiting}"]
        time.sleep(0.5)
    found = household.broken(engine, settings, officers.told())
    return found + [f"oms check: {row.kind} {row.where}" for row in fixity.check(engine, settings)]


def _kept_up(programs: household.Programs, settings: Settings, log: Path) -> household.Programs:
    """The programs, started again as systemd would when they gave up: a worker killed three times at its start ends all."""
    time.sleep(1)  # giving up takes a moment
    if programs.process.poll() is None and "oms-worker" in programs.members().values():
        return programs
    programs.kill()
    fresh = household.Programs(settings, log=log, port=programs.port)
    fresh.first_answer()
    return fresh


def run(settings: Settings, chosen: argparse.Namespace, log: Path) -> int:
    """Install, kill, look; 1 when something was lost or is not as it should be."""
    place = household.install(settings)
    officers, chance = household.Officers(place, household.Promises()), random.Random(chosen.seed)
    killed, took, faults = Counter[str](), list[float](), list[str]()
    until = time.monotonic() + 60 * chosen.minutes
    programs = household.Programs(settings, log=log)
    with household.opened(settings) as engine:
        try:
            programs.first_answer()
            while sum(killed.values()) < chosen.kills and time.monotonic() < until and not faults:
                officers.begin(programs.port)
                for _ in range(ROUND):
                    time.sleep(chance.uniform(EARLIEST, LATEST))
                    who = kill(programs, chance)
                    killed[who] += who != "nobody"
                    if engine.dialect.name == "postgresql" and chance.random() < 0.3:
                        killed["database sessions"] += cut_sessions(engine)
                    waited = answers_again(programs)
                    if programs.process.poll() is not None:
                        programs = _kept_up(programs, settings, log)
                        waited = time.monotonic() - programs.began
                    took.append(waited)
                    print(f"{who}: answers after {waited:.1f} s", flush=True)
                officers.end()
                programs = _kept_up(programs, settings, log)
                faults += look(engine, settings, officers) + officers.faults
                print(
                    f"{sum(killed.values())} kills, {officers.told().number} promises, {faults or 'kept'}", flush=True
                )
        finally:
            officers.over.set()
            programs.kill()
        name = engine.dialect.name
    took.sort()
    print(*faults, sep="\n")
    print(
        f"{name}: {sum(killed.values())} kills ({', '.join(f'{who} {times}' for who, times in killed.items())}), "
        f"{officers.told().number} promises, {len(faults)} faults; answers again after {took[len(took) // 2]:.1f} s, at "
        f"most {took[-1]:.1f} s, {sum(each <= ANSWER for each in took)} of {len(took)} within {ANSWER:.0f} s"
    )
    return int(bool(faults))


def cut_sessions(engine: Engine) -> int:
    """End all sessions of the server but our own, in the middle of whatever they do."""
    with engine.connect() as connection:
        ended = connection.execute(
            text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        return int(ended.scalar_one() > 0)


def main() -> int:
    """On SQLite, or on the server that is named."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=500)
    options.add_argument("--minutes", type=float, default=240)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--postgresql", default="")
    chosen = options.parse_args()
    household.end_in_order()
    with tempfile.TemporaryDirectory(prefix="oms-kills-") as folder:
        home, log = Path(folder) / "oms", Path(folder) / "programs.log"
        if not chosen.postgresql:
            return run(Settings(home=home), chosen, log)
        address = make_url(chosen.postgresql).set(drivername="postgresql+psycopg")
        name = f"oms_bench_{secrets.token_hex(4)}"
        administrator = create_engine(address, isolation_level="AUTOCOMMIT").connect()
        administrator.execute(text(f"CREATE DATABASE {name}"))
        try:
            url = address.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
            return run(Settings(home=home, database_url=url), chosen, log)
        finally:
            administrator.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    sys.exit(main())
