"""Section H: what an accepted upload stores, deducts from the quota and counts."""

from collections.abc import Callable

import pytest

from app.proto import covidshield_pb2 as wire
from tests.support.answers import UPLOADED, seen, upload_refusal
from tests.support.archive import archive_in
from tests.support.breakage import refusing, without_table
from tests.support.service import Service, exposure_key
from tests.support.settings import LABEL, OTHER_LABEL, OTHER_TOKEN

EXHAUSTED = upload_refusal(400, "INVALID_KEYPAIR")
TOO_MANY_KEYS = upload_refusal(400, "TOO_MANY_KEYS")
GONE = upload_refusal(401, "INVALID_KEYPAIR")
SERVER_ERROR = upload_refusal(500, "SERVER_ERROR")


def _keys(first: int, count: int) -> list:
    return [exposure_key(number) for number in range(first, first + count)]


def _remaining(service: Service) -> list[int]:
    return [row.remaining_keys for row in service.rows("SELECT remaining_keys FROM encryption_keys ORDER BY 1")]


@pytest.mark.rule(65, "D6")
def test_an_unregistered_phone_key_is_unauthorized(service: Service) -> None:
    phone, other = service.pair(), service.pair()
    service.execute("UPDATE encryption_keys SET app_public_key = NULL WHERE app_public_key = :k", k=phone.public_key)
    assert seen(service.upload(phone, _keys(1, 1))) == GONE

    service.execute("DELETE FROM encryption_keys WHERE app_public_key = :key", key=other.public_key)
    assert seen(service.upload(other, _keys(1, 1))) == GONE


@pytest.mark.rule(66, 68)
def test_a_key_pair_accepts_43_keys(service: Service) -> None:
    phone = service.pair()

    assert seen(service.upload(phone, _keys(1, 15))) == UPLOADED
    assert seen(service.upload(phone, _keys(16, 27))) == UPLOADED
    assert seen(service.upload(phone, _keys(43, 2))) == TOO_MANY_KEYS
    assert _remaining(service) == [1]
    assert seen(service.upload(phone, _keys(43, 1))) == UPLOADED
    assert seen(service.upload(phone, _keys(44, 1))) == EXHAUSTED
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 43


@pytest.mark.rule(66)
def test_an_exhausted_key_pair_is_refused_even_for_known_keys(make_service: Callable[..., Service]) -> None:
    service = make_service(INITIAL_REMAINING_KEYS="2")
    phone = service.pair()
    assert seen(service.upload(phone, _keys(1, 2))) == UPLOADED

    assert seen(service.upload(phone, _keys(1, 2))) == EXHAUSTED


@pytest.mark.rule(67, "T7")
def test_a_known_key_is_skipped_and_keeps_its_first_originator(service: Service) -> None:
    phone, other = service.pair(), service.pair(OTHER_TOKEN)
    assert seen(service.upload(phone, [exposure_key(1), exposure_key(1), exposure_key(2)])) == UPLOADED
    first_hour = int(service.clock.now.timestamp()) // 3600
    service.clock.advance(hours=5)

    assert seen(service.upload(phone, [exposure_key(2, transmission_risk_level=7)])) == UPLOADED
    assert seen(service.upload(other, [exposure_key(1, rolling_period=7), exposure_key(3)])) == UPLOADED

    assert service.rows(
        "SELECT hour_of_submission, rolling_period, transmission_risk_level FROM diagnosis_keys ORDER BY key_data"
    ) == [(first_hour, 144, 1), (first_hour, 144, 1), (first_hour + 5, 144, 1)]
    assert _remaining(service) == [41, 42]


@pytest.mark.rule(68)
def test_an_upload_beyond_the_quota_stores_nothing(make_service: Callable[..., Service]) -> None:
    service = make_service(INITIAL_REMAINING_KEYS="3")
    phone = service.pair()

    assert seen(service.upload(phone, _keys(1, 4))) == TOO_MANY_KEYS
    assert service.rows("SELECT FROM diagnosis_keys") == []
    assert service.rows("SELECT FROM tek_upload_count") == []
    assert _remaining(service) == [3]
    assert seen(service.upload(phone, [*_keys(1, 3), *_keys(1, 3)])) == UPLOADED


@pytest.mark.rule(69)
def test_a_key_is_stored_with_its_hour_and_without_its_originator(service: Service) -> None:
    phone = service.pair(OTHER_TOKEN)
    key = exposure_key(7, transmission_risk_level=3, rolling_start_interval_number=2_957_000, rolling_period=90)
    assert seen(service.upload(phone, [key])) == UPLOADED

    hour = int(service.clock.now.timestamp()) // 3600
    ((data, *others),) = service.rows("SELECT * FROM diagnosis_keys")
    assert bytes(data) == key.key_data
    assert others == [2_957_000, 90, 3, hour, None, None, "302", None, False]


@pytest.mark.rule(69)
def test_stored_keys_are_not_linked_to_a_key_pair(service: Service) -> None:
    phone = service.pair()
    service.upload(phone, _keys(1, 2))

    columns = service.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    of_pairs = {column for table, column in columns if table == "encryption_keys"}
    of_keys = {column for table, column in columns if table == "diagnosis_keys"}
    assert of_pairs & of_keys == {"region", "originator"}
    both = "('encryption_keys'::regclass, 'diagnosis_keys'::regclass)"
    constraints = service.rows(
        f"SELECT FROM pg_constraint WHERE contype = 'f' AND (conrelid IN {both} OR confrelid IN {both})"
    )
    assert constraints == []


@pytest.mark.rule(63)
def test_fields_of_the_second_version_are_stored(service: Service) -> None:
    keys = [exposure_key(1, report_type=2, days_since_onset_of_symptoms=-14), exposure_key(2, report_type=3)]
    assert seen(service.upload(service.pair(), keys)) == UPLOADED

    stored = service.rows("SELECT report_type, days_since_onset_of_symptoms FROM diagnosis_keys ORDER BY key_data")
    assert stored == [(2, -14), (3, None)]


@pytest.mark.rule(63, 87)
def test_a_phone_cannot_revoke_or_hide_keys_by_report_type(service: Service) -> None:
    unknown, recursive, revoked = 0, 4, 5
    keys = [
        exposure_key(number, report_type=report_type, rolling_start_interval_number=service.today * 144)
        for number, report_type in enumerate((unknown, recursive, revoked), start=1)
    ]
    assert seen(service.upload(service.pair(), keys)) == UPLOADED

    exported = archive_in(service.fetch(service.today)).export.keys
    assert [key.report_type for key in exported] == [wire.TemporaryExposureKey.CONFIRMED_TEST] * 3


@pytest.mark.rule(70)
def test_each_upload_is_counted_and_the_first_of_a_key_pair_is_marked(service: Service) -> None:
    phone, date = service.pair(), service.clock.now.date()
    service.upload(phone, _keys(1, 3))
    service.upload(phone, [*_keys(1, 3), *_keys(4, 2)])
    service.upload(service.pair(OTHER_TOKEN), _keys(9, 1))

    assert service.rows("SELECT originator, date, count, first_upload FROM tek_upload_count ORDER BY id") == [
        (LABEL, date, 3, True),
        (LABEL, date, 2, False),
        (OTHER_LABEL, date, 1, True),
    ]


@pytest.mark.rule(70)
def test_an_upload_that_cannot_be_counted_is_not_stored(service: Service) -> None:
    phone = service.pair()
    with without_table(service, "tek_upload_count"):
        assert seen(service.upload(phone, _keys(1, 3))) == SERVER_ERROR
    with refusing(service, "tek_upload_count", "INSERT"):
        assert seen(service.upload(phone, _keys(1, 3))) == SERVER_ERROR

    assert service.rows("SELECT FROM diagnosis_keys") == []
    assert _remaining(service) == [43]
    assert seen(service.upload(phone, _keys(1, 3))) == UPLOADED


@pytest.mark.rule("D24")
def test_an_upload_without_a_new_key_is_accepted_and_not_counted(service: Service) -> None:
    first, second = service.pair(), service.pair()
    service.upload(first, _keys(1, 2))

    assert seen(service.upload(second, _keys(1, 2))) == UPLOADED
    assert seen(service.upload(second, _keys(3, 1))) == UPLOADED
    assert seen(service.upload(second, _keys(4, 1))) == UPLOADED

    counted = service.rows("SELECT count, first_upload FROM tek_upload_count ORDER BY id")
    assert counted == [(2, True), (1, True), (1, False)]
