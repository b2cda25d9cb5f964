"""The state holds no secret, and data survive mistakes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.plans import AWS, ENVIRONMENTS, plan

SOURCES = sorted(AWS.rglob("*.tf"))
# Arguments that would put a secret into the state.
SECRET_ARGUMENTS = {
    "auth_token", "client_secret", "master_password", "password", "passwords", "private_key", "secret_binary",
    "secret_string", "token", "user_data",
}  # fmt: skip
SECRET_TYPES = {"aws_iam_access_key", "aws_secretsmanager_secret_version", "aws_ssm_parameter", "random_password"}


def arguments(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the name and value of every argument, at any depth."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key, one
            yield from arguments(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from arguments(one, name)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_argument_is_a_secret(environment: str) -> None:
    for root in ("service", "bootstrap"):
        resources = plan(environment, root).resources
        assert {each.type for each in resources} & SECRET_TYPES == set()
        found = [
            (each.address, name)
            for each in resources
            for name, value in arguments(each.values)
            if name in SECRET_ARGUMENTS and value
        ]
        assert found == []


def test_no_variable_is_a_secret() -> None:
    names = [
        name
        for path in SOURCES
        for name in re.findall(r'^variable "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert "image_tag" in names
    assert [name for name in names if re.search("password|secret_value|token|private", name)] == []


def test_nothing_sets_the_value_of_a_secret() -> None:
    texts = {str(path.relative_to(AWS)): path.read_text(encoding="utf-8") for path in SOURCES}
    assert [
        name for name, text in texts.items() if re.search(r"secret_string|secretsmanager_secret_version", text)
    ] == []
    assert [name for name, text in texts.items() if re.search(r"AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY", text)] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_database_survives_a_mistake_and_a_zone(environment: str) -> None:
    service = plan(environment)
    (cluster,) = service.of("aws_rds_cluster")
    assert cluster.values["backup_retention_period"] == 7
    assert cluster.values["deletion_protection"] is True
    assert cluster.values["skip_final_snapshot"] is False
    assert cluster.values["manage_master_user_password"] is True
    assert len(service.of("aws_rds_cluster_instance")) >= 2
    (redis,) = service.of("aws_elasticache_replication_group")
    assert redis.values["multi_az_enabled"] is True
    assert all(each.values["enable_deletion_protection"] for each in service.of("aws_lb"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_images_expire_by_the_tags_that_are_pushed(environment: str) -> None:
    (policy,) = plan(environment).of("aws_ecr_lifecycle_policy")
    patterns = re.findall(r'"tagPatternList":\["([^"]+)"\]', policy.values["policy"])
    assert patterns == ["v*"]
    variables = (AWS / "service" / "variables.tf").read_text(encoding="utf-8")
    assert '"^v[0-9]+' in variables


def test_suppressions_of_checkov_state_a_reason() -> None:
    found = [
        line for path in SOURCES for line in path.read_text(encoding="utf-8").splitlines() if "checkov:skip" in line
    ]
    assert found
    assert [line for line in found if not re.search(r"#checkov:skip=CKV2?_AWS_\d+:\S.{15,}", line)] == []
