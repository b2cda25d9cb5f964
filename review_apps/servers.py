"""The servers that all apps of a host share: nginx, and PostgreSQL unless settings.json names another."""

import json
from pathlib import Path

import psycopg2

from processes.files import write_private
from processes.ports import free_port
from review_apps import daemon
from review_apps.programs import SharedPostgres
from review_apps.router import Router
from review_apps.settings import Settings
from review_apps.specification import Process, Specification

_MOST_APPS_AT_ONCE = 40


class Servers:
    """The shared servers of a host, run by one daemon in the folder `shared`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "shared"
        self.router = Router(self._folder / "nginx", settings)

    def ensure(self) -> None:
        """Start them unless they run. Raises ReviewAppError and ProcessError."""
        if daemon.is_running(self._folder):
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.router.prepare()
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
    def _postgres(self) -> SharedPostgres:
        kept = self._folder / "ports.json"
        if not kept.exists():
            write_private(kept, json.dumps({"postgres": free_port()}))
        return SharedPostgres(self._folder / "postgres", json.loads(kept.read_text())["postgres"])

    def _processes(self) -> list[Process]:
        host, _, port = self._settings.listen.rpartition(":")
        nginx = Process("nginx", "nginx", str(self._folder / "nginx"), int(port), options={"host": host.strip("[]")})
        if self._settings.database_url:
            return [nginx]
        connections = str(self._settings.connections * _MOST_APPS_AT_ONCE)
        options = {"connections": connections, "durable": "true" if self._settings.durable else "false"}
        postgres = self._postgres
        return [Process("postgres", "postgres", str(postgres.directory), postgres.port, options=options), nginx]

    def _close_own_database(self) -> None:
        """Deny apps the databases that an embedded server has from the start."""
        if self._settings.database_url:
            return
        server = psycopg2.connect(self.database_url, connect_timeout=10)
        try:
            with server, server.cursor() as cursor:
                for name in (Path(self.database_url).name, "postgres", "template1"):
                    cursor.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        finally:
            server.close()
