"""A database that responds slowly."""

from collections.abc import Callable

from tests.support.black_hole import BlackHole
from tests.support.watch import Watch


def test_a_slow_database_is_an_alert_until_it_is_quick_again(make_watch: Callable[..., Watch], hole: BlackHole) -> None:
    watch = make_watch()
    watch.rounds(1)
    hole.delay_seconds = 0.1  # of each of the messages of a transaction
    watch.rounds(2)
    assert watch.rows("SELECT 1 FROM alerts") == []
    watch.rounds(1)
    assert [row.name for row in watch.rows("SELECT name FROM alerts WHERE resolved IS NULL")] == ["database_latency"]
    (incident,) = watch.rows("SELECT title_en, impact FROM incidents")
    assert (incident.title_en, incident.impact) == ("The database responds slowly", "major")
    hole.delay_seconds = 0.0
    watch.rounds(1)
    assert watch.rows("SELECT 1 FROM alerts WHERE resolved IS NULL") == []
