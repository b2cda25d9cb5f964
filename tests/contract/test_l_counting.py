"""Section L: counters by authority and day."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.store import counters
from app.upkeep.retention import purge
from app.upkeep.rollup import roll_up_counters
from tests.support.service import Phone, Service, exposure_key
from tests.support.settings import LABEL, METRICS, OTHER_LABEL, OTHER_TOKEN, TOKEN

FIGURES = "SELECT source, identifier, date, sum(count) FROM events GROUP BY 1, 2, 3 ORDER BY 3, 1, 2"


@pytest.mark.rule(93)
def test_increments_of_the_same_counter_add_up(service: Service) -> None:
    for token in (TOKEN, TOKEN, OTHER_TOKEN, TOKEN):
        service.issue(token)
    date = service.clock.now.date()
    figures = [(OTHER_LABEL, "OTKGenerated", date, 1), (LABEL, "OTKGenerated", date, 3)]

    assert service.rows(FIGURES) == figures
    roll_up_counters(service.database)
    assert service.rows(FIGURES) == figures
    assert len(service.rows("SELECT FROM events")) == 2
    service.issue()
    assert service.client.get(f"/events/{date}", auth=METRICS).json[1]["count"] == 4


@pytest.mark.rule(93)
def test_overdue_counters_are_rolled_up_in_batches(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    roll_up = counters.roll_up
    monkeypatch.setattr(counters, "roll_up", lambda *arguments: runs.append(roll_up(*arguments)) or runs[-1])
    service.execute("""
        INSERT INTO events (source, identifier, device_type, date, count)
        SELECT 'source', 'identifier ' || number % 7, 'Server', '2026-03-01', 1 FROM generate_series(1, 700) AS number
    """)

    roll_up_counters(service.database, rows=10)

    assert len(runs) > 700 / 10
    rows = service.rows("SELECT identifier, count FROM events ORDER BY identifier")
    assert rows == [(f"identifier {number}", 100) for number in range(7)]


@pytest.mark.rule(70, 92)
def test_equal_uploads_share_a_row_and_are_listed_individually(service: Service) -> None:
    first, second = service.pair(), service.pair(OTHER_TOKEN)
    for number in range(6):
        service.upload(first, [exposure_key(number)])
    service.upload(first, [exposure_key(10), exposure_key(11)])
    service.upload(second, [exposure_key(12)])
    path = f"/events/uploads/{service.clock.now.date()}"
    listed = sorted(map(str, service.client.get(path, auth=METRICS).json))

    for _ in range(2):
        roll_up_counters(service.database)
        assert len(service.rows("SELECT FROM tek_upload_count")) == 4
        assert sorted(map(str, service.client.get(path, auth=METRICS).json)) == listed
    service.upload(first, [exposure_key(13)])
    roll_up_counters(service.database)
    assert len(service.rows("SELECT FROM tek_upload_count")) == 4
    assert len(service.client.get(path, auth=METRICS).json) == len(listed) + 1 == 9


@pytest.mark.rule(93)
def test_an_action_is_counted_on_the_day_on_which_it_is_recorded(service: Service) -> None:
    code, phone = service.issue(), Phone()
    issued = service.clock.now.date()
    service.clock.advance(hours=23)
    service.claim(code, phone.public_key)
    claimed = service.clock.now.date()
    service.clock.advance(days=20)
    purge(service.database, service.settings.submission, service.clock.now)

    assert service.rows(FIGURES) == [
        (LABEL, "OTKGenerated", issued, 1),
        (LABEL, "OTKClaimed", claimed, 1),
        (LABEL, "OTKExpired", service.clock.now.date(), 1),
        (LABEL, "OTKExpiredNoUploads", service.clock.now.date(), 1),
    ]


@pytest.mark.rule(94, "D11", "D12")
def test_the_source_is_the_label_even_if_it_equals_the_region(make_service: Callable[..., Service]) -> None:
    token = "t" * 63
    service = make_service(KEY_CLAIM_TOKEN=f"{token}=302:{TOKEN}={'L' * 31}", PUBLISH_ACTIVE_KEYS="true")
    for number, who in enumerate((token, TOKEN), start=1):
        assert service.upload(service.pair(who), [exposure_key(number)]).status_code == 200

    date = service.clock.now.date()
    for path in ("/events/", "/events/uploads/", "/events/otkdurations/"):
        response = service.client.get(f"{path}{date}", auth=METRICS)
        assert {figure["source"] for figure in response.json} == {"302", "L" * 31}
        assert token not in response.text
    for table in ("encryption_keys", "tek_upload_count", "otk_life_duration"):
        stored = service.rows(f"SELECT DISTINCT originator FROM {table} ORDER BY 1")  # noqa: S608
        assert stored == [("302",), ("L" * 31,)]


@pytest.mark.rule(95)
def test_the_life_cycle_of_codes_records_seven_identifiers(make_service: Callable[..., Service]) -> None:
    service = make_service(INITIAL_REMAINING_KEYS="1")
    service.issue(hash_id="a" * 128)
    service.issue(hash_id="a" * 128)
    service.pair()
    service.upload(service.pair(), [exposure_key()])
    for days in (2, 20):
        service.clock.advance(days=days)
        purge(service.database, service.settings.submission, service.clock.now)

    assert service.rows("SELECT identifier, device_type, sum(count) FROM events GROUP BY 1, 2 ORDER BY 1") == [
        ("OTKClaimed", "Server", 2),
        ("OTKExhausted", "Server", 1),
        ("OTKExpired", "Server", 1),
        ("OTKExpiredNoUploads", "Server", 1),
        ("OTKGenerated", "Server", 3),
        ("OTKRegenerated", "Server", 1),
        ("OTKUnclaimed", "Server", 1),
    ]


@pytest.mark.rule(96)
def test_a_purge_counts_deletions_by_authority(service: Service) -> None:
    for token in (TOKEN, TOKEN, OTHER_TOKEN):
        service.issue(token)
    service.upload(service.pair(), [exposure_key(1)])
    service.pair(OTHER_TOKEN)
    service.clock.advance(days=1, seconds=1)
    purge(service.database, service.settings.submission, service.clock.now)
    first = service.clock.now.date()
    service.clock.advance(days=15)
    purge(service.database, service.settings.submission, service.clock.now)
    second = service.clock.now.date()

    assert [row for row in service.rows(FIGURES) if row.date != first - timedelta(days=1)] == [
        (OTHER_LABEL, "OTKUnclaimed", first, 1),
        (LABEL, "OTKUnclaimed", first, 2),
        (OTHER_LABEL, "OTKExpired", second, 1),
        (OTHER_LABEL, "OTKExpiredNoUploads", second, 1),
        (LABEL, "OTKExpired", second, 1),
    ]


@pytest.mark.rule(96)
def test_a_purge_that_deletes_nothing_counts_nothing(service: Service) -> None:
    service.issue()
    service.pair()
    before = service.rows(FIGURES)
    purge(service.database, service.settings.submission, service.clock.now)

    assert service.rows(FIGURES) == before
