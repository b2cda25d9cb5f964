"""The scripts of a deployment: a release, roles of the database, secrets. AWS' own descriptions check every request."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from app.config.settings import describe_settings, parse_setting
from infra.cost import table
from infra.database_roles import address, all_statements, documented_roles
from infra.release import ReleaseFailedError, run_migrations, specification, switch_web
from infra.store_secrets import makers, store_settings
from tests.infra.plans import ROOT

RELEASE = {
    "cluster": "alert-staging",
    "subnets": ["subnet-1"],
    "security_group": "sg-1",
    "task_definitions": {"release": "arn:task:release", "portal": "arn:task:portal"},
    "web": {
        "portal": {"deployment_group": {"application": "a", "group": "g"}, "port": 8001, "check": "CodeDeployHook_p"}
    },
}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    stubs = []

    def stubbed(service: str) -> Stubber:
        stubs.append(Stubber(boto3.client(service, region_name="ca-central-1")))
        stubs[-1].activate()
        return stubs[-1]

    yield stubbed
    for stub in stubs:
        stub.assert_no_pending_responses()


def migrate(ecs: Stubber, exit_code: int) -> None:
    task = {"taskArn": "arn:1", "lastStatus": "STOPPED", "containers": [{"exitCode": exit_code}]}
    ecs.add_response("run_task", {"tasks": [task], "failures": []})
    for _ in range(2):  # the waiter, and the result
        ecs.add_response("describe_tasks", {"tasks": [task]}, {"cluster": "alert-staging", "tasks": ["arn:1"]})
    run_migrations(ecs.client, RELEASE)


def test_a_release_waits_for_its_migrations(clients: Any) -> None:
    migrate(clients("ecs"), 0)


def test_a_release_ends_if_its_migrations_fail(clients: Any) -> None:
    with pytest.raises(ReleaseFailedError, match=r"\[1\]"):
        migrate(clients("ecs"), 1)


def test_web_processes_are_switched_by_codedeploy(clients: Any) -> None:
    codedeploy = clients("codedeploy")
    content = specification("arn:task:portal", 8001, "CodeDeployHook_p")
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    codedeploy.add_response(
        "create_deployment",
        {"deploymentId": "d-1"},
        {"applicationName": "a", "deploymentGroupName": "g", "revision": revision},
    )
    codedeploy.add_response("get_deployment", {"deploymentInfo": {"status": "Succeeded"}}, {"deploymentId": "d-1"})
    switch_web(codedeploy.client, RELEASE)
    assert json.loads(content)["Hooks"] == [{"AfterAllowTestTraffic": "CodeDeployHook_p"}]


def test_roles_of_the_database_get_the_documented_rights_and_no_documented_password() -> None:
    passwords = dict.fromkeys(documented_roles(), "a-random-password")
    assert {"submission", "worker_sharing"} <= set(passwords)
    statements = list(all_statements(passwords))
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    granted = re.findall(r"^GRANT .*;$", text, re.MULTILINE)
    assert [each for each in granted if each.rstrip(";") not in statements] == []
    assert not any("change-me" in each for each in statements)
    assert len([each for each in statements if "PASSWORD 'a-random-password'" in each]) == len(passwords)


def test_addresses_of_the_database_are_ones_that_processes_accept() -> None:
    assert parse_setting("DATABASE_URL", address("portal", "p-_w", "db.example.org")).endswith("sslmode=require")


def test_made_up_secrets_are_ones_that_processes_accept() -> None:
    for name, make in makers("ON").items():
        parse_setting(name, make())
    secret = {each.name for each in describe_settings() if each.is_secret and each.required_by}
    assert secret - set(makers("ON")) == {"DATABASE_URL", "REDIS_URL"}


def test_secrets_with_a_value_are_left_alone(clients: Any) -> None:
    store = clients("secretsmanager")
    store.add_response("describe_secret", {"VersionIdsToStages": {"v" * 32: ["AWSCURRENT"]}}, {"SecretId": "arn:old"})
    store.add_response("describe_secret", {}, {"SecretId": "arn:mail"})
    store.add_response("describe_secret", {}, {"SecretId": "arn:new"})
    store.add_response("put_secret_value", {}, {"SecretId": "arn:new", "SecretString": ANY})
    settings = {"ECDSA_KEY": "arn:old", "MAIL_URL": "arn:mail", "SECRET_KEY": "arn:new"}
    assert store_settings(store.client, settings, "ON") == ["MAIL_URL"]


def test_the_documented_cost_is_the_computed_one() -> None:
    assert table() in (ROOT / "docs" / "infrastructure.md").read_text(encoding="utf-8"), "run python -m infra.cost"
