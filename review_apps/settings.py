"""The settings of a host that holds review apps: `settings.json` in their folder, in which every key is optional."""

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from review_apps.errors import ReviewAppError


@dataclass(frozen=True)
class Settings:
    """How this host runs its review apps. docs/review-apps.md describes every key."""

    home: Path
    domain: str = "localhost"  # pr-0012 answers at pr-0012.localhost
    listen: str = "127.0.0.1:8080"  # where nginx listens
    certificate: str = ""  # of the domain and its subdomains, in PEM; without it nginx speaks plain HTTP
    certificate_key: str = ""
    database_url: str = ""  # of a role that may make databases and roles; without it PostgreSQL comes from a wheel
    durable: bool = True  # whether that PostgreSQL survives a power failure; without it everything is faster
    connections: int = 20  # to the database, of one app; as many as heroku-postgresql:essential-0 allows
    redis_mb: int = 25  # what one app may keep in Redis; as much as heroku-redis:mini allows
    memory_mb: int = 512  # of one process of the Procfile and its children; as much as a basic dyno has
    processes: int = 64  # that one process of the Procfile may have, itself included
    quantity: int = 3  # the most of one process of the Procfile, whatever the formation asks for
    release_seconds: int = 600  # how long `release`, a script and a step of the build may take
    start_seconds: int = 90  # how long the web process may take until it is healthy
    health_path: str = ""  # what it must answer, where app.json has no `healthchecks`; empty: anything below 500 at `/`
    sleep_minutes: float = 30.0  # an app without requests for longer sleeps until the next one; 0 for never
    stale_days: int = 7  # an app that was not updated for longer is closed
    addons: dict[str, Any] = field(default_factory=dict)  # in addition to those of review_apps/addons.py
    locked_users: str = ""  # such as 30000-30099: the users of locked apps, one for each; others are then not opened
    variables: dict[str, str] = field(default_factory=dict)  # beat the values of app.json, in every app

    @classmethod
    def read(cls, home: Path) -> "Settings":
        """Read the settings of a folder. Raises ReviewAppError about a key that does not exist or a wrong type."""
        path = home / "settings.json"
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(home)
        except ValueError as error:
            raise ReviewAppError(f"{path} is not JSON: {error}") from None
        defaults = {each.name: getattr(cls(home), each.name) for each in fields(cls) if each.name != "home"}
        if not isinstance(given, dict):
            raise ReviewAppError(f"{path} is not an object")
        for name, value in given.items():
            if name not in defaults:
                raise ReviewAppError(f"{path}: there is no setting {name}")
            if type(value) is not type(defaults[name]) and (type(value), type(defaults[name])) != (int, float):
                raise ReviewAppError(f"{path}: {name} must be of the type {type(defaults[name]).__name__}")
        return cls(home, **given)

    @property
    def scheme(self) -> str:
        """The protocol between browsers and nginx."""
        return "https" if self.certificate else "http"

    def url(self, app_name: str) -> str:
        """Return the address of an app."""
        port = self.listen.rpartition(":")[2]
        usual = {"http": "80", "https": "443"}[self.scheme]
        return f"{self.scheme}://{app_name}.{self.domain}" + ("" if port == usual else f":{port}")

    @property
    def host_url(self) -> str:
        """The address of the page of all apps."""
        return self.url("").replace("://.", "://")
