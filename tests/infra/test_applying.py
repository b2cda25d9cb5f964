"""What AWS refuses only when a plan is applied, or accepts and then does not do, as its documentation says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.plans import AWS, ENVIRONMENTS, ROOT, Plan, Resource, listed, plan, statements

# How services state for whom they act. A condition on anything else is never met.
STATED_IN_POLICIES = {
    "budgets.amazonaws.com": {"aws:SourceAccount"},
    "cloudfront.amazonaws.com": {"aws:SourceArn"},
    "cloudtrail.amazonaws.com": {"aws:SourceAccount"},
    "cloudwatch.amazonaws.com": {"aws:SourceAccount"},
    "delivery.logs.amazonaws.com": {"aws:SourceAccount"},
    "dnssec-route53.amazonaws.com": {"aws:SourceAccount", "aws:SourceArn", "kms:GrantIsForAWSResource"},
    "events.amazonaws.com": set(),
    "logdelivery.elasticloadbalancing.amazonaws.com": set(),
    "logs.ca-central-1.amazonaws.com": {"kms:EncryptionContext:aws:logs:arn"},
    "logs.us-east-1.amazonaws.com": {"kms:EncryptionContext:aws:logs:arn"},
}
STATED_TO_ROLES = {
    "cloudtrail.amazonaws.com": set(),
    "codedeploy.amazonaws.com": set(),
    "ecs-tasks.amazonaws.com": {"aws:SourceAccount"},
    "lambda.amazonaws.com": set(),
    "monitoring.rds.amazonaws.com": {"aws:SourceAccount"},
    "vpc-flow-logs.amazonaws.com": {"aws:SourceAccount"},
}
# Where CloudFront has a cache between its locations and an origin.
SHIELDS = {
    "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "eu-central-1", "eu-west-1",
    "eu-west-2", "sa-east-1", "us-east-1", "us-east-2", "us-west-2",
}  # fmt: skip


def trusting(service: Plan, *types: str) -> Iterator[tuple[Resource, str, set[str]]]:
    """Yield each service of AWS that a policy allows something, with the keys of its conditions."""
    for each in service.of(*types):
        for statement in statements(each):
            if statement["Effect"] == "Allow" and "Service" in listed(statement.get("Principal", [{}]))[0]:
                keys = {key for values in statement.get("Condition", {}).values() for key in values}
                yield from ((each, name, keys) for name in listed(statement["Principal"]["Service"]))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_policies_ask_services_for_what_they_state(environment: str) -> None:
    found = list(trusting(plan(environment), "aws_kms_key", "aws_s3_bucket_policy", "aws_sns_topic_policy"))
    assert {name for _, name, _ in found} == set(STATED_IN_POLICIES)
    assert [(each.address, name, keys) for each, name, keys in found if not keys <= STATED_IN_POLICIES[name]] == []
    assert [(each.address, name) for each, name, keys in found if STATED_IN_POLICIES[name] and not keys] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_roles_ask_services_for_what_they_state(environment: str) -> None:
    found = list(trusting(plan(environment), "aws_iam_role"))
    assert {name for _, name, _ in found} == set(STATED_TO_ROLES)
    assert [(each.address, name, keys) for each, name, keys in found if keys != STATED_TO_ROLES[name]] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_route_53_is_not_asked_for_the_health_of_cloudfront(environment: str) -> None:
    aliases = [alias for each in plan(environment).of("aws_route53_record") for alias in each.values["alias"]]
    leads_to_cdn = [alias["name"].startswith("aws_cloudfront_distribution") for alias in aliases]
    assert sorted(set(leads_to_cdn)) == [False, True]
    assert [alias["evaluate_target_health"] for alias in aliases] == [not is_cdn for is_cdn in leads_to_cdn]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_requests_for_an_archive_become_one_where_cloudfront_can_do_that(environment: str) -> None:
    (cdn,) = plan(environment).of("aws_cloudfront_distribution")
    shields = [shield for origin in cdn.values["origin"] for shield in origin["origin_shield"]]
    assert [shield["origin_shield_region"] in SHIELDS for shield in shields] == [True]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_codedeploy_can_report_to_topics_that_are_encrypted(environment: str) -> None:
    """It publishes with its role, which therefore also needs the key."""
    service = plan(environment)
    keys = {each.values["arn"]: each.values["kms_master_key_id"] for each in service.of("aws_sns_topic")}
    policy = {one["Sid"]: one for one in statements(service.at("module.codedeploy_role.aws_iam_role_policy.this"))}
    topics = [arn for arn in policy["CheckAndReport"]["Resource"] if arn in keys]
    groups = service.of("aws_codedeploy_deployment_group")
    assert {each.values["trigger_configuration"][0]["trigger_target_arn"] for each in groups} <= set(topics)
    assert {keys[arn] for arn in topics} == set(listed(policy["EncryptReports"]["Resource"]))
    assert set(policy["EncryptReports"]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


@pytest.mark.parametrize(
    ("file", "waits_for"),
    [
        # ECS refuses a target group that belongs to no load balancer; a listener connects them.
        ("load_balancer/outputs.tf", "aws_lb_listener.this"),
        # CodeDeploy, CloudTrail and Lambda try what a role may do when they get it.
        ("service_role/outputs.tf", "aws_iam_role_policy.this"),
    ],
)
def test_what_aws_checks_at_once_is_made_before(file: str, waits_for: str) -> None:
    text = (AWS / "modules" / file).read_text(encoding="utf-8")
    assert re.search(rf"depends_on += \[{re.escape(waits_for)}\]", text)


def test_minor_versions_that_rds_installs_are_not_taken_back() -> None:
    text = (AWS / "modules" / "database" / "main.tf").read_text(encoding="utf-8")
    resources = [one for one in text.split("\nresource ") if re.search(r"^  engine_version +=", one, re.MULTILINE)]
    assert len(resources) == 2
    assert all("ignore_changes = [engine_version]" in one for one in resources)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_instances_of_the_database_are_not_maintained_on_one_day_or_during_backups(environment: str) -> None:
    """RDS refuses to change an instance whose window overlaps that of the backups."""
    service = plan(environment)
    (cluster,) = service.of("aws_rds_cluster")
    windows = [each.values["preferred_maintenance_window"] for each in service.of("aws_rds_cluster_instance")]
    assert len({window[:3] for window in windows}) == len(windows)
    backups_end = cluster.values["preferred_backup_window"].partition("-")[2]
    assert all(backups_end < start[4:] < end[4:] for start, _, end in (one.partition("-") for one in windows))


def first_match(rules: list[dict[str, Any]], address: str, port: int) -> str:
    """Return what a network ACL does with a packet that enters: its rule with the least number decides."""
    for rule in sorted(rules, key=lambda rule: int(rule["rule_number"])):
        if rule["cidr_block"] in (address, "0.0.0.0/0") and rule["from_port"] <= port <= rule["to_port"]:
            return str(rule["rule_action"])
    return "deny"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("subnets", ["private", "public"])
def test_answers_to_load_balancers_may_go_to_every_port_above_1023(environment: str, subnets: str) -> None:
    """Load balancers open connections from ports 1024 to 65535, of which 3389 is one."""
    rules = [
        each.values
        for each in plan(environment).of("aws_network_acl_rule")
        if f'["{subnets} ' in each.address and not each.values["egress"] and each.values["cidr_block"]
    ]
    assert {first_match(rules, "10.0.0.0/16", port) for port in (1024, 3389, 65535)} == {"allow"}
    assert {first_match(rules, "the internet", port) for port in (22, 3389)} == {"deny"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_documented_quota_is_enough_for_old_and_new_tasks(environment: str) -> None:
    text = (AWS / environment / "environment.tfvars").read_text(encoding="utf-8")
    sizes = re.findall(r"cpu = (\d+), memory = \d+, minimum = \d+, maximum = (\d+)", text)
    assert len(sizes) == 17
    document = (ROOT / "docs" / "infrastructure.md").read_text(encoding="utf-8")
    quota = int(re.findall(rf"(\d+) for {environment}", document.partition("vCPU resource count`")[2])[0])
    assert quota / 2 <= 2 * sum(int(cpu) * int(tasks) for cpu, tasks in sizes) / 1024 <= quota


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_ses_can_verify_the_domain_from_which_e_mail_is_sent(environment: str) -> None:
    service = plan(environment)
    (identity,) = service.of("aws_ses_domain_identity")
    domain = identity.values["domain"]
    records = {each.values["name"]: each.values for each in service.of("aws_route53_record")}
    assert records[f"_amazonses.{domain}"]["records"] == [identity.values["verification_token"]]
    signing = [name for name in records if name.endswith(f"._domainkey.{domain}")]
    assert len(signing) == 3
    assert all(records[name]["records"] == [f"{name.partition('.')[0]}.dkim.amazonses.com"] for name in signing)
    variables = (AWS / environment / "environment.tfvars").read_text(encoding="utf-8")
    (sender,) = re.findall(r'^mail_from += "([^"]+)"', variables, re.MULTILINE)
    assert sender.endswith(f"@{domain}")
