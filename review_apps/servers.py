"""What all apps of a host share: nginx, the keeper, and PostgreSQL unless settings.json names another."""

import json
import secrets
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2.sql import SQL, Identifier

from processes.files import write_private
from processes.ports import free_port
from processes.urls import with_database
from review_apps import daemon
from review_apps.locks import Locks
from review_apps.programs import SharedPostgres
from review_apps.router import KeeperAddress, Router
from review_apps.settings import Settings
from review_apps.specification import Process, Specification

_ROOT: Final = Path(__file__).resolve().parent.parent
_MOST_APPS_AT_ONCE: Final = 40
KEEPER_READY: Final = "/ready"


class Servers:
    """The shared servers of a host, run by one daemon in the folder `shared`."""

    def __init__(self, settings: Settings, locks: Locks) -> None:
        self._settings, self._locks = settings, locks
        self._folder = settings.home / "shared"

    @cached_property
    def router(self) -> Router:
        """nginx, in front of all apps."""
        return Router(self._folder / "nginx", self._settings, self._locks, self.keeper)

    def ensure(self) -> None:
        """Start them unless they run. Raises ReviewAppError and ProcessError."""
        if self.are_running():
            return
        router, password = self.router, self.password  # which take the lock themselves when they are made
        with self._locks.host():
            if self.are_running():
                return
            router.prepare(password)
            daemon.start(self._folder, Specification(self._processes(), str(self._folder / "log")))
            self._close_own_database()

    def are_running(self) -> bool:
        """Return whether they run."""
        return daemon.is_running(self._folder)

    def stop(self) -> None:
        """Stop them. The data of PostgreSQL stays, for the next app."""
        daemon.stop(self._folder)

    @property
    def database_url(self) -> str:
        """The address with which databases and roles can be made."""
        return self._settings.database_url or self._postgres.url

    @property
    def database_url_of_apps(self) -> str:
        """The address of the same server as apps reach it, which is with TLS if they ask for it."""
        return self._settings.database_url or with_database(self._postgres.url, port=self._kept["postgres_tls"])

    @property
    def keeper(self) -> KeeperAddress:
        """Where the keeper listens."""
        return KeeperAddress(self._kept["keeper"], self._kept["key"])

    @property
    def password(self) -> str:
        """The password of the page of all apps."""
        return str(self._kept["password"])

    @property
    def _postgres(self) -> SharedPostgres:
        return SharedPostgres(self._folder / "postgres", self._kept["postgres"])

    @cached_property
    def _kept(self) -> dict[str, Any]:
        """The ports and secrets that are chosen once."""
        path = self._folder / "ports.json"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = json.loads(path.read_text()) if path.exists() else {}
        made: dict[str, Callable[[], Any]] = {
            "postgres": free_port,
            "postgres_tls": free_port,
            "keeper": free_port,
            "key": lambda: secrets.token_hex(32),
            "password": lambda: secrets.token_hex(16),
        }
        if made.keys() <= kept.keys():
            return dict(kept)
        with self._locks.host():
            kept = json.loads(path.read_text()) if path.exists() else {}
            kept = {**{name: make() for name, make in made.items() if name not in kept}, **kept}
            write_private(path, json.dumps(kept))
        return dict(kept)

    def _processes(self) -> list[Process]:
        host, _, port = self._settings.listen.rpartition(":")
        nginx = Process("nginx", "nginx", str(self._folder / "nginx"), int(port), options={"host": host.strip("[]")})
        keeper = Process(
            "keeper",
            "command",
            str(_ROOT),
            self.keeper.port,
            [sys.executable, "-m", "review_apps.keeper", str(self._settings.home)],
            environment=daemon.inherited(),
            options={"path": KEEPER_READY},
        )
        if self._settings.database_url:
            return [nginx, keeper]
        connections = str(self._settings.connections * _MOST_APPS_AT_ONCE)
        options = {"connections": connections, "durable": "true" if self._settings.durable else "false"}
        postgres = self._postgres
        tls = Process(
            "tls",
            "proxy",
            str(_ROOT),
            self._kept["postgres_tls"],
            [
                *(sys.executable, "-m", "review_apps.tls_front"),
                *(str(self._kept["postgres_tls"]), str(postgres.port), str(self._folder / "tls")),
            ],
            environment=daemon.inherited(),
        )
        return [
            Process("postgres", "postgres", str(postgres.directory), postgres.port, options=options),
            tls,
            nginx,
            keeper,
        ]

    def _close_own_database(self) -> None:
        """Deny apps the databases that an embedded server has from the start."""
        if self._settings.database_url:
            return
        server = psycopg2.connect(self.database_url, connect_timeout=10)
        try:
            with server, server.cursor() as cursor:
                for name in (server.info.dbname, "postgres", "template1"):
                    cursor.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(name)))
        finally:
            server.close()
