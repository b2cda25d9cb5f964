"""The service with everything it needs: its secrets, PostgreSQL, Redis, and the processes of the Procfile."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.address import Address
from local.secrets import first_claim_token, load_secrets
from local.settings import settings_file
from local.version import git_version
from processes.embedded import EmbeddedServer
from processes.errors import ProcessError
from processes.files import write_private
from processes.output import Printer
from processes.pdeathsig import with_pdeathsig
from processes.postgres import EmbeddedPostgres
from processes.procfile import read_procfile
from processes.redis import EmbeddedRedis
from processes.supervisor import SUPERVISOR, Program, Supervisor

_SECRETS_FILE: Final = "secrets.env"
_SETTINGS_FILE: Final = "settings.env"  # of the web process, for bin/flask
_STATUS_FOLDER: Final = "status"
_RELEASE: Final = "release"
_WEB: Final = "web"
_EMBEDDED: Final[Mapping[str, type[EmbeddedServer]]] = {"DATABASE_URL": EmbeddedPostgres, "REDIS_URL": EmbeddedRedis}

# Together below the ten seconds after which Docker kills a container.
_PROCESS_STOP_SECONDS: Final = 5.0
_SERVER_STOP_SECONDS: Final = 3.0
# The web process itself must give up on slow requests before that.
_WEB_GRACEFUL_SECONDS: Final = 4
_START_SECONDS: Final = 60.0

# For trying the service out: uploads are published within seconds, which shows who uploaded what, and the pages for
# reviewers exist.
_DEFAULTS: Final = {
    "EXPORT_MAX_AGE_SECONDS": "3",
    "RELEASE_PERIOD_HOURS": "0",
    "REVIEW_TOOLS": "true",
    "SURFACES": "submission,retrieval,portal,sharing,status",
}

_BANNER: Final = """
  Exposure Alert answers at {url}

  In a browser:     {url}/
  The portal:       {url}/portal
  Sharing secrets:  {url}/share
  Status:           {url}/status
  A one-time code:  curl -X POST -H "Authorization: Bearer {token}" {url}/new-key-claim
  The secrets:      {secrets}
  To stop it:       Ctrl-C

"""


@dataclass(frozen=True)
class Service:
    """The service of one folder: `directory` keeps data and secrets, `procfile` has the commands of the processes."""

    directory: Path
    procfile: Path
    environment: Mapping[str, str]

    def run(self) -> None:
        """Run until a signal asks to stop, and then end every process, also after an error.

        Raises ProcessError and OSError when the service cannot start, StopRequestedError when a signal came first.
        """
        address = Address.from_environment(self.environment)
        address.check_free()
        commands = self._commands()
        secrets = load_secrets(self.directory / _SECRETS_FILE, self.environment)
        supervisor = Supervisor(
            Printer(sys.stdout, [SUPERVISOR, *(server.program for server in _EMBEDDED.values()), *commands])
        )
        supervisor.handle_signals()
        try:
            urls = self._start_servers(supervisor)
            environment = {**self._environment_of_processes(address), **secrets, **urls}
            write_private(self.directory / _SETTINGS_FILE, settings_file(environment, address.url))
            programs = {name: self._program(name, argv, environment) for name, argv in commands.items()}
            _run_release(supervisor, programs.pop(_RELEASE))
            supervisor.start(programs.pop(_WEB))
            supervisor.wait_for(address.answers, _START_SECONDS)
            # Only now: until then, all processor time goes to the start of the process that the user waits for.
            supervisor.join(*programs.values())
            supervisor.write_text(self._banner(address, secrets))
            supervisor.run()
        finally:
            supervisor.stop()

    def _commands(self) -> dict[str, list[str]]:
        commands = read_procfile(self.procfile)
        for name in (_RELEASE, _WEB):
            if name not in commands:
                raise ProcessError(f"{self.procfile} has no process {name}.")
        return commands

    def _start_servers(self, supervisor: Supervisor) -> dict[str, str]:
        """Start the servers that the environment does not name, and return their addresses by setting."""
        servers = {
            setting: embedded(self.directory / embedded.program)
            for setting, embedded in _EMBEDDED.items()
            if not self.environment.get(setting)
        }
        for server in servers.values():
            server.prepare()
            supervisor.write_line(f"{server.name}: {server.version()}, {server.path}")
        supervisor.start(*(_server_program(server) for server in servers.values()))
        supervisor.wait_for(lambda: all(server.accepts() for server in servers.values()), _START_SECONDS)
        return {setting: server.url for setting, server in servers.items()}

    def _environment_of_processes(self, address: Address) -> dict[str, str]:
        programs_of_this_python = str(Path(sys.executable).parent)
        return {
            **git_version(self.procfile.parent),
            **self._defaults(address),
            "STATUS_FOLDER": str((self.directory / _STATUS_FOLDER).resolve()),
            "WEB_GRACEFUL_SECONDS": str(_WEB_GRACEFUL_SECONDS),
            **self.environment,
            "PATH": os.pathsep.join([programs_of_this_python, self.environment.get("PATH", os.defpath)]),
            "PORT": str(address.port),
            "BIND_ADDR": str(address),
            "PYTHONUNBUFFERED": "1",
        }

    def _defaults(self, address: Address) -> Mapping[str, str]:
        """Return settings that differ from the application's defaults. A network gets no page that issues codes."""
        if self.environment.get("ENV") == "production":
            return {}
        return _DEFAULTS if address.is_private else {**_DEFAULTS, "REVIEW_TOOLS": "false"}

    def _program(self, name: str, argv: list[str], environment: Mapping[str, str]) -> Program:
        command = with_pdeathsig(argv, signal.SIGTERM)
        return Program(name, command, _PROCESS_STOP_SECONDS, environment=environment, directory=self.procfile.parent)

    def _banner(self, address: Address, secrets: Mapping[str, str]) -> str:
        return _BANNER.format(url=address.url, token=first_claim_token(secrets), secrets=self.directory / _SECRETS_FILE)


def _run_release(supervisor: Supervisor, release: Program) -> None:
    """Migrate the database, before anything depends on it. Raises ProcessError."""
    code = supervisor.run_to_end(release)
    if code != 0:
        raise ProcessError(f"`{release.name}` of the Procfile failed with exit code {code}: see the lines above.")


def _server_program(server: EmbeddedServer) -> Program:
    return Program(server.program, server.command(), _SERVER_STOP_SECONDS, stop_signal=server.stop_signal)
