"""The plan of a promotion: a TOML file with the commands of each environment, and where it is reached."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from app.config import references
from app.domain.errors import KeyServiceError
from deploy.promotion.errors import PromotionError

STAGING: Final = "staging"
PRODUCTION: Final = "production"
_SECRETS: Final = frozenset({"key_claim_token", "retrieve_hmac_key", "export_public_key"})


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An environment. Commands are run by `sh`, with VERSION in their environment; an empty one is left out.

    Values of `secrets`, and `notes_token`, are references as in settings: file:// or aws-secret://.
    """

    name: str
    rollback: str
    status_url: str
    deploy: str = ""
    canary: str = ""
    canary_rollback: str = ""
    all: str = ""
    submission_url: str = ""
    retrieval_url: str = ""
    notes_token: str = ""
    soak_seconds: int = 300
    secrets: Mapping[str, str] = field(default_factory=dict)

    def client_variables(self) -> dict[str, str]:
        """Return the variables that the clients read. Raises PromotionError."""
        values = {name.upper(): secret(self.secrets[name]) for name in _SECRETS}
        # Settings hold pairs, `token=label:token=label`; a client needs one token.
        values["KEY_CLAIM_TOKEN"] = values["KEY_CLAIM_TOKEN"].partition("=")[0]
        return values | {"SUBMISSION_URL": self.submission_url, "RETRIEVAL_URL": self.retrieval_url}


@dataclass(frozen=True)
class Plan:
    """Where a release goes."""

    staging: Environment
    production: Environment


def secret(reference: str) -> str:
    """Return what a reference points at. Raises PromotionError, without the value."""
    if "://" not in reference:
        raise PromotionError("a secret of the plan is not a reference: use file:// or aws-secret://")
    try:
        return references.resolve("promotion", reference)
    except (ValueError, KeyServiceError) as error:
        raise PromotionError(f"{reference.partition('#')[0]}: {error}") from None


def read_plan(file: Path) -> Plan:
    """Return a plan; raise PromotionError, which names what is wrong."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PromotionError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PromotionError(f"{file}: {error}") from None
    if set(content) != {STAGING, PRODUCTION}:
        raise PromotionError(f"{file}: must have the tables staging and production")
    plan = Plan(_environment(STAGING, content[STAGING]), _environment(PRODUCTION, content[PRODUCTION]))
    needed = {"deploy": plan.staging.deploy, "canary": plan.production.canary}
    needed |= {"submission_url": plan.staging.submission_url, "retrieval_url": plan.staging.retrieval_url}
    if missing := [name for name, value in needed.items() if not value]:
        raise PromotionError(f"{file}: {missing[0]} is missing")
    if set(plan.staging.secrets) != _SECRETS:
        raise PromotionError(f"{file}: staging.secrets must have {', '.join(sorted(_SECRETS))}")
    return plan


def _environment(name: str, table: Any) -> Environment:
    known = {each.name: each.type for each in fields(Environment)} | {"name": str}
    if not isinstance(table, dict) or (unknown := sorted(set(table) - set(known) | set(table) & {"name"})):
        raise PromotionError(f"{name}: {unknown[0] if isinstance(table, dict) else 'not a table'}: not known")
    wanted = {"secrets": dict, "soak_seconds": int}
    if wrong := [key for key, value in table.items() if type(value) is not wanted.get(key, str)]:
        raise PromotionError(f"{name}.{wrong[0]}: has another type")
    if missing := [key for key in ("rollback", "status_url") if not table.get(key)]:
        raise PromotionError(f"{name}.{missing[0]}: missing")
    return Environment(name=name, **table)
