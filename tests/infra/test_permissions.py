"""Policies name actions and resources. The exceptions are listed here with their reasons."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.promotion.plan import read_plan
from tests.infra.plans import AWS, ENVIRONMENTS, ROOT, Plan, Resource, listed, plan, statements

pytestmark = pytest.mark.parametrize("environment", ENVIRONMENTS)

# Statements that allow every resource, because AWS knows no narrower one.
ANY_RESOURCE = {
    "LetIamPoliciesDecide": "the policy of a key, where * is the key itself",
    "LetServicesOfAwsEncrypt": "the policy of a key, where * is the key itself",
    "LetServicesOfAwsEncrypt2": "the policy of a key, where * is the key itself",
    "AdministerWithoutSigning": "the policy of a key, where * is the key itself",
    "LetRetrievalSignDigests": "the policy of a key, where * is the key itself",
    "LetRoute53Sign": "the policy of a key, where * is the key itself",
    "LetRoute53ReplaceItsServers": "the policy of a key, where * is the key itself",
    "ReadAndRegisterTaskDefinitions": "ECS knows no resource for both",
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
STATE_NO_ACCOUNT = {"cloudtrail", "codedeploy", "lambda"}
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
        # These state no account. A role cannot be passed to them from another one.
        and statement["Principal"].get("Service") not in {f"{name}.amazonaws.com" for name in STATE_NO_ACCOUNT}
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


def test_programs_themselves_may_store_and_sign_archives_alone(environment: str) -> None:
    policies = [
        each
        for each in plan(environment).of("aws_iam_role_policy")
        if each.address.startswith("module.process[") and not each.address.endswith(".execution")
    ]
    assert {each.values["name"] for each in policies} == {"keep-archives", "sign-archives"}
    assert {each.address.partition('"')[2].partition('"')[0] for each in policies} == {"retrieval", "worker-retrieval"}
    actions = {
        action.partition(":")[0] for each in policies for one in statements(each) for action in listed(one["Action"])
    }
    assert actions == {"s3", "kms"}


def signing_keys(environment: str) -> list[Resource]:
    """Return the keys that sign archives, and that of DNSSEC."""
    return [each for each in plan(environment).of("aws_kms_key") if each.values["key_usage"] == "SIGN_VERIFY"]


def test_archives_are_signed_by_the_processes_that_build_them_and_by_nobody_else(environment: str) -> None:
    service = plan(environment)
    by_role = [
        (each.address.partition('"')[2].partition('"')[0], statement["Resource"])
        for each, statement in allowing(environment)
        if each.type == "aws_iam_role_policy" and "kms:Sign" in listed(statement["Action"])
    ]
    key = service.at('module.signing_key["v1"].aws_kms_key.this')
    assert by_role == [("retrieval", [key.values["arn"]]), ("worker-retrieval", [key.values["arn"]])]
    (by_key,) = [one for one in statements(key) if "kms:Sign" in listed(one["Action"])]
    names = [f"alert-{environment}-{process}-task" for process in ("retrieval", "worker-retrieval")]
    roles = {each.values["name"] for each in service.of("aws_iam_role")}
    assert [arn.rpartition("/")[2] for arn in by_key["Condition"]["ArnEquals"]["aws:PrincipalArn"]] == names
    assert set(names) <= roles
    assert by_key["Condition"]["StringEquals"] == {
        "kms:MessageType": "DIGEST",
        "kms:SigningAlgorithm": "ECDSA_SHA_256",
    }, "what app/crypto/key_service.py asks for"


def test_a_key_that_signs_cannot_be_deleted_copied_or_granted(environment: str) -> None:
    keys = signing_keys(environment)
    assert len(keys) == 2
    for key in keys:
        assert key.values["customer_master_key_spec"] == "ECC_NIST_P256"
        assert not key.values["multi_region"], "another region would have a copy"
        for statement in statements(key):
            actions = set(listed(statement["Action"]))
            assert not actions & {"kms:*", "kms:ScheduleKeyDeletion", "kms:ReplicateKey", "kms:ImportKeyMaterial"}
            # Only Route 53 grants the use of its key, to other services of AWS.
            grants = statement["Sid"] == "LetRoute53ReplaceItsServers"
            assert ("kms:CreateGrant" in actions) is grants
            if grants:
                assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    # Nor from Terraform: neither by a plan, nor by the role that applies.
    text = (AWS / "modules" / "signing_key" / "main.tf").read_text(encoding="utf-8")
    assert "prevent_destroy = true" in text
    (boundary,) = plan(environment, "bootstrap").of("aws_iam_policy")
    denied = [set(listed(one.get("Action", []))) for one in statements(boundary) if one["Effect"] == "Deny"]
    assert {"kms:ScheduleKeyDeletion", "kms:Sign"} in denied


def test_the_role_that_applies_can_change_nothing_of_how_workflows_are_trusted(environment: str) -> None:
    """Not only grant more: `plan-without-data` denies, and its removal would let a pull request read data."""
    bootstrap = plan(environment, "bootstrap")
    (boundary,) = bootstrap.of("aws_iam_policy")
    (own,) = [one for one in statements(boundary) if one.get("Sid") == "NotItself"]
    assert (own["Effect"], own["NotAction"]) == ("Deny", ["iam:Get*", "iam:List*"])
    roles = {each.values["name"] for each in bootstrap.of("aws_iam_role")}
    (provider,) = bootstrap.of("aws_iam_openid_connect_provider")
    names = {*(f"role/{name}" for name in roles), f"policy/{boundary.values['name']}"}
    assert provider.values["arn"] in own["Resource"]
    assert names <= {arn.rpartition(":")[2] for arn in own["Resource"]}


def test_a_plan_reads_neither_secrets_nor_logs_that_readonlyaccess_would_show(environment: str) -> None:
    policy = {one["Sid"]: one for one in statements(plan(environment, "bootstrap").at("aws_iam_role_policy.plan"))}
    # The secret of the CDN is in two places: its store of values, which lists values too, and a pattern set.
    secret = {"cloudfront-keyvaluestore:GetKey", "cloudfront-keyvaluestore:ListKeys", "wafv2:GetRegexPatternSet"}
    logs = {f"logs:{action}" for action in ("FilterLogEvents", "GetLogEvents", "StartLiveTail", "StartQuery")}
    assert secret | logs | {"secretsmanager:GetSecretValue"} <= set(policy["NoData"]["Action"])
    assert (policy["NoData"]["Effect"], policy["NoData"]["Resource"]) == ("Deny", "*")


def test_promotions_read_their_secrets_alone_and_change_nothing_but_images(environment: str) -> None:
    bootstrap, service = plan(environment, "bootstrap"), plan(environment)
    policy = {one["Sid"]: one for one in statements(bootstrap.at("aws_iam_role_policy.promote"))}
    readable = {
        arn.partition(":secret:")[2].removesuffix("-??????") for arn in policy["ReadSecretsOfPromotions"]["Resource"]
    }
    promotion = read_plan(ROOT / "deploy" / "promotion" / "plans" / "aws.toml")
    own = promotion.staging if environment == "staging" else promotion.production
    referred = {each.removeprefix("aws-secret://") for each in (own.notes_token, *own.secrets.values())}
    assert readable == referred
    assert referred <= {each.values["name"] for each in service.of("aws_secretsmanager_secret")}
    keys = policy["DecryptSecretsOfPromotions"]["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"]
    assert keys in {each.values["name"] for each in service.of("aws_kms_alias")}
    services = {action.partition(":")[0] for one in policy.values() for action in listed(one["Action"])}
    assert services == {"codedeploy", "ecr", "ecs", "iam", "kms", "s3", "secretsmanager"}
    # CreateDeployment requires it in order to ignore the alarms of the release that it replaces.
    switching = policy["SwitchWebProcesses"]
    assert "codedeploy:UpdateDeploymentGroup" in switching["Action"]
    changing = {action for one in policy.values() for action in listed(one["Action"]) if action.startswith("iam:")}
    assert changing == {"iam:PassRole"}
    assert policy["GiveTasksTheirRoles"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }


def test_promotions_reach_the_hosts_of_their_environment(environment: str) -> None:
    promotion = read_plan(ROOT / "deploy" / "promotion" / "plans" / "aws.toml")
    own = promotion.staging if environment == "staging" else promotion.production
    names = {each.values["name"] for each in plan(environment).of("aws_route53_record")}
    urls = [url for url in (own.status_url, own.submission_url, own.retrieval_url) if url]
    assert [url for url in urls if urlsplit(url).hostname not in names] == []


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
        "promote": [f"repo:example/exposure-alert:environment:{environment}"],
    }
