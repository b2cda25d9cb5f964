"""Alarms about figures: thresholds, windows, and which series are counted."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.figure_alarms import THRESHOLDS, Reading, count_series, figure_alarms, with_changes
from app.domain.objectives import Severity

NOW = datetime(2026, 3, 18, 12, 15, 30, tzinfo=UTC)
MINUTE = NOW.replace(second=0)
REQUESTS = "exposure_alert_requests_total"


def ago(minutes: int) -> datetime:
    return MINUTE - timedelta(minutes=minutes)


def test_the_thresholds_are_those_of_the_public_service() -> None:
    assert {each.figure: (each.warning, each.critical, each.window_seconds) for each in THRESHOLDS} == {
        "unclaimed_codes": (250, 400, 900),
        "claimed_codes": (3000, 4500, 900),
        "diagnosis_keys": (9000, 13_500, 900),
        "refused_code_requests": (60, 100, 300),
        "refused_claims": (60, 100, 300),
        "refused_uploads": (60, 100, 300),
        "server_errors": (1, 10, 60),
        "failed_jobs": (1, 10, 60),
    }


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda threshold: threshold.figure)
def test_an_alarm_begins_above_a_threshold(threshold: object) -> None:
    for count, expected in (
        (threshold.warning, None),
        (threshold.warning + 1, (Severity.TICKET, threshold.warning)),
        (threshold.critical, (Severity.TICKET, threshold.warning)),
        (threshold.critical + 1, (Severity.PAGE, threshold.critical)),
    ):
        alarms = figure_alarms([Reading(threshold.figure, ago(2), count)], NOW)
        found = [(each.severity, each.threshold) for each in alarms]
        assert found == ([] if expected is None else [expected])


def test_the_minutes_of_the_window_are_added_as_far_as_they_are_folded() -> None:
    inside = [Reading("refused_claims", ago(minutes), 13) for minutes in range(2, 7)]
    outside = [Reading("refused_claims", ago(minutes), 1000) for minutes in (0, 1, 7)]
    (alarm,) = figure_alarms(inside + outside, NOW)
    assert (alarm.value, alarm.severity) == (65, Severity.TICKET)


def test_the_newest_level_counts() -> None:
    readings = [Reading("unclaimed_codes", ago(10), 500), Reading("unclaimed_codes", ago(5), 260)]
    (alarm,) = figure_alarms(readings, NOW)
    assert (alarm.value, alarm.severity) == (260, Severity.TICKET)
    assert figure_alarms([*readings, Reading("unclaimed_codes", ago(0), 100)], NOW) == []
    assert figure_alarms([Reading("unclaimed_codes", ago(16), 500)], NOW) == []


def test_series_of_counters_become_figures() -> None:
    def series(route: str, status: str, surface: str = "submission") -> tuple[str, tuple[tuple[str, str], ...]]:
        labels = {"method": "POST", "route": route, "status": status, "surface": surface}
        return REQUESTS, tuple(sorted(labels.items()))

    increments = {
        series("/claim-key", "2xx"): 900.0,
        series("/claim-key", "4xx"): 7.0,
        series("/claim-key", "5xx"): 2.0,
        series("/upload", "5xx"): 3.0,
        series("/status.json", "5xx", "status"): 60.0,  # a new service has nothing to show yet
        series("/new-key-claim/<hash_id>", "4xx"): 4.0,
        series("/retrieve/<region>", "4xx"): 50.0,
        ("exposure_alert_jobs_total", (("job", "purge"), ("result", "failed"))): 1.0,
        ("exposure_alert_jobs_total", (("job", "purge"), ("result", "succeeded"))): 9.0,
        ("exposure_alert_other_total", (("job", "purge"), ("result", "failed"))): 9.0,
    }
    assert count_series(increments) == {
        "refused_claims": 7,
        "refused_code_requests": 4,
        "server_errors": 5,
        "failed_jobs": 1,
    }
    assert count_series({}) == {}


def test_thresholds_can_be_changed_by_figure() -> None:
    changed = with_changes({"diagnosis_keys": (90_000, 135_000)})
    assert [each.figure for each in changed] == [each.figure for each in THRESHOLDS]
    others = [each for each in changed if each.figure != "diagnosis_keys"]
    assert others == [each for each in THRESHOLDS if each.figure != "diagnosis_keys"]
    readings = [Reading("diagnosis_keys", ago(1), 90_000)]
    assert [each.figure for each in figure_alarms(readings, NOW)] == ["diagnosis_keys"]
    assert figure_alarms(readings, NOW, changed) == []
    (alarm,) = figure_alarms([Reading("diagnosis_keys", ago(1), 90_001)], NOW, changed)
    assert alarm.threshold == 90_000
