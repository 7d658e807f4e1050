"""kill -9 in the middle of commits: the index opens, keeps what it said it had, and after recovery equals the database.

    python bench/killing.py [kills]

For each engine a process puts items, one commit after the other, and is killed at a random moment; another one opens
the index, reads every byte, compares all stamps, and brings what differs up to date. Then the same with a whole
installation: pages are corrected and filed documents taken away in the database, the jobs of the worker index them, and
what the killed one left is recovered as the worker does, until `oms check` would find nothing. Ends with 1 at the first loss.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from searching import under_load
from sqlalchemy import select, update

from oms import db, jobs, search
from oms.models import Job, JobState, Page, now
from oms.search.interface import Engine, Item
from oms.settings import Settings
from oms.worker import FILED, Worker

LONGEST, LONGEST_WORK = 0.4, 2.0
"""Seconds a writer of an engine, and a worker of an installation, works at most before it is killed."""


def open_engine(name: str, folder: Path) -> Engine:
    """The engine of that name."""
    if name == "whoosh":
        from oms.search.whoosh_engine import WhooshEngine

        return WhooshEngine(folder)
    from oms.search.tantivy_engine import TantivyEngine

    return TantivyEngine(folder)


def item(turn: int, number: int) -> Item:
    """The item of one commit; every third replaces an earlier one."""
    id = f"page:{number // 3 if number % 3 == 2 else number}"
    return Item(id=id, kind="page", dossier="d", heading="", text=f"lượt {turn} lần {number}")


def write(name: str, folder: Path, turn: int, told: int) -> None:
    """Put item after item; say so only when the commit is durable."""
    engine = open_engine(name, folder)
    os.write(told, b".")
    for number in range(10_000):
        engine.put([item(turn, number)])
        os.write(told, b"!")


def in_a_child(act: Callable[[], None]) -> int:
    """Run `act` in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return child


def kill_once(act: Callable[[int], None], after: float) -> int:
    """Kill what `act` does `after` seconds from its first sign on; how many commits it said were done."""
    reading, told = os.pipe()
    child = in_a_child(lambda: act(told))
    os.close(told)
    os.read(reading, 1)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    done = 0
    while part := os.read(reading, 1 << 16):
        done += len(part)
    os.close(reading)
    return done


def verify(name: str, folder: Path, truth: dict[str, Item], pending: Item) -> None:
    """Raise unless the index is `truth`, with or without `pending`; then bring it to `truth` with it."""
    engine = open_engine(name, folder)
    assert engine.healthy(), "a byte is not as it was written"
    stamps, wanted = engine.stamps(), {id: each.stamp for id, each in truth.items()}
    newer = wanted | {pending.id: pending.stamp}
    assert stamps in (wanted, newer), "something promised is missing, or something else is there"
    engine.put([each for id, each in (truth | {pending.id: pending}).items() if stamps.get(id) != each.stamp])
    assert engine.stamps() == newer, "mending did not bring the truth"


def losses(name: str, kills: int) -> int:
    """Kill, open, compare, mend; again and again. 0, or 1 at the first loss."""
    chance = random.Random(8)
    with tempfile.TemporaryDirectory() as place:
        folder, truth, commits = Path(place) / "index", dict[str, Item](), 0
        os.waitpid(in_a_child(lambda: open_engine(name, folder).rebuild([])), 0)
        for turn in range(kills):
            done = kill_once(lambda told: write(name, folder, turn, told), chance.uniform(0, LONGEST))  # noqa: B023
            commits += done
            truth |= {each.id: each for each in (item(turn, number) for number in range(done))}
            pending = item(turn, done)
            _, status = os.waitpid(in_a_child(lambda: verify(name, folder, truth, pending)), 0)  # noqa: B023
            if status:
                print(f"{name}: lost at kill {turn + 1}", flush=True)
                return 1
            truth[pending.id] = pending
        print(f"{name}: {kills} kills in {commits} commits, {len(truth)} items, nothing lost", flush=True)
    return 0


def work(settings: Settings, turn: int, told: int) -> None:
    """Correct page after page, each time with the job that belongs to it, and do the job as the worker does."""
    database, chance = db.connect(settings.database), random.Random(turn)
    with db.reading(database) as session:
        ids = list(session.scalars(select(Page.id)))
    worker = Worker(database, settings)
    os.write(told, b".")
    for number in range(10_000):
        with db.writing(database) as session:
            page = session.get_one(Page, chance.choice(ids))
            if number % 7 == 6:
                session.delete(page)
                ids.remove(page.id)
            else:
                page.text = f"lượt {turn} lần {number}"
            dossier_id = page.scan.dossier_id
            jobs.enqueue(session, "index_dossier", dossier_id, actor=None)
        with db.reading(database) as session:
            waiting = jobs.waiting(session, ("index_dossier",))
        for job_id in waiting:
            worker.run(job_id)
        os.write(told, b"!")


def recover(settings: Settings) -> None:
    """What the next worker does: the jobs of the dead one, and the measurement that mends. Raise unless all is there."""
    database = db.connect(settings.database)
    with db.writing(database) as session:
        session.execute(update(Job).where(Job.state == JobState.RUNNING).values(lease_until=now()))
    worker = Worker(database, settings)
    with db.reading(database) as session:
        forgotten = jobs.forgotten(session, everything=True)
    for job_id in forgotten:
        worker._take(job_id)
    while True:
        with db.reading(database) as session:
            if not jobs.waiting(session, FILED):
                break
        worker.index_filed()
    engine = search.open_engine(settings)
    assert engine.healthy(), "a byte is not as it was written"
    differences = search.compare(database, settings)
    assert differences.total == 0, f"after recovery {differences.total} things differ from the database"
    with db.reading(database) as session:
        assert {item.id: item.stamp for item in search.records.all_items(session)} == engine.stamps()


def losses_of_an_installation(name: str, kills: int) -> int:
    """Kill the worker of a whole installation again and again. 0, or 1 at the first difference after recovery."""
    chance = random.Random(9)
    with tempfile.TemporaryDirectory(prefix="oms-bench-kill-") as home:
        settings, commits = Settings(home=Path(home), search=name), 0

        def install() -> None:
            database = under_load.installed(settings)
            under_load.fill(database, 1000)
            search.rebuild(database, settings)

        os.waitpid(in_a_child(install), 0)
        for turn in range(kills):
            commits += kill_once(lambda told: work(settings, turn, told), chance.uniform(0, LONGEST_WORK))  # noqa: B023
            _, status = os.waitpid(in_a_child(lambda: recover(settings)), 0)
            if status:
                print(f"{name}: an installation lost at kill {turn + 1}", flush=True)
                return 1
        print(f"{name}: an installation, {kills} kills in {commits} jobs, equal to its database after each", flush=True)
    return 0


def main(kills: int) -> None:
    """Each engine in turn."""
    found = [each(name, kills) for name in ("whoosh", "tantivy") for each in (losses, losses_of_an_installation)]
    sys.exit(max(found))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
