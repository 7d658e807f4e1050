"""kill -9 in the middle of commits: the index opens, keeps what it said it had, and after mending equals the truth.

    python bench/killing.py [kills]

For each engine a process puts items, one commit after the other, and is killed at a random moment; another one opens
the index, reads every byte, compares all stamps, and brings what differs up to date. Ends with 1 at the first loss.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from oms.search.interface import Engine, Item

LONGEST = 0.4
"""Seconds a writer works at most before it is killed."""


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


def kill_once(name: str, folder: Path, turn: int, after: float) -> int:
    """Kill a writer `after` seconds of writing; how many commits it said were done."""
    reading, told = os.pipe()
    child = in_a_child(lambda: write(name, folder, turn, told))
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
            done = kill_once(name, folder, turn, chance.uniform(0, LONGEST))
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


def main(kills: int) -> None:
    """Each engine in turn."""
    sys.exit(max(losses(name, kills) for name in ("whoosh", "tantivy")))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
