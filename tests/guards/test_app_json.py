"""app.json describes what the service needs: Heroku and review_apps read nothing else."""

import json
import re
from typing import Any

import jsonschema
import pytest

from app.config import Settings
from app.config.secrets import SECRET_MAKERS
from app.config.settings import describe_settings
from processes.procfile import read_procfile
from tests.guards.source import ROOT

MANIFEST: dict[str, Any] = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))
SCHEMA: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "app.schema.json").read_text(encoding="utf-8"))
REVIEW: dict[str, Any] = MANIFEST["environments"]["review"]
DEPLOYED = {"production": MANIFEST, "review": REVIEW}

# What the add-ons bring.
PROVIDED = {"heroku-postgresql:essential-0": "DATABASE_URL", "heroku-redis:mini": "REDIS_URL"}
# Heroku itself runs it, before every release.
NOT_IN_THE_FORMATION = {"release"}
# Of heroku-postgresql:essential-0.
CONNECTIONS = 20
MADE_BY_HEROKU = "0123456789abcdef" * 4

both = pytest.mark.parametrize("environment", sorted(DEPLOYED))


def values(environment: str) -> dict[str, str]:
    """Return what an app of this environment finds in its variables; what a person must give is left out."""
    variables = DEPLOYED[environment]["env"]
    made = {name: MADE_BY_HEROKU for name, variable in variables.items() if "generator" in variable}
    return made | {name: variable["value"] for name, variable in variables.items() if "value" in variable}


def violations(manifest: object) -> list[str]:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return [error.json_path for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(manifest)]


def test_app_json_follows_its_schema() -> None:
    assert violations(MANIFEST) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"fromation": {}}, "$"),
        ({"env": {"A": {"value": 2}}}, "$.env.A"),
        ({"env": {"A": {"value": "1", "generator": "secret"}}}, "$.env.A"),
        ({"env": {"A": {"generator": "token"}}}, "$.env.A"),
        ({"formation": {"web": {"size": "basic"}}}, "$.formation"),
        ({"formation": {"web": {"quantity": 1, "size": "hobby"}}}, "$.formation"),
        ({"addons": [{"as": "DATABASE"}]}, "$.addons[0]"),
        ({"environments": {"staging": {}}}, "$.environments"),
        ({"environments": {"review": {"scripts": {"predestroy": "x"}}}}, "$.environments.review.scripts"),
    ],
)
def test_the_schema_detects_mistakes(change: dict[str, object], place: str) -> None:
    assert violations({"name": "exposure-alert", "description": "x"} | change) == [place]


@both
def test_settings_without_default_are_provided_generated_or_required(environment: str) -> None:
    needed = {setting.name for setting in describe_settings() if setting.default is None}
    provided = {PROVIDED[addon["plan"]] for addon in DEPLOYED[environment]["addons"]}
    assert needed - provided - set(DEPLOYED[environment]["env"]) == set()


@both
def test_variables_are_settings_of_the_service(environment: str) -> None:
    known = {setting.name for setting in describe_settings()} | {"WEB_CONCURRENCY"}
    assert set(DEPLOYED[environment]["env"]) <= known


def test_a_review_app_needs_no_manual_setting() -> None:
    addresses = {"DATABASE_URL": "postgres://u:p@h/d", "REDIS_URL": "rediss://h"}
    settings = Settings.from_environment(values("review") | addresses)
    assert settings.env == "review"
    assert settings.review.review_tools is True
    assert list(settings.submission.key_claim_token.values()) == ["demonstration"]


def test_production_requires_only_the_tokens_of_health_authorities() -> None:
    asked_for = {name for name in MANIFEST["env"] if name not in values("production")}
    assert asked_for == {"KEY_CLAIM_TOKEN"}
    addresses = {"DATABASE_URL": "postgres://u:p@h/d", "REDIS_URL": "rediss://h"}
    given = {"KEY_CLAIM_TOKEN": "a-token-of-ontario-01=ON"}
    assert Settings.from_environment(values("production") | addresses | given).env == "production"


def test_app_json_contains_no_secret() -> None:
    secrets = {setting.name for setting in describe_settings() if setting.is_secret}
    environments = [MANIFEST, *MANIFEST["environments"].values()]
    written = {name for environment in environments for name, given in environment["env"].items() if "value" in given}
    assert written & secrets == set()


@both
def test_generated_secrets_are_those_that_the_service_can_make(environment: str) -> None:
    generated = {name for name, variable in DEPLOYED[environment]["env"].items() if "generator" in variable}
    assert generated - {"KEY_CLAIM_TOKEN"} == set(SECRET_MAKERS) - {"TEST_TOOLS_TOKEN"}


@both
def test_the_formation_holds_the_processes_of_the_procfile(environment: str) -> None:
    processes = set(read_procfile(ROOT / "Procfile")) - NOT_IN_THE_FORMATION
    formation = DEPLOYED[environment]["formation"]
    assert {name for name, dynos in formation.items() if dynos["quantity"] > 0} == processes


@both
def test_processes_stay_within_the_connection_limit(environment: str) -> None:
    given = values(environment)
    web = int(given["WEB_CONCURRENCY"]) * int(given["DATABASE_POOL_SIZE"])
    worker_its_job_and_release = 3
    # A review app is updated beside the version that serves.
    versions = 2 if environment == "review" else 1
    assert versions * web + worker_its_job_and_release <= CONNECTIONS


def test_the_review_environment_is_complete() -> None:
    """Whether a platform merges it with the rest or takes it instead must make no difference."""
    assert {"env", "formation", "addons", "buildpacks", "scripts"} == set(REVIEW)
    assert set(MANIFEST["env"]) <= set(REVIEW["env"])


@pytest.mark.parametrize("script", ["postdeploy", "pr-predestroy"])
def test_scripts_run_commands_that_exist(script: str) -> None:
    flask, option, app, command = REVIEW["scripts"][script].split()
    assert (flask, option, app) == ("flask", "--app", "app")
    assert re.search(rf"^\| `flask {command}", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_buildpack_finds_one_requirement_file_and_no_environment() -> None:
    lists = ("requirements.txt", "Pipfile.lock", "poetry.lock", "uv.lock")
    assert [name for name in lists if (ROOT / name).exists()] == ["requirements.txt"]
    assert re.fullmatch(r"3\.1[1-4]\n?", (ROOT / ".python-version").read_text(encoding="utf-8"))
    assert not (ROOT / "runtime.txt").exists()
    assert {".venv/", "var/"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").split())
