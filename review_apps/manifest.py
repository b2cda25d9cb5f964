"""app.json, as it applies to a review app."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from review_apps.errors import ReviewAppError

REVIEW: Final = "review"
TEST: Final = "test"

_SCALARS: Final = (str, int, float, bool)


@dataclass(frozen=True)
class AddOn:
    """An add-on that app.json asks for: its service, such as `heroku-postgresql`, and the prefix of its variables."""

    service: str
    prefix: str = ""  # of `as`


@dataclass(frozen=True)
class HealthCheck:
    """A request that the web process must answer before it serves, and the text that the answer must contain."""

    path: str
    content: str = ""


@dataclass(frozen=True)
class Manifest:
    """The content of app.json for one environment."""

    env: Mapping[str, Mapping[str, Any]]
    formation: Mapping[str, int]
    addons: tuple[AddOn, ...]
    scripts: Mapping[str, str]
    buildpacks: tuple[str, ...]
    health_check: HealthCheck | None

    @classmethod
    def read(cls, source: Path, environment: str = REVIEW) -> "Manifest":
        """Read the app.json of a checkout; `environments` overrides the rest. Raises ReviewAppError.

        Without app.json an app has no variables and no add-ons.
        """
        path = source / "app.json"
        try:
            everywhere = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except (OSError, ValueError) as error:
            raise ReviewAppError(f"app.json cannot be read: {error}") from None
        everywhere = _object(everywhere, "its content")
        special = _object(_object(everywhere.get("environments"), "environments").get(environment), environment)
        merged = {**everywhere, **{name: value for name, value in special.items() if value is not None}}
        env = {**_object(everywhere.get("env"), "env"), **_object(special.get("env"), "env")}
        return cls(
            env={name: _variable(given, f"env.{name}") for name, given in env.items()},
            formation=_formation(merged.get("formation")),
            addons=tuple(_addon(each, f"addons[{i}]") for i, each in enumerate(_list(merged.get("addons"), "addons"))),
            scripts={
                name: _script(given, f"scripts.{name}")
                for name, given in _object(merged.get("scripts"), "scripts").items()
            },
            buildpacks=tuple(_buildpack(each) for each in _list(merged.get("buildpacks"), "buildpacks")),
            health_check=_health_check(merged.get("healthchecks")),
        )

    def script(self, name: str) -> str:
        """Return the command of a script, or an empty text."""
        return self.scripts.get(name, "")

    def variables(self, given: Mapping[str, str], kept: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the value of every variable, and the generated secrets among them: new, or `kept` from before.

        A value in `given` wins. Raises ReviewAppError about a required variable without value.
        """
        made = {
            name: kept.get(name) or secrets.token_hex(32)
            for name, variable in self.env.items()
            if variable.get("generator") == "secret"
        }
        written = {name: variable["value"] for name, variable in self.env.items() if "value" in variable}
        values = {**written, **made, **given}
        for name, variable in self.env.items():
            if variable["required"] and name not in values:
                raise ReviewAppError(f"app.json requires {name}: add it to `variables` in settings.json")
        return values, made


def _error(key: str, expected: str) -> ReviewAppError:
    return ReviewAppError(f"app.json: {key} must be {expected}")


def _object(given: Any, key: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _error(key, "an object")
    return given


def _list(given: Any, key: str) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise _error(key, "a list")
    return given


def _text(given: Any, key: str) -> str:
    """Return a text, a number or a boolean as the text that a variable has."""
    if not isinstance(given, _SCALARS):
        raise _error(key, "a text")
    return str(given).lower() if isinstance(given, bool) else str(given)


def _variable(given: Any, key: str) -> dict[str, Any]:
    """Return `required`, and `value` or `generator`. A variable that is null has no value and needs none."""
    if given is None:
        return {"required": False}
    if isinstance(given, _SCALARS):
        return {"required": True, "value": _text(given, key)}
    if not isinstance(given, dict):
        raise _error(key, "a text or an object")
    required = given.get("required")
    if isinstance(required, str) and required.lower() in ("true", "false"):
        required = required.lower() == "true"
    if required is not None and not isinstance(required, bool):
        raise _error(f"{key}.required", "true or false")
    if given.get("generator") not in (None, "secret"):
        raise _error(f"{key}.generator", '"secret"')
    variable: dict[str, Any] = {"required": True if required is None else required}
    if given.get("generator"):
        variable["generator"] = "secret"
    if given.get("value") is not None:
        variable["value"] = _text(given["value"], f"{key}.value")
    return variable


def _formation(given: Any) -> dict[str, int]:
    """Return the number of each process, from either of the two forms of a formation."""
    if isinstance(given, list):
        entries = [_object(entry, f"formation[{i}]") for i, entry in enumerate(given)]
        for i, entry in enumerate(entries):
            if not isinstance(entry.get("process"), str):
                raise _error(f"formation[{i}].process", "the name of a process")
        given = {entry["process"]: entry for entry in entries}
    return {name: _quantity(each, f"formation.{name}") for name, each in _object(given, "formation").items()}


def _quantity(given: Any, key: str) -> int:
    """Return the quantity of a process: a number, a text of digits, or an object with either, by default 1."""
    if isinstance(given, dict):
        return _quantity(given.get("quantity"), f"{key}.quantity")
    if given is None:
        return 1
    if isinstance(given, str) and given.isdecimal():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given < 0 or not float(given).is_integer():
        raise _error(key, "a whole number of 0 or more")
    return int(given)


def _addon(given: Any, key: str) -> AddOn:
    prefix = ""
    if isinstance(given, dict):
        if not isinstance(given.get("plan"), str):
            raise _error(f"{key}.plan", "a text such as heroku-redis:mini")
        given, prefix = given["plan"], _text(given.get("as") or "", f"{key}.as")
    if not isinstance(given, str):
        raise _error(key, "a text such as heroku-redis:mini, or an object with a plan")
    return AddOn(given.partition(":")[0], prefix)


def _script(given: Any, key: str) -> str:
    if isinstance(given, dict):
        return _script(given.get("command"), f"{key}.command")
    if given is None:
        return ""
    if not isinstance(given, str):
        raise _error(key, "a command, or an object with a command")
    return given


def _buildpack(given: Any) -> str:
    url = given.get("url") if isinstance(given, dict) else given
    return url if isinstance(url, str) else ""


def _health_check(given: Any) -> HealthCheck | None:
    """Return the first check of the web process that has a path, in the form that Dokku reads."""
    checks = _list(_object(given, "healthchecks").get("web"), "healthchecks.web")
    for i, check in enumerate(checks):
        key = f"healthchecks.web[{i}]"
        path = _object(check, key).get("path")
        if path is None or check.get("type") not in (None, "startup", "readiness"):
            continue
        if not isinstance(path, str) or not path.startswith("/"):
            raise _error(f"{key}.path", "a path that starts with /")
        return HealthCheck(path, _text(check.get("content") or "", f"{key}.content"))
    return None
