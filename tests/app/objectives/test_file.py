"""The file of objectives: what ships, and what an error names."""

import re
from pathlib import Path

import pytest

from app import create_app
from app.config import ALL_SURFACES
from app.domain.errors import ConfigurationError
from app.domain.objectives import BurnRateAlert, Objective, Severity
from app.objectives import OBJECTIVES_FILE, find_problems, load_objectives
from tests.support.settings import make_settings

SHIPPED = OBJECTIVES_FILE.read_text(encoding="utf-8")
OBJECTIVES = {objective.name: objective for objective in load_objectives()}


def write(folder: Path, text: str) -> Path:
    path = folder / "objectives.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_that_ships_has_no_problem() -> None:
    assert find_problems() == []
    assert {objective.part for objective in OBJECTIVES.values()} == {
        "issuing",
        "claiming",
        "uploading",
        "downloading",
        "portal",
        "sharing",
        "jobs",
    }


def test_alerts_are_those_of_the_workbook() -> None:
    page = (BurnRateAlert(Severity.PAGE, 14.4, 60, 5, 5), BurnRateAlert(Severity.PAGE, 6, 360, 30, 5))
    ticket = (BurnRateAlert(Severity.TICKET, 3, 1440, 120, 5), BurnRateAlert(Severity.TICKET, 1, 4320, 360, 5))
    assert {objective.alerts for objective in OBJECTIVES.values()} == {(*page, *ticket), ticket}
    assert [name for name, objective in OBJECTIVES.items() if objective.alerts == ticket] == ["jobs-success"]


def test_good_events_are_among_all_events() -> None:
    def is_part_of(objective: Objective) -> bool:
        good, total = set(objective.good.matchers), set(objective.total.matchers)
        narrowed = {matcher.label for matcher in good - total}
        return objective.good.metric == objective.total.metric and narrowed <= {"status", "le", "result"}

    assert [name for name, objective in OBJECTIVES.items() if not is_part_of(objective)] == []


def test_routes_of_objectives_exist() -> None:
    """A route that is renamed must be renamed in objectives.yaml, or nothing is measured any more."""
    settings = make_settings(
        "postgresql://nobody@127.0.0.1/none", "redis://127.0.0.1:1/0", SURFACES="submission,retrieval"
    )
    rules = {rule.rule for rule in create_app(settings).url_map.iter_rules()}
    matchers = {m for each in OBJECTIVES.values() for m in each.total.matchers if m.label == "route"}
    alternatives = {text for matcher in matchers for text in re.split(r"\|(?![^(]*\))", matcher.value)}
    assert len(alternatives) >= 6
    assert [text for text in alternatives if not any(re.fullmatch(text, rule) for rule in rules)] == []
    surfaces = {m.value for each in OBJECTIVES.values() for m in each.total.matchers if m.label == "surface"}
    assert surfaces <= set(ALL_SURFACES)


def test_all_fields_of_an_objective_are_read(tmp_path: Path) -> None:
    one = OBJECTIVES["downloads-latency"]
    assert (one.target, one.window_days, one.part) == (0.99, 28, "downloading")
    assert one.titles == {
        "en": "Keys are downloaded within 0.25 s",
        "fr": "Les clés sont téléchargées en 0,25\u00a0s ou moins",
    }
    assert str(one.good) == (
        'exposure_alert_request_duration_seconds_bucket{surface="retrieval",'
        'route=~"/(retrieve|qr|exposure-configuration)/.*",le="0.25"}'
    )
    other = write(tmp_path, SHIPPED.replace("duration: 28d", "duration: 1w").replace("target: 0.999", "target: 0.9995"))
    assert {(each.window_days, each.target) for each in load_objectives(other)} == {(7, 0.9995), (7, 0.99), (7, 0.995)}


# What is replaced in the first objective (or policy) of the file that ships, and the line that must be printed.
MISTAKES = [
    ("target: 0.999", "target: 99.9", "spec.objectives[0].target must be a share between 0 and 1, such as 0.999"),
    ("target: 0.999", 'target: "0.999"', "spec.objectives[0].target must be a number, without quotation marks"),
    ("target: 0.999", "goal: 0.999", "spec.objectives[0].target is missing"),
    ("- target: 0.999", "- target: 0.999\n      op: lte", "spec.objectives[0].op is unknown; known here: target"),
    ("duration: 28d", "duration: 28 days", "spec.timeWindow[0].duration must be a duration such as 5m, 6h, 28d"),
    ("duration: 28d", "duration: 91d", "spec.timeWindow[0].duration must be whole days, at most 90d"),
    ("duration: 28d", "duration: 36h", "spec.timeWindow[0].duration must be whole days, at most 90d"),
    ("duration: 28d", "duration: 2d", "spec.alertPolicies names a policy with a longer window"),
    ("target: 0.999", "target: 0.9", "spec.alertPolicies the alert at 14.4 times the rate can never fire"),
    ("isRolling: true", "isRolling: 1", "spec.timeWindow[0].isRolling must be true"),
    ("budgetingMethod: Occurrences", "budgetingMethod: Timeslices", "spec.budgetingMethod must be Occurrences"),
    ("service: issuing", "service: code", "spec.service must be issuing or claiming or uploading or"),
    ("title-fr:", "title-es:", "metadata.annotations.title-fr is missing"),
    ("alertPolicyRef: page-fast", "alertPolicyRef: page", "spec.alertPolicies[0].alertPolicyRef must name a valid"),
    ("alertPolicyRef: page-slow", "alertPolicyRef: page-fast", "spec.alertPolicies names a policy twice"),
    ('{surface="submission"', '{surface:"submission"', "good.metricSource.spec.query not a label such as"),
    ("indicator:", "indicators:", "spec.indicator is missing"),
    ("kind: SLO", "kind: SLI", "kind must be AlertPolicy or SLO"),
]


@pytest.mark.parametrize(("text", "mistake", "problem"), MISTAKES, ids=[mistake for _, mistake, _ in MISTAKES])
def test_an_error_names_the_file_the_objective_and_the_field(
    tmp_path: Path, text: str, mistake: str, problem: str
) -> None:
    policies, first, others = SHIPPED.partition("  name: codes-availability\n")
    policies, kind, first = policies.rpartition("---\n")[0], "---\n" + policies.rpartition("---\n")[2], first + others
    path = write(tmp_path, policies + (kind + first).replace(text, mistake, 1))
    (found,) = find_problems(path)
    assert found.startswith("objectives.yaml: codes-availability: ")
    assert problem in found
    with pytest.raises(ConfigurationError, match=r"^objectives\.yaml: codes-availability: "):
        load_objectives(path)


@pytest.mark.parametrize(
    ("text", "mistake", "problem"),
    [
        ("threshold: 14.4", "threshold: 0.5", "conditions[0].spec.condition.threshold must be at least 1"),
        ("short-window: 5m", "short-window: 1h", "condition.lookbackWindow must be longer than the annotation"),
        ('events: "5"', "events: 5", "annotations.minimum-bad-events must be a whole number from 1 in"),
        ("severity: page", "severity: critical", "conditions[0].spec.severity must be page or ticket"),
        ("targetRef: page", "targetRef: ticket", "notificationTargets[0].targetRef must be page"),
        ("alertAfter: 0m", "alertAfter: 5m", "condition.alertAfter must be 0m"),
        ("op: gte", "op: lte", "condition.op must be gte"),
    ],
)
def test_an_error_in_a_policy_names_its_field(tmp_path: Path, text: str, mistake: str, problem: str) -> None:
    found = find_problems(write(tmp_path, SHIPPED.replace(text, mistake, 1)))
    assert found[0].startswith("objectives.yaml: page-fast: ")
    assert problem in found[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "objectives.yaml: has no objective; add a document of kind SLO"),
        ("a: [", "objectives.yaml: line 1: not YAML: "),
        ("a: 1\na: 2\n", "objectives.yaml: line 2: not YAML: `a` is given twice"),
        ("- a", "objectives.yaml: document 1: the document must have fields"),
        ("a: !!python/object/apply:os.system [ls]", "objectives.yaml: line 1: not YAML: could not determine a constr"),
    ],
)
def test_a_file_that_is_not_one_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = find_problems(write(tmp_path, text))
    assert found.startswith(problem)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert find_problems(tmp_path / "none.yaml") == [
        f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"
    ]


def test_a_name_is_used_once(tmp_path: Path) -> None:
    found = find_problems(write(tmp_path, SHIPPED.replace("name: codes-latency", "name: codes-availability")))
    assert found == [
        "objectives.yaml: codes-availability: metadata.name is used twice; give each SLO a name of its own"
    ]
