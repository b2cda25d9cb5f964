"""A MariaDB of Debian's package for one test process, with the public server's tables (docs/moving.md)."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Final

import pymysql

from processes.embedded import EmbeddedServer
from processes.pdeathsig import with_pdeathsig
from processes.ports import LOOPBACK
from processes.unprivileged_user import unprivileged_user
from tests.support.programs import require_program

_USER: Final = "reader"
_PASSWORD: Final = "p@ss:word"
DATABASE: Final = "covidshield"

_SERVER_KEYS: Final = """
    server_private_key BINARY(32) NOT NULL UNIQUE,
    server_public_key BINARY(32) NOT NULL UNIQUE,
    app_public_key BINARY(32) UNIQUE,
    one_time_code VARCHAR(10) UNIQUE,
    hash_id VARCHAR(128) UNIQUE,
    remaining_keys SMALLINT UNSIGNED NOT NULL,
    created TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    region VARCHAR(32) NOT NULL,
    originator VARCHAR(64)
"""
TABLES: Final = {
    "encryption_keys": _SERVER_KEYS,
    "diagnosis_keys": """
        key_data BINARY(16) NOT NULL UNIQUE,
        rolling_start_interval_number INT NOT NULL,
        rolling_period INT NOT NULL,
        transmission_risk_level SMALLINT UNSIGNED NOT NULL,
        hour_of_submission INT UNSIGNED NOT NULL,
        region VARCHAR(32) NOT NULL,
        originator VARCHAR(64)
    """,
    "failed_key_claim_attempts": """
        identifier VARCHAR(32) NOT NULL UNIQUE,
        failures SMALLINT UNSIGNED NOT NULL DEFAULT 1,
        last_failure TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    """,
    "events": """
        source VARCHAR(32) NOT NULL,
        identifier VARCHAR(32) NOT NULL,
        device_type VARCHAR(16) NOT NULL,
        date DATE NOT NULL,
        count INT NOT NULL DEFAULT 0,
        PRIMARY KEY (source, identifier, device_type, date)
    """,
    "tek_upload_count": """
        originator VARCHAR(32) NOT NULL,
        date DATE NOT NULL,
        count INT NOT NULL,
        first_upload TINYINT(1) NOT NULL
    """,
    "otk_life_duration": """
        originator VARCHAR(32) NOT NULL,
        hours INT NOT NULL,
        date DATE NOT NULL,
        count INT NOT NULL,
        UNIQUE (originator, hours)
    """,
    "qr_outbreak_events": """
        location_id VARCHAR(8) NOT NULL,
        originator VARCHAR(64),
        start_time INT UNSIGNED NOT NULL,
        end_time INT UNSIGNED NOT NULL,
        severity INT UNSIGNED,
        created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    """,
}


class PublicServer(EmbeddedServer):
    """The public server's database. Its own time zone is not UTC, which must not matter."""

    name = "MariaDB"
    program = "mariadbd"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"mysql://{_USER}:p%40ss%3Aword@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def path(self) -> str:
        return require_program(self.program)

    def prepare(self) -> None:
        program = self.path
        self.directory.mkdir(mode=0o700, exist_ok=True)
        self._program = program
        self._user = unprivileged_user(self.directory, program)
        self._choose_port()
        if not self._data.exists():
            self._make_data()

    def command(self) -> list[str]:
        options = {
            "datadir": self._data,
            "tmpdir": self._scratch,
            "port": self.port,
            "bind-address": LOOPBACK,
            "socket": self._data / "socket",
            "pid-file": self._data / "pid",
            "default-time-zone": "-05:00",
            "innodb-flush-log-at-trx-commit": 0,
            "innodb-buffer-pool-size": "64M",
            "performance-schema": "off",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        return with_pdeathsig([self._program, "--no-defaults", *arguments], self.stop_signal, self._user)

    def accepts(self) -> bool:
        try:
            self.connect().close()
        except pymysql.MySQLError:
            return False
        return True

    def connect(self) -> Any:
        """Return a connection that writes, as the public server does: in UTC, in strict mode."""
        return pymysql.connect(
            host=LOOPBACK,
            port=self.port,
            user=_USER,
            password=_PASSWORD,
            database=DATABASE,
            autocommit=True,
            init_command="SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES'",
        )

    def execute(self, sql: str, *values: Any) -> None:
        """Run a statement."""
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)

    def insert(self, table: str, *rows: dict[str, Any]) -> None:
        """Insert rows, all with the same columns."""
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            columns = ", ".join(f"`{name}`" for name in rows[0])
            marks = ", ".join(["%s"] * len(rows[0]))
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
            cursor.executemany(sql, [tuple(row.values()) for row in rows])

    def empty(self) -> None:
        """Delete all rows."""
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"TRUNCATE {table}")

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _scratch(self) -> Path:
        """A folder for temporary tables: a server that starts deletes those of all others in the same folder."""
        return self.directory / "tmp"

    def _make_data(self) -> None:
        self._scratch.mkdir(mode=0o700, exist_ok=True)
        if self._user:
            os.chown(self._scratch, self._user.uid, self._user.gid)
        folders = [f"--datadir={self._data}", f"--tmpdir={self._scratch}"]
        install = ["mariadb-install-db", "--no-defaults", *folders, "--skip-test-db"]
        self._run([*install, "--auth-root-authentication-method=normal"])
        tables = [f"CREATE TABLE {DATABASE}.{name} ({columns})" for name, columns in TABLES.items()]
        statements = [
            f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4",
            *(statement.replace("\n", " ") for statement in tables),
            "FLUSH PRIVILEGES",
            f"CREATE USER {_USER}@'%' IDENTIFIED BY '{_PASSWORD}'",
            f"GRANT ALL ON {DATABASE}.* TO {_USER}@'%'",
        ]
        bootstrap = [self._program, "--no-defaults", "--bootstrap", *folders]
        self._run(bootstrap, "".join(f"{statement};\n" for statement in statements))

    def _run(self, argv: list[str], text: str = "") -> None:
        command = with_pdeathsig(argv, self.stop_signal, self._user)
        done = subprocess.run(command, input=text, cwd="/", text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr[-1000:]
