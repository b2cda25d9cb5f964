"""Small counts, and what would reveal them."""

import itertools
from collections import defaultdict

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
def test_what_adds_up_limits_no_hidden_count(counts: dict[str, int]) -> None:
    """Each hidden count may be anything from 0 to the threshold: what is shown adds up with others in its place."""
    published = suppress(counts)
    if published.total is None:
        assert set(published.counts.values()) == {None}
        return
    hidden = [place for place, count in published.counts.items() if count is None]
    assert (
        not hidden
        or (len(hidden) >= 2 and sum(counts[place] for place in hidden) >= 2 * THRESHOLD - 1)
        or (len(hidden) == len(counts))
    )


@pytest.mark.parametrize(("threshold", "places"), [(2, 2), (2, 3), (2, 4), (3, 2), (3, 3), (3, 4), (4, 3), (4, 4)])
def test_a_reader_who_knows_the_rule_and_tries_everything_learns_nothing(threshold: int, places: int) -> None:
    """Of all counts with the same publication, each hidden one takes every value below the threshold, or a large one.

    Sums that are larger than the largest count tried are left out: not all of their counts were tried.
    """
    largest = 3 * threshold + 2 if places < 4 else 2 * threshold + 3
    names = [f"P{number}" for number in range(places)]
    alike = defaultdict(list)
    for counts in itertools.product(range(largest + 1), repeat=places):
        published = suppress(dict(zip(names, counts, strict=True)), threshold)
        alike[tuple(published.counts.values()), published.total].append(counts)
    learned = []
    for (shown, total), tried in alike.items():
        if total is not None and total - sum(count for count in shown if count is not None) > largest:
            continue
        for position in [position for position, count in enumerate(shown) if count is None]:
            possible = {counts[position] for counts in tried}
            if min(possible) < threshold and not possible >= set(range(threshold)):
                learned.append((shown, total, position, sorted(possible)))
    assert learned == []


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
        # B alone would be 120 - 115: the first in the order is hidden, too, whatever its size.
        ({"A": 75, "B": 5, "C": 40}, {"A": None, "B": None, "C": 40}, 120),
        ({"A": 40, "B": 5, "C": 75}, {"A": None, "B": None, "C": 75}, 120),
        # 20 and 19: B could be no other number if A is 20 or more.
        ({"A": 20, "B": 18, "C": 40}, {"A": None, "B": None, "C": None}, 78),
        ({"A": 20, "B": 19, "C": 40}, {"A": None, "B": None, "C": 40}, 79),
        # Two small counts whose sum is small.
        ({"A": 75, "B": 5, "C": 4, "D": 40}, {"A": None, "B": None, "C": None, "D": 40}, 124),
        # Three small counts are 57 only if they are 19 each.
        ({"A": 19, "B": 19, "C": 19, "D": 40, "E": 40}, {"A": None, "B": None, "C": None, "D": None, "E": 40}, 137),
        ({"A": 13, "B": 13, "C": 13, "D": 1, "E": 40}, {"A": None, "B": None, "C": None, "D": None, "E": 40}, 80),
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
