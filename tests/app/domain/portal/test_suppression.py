"""Small counts, and what would reveal them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.portal.suppression import THRESHOLD, suppress

PLACES = st.dictionaries(
    st.sampled_from([f"P{number}" for number in range(17)]),
    st.one_of(st.integers(0, 40), st.integers(0, 100_000)),
    min_size=1,
)


@given(PLACES)
def test_no_small_count_is_shown(counts: dict[str, int]) -> None:
    published = suppress(counts)
    shown = [*published.counts.values(), published.total]
    assert [count for count in shown if count is not None and count < THRESHOLD] == []


@given(PLACES)
def test_what_is_shown_is_true(counts: dict[str, int]) -> None:
    published = suppress(counts)
    assert published.counts.keys() == counts.keys()
    assert {place: each for place, each in published.counts.items() if each not in (None, counts[place])} == {}
    assert published.total in (None, sum(counts.values()))


@given(PLACES)
def test_no_difference_is_small_or_that_of_a_single_place(counts: dict[str, int]) -> None:
    published = suppress(counts)
    hidden = [place for place, count in published.counts.items() if count is None]
    if published.total is None or not hidden:
        return
    difference = published.total - sum(count for count in published.counts.values() if count is not None)
    assert difference >= THRESHOLD
    assert len(hidden) >= 2


@given(PLACES)
def test_other_counts_would_look_the_same(counts: dict[str, int]) -> None:
    """For each hidden count there is another value with which everything that is shown adds up."""
    published = suppress(counts)
    hidden = [place for place, count in published.counts.items() if count is None]
    if published.total is None:
        return  # a hidden count may be any that keeps the total small or hidden
    for place in hidden:
        others = [each for each in hidden if each != place]
        lower = any(counts[each] > 0 for each in others)  # one more here, one less there
        higher = counts[place] > 0  # and the reverse
        assert others
        assert lower or higher


@given(PLACES)
def test_nothing_is_hidden_without_need(counts: dict[str, int]) -> None:
    published = suppress(counts)
    if all(count >= THRESHOLD for count in counts.values()):
        assert dict(published.counts) == counts
        assert published.total == sum(counts.values())


@pytest.mark.parametrize(
    ("counts", "shown", "total"),
    [
        ({"A": 50, "B": 30}, {"A": 50, "B": 30}, 80),
        # B alone would be 80 - 75: the next larger is hidden, too.
        ({"A": 75, "B": 5, "C": 40}, {"A": 75, "B": None, "C": None}, 120),
        # Two small counts whose sum is small: so is total minus the others.
        ({"A": 75, "B": 5, "C": 4, "D": 40}, {"A": 75, "B": None, "C": None, "D": None}, 124),
        ({"A": 75, "B": 15, "C": 14}, {"A": 75, "B": None, "C": None}, 104),
        ({"A": 5, "B": 5}, {"A": None, "B": None}, None),
        ({"A": 15, "B": 15}, {"A": None, "B": None}, 30),
        ({"A": 0, "B": 0, "C": 20}, {"A": None, "B": None, "C": None}, 20),
        ({"A": 19}, {"A": None}, None),
        ({"A": 20}, {"A": 20}, 20),
    ],
)
def test_examples(counts: dict[str, int], shown: dict[str, int | None], total: int | None) -> None:
    published = suppress(counts)
    assert (dict(published.counts), published.total) == (shown, total)
