"""The file of objectives: documents of OpenSLO, version openslo/v1, with annotations of ours.

Kinds: `AlertPolicy`, one for each pair of windows, and `SLO`, one for each objective.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from app.domain.errors import ConfigurationError
from app.domain.objectives import BurnRateAlert, Objective, Selector, Severity
from app.domain.objectives.model import MINUTES_PER_DAY
from app.domain.status import PARTS
from app.objectives.documents import (
    Fields,
    one_of,
    parse_minutes,
    parse_number,
    parse_text,
    read_documents,
)

OBJECTIVES_FILE: Final = Path(__file__).parents[2] / "objectives.yaml"
# Counts of minutes are stored for 90 days.
MAX_WINDOW_DAYS: Final = 90
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def load_objectives(path: Path = OBJECTIVES_FILE) -> tuple[Objective, ...]:
    """Return the objectives of a file, in its order; raise ConfigurationError with the first problem."""
    problems: list[str] = []
    objectives = _read_file(path, problems)
    if problems:
        raise ConfigurationError(problems[0])
    return objectives


def find_problems(path: Path = OBJECTIVES_FILE) -> list[str]:
    """Return one line for each problem of a file: the file, the objective, the field, and what to do."""
    problems: list[str] = []
    _read_file(path, problems)
    return problems


def _read_file(path: Path, problems: list[str]) -> tuple[Objective, ...]:
    """Return what can be read, and append a line for each document that cannot."""
    try:
        documents = read_documents(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}")
        return ()
    except (ConfigurationError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: {error}")
        return ()
    alerts: dict[str, BurnRateAlert] = {}
    objectives: dict[str, Objective] = {}
    # Policies may follow the objectives that refer to them.
    for place, document in sorted(_places(documents), key=lambda each: _kind(each[1]) != "AlertPolicy"):
        try:
            _read_document(Fields(place, document), alerts, objectives)
        except ConfigurationError as error:
            problems.append(f"{path.name}: {error}")
    if not objectives and not problems:
        problems.append(f"{path.name}: has no objective; add a document of kind SLO")
    return tuple(objectives.values())


def _places(documents: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for number, document in enumerate(documents, 1):
        metadata = document.get("metadata") if isinstance(document, Mapping) else None
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        yield name if isinstance(name, str) else f"document {number}", document


def _kind(document: Any) -> Any:
    return document.get("kind") if isinstance(document, Mapping) else None


def _read_document(document: Fields, alerts: dict[str, BurnRateAlert], objectives: dict[str, Objective]) -> None:
    document.read("apiVersion", one_of("openslo/v1"))
    kind = document.read("kind", one_of("AlertPolicy", "SLO"))
    metadata = document.fields("metadata")
    name = metadata.read("name", _parse_name)
    if name in (alerts if kind == "AlertPolicy" else objectives):
        raise metadata.error("name", f"is used twice; give each {kind} a name of its own")
    if kind == "AlertPolicy":
        alerts[name] = _read_alert(metadata, document.fields("spec"))
    else:
        objectives[name] = _read_objective(name, metadata, document.fields("spec"), alerts)
    document.finish()


def _read_alert(metadata: Fields, spec: Fields) -> BurnRateAlert:
    metadata.get("displayName")
    annotations = metadata.fields("annotations")
    short = annotations.read("short-window", parse_minutes)
    minimum = annotations.read("minimum-bad-events", _parse_count)
    spec.get("description")
    spec.read("alertWhenBreaching", one_of(True))
    spec.read("alertWhenResolved", one_of(True))
    spec.read("alertWhenNoData", one_of(False))
    condition = spec.only("conditions")
    condition.read("kind", one_of("AlertCondition"))
    condition.fields("metadata").read("name", _parse_name)
    condition_spec = condition.fields("spec")
    severity = Severity(condition_spec.read("severity", one_of(*map(str, Severity))))
    rate = condition_spec.fields("condition")
    rate.read("kind", one_of("burnrate"))
    rate.read("op", one_of("gte"))
    rate.read("alertAfter", one_of("0m"))
    factor = rate.read("threshold", _parse_factor)
    long = rate.read("lookbackWindow", parse_minutes)
    if short >= long:
        raise rate.error("lookbackWindow", "must be longer than the annotation short-window")
    spec.only("notificationTargets").read("targetRef", one_of(severity.value))
    return BurnRateAlert(severity, factor, long, short, minimum)


def _read_objective(name: str, metadata: Fields, spec: Fields, alerts: Mapping[str, BurnRateAlert]) -> Objective:
    annotations = metadata.fields("annotations")
    titles = {
        "en": metadata.read("displayName", parse_text),
        "fr": annotations.read("title-fr", parse_text),
    }
    spec.get("description")
    spec.read("budgetingMethod", one_of("Occurrences"))
    good, total = _read_indicator(spec.fields("indicator"))
    objective = Objective(
        name,
        spec.read("service", one_of(*PARTS)),
        titles,
        good,
        total,
        spec.only("objectives").read("target", _parse_target),
        _read_window(spec.only("timeWindow")),
        tuple(_find_alert(each, alerts) for each in spec.each("alertPolicies")),
    )
    _check_alerts(spec, objective)
    return objective


def _read_indicator(indicator: Fields) -> tuple[Selector, Selector]:
    indicator.fields("metadata").read("name", _parse_name)
    metric = indicator.fields("spec").fields("ratioMetric")
    metric.read("counter", one_of(True))
    selectors = []
    for side in ("good", "total"):
        source = metric.fields(side).fields("metricSource")
        source.read("type", one_of("Prometheus"))
        query = source.fields("spec")
        selectors.append(query.read("query", lambda value: Selector.parse(parse_text(value))))
    return selectors[0], selectors[1]


def _read_window(window: Fields) -> int:
    minutes = window.read("duration", parse_minutes)
    window.read("isRolling", one_of(True))
    days, rest = divmod(minutes, MINUTES_PER_DAY)
    if rest or days > MAX_WINDOW_DAYS:
        raise window.error("duration", f"must be whole days, at most {MAX_WINDOW_DAYS}d: counts are kept so long")
    return days


def _find_alert(reference: Fields, alerts: Mapping[str, BurnRateAlert]) -> BurnRateAlert:
    name = reference.read("alertPolicyRef", parse_text)
    if name not in alerts:
        known = ", ".join(sorted(alerts)) or "none"
        raise reference.error("alertPolicyRef", f"must name a valid AlertPolicy of this file: {known}")
    return alerts[name]


def _check_alerts(spec: Fields, objective: Objective) -> None:
    if len(set(objective.alerts)) != len(objective.alerts):
        raise spec.error("alertPolicies", "names a policy twice")
    for alert in objective.alerts:
        if objective.threshold(alert) > 1:
            raise spec.error(
                "alertPolicies",
                f"the alert at {alert.factor:g} times the rate can never fire: the budget is "
                f"{float(objective.budget):.3%} of events; name no such policy, or raise the target",
            )
        if alert.long_minutes > objective.window_minutes:
            raise spec.error("alertPolicies", "names a policy with a longer window than the objective's timeWindow")


def _parse_name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("must have at most 63 lower-case letters, digits and hyphens")
    return value


def _parse_target(value: Any) -> float:
    if not 0 < parse_number(value) < 1:
        raise ValueError("must be a share between 0 and 1, such as 0.999 for 99.9 %")
    return float(value)


def _parse_factor(value: Any) -> float:
    if parse_number(value) < 1:
        raise ValueError("must be at least 1, the rate that spends the budget in one window")
    return float(value)


def _parse_count(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[1-9][0-9]{0,5}", value):
        raise ValueError('must be a whole number from 1 in quotation marks, such as "5"')
    return int(value)
