"""The scripts of a deployment: a release, roles of the database. AWS' own descriptions check every request."""

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from app.config.settings import parse_setting
from deploy.promotion.plan import read_plan
from infra import release
from infra.cost import read_sizes, table
from infra.database_roles import address, documented_roles, grants, make_roles, role_statements
from infra.release import (
    ReleaseFailedError,
    changed_processes,
    register_image,
    replace_background,
    run_migrations,
    specification,
    switch_web,
)
from tests.infra.plans import ROOT, plan

RELEASE = {
    "cluster": "alert-staging",
    "subnets": ["subnet-1"],
    "security_group": "sg-1",
    "background": {"worker-portal": "alert-staging-worker-portal"},
    "web": {
        "portal": {
            "service": "alert-staging-portal",
            "deployment_group": {"application": "a", "group": "g"},
            "port": 8001,
            "check": "CodeDeployHook_p",
        }
    },
}


def task_definition(revision: int, tag: str, **settings: str) -> dict[str, Any]:
    """Return a task definition as ECS describes it."""
    environment = [{"name": name, "value": value} for name, value in sorted({**settings, "REVISION": tag}.items())]
    return {
        "taskDefinitionArn": f"arn:task:{revision}",
        "revision": revision,
        "status": "ACTIVE",
        "family": "alert-staging-portal",
        "cpu": "512",
        "containerDefinitions": [
            {"name": "process", "image": f"registry:5000/alert:{tag}", "environment": environment}
        ],
    }


def migrate(ecs: Stubber, exit_code: int) -> None:
    task = {"taskArn": "arn:1", "lastStatus": "STOPPED", "containers": [{"exitCode": exit_code}]}
    ecs.add_response("run_task", {"tasks": [task], "failures": []})
    for _ in range(2):  # the waiter, and the result
        ecs.add_response("describe_tasks", {"tasks": [task]}, {"cluster": "alert-staging", "tasks": ["arn:1"]})
    run_migrations(ecs.client, RELEASE, "arn:task:release")


def test_a_release_waits_for_its_migrations(clients: Any) -> None:
    migrate(clients("ecs"), 0)


def test_a_release_ends_if_its_migrations_fail(clients: Any) -> None:
    with pytest.raises(ReleaseFailedError, match=r"\[1\]"):
        migrate(clients("ecs"), 1)


@pytest.mark.parametrize(
    ("arguments", "failing", "steps"),
    [
        (["--image", "v2"], "", ["register_image", "run_migrations", "replace_background", "switch_web"]),
        (["--image", "v2"], "run_migrations", ["register_image", "run_migrations"]),
        (["--image", "v2"], "replace_background", ["register_image", "run_migrations", "replace_background"]),
        (["--only-migrations"], "", ["run_migrations"]),
        ([], "", ["changed_processes", "replace_background", "switch_web"]),
    ],
)
def test_a_release_begins_with_its_migrations_and_ends_with_what_serves(
    arguments: list[str], failing: str, steps: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = list[str]()

    def step(name: str, result: object) -> Any:
        def run(*_: object, **__: object) -> object:
            called.append(name)
            if name == failing:
                raise ReleaseFailedError(name)
            return result

        return run

    results = {"register_image": {"release": "arn"}, "changed_processes": {"portal"}}
    for name in ("register_image", "run_migrations", "changed_processes", "replace_background", "switch_web"):
        monkeypatch.setattr(release, name, step(name, results.get(name)))
    monkeypatch.setattr(release.boto3, "client", Mock())
    content = RELEASE | {"task_definitions": {"release": "arn"}, "families": {}}
    (tmp_path / "outputs").write_text(json.dumps({"release": {"value": content}}))
    monkeypatch.setattr("sys.argv", ["release", str(tmp_path / "outputs"), *arguments])
    with pytest.raises(ReleaseFailedError, match=failing) if failing else nullcontext():
        release.main()
    assert called == steps


def replace(ecs: Stubber, deployment_at_last: str) -> None:
    def service(deployment: str) -> dict[str, Any]:
        return {"desiredCount": 1, "runningCount": 1, "deployments": [{"id": deployment, "status": "PRIMARY"}]}

    ecs.add_response("update_service", {"service": service("ecs-svc/2")})
    for _ in range(2):  # the waiter, and the result
        ecs.add_response("describe_services", {"services": [service(deployment_at_last)]})
    replace_background(ecs.client, RELEASE, {"worker-portal": "arn:task:2"}, ["worker-portal"])


def test_a_release_waits_for_its_workers(clients: Any) -> None:
    replace(clients("ecs"), "ecs-svc/2")


def test_a_release_ends_if_the_previous_workers_were_restored(clients: Any) -> None:
    with pytest.raises(ReleaseFailedError, match="the new worker-portal did not keep running"):
        replace(clients("ecs"), "ecs-svc/1")


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
    switch_web(codedeploy.client, RELEASE, {"portal": "arn:task:portal"}, ["portal"])
    assert json.loads(content)["Hooks"] == [{"AfterAllowTestTraffic": "CodeDeployHook_p"}]


def test_a_release_can_be_replaced_while_its_alarms_are_raised(clients: Any) -> None:
    codedeploy = clients("codedeploy")
    expected = {
        "applicationName": "a",
        "deploymentGroupName": "g",
        "revision": ANY,
        "overrideAlarmConfiguration": {"enabled": False},
    }
    codedeploy.add_response("create_deployment", {"deploymentId": "d-1"}, expected)
    codedeploy.add_response("get_deployment", {"deploymentInfo": {"status": "Succeeded"}}, {"deploymentId": "d-1"})
    switch_web(codedeploy.client, RELEASE, {"portal": "arn:task:portal"}, ["portal"], ignores_alarms=True)
    promotion = read_plan(ROOT / "deploy" / "promotion" / "plans" / "aws.toml")
    for own in (promotion.staging, promotion.production):
        assert own.rollback.endswith(" --ignore-alarms")


def test_a_promotion_changes_the_image_and_its_name_and_nothing_else(clients: Any) -> None:
    ecs = clients("ecs")
    tags = [{"key": "Service", "value": "alert"}]
    newest = {"taskDefinition": task_definition(1, "v1.0.0", PORT="8001"), "tags": tags}
    family = {"taskDefinition": "alert-staging-portal", "include": ["TAGS"]}
    ecs.add_response("describe_task_definition", newest, family)
    new = task_definition(2, "v1.1.0", PORT="8001")
    content = {name: new[name] for name in ("family", "cpu", "containerDefinitions")} | {"tags": tags}
    ecs.add_response("register_task_definition", {"taskDefinition": new}, content)
    assert register_image(ecs.client, {"portal": "alert-staging-portal"}, "v1.1.0") == {"portal": "arn:task:2"}


def test_an_image_that_is_registered_already_is_not_registered_again(clients: Any) -> None:
    ecs = clients("ecs")
    ecs.add_response("describe_task_definition", {"taskDefinition": task_definition(2, "v1.1.0")})
    assert register_image(ecs.client, {"portal": "alert-staging-portal"}, "v1.1.0") == {"portal": "arn:task:2"}


@pytest.mark.parametrize(("port", "changed"), [("8001", set()), ("8002", {"portal"})])
def test_after_a_change_of_the_infrastructure_processes_with_another_content_are_replaced(
    clients: Any, port: str, changed: set[str]
) -> None:
    ecs = clients("ecs")
    running = {"services": [{"serviceName": "w", "taskDefinition": "arn:task:9"}]}
    ecs.add_response("describe_services", running)
    sets = [{"status": "PRIMARY", "taskDefinition": "arn:task:2"}, {"status": "ACTIVE", "taskDefinition": "arn:task:1"}]
    ecs.add_response("describe_services", {"services": [{"serviceName": "p", "taskSets": sets}]})
    # Terraform registered a third revision of the portal, and none of the worker.
    for definition in (task_definition(2, "v1.0.0", PORT="8001"), task_definition(3, "v1.0.0", PORT=port)):
        expected = {"taskDefinition": definition["taskDefinitionArn"]}
        ecs.add_response("describe_task_definition", {"taskDefinition": definition}, expected)
    definitions = {"portal": "arn:task:3", "worker-portal": "arn:task:9"}
    assert changed_processes(ecs.client, RELEASE, definitions) == changed


def test_roles_of_the_database_get_the_documented_rights_and_no_documented_password() -> None:
    assert {"submission", "worker_sharing"} <= set(documented_roles())
    statements = list(grants())
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    granted = re.findall(r"^GRANT .*;$", text, re.MULTILINE)
    assert [each for each in granted if each.rstrip(";") not in statements] == []
    assert not any("change-me" in each for each in statements)


def test_an_error_leaves_no_role_with_a_password_that_nobody_has(clients: Any) -> None:
    rds, store = clients("rds-data"), clients("secretsmanager")
    first, second, *_ = documented_roles()
    for _ in role_statements(first, ""):
        rds.add_response("execute_statement", {})
    store.add_response("put_secret_value", {}, {"SecretId": f"arn:{first}", "SecretString": ANY})
    rds.add_client_error("execute_statement", "BadRequestException")
    arns = {"database_arn": "arn:aws:rds:1", "owner_secret_arn": "arn:aws:owner", "database_host": "db.example.org"}
    with pytest.raises(ClientError):
        make_roles(
            rds.client, store.client, arns | {"database_roles": {role: f"arn:{role}" for role in (first, second)}}
        )


def test_addresses_of_the_database_are_ones_that_processes_accept() -> None:
    value = parse_setting("DATABASE_URL", address("portal", "p-_w", "db.example.org"))
    assert value == "postgresql+psycopg2://portal:p-_w@db.example.org:5432/service"


def test_the_cost_counts_what_is_planned() -> None:
    sizes, service, bootstrap = read_sizes("production"), plan("production"), plan("production", "bootstrap")
    interfaces = [each.values for each in service.of("aws_vpc_endpoint") if each.values["subnet_ids"]]
    planned = {
        "load_balancers": len(service.of("aws_lb")),
        "endpoints": sum(len(each["subnet_ids"]) for each in interfaces),
        "firewalls": len(service.of("aws_wafv2_web_acl")),
        "firewall_rules": sum(len(each.values["rule"]) for each in service.of("aws_wafv2_web_acl")),
        "keys": len(service.of("aws_kms_key") + bootstrap.of("aws_kms_key")),
        "secrets": len(service.of("aws_secretsmanager_secret")) + 1,  # and the one of RDS
        "alarms": len(service.of("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")),
        "health_checks": len(service.of("aws_route53_health_check")),
    }
    assert {name: getattr(sizes, name) for name in planned} == planned


def test_the_documented_cost_is_the_computed_one() -> None:
    assert table() in (ROOT / "docs" / "infrastructure.md").read_text(encoding="utf-8"), "run python -m infra.cost"
