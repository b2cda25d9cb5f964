"""The whole service in a temporary folder, as `python -m local` runs it, and access to its processes and data."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from processes.ports import reserve_port
from tests.support.cluster import put_cluster
from tests.support.waiting import wait_until

_ROOT = Path(__file__).parents[2]
_NAMED_ELSEWHERE = ("DATABASE_URL", "REDIS_URL", "BIND_ADDR")
_SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "TRUSTED_PROXIES": "1",
    "RATE_LIMITS": "off",
    "PUBLISH_ACTIVE_KEYS": "true",
    "EXPORT_MAX_AGE_SECONDS": "3",
    "WORKER_EXPIRATION_INTERVAL": "1",
}


class Stack:
    """A running service. Its processes are found by their command lines; they run in the folder of the Procfile."""

    def __init__(self, directory: Path, environment: dict[str, str], procfile: Path = _ROOT / "Procfile") -> None:
        self.directory = directory
        self.port = reserve_port()
        self.output = directory / "output"
        inherited = {name: value for name, value in os.environ.items() if name not in _NAMED_ELSEWHERE}
        with self.output.open("wb") as output:
            self._process = psutil.Popen(
                [sys.executable, "-m", "local", "--directory", directory / "var", "--procfile", procfile],
                cwd=_ROOT,
                env=inherited | environment | {"PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """The output of all its processes."""
        return self.output.read_text(errors="replace")

    def wait_until_ready(self) -> None:
        """Wait until every process runs."""
        self.wait_for(lambda: "Exposure Alert answers" in self.log, "the service starts")

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Wait until a condition holds."""

        def holds() -> object:
            assert self._process.poll() is None, f"the service ended: {self.log[-3000:]}"
            return condition()

        try:
            wait_until(holds, what, seconds)
        except AssertionError:
            print(self.log[-3000:])
            raise

    # its processes

    def find(self, *arguments: str) -> psutil.Process | None:
        """Return the process with these arguments in its command line, if it runs at this moment."""
        return self._find(lambda line: " ".join(arguments) in line)

    def find_worker(self, *arguments: str) -> psutil.Process | None:
        """Return the worker, or with the argument `clock` the clock, if it runs at this moment."""
        return self._find(lambda line: line.endswith(" ".join(("-m", "worker", *arguments))))

    def _find(self, matches: Callable[[str], bool]) -> psutil.Process | None:
        for child in self._process.children():
            try:
                if child.status() != psutil.STATUS_ZOMBIE and matches(" ".join(child.cmdline())):
                    return child
            except psutil.Error:
                continue
        return None

    def part(self, *arguments: str) -> psutil.Process:
        """Return the process with these arguments in its command line, which must run."""
        process = self.find(*arguments)
        assert process is not None, f"{arguments} does not run"
        return process

    @property
    def web(self) -> psutil.Process:
        """The web process, whose children are its workers."""
        return self.part("app.web.server")

    @property
    def postgres(self) -> psutil.Process:
        """The database server."""
        return self.part("bin/postgres -D")

    @property
    def redis(self) -> psutil.Process:
        """The Redis server."""
        return self.part("redis-server")

    def setting(self, name: str) -> str:
        """Return a variable of the web process."""
        return str(self._environment[name])

    @cached_property
    def _environment(self) -> dict[str, str]:
        environment: dict[str, str] = self.web.environ()
        return environment

    # its data

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query, or an empty list for any other statement."""
        connection = psycopg2.connect(self.setting("DATABASE_URL"), connect_timeout=10)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def stop(self) -> int:
        """Stop it, and return its exit code."""
        self._process.terminate()
        return int(self._process.wait(120))


@contextmanager
def new_stack(factory: pytest.TempPathFactory, archive_files: str = "database") -> Iterator[Stack]:
    """Run the service until the end of the block, with short-lived archives and frequent purges."""
    directory = factory.mktemp("stack")
    put_cluster(directory / "var" / "postgres", factory)
    stack = Stack(directory, _SETTINGS | {"ARCHIVE_FILES": archive_files})
    try:
        stack.wait_until_ready()
        assert stack.setting("DATABASE_URL")
        yield stack
    finally:
        stack.stop()
