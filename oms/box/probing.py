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

from oms.box import running
from oms.box.language import Said

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_TRACE_ATTACH, _NEW_USER, _GET_KEYRING = 16, 0x10000000, 0
_X86_KEYCTL, _OTHER_KEYCTL = 250, 219
_GET_NO_NEW_PRIVILEGES = 39
_CLONES = {"x86_64": (56, 57, 58), "aarch64": (220,)}
"""clone, fork and vfork by their numbers; vfork last, since it borrows the memory of who calls it."""


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


def _make_process() -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def _make_process_past_the_library() -> bool:
    """By the calls themselves: clone, then fork, as the processor numbers them."""
    for number in _CLONES.get(os.uname().machine, ()):
        child = int(_LIBRARY.syscall(number, signal.SIGCHLD, 0, 0, 0, 0))
        if child == 0:
            os._exit(0)
        if child > 0:
            os.waitpid(child, 0)
            return True
    return False


def _start_program() -> bool:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    return True


def _share_memory() -> bool:
    """Memory that lies in no address space and that no limit of a process counts."""
    number = {"x86_64": 29}.get(os.uname().machine, 194)
    place = int(_LIBRARY.syscall(number, 0, 1 << 20, 0o1600))
    if place >= 0:
        _LIBRARY.shmctl(place, 0, None)
    return place >= 0


def _set_uid() -> bool:
    for path in ("/tmp/pwned", "/dev/shm/pwned", "/pwned"):  # nosec B108 - the box must refuse it
        with suppress(OSError), Path(path).open("wb") as file:
            os.fchmod(file.fileno(), 0o4755)  # nosec B103 - the box must refuse it
            return True
    with suppress(OSError):
        Path(__file__).chmod(Path(__file__).stat().st_mode)  # even to what it is already
        return True
    return False


def _may_gain_rights() -> bool:
    """Whether a set-uid program would run as its owner."""
    return int(_LIBRARY.prctl(_GET_NO_NEW_PRIVILEGES, 0, 0, 0, 0)) != 1


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
    "other uploads": lambda: _list("/dev/shm"),  # nosec B108 - the box must refuse it
    "homes": lambda: _list("/home") or _list("/var/lib"),
    "the folder beside the program": lambda: _write(f"{_beside_us()}/oms-was-here"),
    "writing to memory file systems": lambda: _write("/dev/shm/pwned"),  # nosec B108 - the box must refuse it
    "writing to temporary folders": lambda: _write("/tmp/pwned") or _write("/var/tmp/pwned"),  # nosec B108 - the box must refuse it
    "writing to the root": lambda: _write("/pwned") or _write("/dev/pwned"),
    "writing to the program": lambda: _write(__file__ + ".pwned"),
    "filling memory by a file": _fill_memory_file,
    "tracing the parent": _trace_parent,
    "the parent's memory": _look_into_parent,
    "a namespace of its own": _make_namespace,
    "the system's keys": _ask_for_keys,
    "leaving its group": _leave_group,
    "a process of its own": _make_process,
    "a process past the library": _make_process_past_the_library,
    "another program": _start_program,
    "memory beside its own": _share_memory,
    "a set-uid file": _set_uid,
    "rights of a set-uid program": _may_gain_rights,
}


def echo(file: BinaryIO) -> tuple[None, bytes]:
    """What the document holds."""
    return None, file.read()


@running.starts_program
def pipe(file: BinaryIO) -> tuple[None, bytes]:
    """What another program reads of the document."""
    return None, running.run("cat", document=file.fileno(), cpu=5, seconds=20).said


@running.starts_program
def pipe_twice(file: BinaryIO) -> tuple[str, bytes]:
    """As `pipe`, and once more."""
    pipe(file)
    return pipe_unmarked(file)


def pipe_unmarked(file: BinaryIO) -> tuple[str, bytes]:
    """As `pipe`, by who was given no program."""
    try:
        return "", pipe(file)[1]
    except OSError:
        return "no second one", b""


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
    """Try to take more than is given: `memory`, `processes`, `breed`, `time`, `parent`; how far it came."""
    ways = {"memory": _take_memory, "processes": _take_processes, "breed": _breed, "time": _take_time}
    return (ways | {"parent": _kill_parent})[what](), b""


def _take_memory() -> int:
    """Zeros of 64 MB, which the kernel need not keep."""
    taken: list[bytes] = []
    with suppress(MemoryError):
        while len(taken) < 64:
            taken.append(bytes(64 * 1024 * 1024))
    return 64 * len(taken)


def _breed() -> int:
    """As a converter that was taken over: as many processes as it gets, each of them filling memory; MB it filled."""
    with suppress(OSError):
        while os.fork() != 0:
            pass
    filled: list[bytes] = []
    with suppress(MemoryError):
        while len(filled) < 256:
            filled.append(b"x" * (32 * 1024 * 1024))
    return 32 * len(filled)


def exhaust(_file: BinaryIO) -> tuple[None, bytes]:
    """Ask for more memory than there is, and say nothing of it."""
    return None, bytes(4 * 1024**3)


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
