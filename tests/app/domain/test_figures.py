"""What may be published of a day's figures: a reader of all of them learns nothing about a small count."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.figures import (
    ALL,
    DELAY_FIGURES,
    DELAYS,
    PLACES,
    PUBLIC_FIGURES,
    RETENTION_DAYS,
    SIZE_FIGURES,
    Figure,
    closed_days,
    count_day,
    daily_figures,
)
from app.domain.limits import MAX_KEYS_PER_UPLOAD
from app.domain.portal.suppression import THRESHOLD

SMALL = st.one_of(st.integers(0, 3), st.integers(0, 45), st.integers(0, 3000))
LABELS = (*PLACES[:4], "ON", "QC", "a laboratory")
EVENTS = ("OTKGenerated", "OTKRegenerated", "OTKUnclaimed", "OTKExpiredNoUploads", "OTKExhausted")
# Events, delays of the same claims, and uploads.
Ledgers = tuple[list[tuple[str, str, int]], list[tuple[str, int, int]], list[tuple[str, int]]]
Published = dict[tuple[str, Figure], int | None]


@st.composite
def ledgers(draw: st.DrawFn) -> Ledgers:
    """Return the rows of a day."""
    events = [(label, event, draw(SMALL)) for label in LABELS for event in draw(st.sets(st.sampled_from(EVENTS)))]
    delays = [
        (label, draw(st.integers(1, 30)), draw(SMALL)) for label in LABELS for _ in range(draw(st.integers(0, 3)))
    ]
    events += [(label, "OTKClaimed", count) for label, _, count in delays]
    groups = st.lists(st.tuples(st.integers(1, MAX_KEYS_PER_UPLOAD), st.integers(0, 45)), max_size=2)
    uploads = [(label, size) for label in LABELS for size, number in draw(groups) for _ in range(number)]
    return events, delays, uploads


def published(day: Ledgers) -> tuple[Published, dict[tuple[str, Figure], int]]:
    rows = daily_figures(count_day(*day))
    return (
        {(row.place, row.figure): row.published for row in rows},
        {(row.place, row.figure): row.count for row in rows},
    )


@given(ledgers())
def test_what_is_published_is_true_and_not_small(day: Ledgers) -> None:
    shown, counted = published(day)
    for key, count in shown.items():
        assert count in (None, counted[key])
        assert count is None or count >= THRESHOLD or key[1] is Figure.KEYS
        if key[1] is Figure.KEYS and count is not None:
            assert shown[key[0], Figure.UPLOADS] is not None


@given(ledgers())
def test_total_minus_parts_limits_no_hidden_count(day: Ledgers) -> None:
    """In every table of which parts and total are published: by place for each figure, and by delay for all places."""
    shown, counted = published(day)
    tables = [(figure, [(place, figure) for place in PLACES]) for figure in PUBLIC_FIGURES]
    tables.append((Figure.CLAIMED, [(ALL, figure) for figure in DELAY_FIGURES]))
    for figure, parts in tables:
        total, hidden = shown[ALL, figure], [part for part in parts if shown[part] is None]
        if total is None:
            assert hidden == parts
        elif hidden:
            rest = total - sum(count for part in parts if (count := shown[part]) is not None)
            assert rest == sum(counted[part] for part in hidden)
            assert len(hidden) >= 2
            assert rest >= 2 * THRESHOLD - 1 or len(hidden) == len(parts)


@given(ledgers())
def test_keys_limit_no_hidden_number_of_uploads(day: Ledgers) -> None:
    """Every division of the hidden uploads among the places has a division of their keys, with 1 to 28 for each."""
    shown, counted = published(day)
    hidden = [place for place in PLACES if shown[place, Figure.UPLOADS] is None]
    assert hidden == [place for place in PLACES if shown[place, Figure.KEYS] is None]
    uploads = sum(counted[place, Figure.UPLOADS] for place in hidden)
    keys = sum(counted[place, Figure.KEYS] for place in hidden)
    # A place with n of the uploads may have n to 28 n of the keys, and the others the rest, for every n.
    for n in range(uploads + 1):
        most = min(keys, MAX_KEYS_PER_UPLOAD * n)
        least = max(n, keys - MAX_KEYS_PER_UPLOAD * (uploads - n))
        assert least <= most


@given(ledgers())
def test_sizes_of_uploads_and_delays_by_place_are_not_published(day: Ledgers) -> None:
    shown, _ = published(day)
    public = {(ALL, figure) for figure in DELAY_FIGURES} | {(p, f) for p in (*PLACES, ALL) for f in PUBLIC_FIGURES}
    assert {count for key, count in shown.items() if key not in public} == {None}


def test_claims_are_counted_by_their_hours_and_uploads_by_their_keys() -> None:
    counts = count_day([], [("ON", hours, 1) for hours in range(1, 25)], [("ON", keys) for keys in range(1, 29)])
    assert [counts[figure]["ON"] for figure in DELAY_FIGURES] == [1, 2, 3, 6, 12]
    assert [counts[figure]["ON"] for figure in SIZE_FIGURES] == [1, 6, 7, 14]


def test_delays_that_are_not_those_of_the_claims_are_not_published() -> None:
    delays = [("ON", hours, 100) for hours in DELAYS]
    rows = daily_figures(count_day([("ON", "OTKClaimed", 501)], delays, []))
    assert {row.published for row in rows if row.figure in DELAY_FIGURES} == {None}


def test_the_days_are_those_that_ended_since_the_first() -> None:
    now = datetime(2026, 3, 18, 1, 0, tzinfo=UTC)
    assert closed_days(date(2026, 3, 16), now) == [date(2026, 3, 16), date(2026, 3, 17)]
    assert closed_days(date(2026, 3, 16), now - timedelta(seconds=1)) == [date(2026, 3, 16)]
    assert closed_days(date(2026, 3, 18), now) == []
    assert len(closed_days(date(2020, 1, 1), now)) == RETENTION_DAYS
