"""Add-ons: what an app gets for each of those that its app.json asks for, by a table that a host's owner extends."""

import re
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from processes.urls import hidden_parts
from review_apps import daemon, database
from review_apps.errors import ReviewAppError
from review_apps.manifest import AddOn
from review_apps.programs import SmallRedis
from review_apps.servers import Servers
from review_apps.settings import Settings
from review_apps.specification import Process, Specification
from review_apps.state import App, Store, role_of

# What the host itself has. Each entry names the kind of the add-on, and the variable of its address.
BUILT_IN: Final[Mapping[str, Mapping[str, Any]]] = {
    "heroku-postgresql": {"kind": "postgresql", "variable": "DATABASE_URL"},
    "heroku-redis": {"kind": "redis", "variable": "REDIS_URL"},
    "rediscloud": {"kind": "redis", "variable": "REDISCLOUD_URL"},
}
_KEYS: Final = {
    "postgresql": {"variable"},
    "redis": {"variable"},
    "variables": {"variables"},
    "command": {"create", "destroy"},
    "none": set[str](),
}
_LINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_COMMAND_SECONDS: Final = 600


class AddOns:
    """The add-ons of a host's apps."""

    def __init__(self, settings: Settings, store: Store, servers: Servers) -> None:
        self._settings, self._store, self._servers = settings, store, servers
        self._table = {**BUILT_IN, **settings.addons}
        for name, entry in self._table.items():
            _check(name, entry)

    def provide(self, app: App, addons: tuple[AddOn, ...]) -> dict[str, str]:
        """Make what an app needs, unless it has it, and return the variables. Idempotent. Raises ReviewAppError."""
        variables: dict[str, str] = {}
        for addon in addons:
            entry = self._table.get(addon.service)
            if entry is None:
                raise ReviewAppError(
                    f"app.json asks for the add-on {addon.service}, which this host does not have: "
                    "describe it under `addons` in settings.json"
                )
            address = self._address(app, entry["kind"], addon)
            if address:
                default = entry.get("variable") or ("DATABASE_URL" if entry["kind"] == "postgresql" else "REDIS_URL")
                variables.setdefault(default, address)
                if addon.prefix:
                    variables[f"{addon.prefix}_URL"] = address
            elif entry["kind"] == "variables":
                variables |= {name: value.replace("{app}", app.name) for name, value in entry["variables"].items()}
            elif entry["kind"] == "command":
                variables |= _printed(entry["create"], app)
        return variables

    def remove(self, number: int, app: App | None) -> None:
        """Remove the databases of an app, and what commands made for it. Idempotent. Raises ReviewAppError."""
        database.drop(self._servers.database_url, role_of(number))
        for entry in self._table.values():
            if app and entry["kind"] == "command" and entry.get("destroy"):
                _printed(entry["destroy"], app)

    def _address(self, app: App, kind: str, addon: AddOn) -> str:
        if kind == "postgresql":
            suffix = addon.prefix.lower() if addon.prefix not in ("", "DATABASE") else ""
            return database.create(
                self._servers.database_url,
                app.role,
                app.database_password,
                self._settings.connections,
                suffix,
                self._servers.database_url_of_apps,
            )
        if kind != "redis":
            return ""
        folder = self._store.folder(app.number) / "services"
        megabytes = str(self._settings.redis_mb)
        if not app.redis_port:
            app.redis_port = self._store.free_port()
        options = {"password": app.redis_password, "megabytes": megabytes}
        redis = Process("redis", "redis", str(folder / "redis"), app.redis_port, options=options)
        daemon.start(folder, Specification([redis], str(folder / "log")))
        return SmallRedis(folder / "redis", app.redis_port, app.redis_password, megabytes).url


def secrets_in(variables: Mapping[str, str]) -> list[str]:
    """Return the texts among the values of add-ons' variables that must not appear in a log."""
    return [secret for value in variables.values() for secret in hidden_parts(value)]


def _check(name: str, entry: Any) -> None:
    """Raise ReviewAppError about an entry of the table that is not complete."""
    where = f"settings.json: addons.{name}"
    kind = entry.get("kind") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or kind not in _KEYS:
        raise ReviewAppError(f"{where}.kind must be one of {', '.join(_KEYS)}")
    unknown = set(entry) - _KEYS[kind] - {"kind"}
    if unknown:
        raise ReviewAppError(f"{where}.{sorted(unknown)[0]} does not exist")
    given = entry.get("variables", {})
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise ReviewAppError(f"{where}.variables must be an object of texts")
    if kind == "variables" and not given:
        raise ReviewAppError(f"{where}.variables is missing")
    if kind == "command" and not isinstance(entry.get("create"), str):
        raise ReviewAppError(f"{where}.create must be a command")


def _printed(command: str, app: App) -> dict[str, str]:
    """Run a command of the host's owner, and return the lines of NAME=value that it prints. Raises ReviewAppError."""
    try:
        done = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", command, "sh", app.name],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ReviewAppError(f"{command} was ended after {_COMMAND_SECONDS} seconds") from None
    if done.returncode != 0:
        raise ReviewAppError(f"{command} failed with exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    matches = map(_LINE.fullmatch, done.stdout.splitlines())
    return {match[1]: match[2] for match in matches if match}
