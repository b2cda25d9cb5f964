"""When what makes an alert fire began."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.objectives import MinuteCounts, Severity, began
from tests.support.objectives import OBJECTIVE

NOW = datetime(2026, 3, 18, 12, 0, 30, tzinfo=UTC)


def ago(minutes: int) -> datetime:
    """Return the beginning of a minute before the present one."""
    return NOW.replace(second=0) - timedelta(minutes=minutes)


def minutes_with(bad: dict[int, int]) -> list[MinuteCounts]:
    """Return the last minutes, each with 100 events, of which some were bad."""
    return [MinuteCounts(ago(minute), 100 - bad.get(minute, 0), 100) for minute in range(1, 4321)]


def test_without_an_alert_nothing_began() -> None:
    assert began(OBJECTIVE, Severity.PAGE, [], NOW) is None
    assert began(OBJECTIVE, Severity.PAGE, minutes_with({}), NOW) is None


def test_an_outage_began_with_its_first_failing_minute() -> None:
    assert began(OBJECTIVE, Severity.PAGE, [MinuteCounts(ago(1), 0, 5)], NOW) == ago(1)
    counts = minutes_with(dict.fromkeys(range(1, 8), 100))
    assert began(OBJECTIVE, Severity.PAGE, counts, NOW) == ago(7)


def test_the_order_of_minutes_does_not_matter() -> None:
    counts = minutes_with(dict.fromkeys(range(1, 8), 100))
    assert began(OBJECTIVE, Severity.PAGE, reversed(counts), NOW) == ago(7)


def test_the_present_minute_does_not_count() -> None:
    outage = minutes_with(dict.fromkeys(range(1, 8), 100))
    assert began(OBJECTIVE, Severity.PAGE, [*outage, MinuteCounts(ago(0), 0, 100)], NOW) == ago(7)


def test_failures_of_long_before_do_not_belong_to_an_outage() -> None:
    counts = minutes_with({**dict.fromkeys(range(1, 8), 100), 30: 100, 2000: 100})
    assert began(OBJECTIVE, Severity.PAGE, counts, NOW) == ago(7)


@pytest.mark.parametrize(("gap", "expected"), [(5, 12), (6, 7)])
def test_failing_minutes_belong_together_within_the_short_window(gap: int, expected: int) -> None:
    counts = minutes_with({**dict.fromkeys(range(1, 8), 50), 7 + gap: 50})
    assert began(OBJECTIVE, Severity.PAGE, counts, NOW) == ago(expected)


def test_the_order_of_alerts_does_not_matter() -> None:
    counts = minutes_with({**dict.fromkeys(range(1, 8), 100), 30: 100})
    assert began(replace(OBJECTIVE, alerts=OBJECTIVE.alerts[::-1]), Severity.PAGE, counts, NOW) == ago(7)


def test_a_minute_fails_at_the_rate_of_the_alert_not_below_it_and_not_without_events() -> None:
    counts = [MinuteCounts(ago(minute), 0, 100) for minute in (1, 2)]
    counts += [MinuteCounts(ago(4), 0, 1), MinuteCounts(ago(6), 10_000 - 144, 10_000)]
    counts += [MinuteCounts(ago(8), 10_000 - 143, 10_000), MinuteCounts(ago(9), 0, 0)]
    assert began(OBJECTIVE, Severity.PAGE, counts, NOW) == ago(6)


def test_minutes_that_keep_the_objective_do_not_belong_to_an_outage() -> None:
    counts = [MinuteCounts(ago(minute), 0, 1000) for minute in range(1, 4)]
    counts += [MinuteCounts(ago(minute), 999, 1000) for minute in range(4, 60)]
    assert began(OBJECTIVE, Severity.PAGE, counts, NOW) == ago(3)


def test_a_slow_burn_began_as_long_before_as_its_window_holds() -> None:
    # 0.8 % fail: 8 times what the budget allows, in the six hours of the second alert.
    counts = [MinuteCounts(ago(minute), 992, 1000) for minute in range(1, 401)]
    assert began(OBJECTIVE, Severity.PAGE, counts, NOW) == ago(360)


def test_an_alert_of_another_severity_does_not_decide() -> None:
    # 0.2 % fail for three days: only the slowest alert fires.
    counts = [MinuteCounts(ago(minute), 998, 1000) for minute in range(1, 4001)]
    assert began(OBJECTIVE, Severity.PAGE, counts, NOW) is None
    assert began(OBJECTIVE, Severity.TICKET, counts, NOW) == ago(4000)
