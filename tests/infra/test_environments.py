"""Staging has what production has: the same kinds of resources with the same values, except for sizes and names.

It also has what promotions need (`tries_releases`, docs/promotion.md): those differences are listed here, no others.
"""

import json
import re
from typing import Any

from tests.infra.plans import AWS, ROOT, Resource, plan

# Values that are sizes: type of resource and argument.
SIZES = {
    ("aws_appautoscaling_target", "max_capacity"),
    ("aws_appautoscaling_target", "min_capacity"),
    ("aws_budgets_budget", "limit_amount"),
    ("aws_ecs_service", "desired_count"),
    ("aws_ecs_task_definition", "cpu"),
    ("aws_ecs_task_definition", "memory"),
    ("aws_elasticache_replication_group", "node_type"),
    ("aws_elasticache_replication_group", "num_cache_clusters"),
    ("aws_rds_cluster", "serverlessv2_scaling_configuration"),
}
# Resources whose number is a size, or follows from who is told.
COUNTED = (
    "aws_rds_cluster_instance", "aws_sns_topic_subscription",
    'module.alarms.aws_cloudwatch_metric_alarm.this["redis-',
)  # fmt: skip


# Settings that differ for promotions: in staging, and in production (None: not set).
TRIAL_SETTINGS = {
    "RELEASE_PERIOD_HOURS": ("0", "1"),
    "RATE_LIMITS": ("off", "on"),
    "RELEASE_MINIMUM_UPLOADS": ("0", None),
    "EXPORT_MAX_AGE_SECONDS": ("0", None),
    "DOWNLOAD_FILES": (None, "s3://aws_s3_bucket.NAME-archives-ACCOUNT.id/downloads"),
}
# Where releases are tried, requests build the archives, so the worker's line about them is not waited for.
IN_PRODUCTION_ALONE = {
    'module.log_alarms.aws_cloudwatch_log_metric_filter.this["no-padding worker-retrieval"]',
    'module.log_alarms.module.alarms.aws_cloudwatch_metric_alarm.this["no-padding-critical"]',
}


def without_trials(resource: Resource) -> dict[str, Any]:
    """Return the values of a resource without what differs for promotions."""
    values = dict(resource.values)
    if resource.type == "aws_ecs_task_definition":
        (container,) = json.loads(values["container_definitions"])
        container["environment"] = [each for each in container["environment"] if each["name"] not in TRIAL_SETTINGS]
        values["container_definitions"] = json.dumps([container], separators=(",", ":"))
    elif resource.type == "aws_wafv2_web_acl":
        # A thousand people of a promotion have one address.
        kept = [rule for rule in values["rule"] if not rule["name"].startswith("rate-")]
        values["rule"] = sorted(kept, key=lambda rule: rule["priority"])
    elif resource.type == "aws_cloudfront_distribution":
        # CloudFront keeps nothing that a promotion must see at once.
        values["ordered_cache_behavior"] = [
            {name: value for name, value in each.items() if name != "cache_policy_id"}
            for each in values["ordered_cache_behavior"]
        ]
    elif resource.address == "aws_iam_role_policy.promote":
        # Production is not tried, so its promotion has no secrets of clients: test_permissions.py compares them.
        policy = json.loads(values["policy"])
        policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "ReadSecretsOfPromotions"]
        values["policy"] = json.dumps(policy)
    return values


def resources(environment: str, root: str) -> dict[str, Any]:
    """Return the values of all resources by their addresses, with the names of the environment made equal."""
    found = {}
    for each in plan(environment, root).resources:
        if each.type not in COUNTED and not each.address.startswith(COUNTED):
            sizes = {name for type_, name in SIZES if type_ == each.type}
            values = {name: value for name, value in without_trials(each).items() if name not in sizes}
            found[each.address] = neutral(values, environment)
    return found


def neutral(value: Any, environment: str) -> Any:
    if isinstance(value, dict):
        return {key: neutral(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [neutral(one, environment) for one in value]
    if not isinstance(value, str):
        return value
    text = value.replace("staging.alert.example.ca", "alert.example.ca").replace(f"alert-{environment}", "NAME")
    text = text.replace(f"alert_{environment}", "NAME")
    text = text.replace(f"environment:{environment}", "environment:NAME")
    text = re.sub("111111111111|222222222222", "ACCOUNT", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "DIGEST", text)  # identifiers that infra/check/invented.py made up
    return re.sub(r'("WEB_CONCURRENCY","value":")\d+', r"\1N", text)  # follows from the size


def test_staging_equals_production() -> None:
    for root in ("service", "bootstrap"):
        staging, production = resources("staging", root), resources("production", root)
        assert set(production) - set(staging) == (IN_PRODUCTION_ALONE if root == "service" else set())
        assert set(staging) - set(production) == set()
        assert {address for address in staging if staging[address] != production[address]} == set()


def settings(environment: str) -> dict[str, set[str]]:
    """Return the values that the processes of an environment have of each setting."""
    found = []
    for each in plan(environment).of("aws_ecs_task_definition"):
        (container,) = json.loads(neutral(each.values["container_definitions"], environment))
        found.append({setting["name"]: setting["value"] for setting in container["environment"]})
    names = {name for each in found for name in each}
    return {name: {each[name] for each in found if name in each} for name in names}


def test_settings_differ_as_promotions_need_and_as_is_documented() -> None:
    staging, production = settings("staging"), settings("production")
    different = {name for name in staging | production if staging.get(name) != production.get(name)}
    assert {
        name: tuple(next(iter(each.get(name, {None}))) for each in (staging, production)) for name in different
    } == TRIAL_SETTINGS
    text = (ROOT / "docs" / "promotion.md").read_text(encoding="utf-8")
    assert [name for name in TRIAL_SETTINGS if f"`{name}" not in text] == []


def test_environments_state_the_same_variables() -> None:
    for name in ("environment.tfvars", "bootstrap.tfvars", "backend.hcl", "terragrunt.hcl"):
        stated = {
            environment: re.findall(
                r"^ *([\w-]+) *=", (AWS / environment / name).read_text(encoding="utf-8"), re.MULTILINE
            )
            for environment in ("staging", "production")
        }
        assert stated["staging"] == stated["production"], name


def test_differences_are_detected() -> None:
    assert neutral({"a": ["alert-staging-x"]}, "staging") == neutral({"a": ["alert-production-x"]}, "production")
    assert neutral({"a": ["staging", 1]}, "staging") != neutral({"a": ["production", 2]}, "production")
