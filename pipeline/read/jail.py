"""What the sandbox's child may not do: a system call filter (seccomp) that the process puts on itself and cannot take off.

Needs no privilege, no container and no setting of the host. Linux on x86-64 and arm64; elsewhere `install` says that it
cannot, and the limits on memory, time and files are what is left. Calls by name and number: man 2 syscalls, asm/unistd_64.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

# x86-64, arm64; 0 where the call does not exist there
_DENIED: dict[str, tuple[int, int]] = {
    "open": (2, 0), "openat": (257, 56), "openat2": (437, 437), "creat": (85, 0), "open_by_handle_at": (304, 265),
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242),
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, 0), "vfork": (58, 0),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "kill": (62, 129), "tkill": (200, 130), "pidfd_send_signal": (424, 424),
    "unlink": (87, 0), "unlinkat": (263, 35), "rename": (82, 0), "renameat": (264, 38), "renameat2": (316, 276), "link": (86, 0), "linkat": (265, 37),
    "symlink": (88, 0), "symlinkat": (266, 36), "mkdir": (83, 0), "mkdirat": (258, 34), "rmdir": (84, 0), "mknod": (133, 0), "mknodat": (259, 33),
    "chmod": (90, 0), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, 0), "fchown": (93, 55), "fchownat": (260, 54), "truncate": (76, 45),
    "chdir": (80, 49), "fchdir": (81, 50), "chroot": (161, 51), "pivot_root": (155, 41), "mount": (165, 40), "umount2": (166, 39),
    "unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "init_module": (175, 105), "finit_module": (313, 273), "kexec_load": (246, 104), "reboot": (169, 142), "swapon": (167, 224),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), (435, 435)
_CLONE_THREAD = 0x00010000
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000
"""Calls of the 32-bit ABI on x86-64 have numbers from here: all denied."""

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def available() -> bool:
    """Does this platform have the filter?"""
    return sys.platform == "linux" and platform.machine() in _ARCHITECTURES


def install() -> None:
    """Put the filter on this process, for good. Raises OSError where the kernel refuses it."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = _program()
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "the system call filter was refused")


def _program() -> bytes:
    """Classic BPF: kill for a foreign architecture, EPERM for each denied call, ENOSYS for clone3, new threads only."""
    column, architecture = _ARCHITECTURES[platform.machine()]
    denied = sorted({numbers[column] for numbers in _DENIED.values() if numbers[column]})
    deny, unknown = _instruction(_RETURN, _ERRNO | errno.EPERM), _instruction(_RETURN, _ERRNO | errno.ENOSYS)
    steps = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_EQUAL, architecture, 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
        _instruction(_AT_LEAST, _X32, 0, 1),
        deny,
    ]
    for number in denied:
        steps += [_instruction(_EQUAL, number, 0, 1), deny]
    steps += [_instruction(_EQUAL, _CLONE3[column], 0, 1), unknown]  # the C library then falls back to clone
    steps += [
        _instruction(_EQUAL, _CLONE[column], 0, 3),
        _instruction(_LOAD, _FIRST_ARGUMENT),
        _instruction(_ANY_BIT, _CLONE_THREAD, 1, 0),
        deny,
        _instruction(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def _instruction(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, when_true, when_false, value)


# --- the attempt to escape


def escapes() -> list[str]:
    """What this process can still do that a jailed one must not; each is tried, and told by whether the call went through."""
    return [name for name, attempt in _ATTEMPTS.items() if _went_through(attempt)]


def _went_through(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as error:
        return error.errno not in (errno.EPERM, errno.EACCES, errno.ENOSYS)  # any other error: the call itself was let through
    return True


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _folder() -> None:
    path = f"/tmp/escape-{os.getpid()}"  # noqa: S108  # it must not come to be
    os.mkdir(path)  # noqa: PTH102
    os.rmdir(path)  # noqa: PTH106


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "open a file": lambda: Path("/etc/passwd").read_bytes(),
    "read the parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "read its own memory map": lambda: Path("/proc/self/maps").read_bytes(),
    "list a folder": lambda: os.listdir("/"),  # noqa: PTH208
    "write a file": lambda: Path("/dev/null").write_bytes(b"x"),
    "make a folder": _folder,
    "delete a file": lambda: Path("/there-is-no-such-file").unlink(),
    "open a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "open a pair of sockets": socket.socketpair,
    "start a process": _fork,
    "run a program": lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
    "signal the parent": lambda: os.kill(os.getppid(), 0),
    "signal everybody": lambda: os.kill(-1, 0),
    "leave for another root": lambda: os.chdir("/"),
}
