"""A version that runs or will run: its variables, its one-off commands, and its processes."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from processes.ports import LOOPBACK
from processes.procfile import read_procfile
from review_apps import daemon
from review_apps.build import Version
from review_apps.errors import ReviewAppError
from review_apps.logfile import LogFile
from review_apps.manifest import Manifest
from review_apps.settings import Settings
from review_apps.specification import Process, Specification
from review_apps.state import App

RELEASE: Final = "release"
WEB: Final = "web"

_ERROR_LINES: Final = 15
_SHORTEST_SECRET: Final = 12
# Set by a buildpack and a dyno.
_PLATFORM: Final = {"PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8", "WEB_CONCURRENCY": "2"}


@dataclass(frozen=True)
class Release:
    """One version of one app."""

    app: App
    version: Version
    manifest: Manifest
    settings: Settings
    log: Path
    addresses: Mapping[str, str]  # of its database and its Redis
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """Every variable of its processes. Of this program's own environment they get PATH alone."""
        values, _ = self.manifest.variables(self.settings.variables, self.app.secrets)
        return {
            **_PLATFORM,
            **values,
            **self.addresses,
            "PATH": os.pathsep.join([str(self.version.programs), os.environ.get("PATH", os.defpath)]),
            "HOME": str(self.version.folder.parent.parent),
            "VIRTUAL_ENV": str(self.version.programs.parent),
            "PORT": str(self.port),
            # Heroku's dynos are reached through its router alone, and so are these.
            "BIND_ADDR": f"{LOOPBACK}:{self.port}",
            "HEROKU_APP_NAME": self.app.name,
            "HEROKU_BRANCH": self.app.branch,
            "HEROKU_PR_NUMBER": str(self.app.number),
            "HEROKU_BUILD_COMMIT": self.app.commit,
            "REVIEW_APP_LOG": str(self.log),
        }

    @property
    def hidden(self) -> list[str]:
        """The values that must not appear in the log."""
        addresses = [address.rpartition("@")[0].rpartition(":")[2] for address in self.addresses.values()]
        given = [value for value in self.settings.variables.values() if len(value) >= _SHORTEST_SECRET]
        return [*self.app.secrets.values(), *given, self.app.password, *addresses]

    def prepare_database(self) -> None:
        """Run `release` of the Procfile. Raises ReviewAppError."""
        argv = read_procfile(self.version.source / "Procfile").get(RELEASE)
        if argv:
            self.run_once(RELEASE, argv)

    def run_script(self, name: str, command: str) -> None:
        """Run a script of app.json, if there is one. Raises ReviewAppError."""
        if command:
            self.run_once(name, ["/bin/sh", "-c", command])

    def run_once(self, name: str, argv: list[str]) -> None:
        """Run a command to its end, and log its output. Raises ReviewAppError when it fails or takes too long."""
        seconds = self.settings.release_seconds
        # timeout(1) ends also what the command started.
        bounded = ["timeout", "--kill-after=10", str(seconds), *argv]
        done = subprocess.run(  # noqa: S603
            bounded,
            cwd=self.version.source,
            env={**self.environment, "DYNO": f"{name}.1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output = done.stdout.decode(errors="replace")
        log = LogFile(self.log, self.hidden)
        log.write("".join(f"{name} | {line}\n" for line in output.splitlines()))
        if done.returncode != 0:
            last = "\n".join(log.without_secrets(output).strip().splitlines()[-_ERROR_LINES:])
            raise ReviewAppError(f"{name} ({argv[-1]}) failed with exit code {done.returncode}:\n{last}")

    def start(self) -> None:
        """Start its processes, and return when the web process is ready. Raises ReviewAppError."""
        specification = Specification(
            self._processes(),
            str(self.log),
            self.settings.memory_mb,
            self.settings.processes,
            self.hidden,
        )
        daemon.start(self.version.folder, specification)

    def _processes(self) -> list[Process]:
        commands = read_procfile(self.version.source / "Procfile")
        if WEB not in commands:
            raise ReviewAppError("the Procfile has no web process")
        return [
            self._process(name, number, argv)
            for name, argv in commands.items()
            # One web process, because it has one port; of others, the number in app.json.
            for number in range(1, (1 if name == WEB else self.manifest.formation.get(name, 0)) + 1)
            if name != RELEASE
        ]

    def _process(self, name: str, number: int, argv: list[str]) -> Process:
        dyno = f"{name}.{number}"
        port = self.port if name == WEB else 0
        return Process(
            dyno, "command", str(self.version.source), port, argv, environment={**self.environment, "DYNO": dyno}
        )
