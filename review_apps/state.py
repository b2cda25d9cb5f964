"""The state of review apps: a file each, and one lock for all."""

import dataclasses
import fcntl
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from processes.files import write_private
from processes.ports import free_port

# Names have at least four digits, so that no name is a prefix of another; and no app is found by a pattern.
_NAME: Final = re.compile(r"pr-(\d{4,})")


def name_of(number: int) -> str:
    """Return the name of a pull request's app."""
    return f"pr-{number:04d}"


def role_of(number: int) -> str:
    """Return the name of an app's database, and of its role there."""
    return f"review_{name_of(number).replace('-', '_')}"


@dataclass
class App:
    """A review app. `release` is the number of the version that serves; 0 before the first."""

    number: int
    branch: str
    repository: str
    commit: str = ""
    release: int = 0
    last_release: int = 0
    web_port: int = 0
    opened: float = 0.0
    updated: float = 0.0
    seeded: bool = False
    failure: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    database_password: str = field(default_factory=lambda: secrets.token_hex(16))
    redis_password: str = field(default_factory=lambda: secrets.token_hex(16))
    redis_port: int = field(default_factory=free_port)

    @property
    def name(self) -> str:
        """Its name, host name and the name of its folder."""
        return name_of(self.number)

    @property
    def role(self) -> str:
        """The name of its database and of its role there."""
        return role_of(self.number)


class Store:
    """The folder `apps` below `home`: `pr-0012.json`, and beside it the folder `pr-0012` with the app's files."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._apps = home / "apps"

    def folder(self, number: int) -> Path:
        """Return the folder of an app's files."""
        return self._apps / name_of(number)

    def load(self, number: int) -> App | None:
        """Return an app, or None when it is not open."""
        try:
            known: dict[str, Any] = json.loads(self._file(number).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return App(**known)

    def save(self, app: App) -> None:
        """Write an app to its file, which only its owner can read, because it holds secrets."""
        self.folder(app.number).mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file(app.number), json.dumps(dataclasses.asdict(app), indent=1) + "\n")

    def delete(self, number: int) -> None:
        """Delete the file of an app."""
        self._file(number).unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """Return the number of every app that has a file or a folder, in order."""
        names = {path.name.removesuffix(".json") for path in self._apps.glob("*")}
        return sorted(int(match[1]) for match in map(_NAME.fullmatch, names) if match)

    def all(self) -> list[App]:
        """Return every app, by number."""
        return [app for app in map(self.load, self.numbers()) if app]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock: commands run one at a time."""
        self._apps.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _file(self, number: int) -> Path:
        return self._apps / f"{name_of(number)}.json"
