"""app.json describes all that the service needs on Heroku and as a review app."""

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

# Settings that the add-ons provide.
PROVIDED = {"heroku-postgresql:essential-0": "DATABASE_URL", "heroku-redis:mini": "REDIS_URL"}
# Heroku runs it before every release.
NOT_IN_THE_FORMATION = {"release"}
# The limit of heroku-postgresql:essential-0.
CONNECTIONS = 20
MADE_BY_HEROKU = "0123456789abcdef" * 4


def values(environment: str) -> dict[str, str]:
    """Return the variables of an app in this environment, without those that a person must set."""
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


def test_settings_without_default_are_provided_generated_or_required() -> None:
    needed = {setting.name for setting in describe_settings() if setting.default is None}
    missing = {
        name: needed - {PROVIDED[addon["plan"]] for addon in environment["addons"]} - set(environment["env"])
        for name, environment in DEPLOYED.items()
    }
    assert {name: names for name, names in missing.items() if names} == {}


def test_variables_are_settings_of_the_service() -> None:
    known = {setting.name for setting in describe_settings()} | {"WEB_CONCURRENCY"}
    unknown = {name: set(environment["env"]) - known for name, environment in DEPLOYED.items()}
    assert {name: names for name, names in unknown.items() if names} == {}


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


def test_generated_secrets_are_those_that_the_service_can_make() -> None:
    generated = {
        name: {variable for variable, value in environment["env"].items() if "generator" in value} - {"KEY_CLAIM_TOKEN"}
        for name, environment in DEPLOYED.items()
    }
    assert generated == dict.fromkeys(DEPLOYED, set(SECRET_MAKERS) - {"TEST_TOOLS_TOKEN"})


def test_the_formation_holds_the_processes_of_the_procfile() -> None:
    formations = {
        name: {process for process, dynos in environment["formation"].items() if dynos["quantity"] > 0}
        for name, environment in DEPLOYED.items()
    }
    assert formations == dict.fromkeys(DEPLOYED, set(read_procfile(ROOT / "Procfile")) - NOT_IN_THE_FORMATION)


def connections(environment: str) -> int:
    """Return the most database connections that the processes of an environment open together."""
    given = values(environment)
    web = int(given["WEB_CONCURRENCY"]) * int(given["DATABASE_POOL_SIZE"])
    worker_its_job_and_release = 3
    # A review app is updated while the previous version still serves.
    versions = 2 if environment == "review" else 1
    return versions * web + worker_its_job_and_release


def test_processes_stay_within_the_connection_limit() -> None:
    assert {name: count for name in DEPLOYED if (count := connections(name)) > CONNECTIONS} == {}


def test_the_review_environment_is_complete() -> None:
    """It must work whether a platform merges it with the rest or replaces the rest with it."""
    assert {"env", "formation", "addons", "buildpacks", "scripts"} == set(REVIEW)
    assert set(MANIFEST["env"]) <= set(REVIEW["env"])


def test_scripts_run_commands_that_exist() -> None:
    assert {"postdeploy", "pr-predestroy"} == set(REVIEW["scripts"])
    commands = [script.removeprefix("flask --app app ") for script in REVIEW["scripts"].values()]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    unknown = [each for each in commands if not re.search(rf"^\| `flask {re.escape(each)}", readme, flags=re.MULTILINE)]
    assert unknown == [], "README.md describes no such command"


def test_the_buildpack_finds_one_requirement_file_and_no_environment() -> None:
    lists = ("requirements.txt", "Pipfile.lock", "poetry.lock", "uv.lock")
    assert [name for name in lists if (ROOT / name).exists()] == ["requirements.txt"]
    assert re.fullmatch(r"3\.1[1-4]\n?", (ROOT / ".python-version").read_text(encoding="utf-8"))
    assert not (ROOT / "runtime.txt").exists()
    assert {".venv/", "var/"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").split())
