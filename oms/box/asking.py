"""Asking the box: a function of ours, a document, and an answer that is believed only as far as it can be checked.

Boxes are started once, with their tools imported, and kept; each question gets a fresh child in one of them
(`oms.box.program`). What comes back is JSON and bytes, both no longer than whoever asked allows.
"""

import json
import logging
import os
import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from oms.box import walls
from oms.box.language import HEAD, LIMIT, LONGEST_QUESTION, READY, Said
from oms.box.probing import attempts
from oms.box.walls import Rung
from oms.errors import N_, Unavailable

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Boxes of one process: more questions at a time than cores help nobody."""

SECONDS = 120.0
"""By the clock, for one question; the processor's time has a limit of its own."""

LONGEST_VALUE = 256 * 1024
"""Bytes of JSON: words, numbers, the texts of a few codes. What is longer comes as data, with a limit of its own."""

_STARTING_SECONDS = 60.0
_CLEARING_SECONDS = 5.0
_ENDING_SECONDS = 0.5

Function = Callable[..., tuple[Any, Any]]
Document = Path | bytes | memoryview | BinaryIO
"""A file by its place, bytes, or an open stream from where it stands: what is no file is copied into memory."""


class Broke(Exception):
    """There is no answer: the document ended the program that looked at it, or came to a limit, of time (`late`) or of
    memory (`limit`)."""

    def __init__(self, *, late: bool = False, limit: bool = False) -> None:
        super().__init__("late" if late else LIMIT if limit else "ended")
        self.late = late
        self.limit = limit


class NoBox(Unavailable):
    """No box can be built, so nothing from outside is opened."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Files from outside are opened in a closed box only, and this machine cannot build one. "
                "Nothing was taken in; the administrator finds what to do in docs/install.md."
            )
        )


class Box:
    """One box, started and ready; `ask` it, `close` it."""

    def __init__(self, rung: Rung, preload: Sequence[str] = ()) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._program = walls.start(rung, theirs.fileno(), preload)
            if not self._is_ready(_STARTING_SECONDS):
                raise OSError(self._what_went_wrong())
        except OSError:
            self.close()
            raise

    def _is_ready(self, seconds: float) -> bool:
        self._control.settimeout(seconds)
        try:
            return self._control.recv(len(READY)) == READY
        except OSError:
            return False

    def _what_went_wrong(self) -> str:
        assert self._program.stderr is not None
        self._program.kill()
        return self._program.stderr.read(2000).decode("utf-8", "replace").strip()

    def is_alive(self) -> bool:
        """Whether it still waits for questions."""
        return self._program.poll() is None

    def has_ended(self) -> bool:
        """Whether it ended by itself, or is just ending."""
        with suppress(subprocess.TimeoutExpired):
            self._program.wait(_ENDING_SECONDS)
        return not self.is_alive()

    def ask(
        self, function: str, document: int, *, most: int, seconds: float, arguments: dict[str, object]
    ) -> tuple[Any, bytearray]:
        """Value and data of an answer; raises `Said` or `Broke`, and `Broke` means that the box must be closed unless
        `clear` says otherwise."""
        question = json.dumps({"function": function, "arguments": arguments}).encode()
        assert len(question) < LONGEST_QUESTION
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                socket.send_fds(self._control, [question], [document, theirs.fileno()])
            return _receive(ours, most, time.monotonic() + seconds)

    def clear(self) -> bool:
        """Whether it has swept up after the last question and takes the next."""
        return self._is_ready(_CLEARING_SECONDS)

    def close(self) -> None:
        """End it with everything in it: its program ends when nobody can ask any more."""
        self._control.close()
        program = getattr(self, "_program", None)
        if program is None:
            return
        with suppress(subprocess.TimeoutExpired):
            program.wait(_CLEARING_SECONDS)
        program.kill()
        program.wait()
        if program.stderr:
            program.stderr.close()

    def forget(self) -> None:
        """In a child of this process: the box belongs to the parent."""
        self._control.close()


def _receive(channel: socket.socket, most: int, deadline: float) -> tuple[Any, bytearray]:
    length, size = HEAD.unpack(_read(channel, HEAD.size, deadline))
    if length > LONGEST_VALUE or size > most:
        raise Broke
    words = _read(channel, length, deadline)
    data = _read(channel, size, deadline)
    try:
        head = json.loads(words)
        if "value" in head:
            return head["value"], data
        numbers = {str(name): int(number) for name, number in head["numbers"].items()}
        raise Said(str(head["said"]), **numbers)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise Broke from None


def _read(channel: socket.socket, size: int, deadline: float) -> bytearray:
    data = bytearray(size)
    rest = memoryview(data)
    answer = select.poll()  # unlike `select` it bears any number of open files
    answer.register(channel, select.POLLIN)
    while rest:
        left = deadline - time.monotonic()
        if left <= 0 or not answer.poll(left * 1000):
            raise Broke(late=True)
        try:
            got = channel.recv_into(rest)
        except ConnectionError:
            raise Broke from None
        if got == 0:
            raise Broke
        rest = rest[got:]
    return data


@dataclass
class _Permission:
    """When a weak box will do."""

    weak: Callable[[], bool] = lambda: False


_permission = _Permission()
_turns = threading.BoundedSemaphore(AT_ONCE)
_lock = threading.Lock()
_idle: list[Box] = []
_PRELOADED = ("oms.recognition.rendering", "oms.workbooks", "oms.zips")
"""What nearly every question needs: imported once, in the box, before a document comes."""


def call(
    function: Function,
    document: Document,
    *,
    most: int = 0,
    seconds: float = SECONDS,
    **arguments: object,
) -> tuple[Any, bytearray]:
    """Call `function(file, **arguments)` in a box on the document; its value, and its data of at most `most` bytes.

    The function must be found by its module and name; it gives back something JSON knows, and bytes. Raises `Said` with
    what it had to say instead, `Broke` when there is no answer, `NoBox` where no box can be built.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    with _turns, _opened(document) as file:
        for again in (True, False):
            box = _take()
            kept = False
            try:
                answer = box.ask(name, file, most=most, seconds=seconds, arguments=arguments)
                kept = box.clear()
                return answer
            except Said as said:
                kept = box.clear()
                if said.word == LIMIT:
                    log.warning("%s came to the limit of memory of its box", function.__qualname__)
                    raise Broke(limit=True) from None
                raise
            except (Broke, OSError) as error:
                late = isinstance(error, Broke) and error.late
                kept = not late and box.clear()
                if late or kept or not again or not box.has_ended():
                    raise Broke(late=late) from None
                # The box itself was gone, not the child that looked at the document: the kernel ends a box with the
                # thread that started it. Another box is asked, once.
                os.lseek(file, 0, os.SEEK_SET)
            finally:
                if kept:
                    with _lock:
                        _idle.append(box)
                else:
                    box.close()
    raise AssertionError("the second box answers or raises")


def permit(weak: Callable[[], bool]) -> None:
    """Say when a weak box will do where there is no full one; without this it never does."""
    _permission.weak = weak


@contextmanager
def _opened(document: Document) -> Iterator[int]:
    if isinstance(document, Path):
        file = os.open(document, os.O_RDONLY | os.O_CLOEXEC)
    else:
        file = os.memfd_create("document")
        with os.fdopen(file, "wb", closefd=False) as out:
            if isinstance(document, bytes | memoryview):
                out.write(document)
            else:
                shutil.copyfileobj(document, out)
        os.lseek(file, 0, os.SEEK_SET)
    try:
        yield file
    finally:
        os.close(file)


def _take() -> Box:
    found = rung()  # the first look leaves a box that waits
    with _lock:
        while _idle:
            box = _idle.pop()
            if box.is_alive():
                return box
            box.close()
    if found == Rung.NONE or (found == Rung.WEAK and not _permission.weak()):
        raise NoBox
    try:
        return Box(found, _PRELOADED)
    except OSError as error:
        log.error("no box could be started: %s", type(error).__name__)
        raise NoBox from None


@cache
def rung() -> Rung:
    """How closed the boxes of this process are: the first rung that can be built and holds what it promises."""
    return look()[0]


@cache
def look() -> tuple[Rung, str]:
    """As `rung`, with what the system said of the full box where there is none."""
    reason = ""
    for tried in (Rung.FULL, Rung.WEAK):
        try:
            box = Box(tried, _PRELOADED)
        except OSError as error:
            reason = reason or str(error) or type(error).__name__
            continue
        with Path("/dev/null").open("rb") as nothing:
            came_of_it = _probe(box, nothing.fileno())
        if came_of_it:
            reason = reason or ", ".join(came_of_it)
            box.close()
            continue
        with _lock:
            _idle.append(box)
        return tried, reason
    return Rung.NONE, reason


def _probe(box: Box, nothing: int) -> list[str]:
    """What a program in the box could do that it must not."""
    name = f"{attempts.__module__}:{attempts.__qualname__}"
    try:
        value, _ = box.ask(name, nothing, most=0, seconds=_STARTING_SECONDS, arguments={})
        return [str(word) for word in value] if box.clear() else ["the box did not clear itself"]
    except (Said, Broke, OSError):
        return ["the box did not answer"]


def close_all() -> None:
    """End all boxes that wait, at the end of a program or test, or before it forks; the next one is tried anew."""
    with _lock:
        for box in _idle:
            box.close()
        _idle.clear()
    look.cache_clear()
    rung.cache_clear()


def _in_child() -> None:
    """A child of this process starts its own boxes; its parent's must end when the parent does."""
    global _lock, _turns
    _lock, _turns = threading.Lock(), threading.BoundedSemaphore(AT_ONCE)
    for box in _idle:
        box.forget()
    _idle.clear()


os.register_at_fork(after_in_child=_in_child)
