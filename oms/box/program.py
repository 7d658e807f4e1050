"""What runs inside the box: it imports its tools, shuts itself in, then answers one question after the other.

Each question is answered by a child of its own that has seen no other document; when it ends, whatever it started is
killed before the next question is taken. This process itself never touches a byte of a document.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from oms.box import filters, running, shutting
from oms.box.language import HEAD, LIMIT, LONGEST_QUESTION, READY, Said
from oms.box.walls import become_nobody, readable


def main() -> None:
    """Get ready, say so, and answer until whoever asks is gone; the arguments are a socket, the file with the filter of
    calls ("-" where the walls stand already), and modules to have at hand."""
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=int(sys.argv[1]))
    control.set_inheritable(False)  # a program started for a document must not hold it
    for module in sys.argv[3:]:
        importlib.import_module(module)
    orphans = _children_of_this() if sys.argv[2] != "-" else None
    alone = filters.alone()
    _shut(sys.argv[2])
    control.send(READY)
    while True:
        question, files, _flags, _address = socket.recv_fds(control, LONGEST_QUESTION, 2)
        if not question or len(files) != 2:
            return
        child = os.fork()
        if child == 0:
            control.close()
            _answer(question, alone, *files)
        for file in files:
            os.close(file)
        if not _wait(child, control):
            _sweep(orphans)
            return
        _sweep(orphans)
        control.send(READY)


def _shut(given: str) -> None:
    processes = shutting.PROCESSES
    if given != "-":
        compiled = os.pread(int(given), 1 << 20, 0)
        processes += _tasks_of_user()
    elif os.getuid() == 0:
        become_nobody()
    shutting.hide()
    nowhere = os.open("/dev/null", os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    shutting.limit_all(processes)
    if given != "-":
        os.close(int(given))
        shutting.shut_in(compiled, [*readable(), "/etc/fonts", "/etc/ld.so.cache", "/etc/alternatives", "/dev/null"])


def _tasks_of_user() -> int:
    """How many processes and threads this user has already: without a namespace the limit counts them, too."""
    count = 0
    for task in Path("/proc").glob("[0-9]*/task/*"):
        with suppress(OSError):
            count += task.stat().st_uid == os.getuid()
    return 2 * count


def _children_of_this() -> int:
    return os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)


def _wait(child: int, control: socket.socket) -> bool:
    """Until the child has ended; False when whoever asked is gone, or speaks out of turn."""
    ended = os.pidfd_open(child)
    try:
        waiting = select.poll()
        waiting.register(ended, select.POLLIN)
        waiting.register(control, select.POLLIN)
        return all(file == ended for file, _ in waiting.poll())
    finally:
        os.close(ended)


def _sweep(orphans: int | None) -> None:
    """Kill whatever the child left behind, and take note of its end."""
    while True:
        with suppress(ProcessLookupError):
            if orphans is None:
                os.kill(-1, signal.SIGKILL)  # the first process of a namespace reaches everything in it but itself
            else:
                for pid in os.pread(orphans, 4096, 0).split():
                    os.kill(int(pid), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _answer(question: bytes, alone: bytes, document: int, channel: int) -> None:
    """Answer one question and end; never returns."""
    head: dict[str, object] = {}
    data: Any = b""
    try:
        shutting.limit_time()
        asked = json.loads(question)
        function = _find(asked["function"])
        running.prepare(function, alone)
        with open(document, "rb", closefd=False) as file:
            head["value"], data = function(file, **asked["arguments"])
    except Said as said:
        head, data = {"said": said.word, "numbers": said.numbers}, b""
    except MemoryError:
        head, data = {"said": LIMIT, "numbers": {}}, b""
    except BaseException:  # whatever it was, whoever asked learns that there is no answer, and no text
        head, data = {"said": "broke", "numbers": {}}, b""
    try:
        words = json.dumps(head, ensure_ascii=False).encode()
        data = memoryview(data).cast("B")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=channel) as out:
            out.sendall(HEAD.pack(len(words), len(data)) + words)
            out.sendall(data)
    finally:
        os._exit(0)


def _find(name: str) -> Callable[..., tuple[Any, Any]]:
    module, _, function = name.partition(":")
    found: Callable[..., tuple[Any, Any]] = getattr(importlib.import_module(module), function)
    return found
