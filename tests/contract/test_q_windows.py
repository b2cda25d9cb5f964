"""Section Q: every time window of the protocol, at its boundaries."""

from datetime import UTC, datetime, timedelta

import pytest

from app.proto import covidshield_pb2 as wire
from app.upkeep.retention import purge
from tests.support.answers import UPLOADED, banned, claim_refusal, plain_error, seen, upload_refusal, wrong_code
from tests.support.archive import archive_in
from tests.support.service import Phone, Service, download_code, exposure_key
from tests.support.settings import make_settings
from tests.support.stored import store_failures, store_key
from worker.schedule import PERIODIC_JOBS

HOUR = timedelta(hours=1)


def _numbers(service: Service, period: int) -> list[int]:
    return archive_in(service.fetch(period)).numbers


@pytest.mark.rule("Q", 20)
def test_a_code_can_be_claimed_for_1440_minutes(service: Service) -> None:
    early, late = service.issue(), service.issue()
    service.clock.advance(minutes=1440, microseconds=-1)
    assert service.claim(early).status_code == 200

    service.clock.advance(microseconds=1)
    assert seen(service.claim(late)) == wrong_code(49, timedelta(0))


@pytest.mark.rule("Q", 51)
def test_a_key_pair_is_usable_until_the_fifteenth_midnight_after_its_day(service: Service) -> None:
    code = service.issue()
    phone = Phone()
    service.clock.advance(hours=23)  # claimed the next day; the day of the code counts
    response = service.claim(code, phone.public_key)
    phone.server_public_key = wire.KeyClaimResponse.FromString(response.data).server_public_key

    service.clock.now = datetime.combine(service.clock.now.date(), datetime.min.time(), service.clock.now.tzinfo)
    service.clock.advance(days=14, microseconds=-1)
    assert seen(service.upload(phone, [exposure_key()])) == UPLOADED
    service.clock.advance(microseconds=1)
    assert seen(service.upload(phone, [exposure_key(2)])) == upload_refusal(401, "INVALID_KEYPAIR")


@pytest.mark.rule("Q", 45)
def test_a_ban_lasts_one_hour_from_the_last_counted_failure(service: Service) -> None:
    store_failures(service, 49)
    service.clock.advance(minutes=59)
    assert seen(service.claim("WRONG")) == wrong_code(0, HOUR)

    service.clock.advance(hours=1)
    assert seen(service.claim("WRONG")) == banned(timedelta(0))
    service.clock.advance(microseconds=1)
    assert seen(service.claim("WRONG", b"")) == claim_refusal(400, "INVALID_KEY", 50)
    assert seen(service.claim("WRONG")) == wrong_code(49)


@pytest.mark.rule("Q", 57)
@pytest.mark.parametrize(
    ("offset", "is_accepted"),
    [
        (-3605, False),
        (-3600, False),
        (-3599, True),
        (-3595, True),
        (-3540, True),
        (3595, True),
        (3600, True),
        (3601, False),
        (3605, False),
    ],
)
def test_a_phone_clock_may_differ_by_an_hour(service: Service, offset: int, is_accepted: bool) -> None:
    now = int(service.clock.now.timestamp())  # a quarter of a second ago
    answer = seen(service.upload(service.pair(), [exposure_key()], seconds=now + offset))

    assert answer == (UPLOADED if is_accepted else upload_refusal(400, "INVALID_TIMESTAMP"))


@pytest.mark.rule("Q", 57)
def test_exactly_an_hour_is_allowed_and_fractions_of_a_second_are_ignored(service: Service) -> None:
    service.clock.now = service.clock.now.replace(microsecond=0)
    message = wire.Upload(keys=[exposure_key()])
    message.timestamp.seconds = int((service.clock.now - timedelta(hours=1)).timestamp())
    message.timestamp.nanos = -999_999_999

    assert seen(service.upload_plaintext(service.pair(), message.SerializeToString())) == UPLOADED


@pytest.mark.rule("Q", 73)
@pytest.mark.parametrize(("hours", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_download_codes_of_the_previous_current_and_next_hour_are_valid(
    service: Service, hours: int, status: int
) -> None:
    code = download_code(service.today, service.clock.now + timedelta(hours=hours))

    assert service.client.get(f"/retrieve/302/{service.today}/{code}").status_code == status


@pytest.mark.rule("Q", 78)
def test_a_day_is_served_for_two_weeks(service: Service) -> None:
    assert service.fetch(service.today - 14).status_code == 200
    assert seen(service.fetch(service.today - 15)) == plain_error(410, "requested data no longer valid")
    assert seen(service.fetch(1)) == plain_error(410, "requested data no longer valid")


@pytest.mark.rule("Q", 76, 77, 78)
def test_a_day_begins_at_midnight_utc(service: Service) -> None:
    today = service.today
    midnight = datetime.fromtimestamp((today + 1) * 86400, UTC)

    service.clock.now = midnight - timedelta(microseconds=1)
    assert (service.fetch(today + 1).status_code, service.fetch(today - 14).status_code) == (404, 200)
    service.clock.now = midnight
    assert (service.fetch(today + 1).status_code, service.fetch(today - 14).status_code) == (200, 410)


@pytest.mark.rule("Q", 75)
def test_the_bundle_holds_the_fifteen_days_before_today(service: Service) -> None:
    today = service.today
    for number, hour in enumerate(((today - 15) * 24 - 1, (today - 15) * 24, today * 24 - 1, today * 24), start=1):
        store_key(service, number, hour_of_submission=hour)

    export = archive_in(service.fetch(0)).export
    assert [key.key_data[-1] for key in export.keys] == [2, 3]
    assert (export.start_timestamp, export.end_timestamp) == ((today - 15) * 86400, today * 86400)


@pytest.mark.rule("Q", 80)
def test_a_key_is_served_while_it_starts_after_midnight_two_weeks_ago(service: Service) -> None:
    oldest = (service.today - 14) * 144
    for number, start in enumerate((oldest - 1, oldest, oldest + 1, (service.today - 13) * 144), start=1):
        store_key(service, number, rolling_start_interval_number=start, hour_of_submission=service.today * 24 - 1)

    assert _numbers(service, service.today - 1) == [3, 4]
    assert _numbers(service, 0) == [3, 4]
    service.clock.advance(days=1)
    assert _numbers(service, service.today - 2) == []


@pytest.mark.rule("Q", 99)
def test_keys_are_kept_from_the_first_hour_fifteen_days_ago(service: Service) -> None:
    first = (service.today - 15) * 24
    for number, hour in enumerate((first - 1, first, first + 1), start=1):
        store_key(service, number, hour_of_submission=hour)

    assert purge(service.database, service.settings.submission, service.clock.now)["diagnosis_keys"] == 1
    assert service.rows("SELECT hour_of_submission FROM diagnosis_keys ORDER BY 1") == [(first,), (first + 1,)]


@pytest.mark.rule("Q", 97)
def test_the_purge_runs_every_thirty_seconds_by_default(database_url: str, redis_url: str) -> None:
    (job,) = [job for job in PERIODIC_JOBS if job.name == "purge"]

    def interval(**settings: str) -> int:
        return job.interval(make_settings(database_url, redis_url, **settings))

    assert interval() == 30
    assert interval(WORKER_EXPIRATION_INTERVAL="7") == 7
