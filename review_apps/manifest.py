"""app.json, as it applies to a review app."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from review_apps.errors import ReviewAppError

POSTGRESQL: Final = "heroku-postgresql"
REDIS: Final = "heroku-redis"

_REVIEW: Final = "review"


@dataclass(frozen=True)
class Manifest:
    """The content of app.json for one environment."""

    env: Mapping[str, Mapping[str, Any]]
    formation: Mapping[str, int]
    addons: frozenset[str]
    postdeploy: str
    predestroy: str

    @classmethod
    def read(cls, source: Path, environment: str = _REVIEW) -> "Manifest":
        """Read the app.json of a checkout; `environments` overrides the rest. Raises ReviewAppError."""
        path = source / "app.json"
        try:
            everywhere = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReviewAppError(f"app.json cannot be read: {error}") from None
        special = everywhere.get("environments", {}).get(environment, {})
        env = {**everywhere.get("env", {}), **special.get("env", {})}
        merged = {**everywhere, **special}
        scripts = merged.get("scripts", {})
        return cls(
            env={name: {"value": given} if isinstance(given, str) else given for name, given in env.items()},
            formation=_quantities(merged.get("formation", {})),
            addons=frozenset(_service(addon) for addon in merged.get("addons", [])),
            postdeploy=scripts.get("postdeploy", ""),
            predestroy=scripts.get("pr-predestroy", ""),
        )

    def __post_init__(self) -> None:
        unknown = self.addons - {POSTGRESQL, REDIS}
        if unknown:
            raise ReviewAppError(f"app.json asks for the add-on {sorted(unknown)[0]}, which this host does not have")

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
            if variable.get("required", True) and name not in values:
                raise ReviewAppError(f"app.json requires {name}: add it to `variables` in settings.json")
        return values, made


def _quantities(formation: Any) -> dict[str, int]:
    """Return the number of each process, from either of the two forms of a formation."""
    if isinstance(formation, list):
        return {entry["process"]: entry["quantity"] for entry in formation}
    return {name: dynos["quantity"] for name, dynos in formation.items()}


def _service(addon: Any) -> str:
    plan: str = addon if isinstance(addon, str) else addon["plan"]
    return plan.partition(":")[0]
