"""Alarms watch for lines that the code logs; releases that raise an alarm are moved back."""

import json
import re

import pytest

from app.domain.figure_alarms import LEVELS
from app.domain.objectives import Severity
from tests.infra.plans import AWS, ENVIRONMENTS, ROOT, plan

pytestmark = pytest.mark.parametrize("environment", ENVIRONMENTS)


def source() -> str:
    paths = [*(ROOT / "app").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_alarms_watch_for_lines_that_the_code_logs(environment: str) -> None:
    patterns = {each.values["pattern"] for each in plan(environment).of("aws_cloudwatch_log_metric_filter")}
    quoted = r'"(?:[^"\\]|\\.)+"'
    assert [pattern for pattern in patterns if not re.fullmatch(f"{quoted}( {quoted})*", pattern)] == []
    messages = {message for pattern in patterns for message in re.findall(r'msg=\\?"([^"\\]+)\\?"', pattern)}
    assert {"http response", "purge finished", "unknown job refused"} <= messages
    text = source()
    assert [message for message in messages if message not in text] == []


def test_alarms_tell_someone(environment: str) -> None:
    service = plan(environment)
    topics = {each.values["arn"] for each in service.of("aws_sns_topic")}
    alarms = service.of("aws_cloudwatch_metric_alarm")
    # An alarm without actions is a window of a composite alarm, which has them.
    composite = service.of("aws_cloudwatch_composite_alarm")
    combined = " ".join(each.values["alarm_rule"] for each in composite)
    parts = {each.values["alarm_name"] for each in alarms if not each.values["alarm_actions"]}
    assert [name for name in parts if f'ALARM("{name}")' not in combined] == []
    acting = [*composite, *(each for each in alarms if each.values["alarm_actions"])]
    assert [each.address for each in acting if not set(each.values["alarm_actions"]) <= topics] == []
    assert {each.values["endpoint"] for each in service.of("aws_sns_topic_subscription")}


def test_the_thresholds_are_those_of_the_public_service(environment: str) -> None:
    found = {each.values["alarm_name"]: each.values for each in plan(environment).of("aws_cloudwatch_metric_alarm")}
    for name, period, warning, critical in (
        ("wrong-tokens", 300, 60, 100),
        ("wrong-codes", 300, 60, 100),
        ("refused-uploads", 300, 60, 100),
        ("failed-requests", 60, 1, 10),
        ("errors", 60, 1, 10),
    ):
        for severity, threshold in (("warning", warning), ("critical", critical)):
            alarm = found[f"alert-{environment}-{name}-{severity}"]
            assert (alarm["period"], alarm["threshold"]) == (period, threshold), name


def test_uses_of_keys_and_secrets_by_others_are_reported(environment: str) -> None:
    service = plan(environment)
    rules = {each.values["name"]: each.values for each in service.of("aws_cloudwatch_event_rule")}
    for name in ("secret-used", "key-used"):
        rule = rules[f"alert-{environment}-{name}"]
        # Without this, EventBridge gets no calls that only read.
        assert rule["state"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
        pattern = json.loads(rule["event_pattern"])
        ((someone, by_hand),) = [pattern["detail"]["$or"]]
        wildcards = someone["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"][0]["anything-but"]["wildcard"]
        own = [each.values["name"] for each in service.of("aws_iam_role") if each.address.startswith("module.process[")]
        matching = [re.escape(each.rpartition("/")[2]).replace(r"\*", ".*") for each in wildcards]
        assert [role for role in own if not any(re.fullmatch(one, role) for one in matching)] == []
        assert by_hand["userIdentity"]["type"] == ["IAMUser", "Root"]
        assert len(rule["event_pattern"]) <= 2048, "EventBridge's limit"


def test_signatures_by_others_are_reported_in_the_region_of_the_key(environment: str) -> None:
    service = plan(environment)
    rules = {each.values["name"]: each.values for each in service.of("aws_cloudwatch_event_rule")}
    keys = {
        "archives": (None, service.at('module.signing_key["v1"].aws_kms_key.this').values["arn"]),
        "dnssec": ("us-east-1", service.at("module.dns.module.key.aws_kms_key.this").values["arn"]),
    }
    for name, (region, arn) in keys.items():
        rule = rules[f"alert-{environment}-{name}-key-used"]
        detail = json.loads(rule["event_pattern"])["detail"]
        assert detail["resources"] == {"ARN": [arn]}
        assert {"CreateGrant", "Sign"} == set(detail["eventName"])
        assert (rule["region"] == "us-east-1") is (region == "us-east-1")
    someone, _by_hand = json.loads(rules[f"alert-{environment}-archives-key-used"]["event_pattern"])["detail"]["$or"]
    signers = someone["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"][0]["anything-but"]["wildcard"]
    assert [arn.rpartition("/")[2] for arn in signers] == [
        f"alert-{environment}-{process}-task" for process in ("retrieval", "worker-retrieval")
    ]


def test_events_of_global_services_are_watched_where_they_occur(environment: str) -> None:
    service = plan(environment)
    regions = {each.values["name"]: each.values["region"] for each in service.of("aws_cloudwatch_event_rule")}
    for name in ("global-root-user", "global-key-changed"):
        assert regions[f"alert-{environment}-{name}"] == "us-east-1"
    topics = {each.values["arn"]: each.values["region"] for each in service.of("aws_sns_topic")}
    for each in service.of("aws_cloudwatch_event_target"):
        assert (topics[each.values["arn"]] == "us-east-1") is (each.values["region"] == "us-east-1"), each.address


def test_levels_of_figures_raise_an_alarm_at_their_warning_and_at_their_critical_threshold(environment: str) -> None:
    filters = plan(environment).of("aws_cloudwatch_log_metric_filter")
    found = {
        (term.removeprefix("figure="), severity.removeprefix("severity="))
        for each in filters
        if "figure above threshold" in each.values["pattern"]
        for _, term, severity in [re.findall(r'"((?:[^"\\]|\\.)+)"', each.values["pattern"])]
    }
    assert found == {(figure, severity.value) for figure in LEVELS for severity in Severity}


def test_the_zone_is_signed_and_watched(environment: str) -> None:
    service = plan(environment)
    (key,) = service.of("aws_route53_key_signing_key")
    signing = service.at("module.dns.module.key.aws_kms_key.this")
    assert key.values["key_management_service_arn"] == signing.values["arn"]
    assert signing.values["region"] == "us-east-1", "Route 53 accepts no other"
    (signed,) = service.of("aws_route53_hosted_zone_dnssec")
    (zone,) = [each for each in service.of("aws_route53_zone") if not each.values["vpc"]]
    assert signed.values["hosted_zone_id"] == zone.values["zone_id"]
    metrics = {each.values["metric_name"] for each in service.of("aws_cloudwatch_metric_alarm")}
    assert {"DNSSECInternalFailure", "DNSSECKeySigningKeysNeedingAction"} <= metrics


def test_releases_are_tried_on_a_tenth_and_moved_back_on_alarms(environment: str) -> None:
    service = plan(environment)
    alarms = {each.values["alarm_name"] for each in service.of("aws_cloudwatch_metric_alarm")}
    groups = service.of("aws_codedeploy_deployment_group")
    assert len(groups) == 6
    for each in groups:
        (rollback,) = each.values["auto_rollback_configuration"]
        assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(rollback["events"])
        (watched,) = each.values["alarm_configuration"]
        assert watched["enabled"]
        assert len(watched["alarms"]) == 3
        assert set(watched["alarms"]) <= alarms
    canaries = [each.values["traffic_routing_config"][0] for each in service.of("aws_codedeploy_deployment_config")]
    assert {(each["type"], each["time_based_canary"][0]["percentage"]) for each in canaries} == {
        ("TimeBasedCanary", 10)
    }


def test_every_web_service_scales_and_keeps_what_deployments_choose(environment: str) -> None:
    scaled = {
        each.values["resource_id"].rpartition("/")[2] for each in plan(environment).of("aws_appautoscaling_target")
    }
    web = {
        each.values["name"] for each in plan(environment).of("aws_ecs_service") if each.values["deployment_controller"]
    }
    assert scaled == web
    text = (AWS / "modules" / "web_service" / "main.tf").read_text(encoding="utf-8")
    assert "ignore_changes = [task_definition, load_balancer, desired_count]" in text


def test_names_lead_to_public_load_balancers_over_ipv4_and_ipv6(environment: str) -> None:
    service = plan(environment)
    types: dict[str, set[str]] = {}
    for each in service.of("aws_route53_record"):
        if each.address.startswith('module.record["'):
            types.setdefault(each.values["name"], set()).add(each.values["type"])
    assert len(types) == 6
    assert all(found == {"A", "AAAA"} for found in types.values())
    assert len(service.of("aws_route53_health_check")) == 7
