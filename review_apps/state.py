"""The state of review apps: a file each."""

import dataclasses
import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from processes.files import write_private
from processes.ports import free_port
from review_apps.errors import ReviewAppError

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
    """A review app. `release` is the number of the version that serves; 0 before the first. Times are Unix seconds."""

    number: int
    branch: str
    repository: str
    commit: str = ""
    release: int = 0
    last_release: int = 0
    web_port: int = 0
    opened: float = 0.0
    opened_by: str = ""
    updated: float = 0.0
    woken: float = 0.0
    asleep: bool = False
    locked: bool = False  # whether its processes are confined
    user: int = 0  # that they run as, if it is locked
    expires: float = 0.0  # when it is closed, in place of `stale_days`; 0 without such a time
    seeded: bool = False
    failure: str = ""
    failed: float = 0.0
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)  # set by `config set`; they beat those of app.json
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    database_password: str = field(default_factory=lambda: secrets.token_hex(16))
    redis_password: str = field(default_factory=lambda: secrets.token_hex(16))
    redis_port: int = 0

    @property
    def name(self) -> str:
        """Its name, host name and the name of its folder."""
        return name_of(self.number)

    @property
    def role(self) -> str:
        """The name of its database and of its role there."""
        return role_of(self.number)


class DamagedError(ReviewAppError):
    """The file of an app cannot be read."""


class Store:
    """The folder `apps` below `home`: `pr-0012.json`, and beside it the folder `pr-0012` with the app's files."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._apps = home / "apps"

    def folder(self, number: int) -> Path:
        """Return the folder of an app's files."""
        return self._apps / name_of(number)

    def load(self, number: int) -> App | None:
        """Return an app, or None when it is not open. Raises DamagedError."""
        try:
            known = json.loads(self._file(number).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self._damaged(number, str(error)) from None
        return self._app(number, known)

    def save(self, app: App) -> None:
        """Write an app to its file, which only its owner can read, because it holds secrets."""
        self.folder(app.number).mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file(app.number), json.dumps(dataclasses.asdict(app), indent=1) + "\n")

    def delete(self, number: int) -> None:
        """Delete the file of an app."""
        self._file(number).unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """Return the number of every app that has a file or a folder, in order; not 0, which only runs tests."""
        return sorted(filter(None, self._numbers()))

    def is_empty(self) -> bool:
        """Return whether there is no app, nor one that runs tests."""
        return not self._numbers()

    def all(self) -> list[App]:
        """Return every app whose file can be read, by number."""
        return [app for app in map(self.intact, self.numbers()) if app]

    def intact(self, number: int) -> App | None:
        """Return an app, or None when it is not open or its file is damaged."""
        try:
            return self.load(number)
        except DamagedError:
            return None

    def free_port(self) -> int:
        """Return a port that is free, and that no app needs when it wakes."""
        taken = {port for app in self.all() for port in (app.web_port, app.redis_port)}
        while (port := free_port()) in taken:
            pass
        return port

    def _numbers(self) -> set[int]:
        names = {path.name.removesuffix(".json") for path in self._apps.glob("*")}
        return {int(match[1]) for match in map(_NAME.fullmatch, names) if match}

    def _app(self, number: int, known: Any) -> App:
        defaults = {each.name: each for each in dataclasses.fields(App)}
        if not isinstance(known, dict) or not {"number", "branch", "repository"} <= set(known):
            raise self._damaged(number, "it lacks a number, a branch or a repository")
        app = App(**{name: value for name, value in known.items() if name in defaults})
        wrong = [name for name, each in defaults.items() if not _fits(getattr(app, name), each.type)]
        if wrong or app.number != number:
            raise self._damaged(number, f"{(wrong or ['number'])[0]} has a wrong value")
        return app

    def _damaged(self, number: int, reason: str) -> DamagedError:
        return DamagedError(f"{self._file(number)} is damaged ({reason}): close {name_of(number)} and open it again")

    def _file(self, number: int) -> Path:
        return self._apps / f"{name_of(number)}.json"


def _fits(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, kind if isinstance(kind, type) else dict)
