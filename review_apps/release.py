"""A version that runs or will run: its variables, its one-off commands, and its processes."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from processes.one_off import run_once
from processes.ports import LOOPBACK
from processes.procfile import read_procfile
from processes.urls import port_of
from review_apps import daemon, locked
from review_apps.addons import secrets_in
from review_apps.build import Build, Version
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
_TASKS_PER_PROCESS: Final = 16  # the kernel counts the threads of all processes of a user together
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
    provided: Mapping[str, str]  # the variables of its add-ons
    port: int
    locked: bool = False
    echo: bool = False  # whether the output of one-off processes is printed, too

    @property
    def environment(self) -> dict[str, str]:
        """Every variable of its processes. Of this program's own environment they get PATH alone."""
        given = {**self.settings.variables, **self.app.variables}
        values, _ = self.manifest.variables(given, self.app.secrets)
        return {
            **_PLATFORM,
            **values,
            **self.provided,
            **given,
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
            **(locked.variables(self.version.folder.parent.parent) if self.locked else {}),
        }

    @property
    def hidden(self) -> list[str]:
        """The values that must not appear in the log."""
        given = {**self.settings.variables, **self.app.variables}.values()
        long = [value for value in given if len(value) >= _SHORTEST_SECRET]
        return [*self.app.secrets.values(), *long, self.app.password, *secrets_in(self.provided)]

    def writer(self, name: str) -> Callable[[str], None]:
        """Return what appends lines of a one-off process to the log."""
        log = LogFile(self.log, self.hidden)

        def write(line: str) -> None:
            log.write_line(name, line)
            if self.echo:
                print(log.without_secrets(line), flush=True)

        return write

    def build_step(self) -> Build:
        """Return what the steps of its build need."""
        # Of a one-off dyno, and of the build, which on Heroku sees the add-ons' variables as well.
        environment = {**self.environment, "SOURCE_VERSION": self.app.commit}
        return Build(
            self.version, environment, self.settings.release_seconds, self.writer("build"), self._prefix, self.locked
        )

    def prepare_database(self) -> None:
        """Run `release` of the Procfile. Raises ReviewAppError."""
        argv = read_procfile(self.version.definition / "Procfile").get(RELEASE)
        if argv:
            self.run_once(RELEASE, argv)

    def run_script(self, name: str) -> None:
        """Run a script of app.json, if there is one. Raises ReviewAppError."""
        command = self.manifest.script(name)
        if command:
            self.run_once(name, ["/bin/sh", "-c", command])

    def run_once(self, name: str, argv: list[str]) -> None:
        """Run a command to its end, and log its output. Raises ReviewAppError when it fails or takes too long."""
        write, lines = self.writer(name), list[str]()

        def keep(line: str) -> None:
            write(line)
            lines.append(line)

        environment = {**self.environment, "DYNO": f"{name}.1"}
        code = run_once([*self._prefix, *argv], self.version.source, environment, self.settings.release_seconds, keep)
        if code != 0:
            last = LogFile(self.log, self.hidden).without_secrets("\n".join(lines[-_ERROR_LINES:]).strip())
            raise ReviewAppError(f"{name} ({argv[-1]}) failed with exit code {code}:\n{last}")

    def start(self) -> None:
        """Start its processes, and return when the web process is ready. Raises ReviewAppError."""
        daemon.start(self.version.folder, self.specification())

    def specification(self) -> Specification:
        """Return its processes, with their limits. Raises ReviewAppError."""
        return Specification(
            self._processes(),
            str(self.log),
            self.settings.memory_mb,
            self.settings.processes,
            self.hidden,
            self.settings.start_seconds,
        )

    def _processes(self) -> list[Process]:
        commands = read_procfile(self.version.definition / "Procfile")
        if WEB not in commands:
            raise ReviewAppError("the Procfile has no web process")
        return [
            self._process(name, number, argv)
            for name, argv in commands.items()
            for number in range(1, self._quantity(name) + 1)
            if name != RELEASE
        ]

    @property
    def _prefix(self) -> list[str]:
        """What confines the commands of a locked app; nothing for others."""
        if not self.locked:
            return []
        ports = [port for port in map(port_of, self.provided.values()) if port]
        folder, tasks = self.version.folder.parent.parent, self.settings.processes * _TASKS_PER_PROCESS
        return locked.prefix(folder, self.version.folder, self.app.user, tasks, self.port, ports)

    def _quantity(self, name: str) -> int:
        """Return how many of a process are started: one web process, as it has one port; of others as app.json has."""
        if name == WEB:
            return 1
        wanted = self.manifest.formation.get(name, 0)
        if wanted > self.settings.quantity:
            self.writer("supervisor")(f"{self.settings.quantity} of {wanted} {name} processes start: see `quantity`")
        return min(wanted, self.settings.quantity)

    def _process(self, name: str, number: int, argv: list[str]) -> Process:
        dyno = f"{name}.{number}"
        process = Process(
            dyno,
            "command",
            str(self.version.source),
            argv=[*self._prefix, *argv],
            environment={**self.environment, "DYNO": dyno},
        )
        if name != WEB:
            return process
        check = self.manifest.health_check
        options = {"path": check.path, "content": check.content} if check else {"path": self.settings.health_path}
        host = self.settings.url(self.app.name).partition("://")[2]
        return replace(process, port=self.port, options={**options, "host": host, "scheme": self.settings.scheme})
