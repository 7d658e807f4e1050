"""Which calls of the system nothing in the box may make, as a program for the kernel (seccomp).

A list of what is refused, not of what is allowed: it breaks no library after an update. Namespaces, the missing network
and the missing files carry the weight; this closes doors behind them. libseccomp translates names to the numbers of this
machine and compiles the program; it is called by ctypes, since its Python binding is tied to the system's own Python.
"""

import ctypes
import errno
import os
from collections.abc import Callable, Sequence
from functools import cache

REFUSED = (
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "kcmp",
    "pidfd_getfd",
    "keyctl",
    "add_key",
    "request_key",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "mount",
    "umount2",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsmount",
    "mount_setattr",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "quotactl",
    "acct",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "iopl",
    "ioperm",
    "name_to_handle_at",
    "open_by_handle_at",
    "personality",
    "fanotify_init",
    "setsid",
    "setpgid",
    "shmget",
    "shmat",
    "msgget",
    "semget",
    "mq_open",
    "memfd_secret",
    "io_setup",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "mknod",
    "mknodat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "truncate",
    "creat",
)
"""Calls that parsing and drawing a document never need; the kernel answers them with EPERM."""

NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00000080)
"""Flags of clone(2) that would make a namespace of its own: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID,
NEWNET, NEWTIME."""

NEW_FILES = (0o100, 0o20000000)
"""Flags of open(2) that make a file: O_CREAT, and the bit of O_TMPFILE. Where no walls stand (the weak rung) an empty
file with the bit of set-uid is one, too."""

NEW_THREAD = 0x00010000
"""CLONE_THREAD: without it clone(2) makes a process."""

_ALLOW, _ERRNO, _MASKED_EQUAL = 0x7FFF0000, 0x00050000, 7


class _Argument(ctypes.Structure):
    _fields_ = (("place", ctypes.c_uint), ("how", ctypes.c_int), ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64))


_Rule = tuple[str, int, _Argument | None]
"""Name of a call, the error it answers, and what its argument must be like."""


@cache
def program() -> bytes:
    """The compiled program; raises `OSError` where libseccomp is missing."""
    rules: list[_Rule] = [(name, errno.EPERM, None) for name in REFUSED]
    # glibc falls back to clone where there is no clone3, whose flags no filter can see.
    rules.append(("clone3", errno.ENOSYS, None))
    rules += [("clone", errno.EPERM, _Argument(0, _MASKED_EQUAL, flag, flag)) for flag in NEW_NAMESPACES]
    for place, name in ((1, "open"), (2, "openat")):
        rules += [(name, errno.EPERM, _Argument(place, _MASKED_EQUAL, flag, flag)) for flag in NEW_FILES]
    rules.append(("openat2", errno.ENOSYS, None))  # its flags lie in memory, which no filter can see
    return _compile(rules)


@cache
def alone() -> bytes:
    """The compiled program for a process that may make threads and no other process; raises as `program`."""
    rules: list[_Rule] = [("fork", errno.EPERM, None), ("vfork", errno.EPERM, None), ("clone3", errno.ENOSYS, None)]
    return _compile([*rules, ("clone", errno.EPERM, _Argument(0, _MASKED_EQUAL, NEW_THREAD, 0))])


def _compile(listed: Sequence[_Rule]) -> bytes:
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    try:
        for name, code, argument in listed:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:  # the others do not exist on this machine
                _refuse(library.seccomp_rule_add_array, rules, code, number, argument)
        out = os.memfd_create("filter")
        try:
            if library.seccomp_export_bpf(rules, out) != 0:
                raise OSError("the filter could not be compiled")
            return os.pread(out, 1 << 20, 0)
        finally:
            os.close(out)
    finally:
        library.seccomp_release(rules)


def _refuse(
    add: Callable[..., int], rules: ctypes.c_void_p, code: int, number: int, argument: _Argument | None = None
) -> None:
    arguments = (_Argument * 1)(argument) if argument else None
    if add(rules, ctypes.c_uint32(_ERRNO | code), number, 1 if argument else 0, arguments) != 0:
        raise OSError(f"call {number} could not be put on the list")
