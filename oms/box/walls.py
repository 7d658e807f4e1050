"""The walls of the box: how its program is started so that it sees no file, no network and no other program.

Two rungs. `FULL`: bubblewrap gives it namespaces of its own, a file system that holds programs and libraries for reading
and nothing to write to. `WEAK`, for machines that forbid namespaces, as containers do: the program shuts itself in, by
Landlock where the kernel has it, the same filter of calls and the same limits. Every fault of either way raises
`OSError`, and whoever asked looks for another rung.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from oms.box import filters


class Rung(StrEnum):
    """How closed a box can be on this machine."""

    FULL = "full"
    WEAK = "weak"
    NONE = "none"


_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from oms.box.program import main; main()"
"""Our own package is found where this one lies, however it was installed; nothing else is found by its surroundings."""

NOBODY = 65534
"""Who the program becomes when OMS itself runs as root and numbers of its own are refused, as in some containers."""
_FIRST_OF_OURS, _OURS = 0x7000_0000, 0x0FFF_FFFF
"""Users whom nobody else has (systemd keeps these numbers free). Limits on processes do not bind root, and they count
all of one user on the machine: boxes that shared one would take each other's, and so would other programs of `nobody`."""
_FIRST_OF_FEW, _FEW = 40_000, 20_000
"""For containers that have 65,536 numbers: between people and what systemd gives to services."""

_FIRST_TO_GO = 700
"""Of 1000: when the machine itself runs out of memory, the kernel ends a box and not the database or the server."""
_WITH_ORDER = f'echo {_FIRST_TO_GO} 2>/dev/null >/proc/self/oom_score_adj; exec "$@"'

_FROM_SYSTEM = ("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/var/cache/fontconfig")
_DEVICES = ("/dev/null", "/dev/urandom")
_KEPT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Settings of this machine for its processor: without them a library of ours may compute wrongly."""


def become_nobody() -> None:
    """Give up root in the program of a box: a user of its own."""
    os.setgroups([])
    ours, fewer = _FIRST_OF_OURS + secrets.randbelow(_OURS), _FIRST_OF_FEW + secrets.randbelow(_FEW)
    for number in (ours, fewer, NOBODY):
        with suppress(OSError):
            os.setresgid(number, number, number)
            os.setresuid(number, number, number)
            return
    raise PermissionError("the program of the box stayed root")


def readable() -> list[str]:
    """Folders and files the program needs for reading: system, Python, its packages, and ours; never the data folder."""
    ours = {sys.base_prefix, sys.prefix, str(Path(__file__).parents[1])}
    ours |= {str(Path(sys.executable).resolve().parent.parent)}
    return ["/usr", *sorted(path for path in ours if not path.startswith("/usr/") and path not in ("/usr", "/"))]


def environment() -> dict[str, str]:
    """What the program is told of this machine: next to nothing."""
    said = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8"}
    said |= {"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}
    return said | {name: os.environ[name] for name in _KEPT if name in os.environ}


def start(rung: Rung, control: int, preload: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start the program behind its walls; it speaks over the socket `control` and has the modules `preload` at hand."""
    program = [sys.executable, "-I", "-B", "-c", _START, str(Path(__file__).parents[2]), str(control)]
    compiled = os.memfd_create("filter")
    try:
        os.write(compiled, filters.program())
        os.lseek(compiled, 0, os.SEEK_SET)
        if rung == Rung.FULL:
            command = [*_bubblewrap(compiled), *program, "-", *preload]
        else:
            command = [*program, str(compiled), *preload]
        return subprocess.Popen(
            ["/bin/sh", "-c", _WITH_ORDER, "box", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(control, compiled),
            env=environment(),
            cwd="/",
        )
    finally:
        os.close(compiled)


def _bubblewrap(compiled: int) -> list[str]:
    """The command line up to the program itself.

    Nothing is mounted at /proc: nothing needs it, nobody's memory can be reached through it, and a service whose /proc
    systemd protects could not mount one.
    """
    box = ["bwrap", "--new-session", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    box += ["--unshare-cgroup-try", "--as-pid-1", "--cap-drop", "ALL"]
    # Root needs no namespace of users, and without one the program can become somebody else, which limits bind.
    box += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if os.getuid() == 0 else ["--unshare-user"]
    for link in ("bin", "lib", "lib64", "sbin"):
        box += ["--symlink", f"usr/{link}", f"/{link}"]
    for folder in sorted(
        {str(above) for path in (*readable(), *_FROM_SYSTEM, *_DEVICES) for above in Path(path).parents}
    ):
        box += ["--perms", "0755", "--dir", folder]
    for path in readable():
        box += ["--ro-bind", path, path]
    for path in _FROM_SYSTEM:
        box += ["--ro-bind-try", path, path]
    for path in _DEVICES:
        box += ["--dev-bind", path, path]
    return [*box, "--remount-ro", "/", "--chdir", "/", "--seccomp", str(compiled)]
