"""Runs a command that may read and write only its own files, and reach only its own ports.

A program of its own: `python -I confined.py '{"read": […], "write": […], "bind": […], "connect": […],
"tasks": 1024}' COMMAND…`.
It uses Landlock (https://docs.kernel.org/userspace-api/landlock.html) for files, TCP and signals, and a filter of
system calls (seccomp) for every other way into the network and past Landlock. Neither needs root, and what the command
starts inherits both. `tasks` limits the processes and threads of its user.
"""

import ctypes
import json
import os
import platform
import resource
import struct
import sys
from typing import Any

# The first version that confines signals to the processes of an app.
NEEDED_ABI = 6

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_READ = 0b1101  # execute, read files, list folders
_WRITE = 0x7FFF & ~0b1101 & ~(1 << 6) & ~(1 << 11)  # everything else but devices
_ALL_FILES = 0xFFFF
_ONLY_FILES = 0b111 | 1 << 14 | 1 << 15  # rights that a rule about a file may give
_BIND, _CONNECT = 1, 2
_SCOPES = 0b11  # abstract Unix sockets and signals
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_CAPBSET_DROP, _LAST_CAPABILITY = 24, 63

# Of an architecture: its number for auditing, and the system calls socket, sendto, sendmsg, sendmmsg.
_ARCHITECTURES = {
    "x86_64": (0xC000003E, 41, 44, 46, 307),
    "aarch64": (0xC00000B7, 198, 206, 211, 269),
}
_IO_URING_SETUP = 425  # which makes sockets without the system call
_FAST_OPEN = 0x20000000  # a flag with which sending connects
_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 13  # EACCES

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the version of Landlock that the kernel has; 0 without it, or on an unknown architecture."""
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return 0
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def confine(rules: dict[str, Any]) -> None:
    """Confine this process and all that it starts. Raises OSError."""
    ruleset = struct.pack("QQQ", _ALL_FILES, _BIND | _CONNECT, _SCOPES)
    fd = _call(_libc.syscall(_CREATE_RULESET, ruleset, ctypes.c_size_t(len(ruleset)), ctypes.c_uint32(0)))
    for path in rules["read"]:
        _allow_path(fd, path, _READ)
    for path in rules["write"]:
        _allow_path(fd, path, _READ | _WRITE)
    for right, key in ((_BIND, "bind"), (_CONNECT, "connect")):
        for port in rules[key]:
            rule = struct.pack("QQ", right, port)
            _call(_libc.syscall(_ADD_RULE, fd, 2, rule, ctypes.c_uint32(0)))
    resource.setrlimit(resource.RLIMIT_NPROC, (rules["tasks"], rules["tasks"]))
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)  # fails without root, who alone has any
    _call(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _call(_libc.syscall(_RESTRICT_SELF, fd, ctypes.c_uint32(0)))
    os.close(fd)
    _filter_system_calls()


def _allow_path(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):  # noqa: PTH112 - this program starts for every process
        rights &= _ONLY_FILES
    _call(_libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, opened), ctypes.c_uint32(0)))
    os.close(opened)


def _filter_system_calls() -> None:
    """Deny every socket but those of TCP, and what makes or connects sockets in other ways."""
    architecture, *calls = _ARCHITECTURES[platform.machine()]
    code = b"".join(_program(architecture, *calls))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    _call(_libc.prctl(_SECCOMP, _FILTER, program, 0, 0))


def _program(architecture: int, socket: int, sendto: int, sendmsg: int, sendmmsg: int) -> list[bytes]:
    """Return the instructions: (operation, steps to skip if true, if false, operand)."""

    def argument(number: int) -> int:
        return _ARGUMENTS + 8 * number

    allow, deny = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _DENY)

    def no_fast_open(call: int, flags: int) -> list[tuple[int, int, int, int]]:
        return [(_EQUAL, 0, 4, call), (_LOAD, 0, 0, argument(flags)), (_ANY_BIT, 0, 1, _FAST_OPEN), deny, allow]

    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        *[(_EQUAL, 1, 0, architecture), deny],
        (_LOAD, 0, 0, _NUMBER),
        *[(_AT_LEAST, 0, 1, _X32), deny],
        *[(_EQUAL, 0, 1, _IO_URING_SETUP), deny],
        *no_fast_open(sendto, 3),
        *no_fast_open(sendmsg, 2),
        *no_fast_open(sendmmsg, 3),
        *[(_EQUAL, 1, 0, socket), allow],
        (_LOAD, 0, 0, argument(0)),
        *[(_EQUAL, 2, 0, 2), (_EQUAL, 1, 0, 10), deny],  # AF_INET, AF_INET6
        (_LOAD, 0, 0, argument(1)),
        (_AND, 0, 0, 0xF),
        *[(_EQUAL, 1, 0, 1), deny],  # SOCK_STREAM
        (_LOAD, 0, 0, argument(2)),
        *[(_EQUAL, 2, 0, 0), (_EQUAL, 1, 0, 6), deny],  # of TCP
        allow,
    ]
    return [struct.pack("HBBI", *step) for step in steps]


def _call(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    confine(json.loads(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command is what is confined
