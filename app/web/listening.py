"""The address on which a web process listens, its numbers of processes and connections, for both web servers."""

import os
import resource
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from app.config.default_ports import DEFAULT_PORT, SUBMISSION_PORT

_ANY_IPV4: Final = "0.0.0.0"  # noqa: S104 - containers and platforms reach the process over their own network
_ANY: Final = "::"
_MAX_NUMBER: Final = 1000
_DEFAULT_NUMBERS: Final = {
    "WEB_CONCURRENCY": 2,
    # Requests mostly wait for PostgreSQL. Each holds one connection of DATABASE_POOL_SIZE, and one that builds an
    # archive up to three: see docs/operations.md.
    "WEB_THREADS": 8,
    # Below the 30 seconds that platforms wait between SIGTERM and SIGKILL.
    "WEB_GRACEFUL_SECONDS": 25,
}
_OTHER_FILES: Final = 128  # PostgreSQL, Redis, archives, the standard streams


def listening_address(environment: Mapping[str, str]) -> tuple[str, int]:
    """Return the host and port of BIND_ADDR, or else every interface with PORT or the default port.

    White space around a value is ignored, as in settings. An IPv6 host in BIND_ADDR has brackets, `[::1]:8000`; the
    host that is returned has none.
    Raises ValueError, whose text names the setting, if the port is not from 0 to 65535.
    """
    if address := environment.get("BIND_ADDR", "").strip():
        host, _, port = address.rpartition(":")
        return host.removeprefix("[").removesuffix("]") or every_interface(), _port("BIND_ADDR", port)
    if given := environment.get("PORT", "").strip():
        return every_interface(), _port("PORT", given)
    only_submission = environment.get("SURFACES", "").strip() == "submission"
    return every_interface(), SUBMISSION_PORT if only_submission else DEFAULT_PORT


def web_number(name: str) -> int:
    """Return the number of workers, or of a worker's threads or seconds, from its variable.

    Raises ValueError, whose text names the variable.
    """
    text = os.environ.get(name, "").strip() or str(_DEFAULT_NUMBERS[name])
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_NUMBER):
        raise ValueError(f"{name}: {text!r} is not a number from 1 to {_MAX_NUMBER}")
    return int(text)


def every_interface() -> str:
    """Return the host of every interface: IPv6 and IPv4 together if the machine supports both, else IPv4."""
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind((_ANY, 0))
        if not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
            return _ANY
    return _ANY_IPV4


def open_files_for(connections: int) -> int:
    """Raise the process's limit of open files to what `connections` require, as far as the machine allows.

    Returns how many connections fit within the limit, with its other files. Child processes inherit the limit.
    """
    wanted = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, allowed = (wanted if limit == resource.RLIM_INFINITY else limit for limit in (soft, hard))
    if soft < wanted:
        soft = min(wanted, allowed)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(connections, max(soft - _OTHER_FILES, soft // 2))


def _port(setting: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 0xFFFF):
        raise ValueError(f"{setting}: there is no port from 0 to 65535 in {text!r}")
    return int(text)
