"""What a hostile document would try from inside the box. Each attempt must fail; the names of those that did not are
the answer. Runs in the box at the start of every service, and in the tests.
"""

import ctypes
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from oms.box.language import Said

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_TRACE_ATTACH, _NEW_USER, _GET_KEYRING = 16, 0x10000000, 0
_X86_KEYCTL, _OTHER_KEYCTL = 250, 219


def attempts(_file: BinaryIO) -> tuple[list[str], bytes]:
    """The names of the attempts that succeeded."""
    return [name for name, attempt in ATTEMPTS.items() if _succeeds(attempt)], b""


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        return bool(attempt())
    except OSError:
        return False


def _connect() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM):
        return True


def _speak_unix() -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM):
        return True


def _speak_to_kernel() -> bool:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW):
        return True


def _read(path: str) -> bool:
    with Path(path).open("rb") as file:
        return bool(file.read(1))


def _write(path: str) -> bool:
    with Path(path).open("wb") as file:
        return file.write(b"x") == 1


def _fill_memory_file() -> bool:
    return os.write(os.memfd_create("fill"), b"x" * 65_536) > 0


def _list(path: str) -> bool:
    return any(Path(path).iterdir())


def _trace_parent() -> bool:
    return bool(_LIBRARY.ptrace(_TRACE_ATTACH, os.getppid(), 0, 0) == 0)


def _look_into_parent() -> bool:
    with Path(f"/proc/{os.getppid()}/mem").open("rb") as memory:
        return memory.readable()


def _make_namespace() -> bool:
    return bool(_LIBRARY.unshare(_NEW_USER) == 0)


def _ask_for_keys() -> bool:
    number = _X86_KEYCTL if os.uname().machine == "x86_64" else _OTHER_KEYCTL
    return bool(_LIBRARY.syscall(number, _GET_KEYRING, -3, 0, 0, 0) >= 0)


def _leave_group() -> bool:
    os.setsid()
    return True


def _beside_us() -> str:
    """The folder our own program lies in: on many machines the data folder, too."""
    return str(Path(__file__).parents[2])


ATTEMPTS: dict[str, Callable[[], object]] = {
    "a network socket": _connect,
    "a socket on this machine": _speak_unix,
    "a socket to the kernel": _speak_to_kernel,
    "/etc/shadow": lambda: _read("/etc/shadow"),
    "/etc/passwd": lambda: _read("/etc/passwd"),
    "the first process": lambda: _read("/proc/1/environ"),
    "other uploads": lambda: _list("/dev/shm"),
    "homes": lambda: _list("/home") or _list("/var/lib"),
    "the folder beside the program": lambda: _write(f"{_beside_us()}/oms-was-here"),
    "writing to memory file systems": lambda: _write("/dev/shm/pwned"),
    "writing to temporary folders": lambda: _write("/tmp/pwned") or _write("/var/tmp/pwned"),
    "writing to the root": lambda: _write("/pwned") or _write("/dev/pwned"),
    "writing to the program": lambda: _write(__file__ + ".pwned"),
    "filling memory by a file": _fill_memory_file,
    "tracing the parent": _trace_parent,
    "the parent's memory": _look_into_parent,
    "a namespace of its own": _make_namespace,
    "the system's keys": _ask_for_keys,
    "leaving its group": _leave_group,
}


def echo(file: BinaryIO) -> tuple[None, bytes]:
    """What the document holds."""
    return None, file.read()


def say(_file: BinaryIO, word: str, number: int) -> tuple[None, bytes]:
    """Say a word instead of an answer."""
    raise Said(word, number=number)


def end(_file: BinaryIO) -> tuple[None, bytes]:
    """End the program in the middle of the answer, as a fault in a library does."""
    os.abort()


def user(_file: BinaryIO) -> tuple[int, bytes]:
    """Who the program is."""
    return os.getuid(), b""


def overreach(_file: BinaryIO, what: str) -> tuple[int, bytes]:
    """Try to take more than is given: `memory`, `processes`, `time`, `parent`; how far it came."""
    return {"memory": _take_memory, "processes": _take_processes, "time": _take_time, "parent": _kill_parent}[
        what
    ](), b""


def _take_memory() -> int:
    taken: list[bytes] = []
    with suppress(MemoryError):
        while len(taken) < 64:
            taken.append(bytes(64 * 1024 * 1024))
    return 64 * len(taken)


def _take_processes() -> int:
    count = 0
    with suppress(OSError):
        while count < 2_000:
            if os.fork() == 0:
                signal.pause()
            count += 1
    return count


def _take_time() -> int:
    count = 0
    while True:
        count += 1


def _kill_parent() -> int:
    with suppress(OSError):
        os.kill(os.getppid(), 9)
    return 1
