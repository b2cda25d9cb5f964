"""Every process has exactly the settings that the code declares for it, and starts with them."""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.config.secrets import SECRET_MAKERS, make_claim_token
from app.config.settings import Settings, describe_settings, setting_errors
from app.domain.incidents.notices import Channel
from app.domain.timeline import utc_now
from app.incidents.channels import make_channels
from tests.infra.plans import ENVIRONMENTS, ROOT, plan

PROCFILE = {line.partition(":")[0] for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()}
SETTINGS = {each.name: each for each in describe_settings()}
# What programs other than ours read: the PostgreSQL driver, and bin/web, which README describes.
OF_PROGRAMS = {"PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT", "WEB_CONCURRENCY"}
# Required in production alone, or by documents that cannot change later.
REQUIRED_TOO = {"portal": {"MAIL_URL", "QR_SIGNATURE_KEY"}, "sharing": {"SHARING_TOKENS"}}
# Secrets without which a process starts, but does not do all that it should.
OPTIONAL = {
    "status": {"STATUS_NOTE_TOKENS"},
    "worker-status": {"MAIL_URL"},  # notices, and the daily digest
    "clock-status": {"MAIL_URL"},  # notices
}
VALUES = {
    "DATABASE_URL": "postgresql://role@database.invalid/service",
    "KEY_CLAIM_TOKEN": make_claim_token("ON"),
    "MAIL_URL": "smtp://user:password@email-smtp.ca-central-1.amazonaws.com:587",
    "QR_SIGNATURE_KEY": "ab" * 32,
    "METRICS_TOKEN": SECRET_MAKERS["METRICS_TOKEN"](),
    "PGPASSWORD": "password",
    "REDIS_URL": "rediss://:token@redis.invalid:6379/0",
    "SHARING_TOKENS": make_claim_token("team"),
    "STATUS_NOTE_TOKENS": make_claim_token("deployments"),
} | {name: make() for name, make in SECRET_MAKERS.items()}


@cache
def containers(environment: str) -> dict[str, dict[str, Any]]:
    """Return the container of each process by its name."""
    found = {}
    for each in plan(environment).of("aws_ecs_task_definition"):
        (container,) = json.loads(each.values["container_definitions"])
        found[each.address.partition('"')[2].partition('"')[0]] = container
    return found


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["environment"]}


def secrets_of(container: dict[str, Any]) -> set[str]:
    return {each["name"] for each in container["secrets"]}


def surface_of(container: dict[str, Any]) -> str:
    return environment_of(container)["SURFACES"]


def own_settings(surface: str) -> set[str]:
    """Return the settings of a surface, and those of every process."""
    from app.config.fields import declared
    from app.config.settings import SURFACE_SETTINGS

    return {each.name.upper() for each in declared(SURFACE_SETTINGS[surface])}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_there_is_a_process_for_each_line_of_the_procfile_and_each_surface(environment: str) -> None:
    surfaces = {"submission", "retrieval", "portal", "sharing", "status"}
    found = {(each["command"][0], surface_of(each)) for each in containers(environment).values()}
    expected = {(program, surface) for program in ("web", "worker", "clock") for surface in surfaces}
    assert found == expected | {("release", "sharing")}
    assert {program for program, _ in found} == PROCFILE


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_settings_exist_and_belong_to_the_surface(environment: str) -> None:
    unknown = {
        name: (set(environment_of(each)) | secrets_of(each)) - own_settings(surface_of(each)) - OF_PROGRAMS
        for name, each in containers(environment).items()
    }
    assert {name: settings for name, settings in unknown.items() if settings} == {}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_settings_of_an_environment_reach_every_process_of_their_surface(environment: str) -> None:
    text = (ROOT / "infra" / "aws" / environment / "environment.tfvars").read_text(encoding="utf-8")
    given = dict(re.findall(r'([A-Z_]+)\s*= "([^"]*)"', text))
    assert {"PORTAL_MAIL_DOMAINS", "STATUS_SUPPORT_URL"} <= set(given)
    found = dict.fromkeys(given, 0)
    for each in containers(environment).values():
        for name in given.keys() & environment_of(each).keys():
            assert environment_of(each)[name] == given[name], f"{name} is set in settings.tf, too"
            found[name] += 1
    assert {name for name, processes in found.items() if processes < len(("web", "worker", "clock"))} == set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_are_exactly_those_of_the_surface(environment: str) -> None:
    for name, each in containers(environment).items():
        surface = surface_of(each)
        required = {
            setting.name for setting in SETTINGS.values() if setting.is_secret and surface in setting.required_by
        } | REQUIRED_TOO.get(surface, set())
        required |= OPTIONAL.get(name, set())
        required -= {"ECDSA_KEY"}  # the next test
        if each["command"] == ["web"]:
            required.add("METRICS_TOKEN")  # other programs have no HTTP server
        # Only the clock of status uses the database, and the release has the address without the password.
        if name != "clock-status" and each["command"] in (["clock"], ["release"]):
            required.remove("DATABASE_URL")
        if each["command"] == ["release"]:
            required.add("PGPASSWORD")
        assert secrets_of(each) == required, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_of_secrets_are_not_in_task_definitions(environment: str) -> None:
    shown = {
        (name, setting)
        for name, each in containers(environment).items()
        for setting in environment_of(each)
        if setting in SETTINGS
        and SETTINGS[setting].is_secret
        and not environment_of(each)[setting].startswith("aws-kms://")
    }
    found = containers(environment).items()
    without = {name for name, each in found if each["command"] in (["clock"], ["release"])} - {"clock-status"}
    assert shown == {(name, "DATABASE_URL") for name in without}
    addresses = {environment_of(containers(environment)[name])["DATABASE_URL"] for name in without}
    assert {urlsplit(address).password for address in addresses} == {None}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_process_starts_with_its_settings(environment: str) -> None:
    for name, each in containers(environment).items():
        assert setting_errors(complete(each)) == [], name


def complete(container: dict[str, Any]) -> dict[str, str]:
    """Return what a process finds in its environment."""
    return {secret: VALUES[secret] for secret in secrets_of(container)} | environment_of(container)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_archives_are_signed_with_a_key_that_stays_in_kms(environment: str) -> None:
    signing = {name: environment_of(each).get("ECDSA_KEY") for name, each in containers(environment).items()}
    key = plan(environment).at('module.signing_key["v1"].aws_kms_key.this').values["arn"]
    assert {name: value for name, value in signing.items() if value} == dict.fromkeys(
        ("retrieval", "worker-retrieval", "clock-retrieval"), f"aws-kms://{key}"
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_notices_and_the_digest_leave_by_e_mail_from_the_processes_that_send_them(environment: str) -> None:
    found = {name: each for name, each in containers(environment).items() if surface_of(each) == "status"}
    settings = {name: Settings.from_environment(complete(each)).status for name, each in found.items()}
    channels = {name: set(make_channels(each, utc_now)) for name, each in settings.items()}
    assert channels == {"status": set(), "worker-status": {Channel.EMAIL}, "clock-status": {Channel.EMAIL}}
    assert {name for name, each in settings.items() if each.digest_emails} == {"worker-status"}
    senders = {each.mail_from for name, each in settings.items() if name != "status"}
    assert senders == {environment_of(containers(environment)["portal"])["MAIL_FROM"]}


def test_production_does_not_try_releases() -> None:
    found = containers("production")
    assert environment_of(found["submission"])["RELEASE_PERIOD_HOURS"] == "1"
    assert environment_of(found["submission"])["RATE_LIMITS"] == "on"
    assert {"RELEASE_MINIMUM_UPLOADS", "EXPORT_MAX_AGE_SECONDS"} & set(
        environment_of(found["worker-retrieval"])
    ) == set()
    assert "DOWNLOAD_FILES" in environment_of(found["worker-retrieval"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_database_roles_are_those_of_the_documentation(environment: str) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    roles = {line.split()[2] for line in text.splitlines() if line.startswith("CREATE ROLE ")}
    secrets = [each for each in plan(environment).of("aws_secretsmanager_secret") if ".database_url[" in each.address]
    assert {each.values["name"].rpartition("/")[2] for each in secrets} == roles
    used = {
        name: secret["valueFrom"].rpartition("/")[2]
        for name, each in containers(environment).items()
        for secret in each["secrets"]
        if secret["name"] == "DATABASE_URL"
    }
    surfaces = ("submission", "retrieval", "portal", "sharing", "status")
    expected = {surface: surface for surface in surfaces} | {f"worker-{each}": f"worker_{each}" for each in surfaces}
    assert used == expected | {"codes": "submission", "clock-status": "worker_status"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_containers_are_confined(environment: str) -> None:
    for name, each in containers(environment).items():
        assert each["readonlyRootFilesystem"] is True, name
        assert each["user"] == "10001", name
        assert each["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}, name
        assert each["ulimits"][0]["name"] == "nofile", name
        assert "privileged" not in each, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_database_has_a_connection_for_every_thread(environment: str) -> None:
    """docs/operations.md: web processes × workers × pool + 3 × workers + 1, twice for blue and green together."""
    service = plan(environment)
    sizes = {
        each.values["resource_id"].rpartition("/")[2]: each.values["max_capacity"]
        for each in service.of("aws_appautoscaling_target")
    }
    connections = 1
    for name, each in containers(environment).items():
        settings = environment_of(each)
        if each["command"] == ["web"]:
            tasks = sizes[f"alert-{environment}-{name}"]
            connections += 2 * tasks * int(settings["WEB_CONCURRENCY"]) * int(settings["DATABASE_POOL_SIZE"])
        elif each["command"] == ["worker"]:
            service_of_worker = service.at(f'module.background_service["{name}"].aws_ecs_service.this')
            connections += 2 * 3 * service_of_worker.values["desired_count"]
    (cluster,) = service.of("aws_rds_cluster")
    memory = cluster.values["serverlessv2_scaling_configuration"][0]["max_capacity"] * 2 * 1024**3
    assert connections <= min(5000, memory // 9_531_392), "PostgreSQL's max_connections on Aurora"
