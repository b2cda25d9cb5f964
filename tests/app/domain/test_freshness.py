"""When the monitor takes something for late or slow."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.incidents import freshness

NOW = datetime(2020, 7, 31, 12, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("is_in_time", "limit"),
    [
        (lambda age: freshness.is_alive(NOW - age, NOW, NOW), freshness.HEARTBEAT_LIMIT),
        (
            lambda age: freshness.is_fresh(NOW - age, timedelta(hours=1), NOW),
            timedelta(hours=1) + freshness.ARCHIVE_MARGIN,
        ),
        (
            lambda age: freshness.is_purged(NOW - age, NOW, timedelta(seconds=30), NOW),
            timedelta(seconds=30) + freshness.PURGE_MARGIN,
        ),
        (lambda age: freshness.is_prompt(NOW - age, NOW), freshness.QUEUE_LIMIT),
        (freshness.is_quick, freshness.TRANSACTION_LIMIT),
    ],
    ids=["heartbeat", "archive", "purge", "queue", "transaction"],
)
def test_each_limit_is_included(is_in_time: object, limit: timedelta) -> None:
    assert callable(is_in_time)
    assert is_in_time(limit) is True
    assert is_in_time(limit + MOMENT) is False


def test_what_is_unknown_is_not_late_at_once() -> None:
    assert freshness.is_alive(None, NOW - freshness.START_LIMIT, NOW) is None
    assert freshness.is_alive(None, NOW - freshness.START_LIMIT - MOMENT, NOW) is False
    assert freshness.is_fresh(None, timedelta(hours=1), NOW) is None
    assert freshness.is_fresh(NOW - timedelta(days=1), timedelta(0), NOW) is None
    limit = timedelta(seconds=30) + freshness.PURGE_MARGIN
    assert freshness.is_purged(None, NOW - limit, timedelta(seconds=30), NOW) is None
    assert freshness.is_purged(None, NOW - limit - MOMENT, timedelta(seconds=30), NOW) is False
    assert freshness.is_prompt(None, NOW) is True
