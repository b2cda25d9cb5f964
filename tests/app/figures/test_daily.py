"""Daily figures, computed from the ledgers of a real database."""

import threading
from datetime import date, timedelta

from app.domain.figures import ALL, OTHERS, PLACES, Figure
from app.figures.daily import DailyFigures
from app.store import daily_figures
from app.upkeep.rollup import roll_up_counters
from tests.support.figures import compute, count_events, count_uploads, fill_ledgers
from tests.support.service import Service, exposure_key
from tests.support.settings import OTHER_TOKEN

YESTERDAY = date(2026, 3, 17)


def counts(service: Service, day: date = YESTERDAY, place: str = ALL) -> dict[str, int]:
    """Return the figures of a day and place that are not zero."""
    rows = service.rows(
        "SELECT figure, count FROM daily_figures WHERE day = :day AND place = :place AND count > 0",
        day=day,
        place=place,
    )
    return {row.figure: row.count for row in rows}


def test_a_day_of_real_requests_has_exact_figures(service: Service) -> None:
    service.clock.advance(days=-1)
    phones = [service.pair() for _ in range(2)]
    hash_id = "a" * 128
    service.issue(hash_id=hash_id)
    service.issue(hash_id=hash_id)  # replaces the first
    service.issue(OTHER_TOKEN)
    assert service.upload(phones[0], [exposure_key(number) for number in range(1, 4)]).status_code == 200
    assert service.upload(phones[0], [exposure_key(9)]).status_code == 200
    roll_up_counters(service.database)
    service.clock.advance(days=1)
    assert compute(service) == [YESTERDAY]
    own = {"issued": 4, "claimed": 2, "claimed_in_1_hour": 2, "uploads": 2, "keys": 4}
    own |= {"uploads_of_1_key": 1, "uploads_of_7_keys": 1}
    assert counts(service, place="ON") == own
    assert counts(service, place="AB") == {"issued": 1}
    assert counts(service) == own | {"issued": 5}


def test_expired_codes_and_pairs_without_uploads_are_counted(service: Service) -> None:
    for number, identifier in enumerate(("OTKUnclaimed", "OTKExpiredNoUploads", "OTKExpired", "OTKExhausted"), start=1):
        count_events(service, YESTERDAY, identifier, number)
    compute(service)
    assert counts(service) == {"expired": 1, "unused": 2}


def test_tokens_of_no_jurisdiction_are_counted_together(service: Service) -> None:
    for label in ("a laboratory", "302", "ON"):
        count_events(service, YESTERDAY, "OTKGenerated", 10, label)
    compute(service)
    assert (counts(service, place=OTHERS), counts(service)) == ({"issued": 20}, {"issued": 30})


def test_days_before_the_first_are_absent_and_days_without_events_are_zero(service: Service) -> None:
    count_events(service, YESTERDAY - timedelta(days=3), "OTKGenerated", 5)
    assert compute(service) == [YESTERDAY - timedelta(days=ago) for ago in (3, 2, 1, 0)]
    (row,) = service.rows("SELECT min(day) AS first, count(DISTINCT day) AS days, count(*) AS rows FROM daily_figures")
    assert (row.first, row.days) == (YESTERDAY - timedelta(days=3), 4)
    assert row.rows == 4 * len(Figure) * (len(PLACES) + 1)
    assert counts(service, YESTERDAY) == {}


def test_a_service_without_events_has_no_figures(service: Service) -> None:
    assert compute(service) == []


def test_a_day_is_closed_an_hour_after_it_ended(service: Service) -> None:
    count_events(service, YESTERDAY, "OTKGenerated", 5)
    service.clock.now = service.clock.now.replace(hour=0, minute=59)
    assert compute(service) == []
    service.clock.advance(minutes=1)
    assert compute(service) == [YESTERDAY]


def test_what_is_counted_later_changes_nothing(service: Service) -> None:
    count_events(service, YESTERDAY, "OTKGenerated", 50)
    compute(service)
    count_events(service, YESTERDAY, "OTKGenerated", 1)
    assert compute(service) == []
    assert counts(service) == {"issued": 50}


def test_days_missed_by_a_stopped_worker_are_computed(service: Service) -> None:
    fill_ledgers(service, 5)
    compute(service)
    service.execute("DELETE FROM daily_figures WHERE day IN ('2026-03-14', '2026-03-16')")
    assert compute(service) == [date(2026, 3, 14), date(2026, 3, 16)]


def test_figures_are_kept_for_400_days(service: Service) -> None:
    count_events(service, YESTERDAY - timedelta(days=500), "OTKGenerated", 5)
    computed = compute(service)
    assert (len(computed), computed[0]) == (400, service.clock.now.date() - timedelta(days=400))
    service.clock.advance(days=1)
    compute(service)
    (row,) = service.rows("SELECT min(day) AS first, count(DISTINCT day) AS days FROM daily_figures")
    assert (row.first, row.days) == (service.clock.now.date() - timedelta(days=400), 400)


def test_workers_at_the_same_time_store_each_day_once(service: Service) -> None:
    fill_ledgers(service, 6)
    figures, stored, start = DailyFigures(service.database), [], threading.Barrier(3)

    def work() -> None:
        start.wait()
        stored.extend(figures.compute(service.clock.now))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stored) == [YESTERDAY - timedelta(days=ago) for ago in range(5, -1, -1)]


def test_the_figures_of_a_day_and_place_are_read_as_one_row(service: Service) -> None:
    count_events(service, YESTERDAY, "OTKGenerated", 100)
    compute(service)
    with service.database.autocommit() as connection:
        rows = daily_figures.counts_between(connection, YESTERDAY, YESTERDAY)
    assert sorted(row.place for row in rows) == sorted((*PLACES, ALL))
    assert all(row.counts.keys() == set(Figure) for row in rows)


def test_what_is_published_is_stored_with_the_counts(service: Service) -> None:
    for number, label in enumerate(PLACES):
        count_events(service, YESTERDAY, "OTKGenerated", 3 if label == "NU" else 100 + number, label)
    count_uploads(service, YESTERDAY, 14, 3, "NU")  # 42 keys of three uploads
    count_uploads(service, YESTERDAY, 14, 60)
    compute(service)
    with service.database.autocommit() as connection:
        published = {
            (each.place, figure): count
            for each in daily_figures.published_between(connection, YESTERDAY, YESTERDAY)
            for figure, count in each.counts.items()
        }
    hidden = {place for place in PLACES if published[place, "issued"] is None}
    assert hidden == {"NU", "YT"}
    assert published[ALL, "issued"] == sum(counts(service, place=place)["issued"] for place in PLACES)
    assert (published["NU", "keys"], published[ALL, "keys"], published[ALL, "uploads"]) == (None, 42 + 840, 63)
    assert {published[place, "uploads_of_14_keys"] for place in (*PLACES, ALL)} == {None}
