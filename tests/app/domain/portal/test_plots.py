"""The geometry of a bar chart."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.portal.plots import HEIGHT, WIDTH, axis_step, bar_chart

FIRST = date(2026, 2, 16)


@given(st.lists(st.one_of(st.none(), st.integers(20, 1_000_000)), max_size=60))
def test_everything_is_inside_the_drawing(counts: list[int | None]) -> None:
    chart = bar_chart([(FIRST + timedelta(days=number), count) for number, count in enumerate(counts)], 20)
    assert len(chart.bars) == len(counts)
    for bar in chart.bars:
        assert chart.left <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= chart.base + 0.2 <= HEIGHT
    assert 2 <= len(chart.counts) <= 5


def test_bars_are_proportional_and_a_hidden_one_has_the_height_of_the_threshold() -> None:
    chart = bar_chart([(FIRST, 100), (FIRST + timedelta(days=1), 50), (FIRST + timedelta(days=2), None)], 20)
    heights = [bar.height for bar in chart.bars]
    assert heights[1] == pytest.approx(heights[0] / 2)
    assert heights[2] == pytest.approx(heights[0] / 5)


def test_the_last_day_is_named() -> None:
    days = [(FIRST + timedelta(days=number), 20) for number in range(30)]
    assert [tick.value for tick in bar_chart(days, 20).days] == [days[number][0] for number in (5, 13, 21, 29)]


@pytest.mark.parametrize(("highest", "step"), [(1, 1), (4, 1), (5, 2), (20, 5), (21, 10), (100, 50), (4000, 1000)])
def test_steps_are_round(highest: int, step: int) -> None:
    assert axis_step(highest) == step
