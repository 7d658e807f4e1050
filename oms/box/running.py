"""Inside the box: the one program that a question may start, made ready before its document is touched.

A process that has seen a document may make no other (`filters.alone`), or limits of memory, which the kernel keeps for
each process, would bound nothing. So whoever may need a program (`starts_program`) gets a child beforehand; it waits for
a command line, gives up making processes as well, and becomes that program. It serves once.
"""

import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from oms.box import shutting

_Function = TypeVar("_Function", bound=Callable[..., object])
_MARK = "starts_program"
NOT_THERE = 127
"""What a child ends with whose program is not on this machine, as a shell does."""
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Ended:
    """How a program ended (the negative number of a signal), what it said and what it complained of."""

    code: int
    said: bytes
    complained: bytes


@dataclass
class _Spare:
    pid: int
    commands: int
    said: int
    complained: int


@dataclass
class _Ready:
    spares: list[_Spare] = field(default_factory=list)
    # The compiled filter of whoever may make no process; empty outside of a box.
    alone: bytes = b""


_ready = _Ready()


def starts_program(function: _Function) -> _Function:
    """Mark a function as one that starts a program, once."""
    setattr(function, _MARK, True)
    return function


def prepare(function: Callable[..., object], alone: bytes) -> None:
    """Before a question is answered: the child it may need, and from then on no other process."""
    _ready.alone = alone
    if getattr(function, _MARK, False):
        _ready.spares.append(_make())
    shutting.refuse_calls(alone)


def run(program: str, *options: str, document: int, cpu: int, seconds: float) -> Ended:
    """Run a program with the document on its standard input; `cpu` seconds of the processor are its own limit.

    Raises `TimeoutError` after so many `seconds` by the clock, and `OSError` where no child was made ready.
    """
    spare = _ready.spares.pop() if _ready.spares else _make()
    command = {"command": [program, *options], "document": document, "cpu": cpu}
    with os.fdopen(spare.commands, "wb") as commands:
        commands.write(json.dumps(command).encode())
    try:
        said, complained = _read_both(spare, time.monotonic() + seconds)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.kill(spare.pid, signal.SIGKILL)
        os.waitpid(spare.pid, 0)
        raise
    finally:
        os.close(spare.said)
        os.close(spare.complained)
    return Ended(os.waitstatus_to_exitcode(os.waitpid(spare.pid, 0)[1]), said, complained)


def _read_both(spare: _Spare, deadline: float) -> tuple[bytes, bytes]:
    got: dict[int, list[bytes]] = {spare.said: [], spare.complained: []}
    waiting = list(got)
    while waiting:
        ready = select.select(waiting, [], [], max(0.0, deadline - time.monotonic()))[0]
        if not ready:
            raise TimeoutError
        for channel in ready:
            piece = os.read(channel, _CHUNK)
            got[channel].append(piece)
            if not piece:
                waiting.remove(channel)
    return b"".join(got[spare.said]), b"".join(got[spare.complained])


def _make() -> _Spare:
    pipes = [os.pipe() for _ in range(3)]
    (heard, commands), (said, says), (complained, complains) = pipes
    pid = os.fork()
    if pid == 0:
        os.close(commands)
        _become(heard, says, complains)
    for ours_no_more in (heard, says, complains):
        os.close(ours_no_more)
    return _Spare(pid, commands, said, complained)


def _become(heard: int, says: int, complains: int) -> None:
    """In the child: wait for a command line and become its program; never returns."""
    try:
        with os.fdopen(heard, "rb") as line:
            asked = json.loads(line.read() or b"null")
        if asked is None:  # nobody needed it
            os._exit(0)
        for source, target in ((asked["document"], 0), (says, 1), (complains, 2)):
            os.dup2(source, target)
        os.closerange(3, shutting.FILES)
        resource.setrlimit(resource.RLIMIT_CPU, (asked["cpu"], asked["cpu"] + 1))  # a signal first, then its end
        if _ready.alone:
            shutting.refuse_calls(_ready.alone)
        os.execvp(asked["command"][0], asked["command"])
    except BaseException:
        os._exit(NOT_THERE)
