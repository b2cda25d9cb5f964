"""Figures and goals (bench/figures.py)."""

import pytest

from bench.figures import (
    Contender,
    Figures,
    Row,
    alternate,
    done_below,
    p99_below,
    percentile,
    share_of_floor,
    summarised,
    within_times_floor,
)


def test_a_percentile_is_the_nearest_rank() -> None:
    ordered = [float(number) for number in range(1, 101)]
    assert [percentile(ordered, percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 1) == 7.0


def test_samples_are_summarised_by_their_median_and_errors_by_their_sum() -> None:
    samples = [Figures(per_second=rate, requests=10, errors=1) for rate in (100.0, 300.0, 200.0)]
    summary = summarised(samples)
    assert (summary.per_second, summary.requests, summary.errors) == (200.0, 30, 3)
    assert summary.p99_ms is None


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def contender(name: str) -> Contender:
        return Contender(name, lambda: order.append(name) or Figures(per_second=1.0))

    alternate([contender("floor"), contender("server")], rounds=2)
    assert order == ["floor", "server", "floor", "server"]


def test_a_rate_is_compared_with_the_floor() -> None:
    row = Row("code", "server", Figures(per_second=40.0), "floor", Figures(per_second=100.0), share_of_floor(0.5))
    assert row.ratio == pytest.approx(0.4)
    assert row.is_met is False


def test_an_error_fails_a_scenario_that_is_fast_enough() -> None:
    figures = Figures(per_second=90.0, errors=1)
    row = Row("code", "server", figures, "floor", Figures(per_second=100.0), share_of_floor(0.5))
    assert row.is_met is False


def test_a_goal_without_its_floor_is_not_evaluated() -> None:
    assert Row("code", "server", Figures(per_second=40.0), goal=share_of_floor(0.5)).is_met is None


@pytest.mark.parametrize(
    ("figures", "is_met"),
    [
        (Figures(seconds=1.9, memory_mb=399.0), True),
        (Figures(seconds=2.1, memory_mb=399.0), False),
        (Figures(seconds=1.9, memory_mb=401.0), False),
    ],
)
def test_archive_building_has_goals_for_speed_and_memory(figures: Figures, is_met: bool) -> None:
    assert Row("archive", "worker", figures, "floor", Figures(seconds=1.0), within_times_floor(2, 400)).is_met is is_met


def test_limits_are_strict() -> None:
    assert Row("mixed", "server", Figures(p99_ms=50.0), goal=p99_below(50)).is_met is False
    assert Row("start", "server", Figures(seconds=1.4), goal=done_below(1.5)).is_met is True
