"""How a program shuts itself in where nobody can build walls around it: Landlock, the filter of calls, limits.

Only for Linux, by the numbers of its interface, which are the same on all its machines.
"""

import ctypes
import os
import resource
import struct
from collections.abc import Sequence
from pathlib import Path

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_SET_DUMPABLE, _SET_SECCOMP, _SET_SUBREAPER, _SET_NO_NEW_PRIVILEGES = 4, 22, 36, 38
_FILTER_MODE = 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_RIGHTS_OF = (13, 14, 15, 15, 16)
"""How many rights on files each version of Landlock knows, from the first."""
_TCP, _SCOPES = 0b11, 0b11
_VERSION_TCP, _VERSION_SCOPES = 4, 6

MEMORY = 2 * 1024**3
"""Address space of one process, bytes: a page of 200 million pixels needs 1.7 GB.

The kernel keeps it for each process, so a process that has seen a document may make no other (`filters.alone`): a box
is the one that answers and one program beside it, never more.
"""

SECONDS_OF_CPU = 60
"""An ordinary page takes a fifth of a second; small hostile files run for minutes."""

PROCESSES, FILES = 64, 256

_NICE = 5
"""Behind who answers people, before nobody else: somebody waits for most pages, too."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def hide() -> None:
    """Nobody of the same user may look into the memory of this process, and what its children leave is its own."""
    _control(_SET_DUMPABLE, 0)
    _control(_SET_SUBREAPER, 1)


def limit_all(processes: int) -> None:
    """Limits for this process and all it starts: nothing can be written to any file, no core, few files, `processes`."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_NPROC, processes),
    ):
        resource.setrlimit(what, (most, most))
    os.setpriority(os.PRIO_PROCESS, 0, max(_NICE, os.getpriority(os.PRIO_PROCESS, 0)))


def limit_time() -> None:
    """From here on so much of the processor, and no more."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_CPU, SECONDS_OF_CPU + 2))


def shut_in(compiled: bytes, readable: Sequence[str]) -> None:
    """Give up for good: new privileges, the calls of the filter, all files but those `readable` (where there is
    Landlock), and the network."""
    _control(_SET_NO_NEW_PRIVILEGES, 1)
    _shut_files(readable)
    refuse_calls(compiled)


def refuse_calls(compiled: bytes) -> None:
    """From here on the kernel answers calls of this process, and of all that come from it, by this filter, too."""
    steps = _Program(len(compiled) // 8, compiled)
    if _LIBRARY.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(steps), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter of calls was refused")


def landlock() -> int:
    """The version of Landlock of this system; 0 for none."""
    return max(0, int(_LIBRARY.syscall(_CREATE_RULESET, None, 0, 1)))


def _shut_files(readable: Sequence[str]) -> None:
    version = landlock()
    if version == 0:
        return
    rights = (1 << _RIGHTS_OF[min(version, len(_RIGHTS_OF)) - 1]) - 1
    asked = [rights]
    if version >= _VERSION_TCP:
        asked.append(_TCP)
    if version >= _VERSION_SCOPES:
        asked.append(_SCOPES)
    about = struct.pack(f"={len(asked)}Q", *asked)
    rules = _LIBRARY.syscall(_CREATE_RULESET, about, len(about), 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused")
    try:
        for path in readable:
            _let_read(rules, path)
        if _LIBRARY.syscall(_RESTRICT_SELF, rules, 0) != 0:
            raise OSError(ctypes.get_errno(), "Landlock refused")
    finally:
        os.close(rules)


def _let_read(rules: int, path: str) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = _EXECUTE | _READ_FILE | (_READ_FOLDER if Path(path).is_dir() else 0)
        if _LIBRARY.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refused {path}")
    finally:
        os.close(place)


def _control(option: int, value: int) -> None:
    if _LIBRARY.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
