"""Policies name actions and resources. The exceptions are listed here with their reasons."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.plans import ENVIRONMENTS, Plan, Resource, listed, plan, statements

pytestmark = pytest.mark.parametrize("environment", ENVIRONMENTS)

# Statements that allow every resource, because AWS knows no narrower one.
ANY_RESOURCE = {
    "LetIamPoliciesDecide": "the policy of a key, where * is the key itself",
    "LetServicesOfAwsEncrypt": "the policy of a key, where * is the key itself",
    "SignInToTheRegistry": "ecr:GetAuthorizationToken has no resource",
    "RunInTheVpc": "network interfaces of a function do not exist when they are made",
    "Look": "Describe… has no resources",
    "WhatPoliciesAllow": "a boundary, which allows nothing by itself",
}
# Statements that allow every action of a service.
ANY_ACTION = {
    "LetIamPoliciesDecide": "without it, no role could administer the key",
    "WhatPoliciesAllow": "a boundary, which allows nothing by itself",
}
# Policies of AWS that are used as they are.
MANAGED = {
    "ReadOnlyAccess": "a plan compares everything; plan-without-data denies what people and phones have sent",
    "PowerUserAccess": "Terraform makes everything; a boundary denies reading secrets",
    "IAMFullAccess": "Terraform makes the roles of processes; a boundary keeps it from its own role and from people",
}
POLICIES = (
    "aws_iam_policy", "aws_iam_role", "aws_iam_role_policy", "aws_kms_key", "aws_s3_bucket_policy",
    "aws_sns_topic_policy", "aws_vpc_endpoint",
)  # fmt: skip


def allowing(environment: str) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Yield every statement that allows something, with the resource that has it."""
    for root in ("service", "bootstrap"):
        for each in plan(environment, root).resources:
            if each.type in POLICIES:
                yield from ((each, statement) for statement in statements(each) if statement["Effect"] == "Allow")


def test_policies_name_resources(environment: str) -> None:
    wide = {
        statement.get("Sid", each.address)
        for each, statement in allowing(environment)
        if "*" in listed(statement.get("Resource", []))
    }
    assert wide == set(ANY_RESOURCE)


def test_policies_name_actions(environment: str) -> None:
    wide = {
        statement.get("Sid", each.address)
        for each, statement in allowing(environment)
        if any(action == "*" or action.endswith(":*") for action in listed(statement["Action"]))
    }
    assert wide == set(ANY_ACTION)


def test_policies_of_aws_are_listed(environment: str) -> None:
    attached = plan(environment, "bootstrap").of("aws_iam_role_policy_attachment")
    assert {each.values["policy_arn"].rpartition("/")[2] for each in attached} == set(MANAGED)
    assert not [each for each in plan(environment).resources if each.type == "aws_iam_role_policy_attachment"]


def test_principals_are_services_of_aws_or_deny(environment: str) -> None:
    anyone = [
        (each.type, statement.get("Sid"))
        for each, statement in allowing(environment)
        if statement.get("Principal") == "*"
    ]
    # The endpoint's policy limits which buckets the VPC reaches; who may use them is up to roles.
    assert anyone == [("aws_vpc_endpoint", "OwnArchives"), ("aws_vpc_endpoint", "LayersOfImages")]


def test_roles_cannot_be_assumed_for_other_accounts(environment: str) -> None:
    loose = [
        each.address
        for each, statement in allowing(environment)
        if each.type == "aws_iam_role"
        and "Condition" not in statement
        and statement["Principal"] != {"Service": "lambda.amazonaws.com"}  # Lambda sends no source account
    ]
    assert loose == []


def container(service: Plan, process: str) -> dict[str, Any]:
    """Return the container of a process."""
    definition = service.at(f'module.process["{process}"].aws_ecs_task_definition.this')
    (found,) = json.loads(definition.values["container_definitions"])
    return dict(found)


def test_each_process_reads_its_own_secrets_alone(environment: str) -> None:
    service = plan(environment)
    definitions = service.of("aws_ecs_task_definition")
    roles = [(each.values["task_role_arn"], each.values["execution_role_arn"]) for each in definitions]
    assert len({role for pair in roles for role in pair}) == 2 * len(definitions), "no role is shared"
    for each in definitions:
        process = each.address.partition('"')[2].partition('"')[0]
        policy = service.at(f'module.process["{process}"].aws_iam_role_policy.execution')
        (reading,) = [one for one in statements(policy) if one["Sid"] == "ReadItsOwnSecrets"]
        assert set(reading["Resource"]) == {
            one["valueFrom"].removesuffix(":password::") for one in container(service, process)["secrets"]
        }


def test_programs_themselves_may_use_archives_alone(environment: str) -> None:
    policies = [each for each in plan(environment).of("aws_iam_role_policy") if each.address.endswith(".task[0]")]
    assert {each.address.partition('"')[2].partition('"')[0] for each in policies} == {"retrieval", "worker-retrieval"}
    actions = {
        action.partition(":")[0] for each in policies for one in statements(each) for action in listed(one["Action"])
    }
    assert actions == {"s3", "kms"}


def test_workflows_prove_who_they_are_without_a_key(environment: str) -> None:
    bootstrap = plan(environment, "bootstrap")
    assert not [each for each in bootstrap.resources if each.type in ("aws_iam_access_key", "aws_iam_user")]
    trusted = {}
    for each in bootstrap.of("aws_iam_role"):
        (statement,) = statements(each)
        trusted[each.values["name"].rpartition("-")[2]] = statement["Condition"]["StringEquals"]
    subjects = {name: condition["token.actions.githubusercontent.com:sub"] for name, condition in trusted.items()}
    assert subjects == {
        "plan": ["repo:example/exposure-alert:pull_request", "repo:example/exposure-alert:ref:refs/heads/main"],
        "apply": [f"repo:example/exposure-alert:environment:{environment}"],
    }
