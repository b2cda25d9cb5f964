"""Staging has what production has: the same kinds of resources with the same values, except for sizes and names."""

import re
from typing import Any

from tests.infra.plans import AWS, plan

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


def resources(environment: str, root: str) -> dict[str, Any]:
    """Return the values of all resources by their addresses, with the names of the environment made equal."""
    found = {}
    for each in plan(environment, root).resources:
        if each.type not in COUNTED and not each.address.startswith(COUNTED):
            sizes = {name for type_, name in SIZES if type_ == each.type}
            values = {name: value for name, value in each.values.items() if name not in sizes}
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
    text = text.replace(f"environment:{environment}", "environment:NAME")
    text = re.sub("111111111111|222222222222", "ACCOUNT", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "DIGEST", text)  # identifiers that infra/check/invented.py made up
    return re.sub(r'("WEB_CONCURRENCY","value":")\d+', r"\1N", text)  # follows from the size


def test_staging_equals_production() -> None:
    for root in ("service", "bootstrap"):
        staging, production = resources("staging", root), resources("production", root)
        assert set(staging) == set(production)
        assert {address for address in staging if staging[address] != production[address]} == set()


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
