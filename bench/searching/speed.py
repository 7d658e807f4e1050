"""How fast, and in how much memory, each engine finds; all are open at once and get each question in turn, so that
whatever else the machine does falls on all alike."""

import multiprocessing
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from oms.search import warming
from searching import finders

WARM = 1000
"""Added to the seed for the questions asked before those that are measured: a server has been asked before."""


@dataclass
class Measured:
    """One engine: what building cost, memory in megabytes (its own, and with mapped files), and milliseconds for all units and for one."""

    name: str
    built: finders.Built
    opening: float = 0.0
    memory: tuple[int, int] = (0, 0)
    everywhere: list[float] = field(default_factory=list)
    one_unit: list[float] = field(default_factory=list)
    cpu_everywhere: list[float] = field(default_factory=list)
    cpu_one_unit: list[float] = field(default_factory=list)
    ways: dict[str, list[float]] = field(default_factory=dict)


def median(times: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(times)


def high(times: Sequence[float]) -> float:
    """The 95th of a hundred."""
    return sorted(times)[min(int(len(times) * 0.95), len(times) - 1)]


def measure(names: Sequence[str], folder: Path, source: finders.Source, seed: int, each: int) -> dict[str, Measured]:
    """Build what is missing, open all, ask warming questions and then `each` of every kind, everywhere and in one unit."""
    places = {name: finders.place(name, folder, source) for name in names}
    found = {name: Measured(name, finders.build(name, places[name], source)) for name in names}
    context = multiprocessing.get_context("spawn")
    lines: dict[str, Any] = {}
    for name in names:
        lines[name], theirs = context.Pipe()
        context.Process(target=_serve, args=(theirs, name, places[name], source), daemon=True).start()
        found[name].opening = _receive(lines[name], name)
    for is_first in (True, False):
        for way, words, unit in source.mixed(each, seed + 1 + WARM * is_first):
            for within in (None, unit):
                for name, line in lines.items():
                    line.send((words, within))
                    clock, cpu = _receive(line, name)
                    if not is_first:
                        _note(found[name], way, within is None, clock, cpu)
    for name, line in lines.items():
        line.send(None)
        found[name].memory = _receive(line, name)
    return found


def _note(measured: Measured, way: str, everywhere: bool, clock: float, cpu: float) -> None:
    (measured.everywhere if everywhere else measured.one_unit).append(clock)
    (measured.cpu_everywhere if everywhere else measured.cpu_one_unit).append(cpu)
    if everywhere:
        measured.ways.setdefault(way, []).append(cpu)


def _receive(line: Any, name: str) -> Any:
    try:
        return line.recv()
    except EOFError:
        raise SystemExit(f"{name} could not be measured") from None


def _serve(line: Connection, name: str, folder: Path, source: finders.Source) -> None:
    """Open one engine and answer until nothing more is asked; then say how much memory is in use."""
    every, units = source.scopes()
    begin = time.perf_counter()
    find = finders.opened(name, folder, source)
    find("x", every)
    line.send(time.perf_counter() - begin)
    for thread in threading.enumerate():
        if thread.name == warming.THREAD:  # its CPU is of no question
            thread.join()
    while (asked := line.recv()) is not None:
        words, unit = asked
        cpu, clock = finders.cpu_seconds(), time.perf_counter()
        find(words, every if unit is None else units[unit])
        line.send(((time.perf_counter() - clock) * 1000, (finders.cpu_seconds() - cpu) * 1000))
    line.send(_memory())


def _memory() -> tuple[int, int]:
    """Megabytes of this process by itself, and with the pages of files it has mapped, which it shares."""
    told = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    own, mapped = (int(told[name].split()[0]) >> 10 for name in ("RssAnon", "RssFile"))
    return own, own + mapped
