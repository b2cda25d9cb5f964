"""Objectives become alarms: the strictest availability of each surface, for each policy that pages."""

from infra.objectives import OBJECTIVES_FILE, as_text, generate

POLICIES = """
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page-fast, annotations: {short-window: 5m}}
spec: {conditions: [{kind: AlertCondition, spec: {severity: page, condition: {threshold: 14.4, lookbackWindow: 1h}}}]}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: ticket, annotations: {short-window: 2h}}
spec: {conditions: [{kind: AlertCondition, spec: {severity: ticket, condition: {threshold: 3, lookbackWindow: 1d}}}]}
"""


def objective(query: str, target: float) -> str:
    """Return an objective with the good requests of a query."""
    return f"""---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: one}}
spec:
  indicator: {{spec: {{ratioMetric: {{good: {{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}}}}}}}
  objectives: [{{target: {target}}}]
  alertPolicies: [{{alertPolicyRef: page-fast}}, {{alertPolicyRef: ticket}}]
"""


def requests(surface: str) -> str:
    return f'exposure_alert_requests_total{{surface="{surface}", route="/upload", status!="5xx"}}'


def test_the_strictest_target_of_a_surface_becomes_an_alarm_for_each_policy_that_pages() -> None:
    text = POLICIES + objective(requests("submission"), 0.99) + objective(requests("submission"), 0.999)
    assert generate(text) == [
        {
            "surface": "submission",
            "policy": "page-fast",
            "share": 0.0144,
            "windows": {"long": 3600, "short": 300},
        }
    ]


def test_objectives_that_no_load_balancer_counts_are_left_out() -> None:
    latency = 'exposure_alert_request_duration_seconds_bucket{surface="submission", le="0.5"}'
    assert generate(POLICIES + objective(latency, 0.99) + objective(requests("worker"), 0.99)) == []


def test_the_generated_file_is_current() -> None:
    assert OBJECTIVES_FILE.read_text(encoding="utf-8") == as_text(), "run python -m infra.objectives"
