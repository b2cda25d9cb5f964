"""Section M: what the purge deletes, when, and in which order."""

from datetime import UTC, datetime, timedelta

import pytest

from app.upkeep.retention import purge
from tests.support.answers import UPLOADED, seen, upload_refusal, wrong_code
from tests.support.breakage import refusing, without_table
from tests.support.service import Service, exposure_key


def _purge(service: Service, batch: int = 1000) -> dict[str, int | None]:
    return dict(purge(service.database, service.settings.submission, service.clock.now, batch))


def _counted(service: Service) -> dict[str, int]:
    return dict(service.rows("SELECT identifier, sum(count)::integer FROM events GROUP BY 1"))


@pytest.mark.rule(97)
def test_a_step_that_fails_is_logged_and_the_others_go_on(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    service.upload(service.pair(), [exposure_key()])
    service.issue()
    service.claim("WRONG")
    service.clock.advance(days=20)

    with without_table(service, "diagnosis_keys"), refusing(service, "failed_key_claim_attempts", "DELETE"):
        deleted = _purge(service)

    assert deleted["diagnosis_keys"] is None
    assert deleted["claim_attempts"] is None
    assert (deleted["unclaimed_codes"], deleted["expired_pairs"]) == (1, 1)
    failed = [record.step for record in caplog.records if record.getMessage() == "purge step failed"]
    assert failed == ["diagnosis_keys", "claim_attempts"]
    assert (_purge(service)["diagnosis_keys"], _purge(service)["claim_attempts"]) == (1, 0)


@pytest.mark.rule(97)
def test_deletions_are_returned_and_logged(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for _ in range(3):
        service.issue()
    service.clock.advance(days=2)

    assert _purge(service)["unclaimed_codes"] == 3
    (record,) = [record for record in caplog.records if record.getMessage() == "purge finished"]
    assert record.unclaimed_codes == 3


@pytest.mark.rule(98)
def test_steps_run_in_the_order_of_the_protocol(service: Service) -> None:
    steps = ["diagnosis_keys", "unclaimed_codes", "expired_pairs", "exhausted_pairs", "claim_attempts"]

    assert list(_purge(service))[:5] == steps


@pytest.mark.rule(98)
def test_a_row_that_several_steps_would_delete_belongs_to_the_first(service: Service) -> None:
    service.issue()
    service.pair()
    service.execute("UPDATE encryption_keys SET remaining_keys = 0")
    service.clock.advance(days=20)

    deleted = _purge(service)

    assert (deleted["unclaimed_codes"], deleted["expired_pairs"], deleted["exhausted_pairs"]) == (1, 1, 0)
    assert _counted(service) == {"OTKGenerated": 2, "OTKClaimed": 1, "OTKUnclaimed": 1, "OTKExpired": 1}


@pytest.mark.rule(100, "Q", "D25")
def test_a_code_is_deleted_when_it_expires(service: Service) -> None:
    code = service.issue()

    for seconds, deleted in ((24 * 3600 - 2, 0), (2, 0), (2, 1)):
        service.clock.advance(seconds=seconds)
        assert _purge(service)["unclaimed_codes"] == deleted
    assert service.rows("SELECT FROM encryption_keys") == []
    assert _counted(service)["OTKUnclaimed"] == 1
    assert seen(service.claim(code)) == wrong_code(49)


@pytest.mark.rule(100)
def test_a_claimed_key_pair_outlives_its_code(service: Service) -> None:
    phone = service.pair()
    service.clock.advance(days=2)

    assert _purge(service)["unclaimed_codes"] == 0
    assert seen(service.upload(phone, [exposure_key()])) == UPLOADED


@pytest.mark.rule(101, "Q")
def test_a_key_pair_is_deleted_fifteen_days_after_the_midnight_of_its_day(service: Service) -> None:
    service.pair()
    midnight = datetime.fromtimestamp((service.today + 15) * 86400, UTC)

    service.clock.now = midnight
    assert _purge(service)["expired_pairs"] == 0
    service.clock.now = midnight + timedelta(microseconds=1)
    assert _purge(service)["expired_pairs"] == 1
    assert (_counted(service)["OTKExpired"], _counted(service)["OTKExpiredNoUploads"]) == (1, 1)


@pytest.mark.rule(101, 66)
def test_an_exhausted_key_pair_is_deleted_at_once(service: Service) -> None:
    phone = service.pair()
    service.execute("UPDATE encryption_keys SET remaining_keys = 1")
    assert seen(service.upload(phone, [exposure_key(1)])) == UPLOADED
    assert seen(service.upload(phone, [exposure_key(2)])) == upload_refusal(400, "INVALID_KEYPAIR")

    assert _purge(service)["exhausted_pairs"] == 1
    assert seen(service.upload(phone, [exposure_key(2)])) == upload_refusal(401, "INVALID_KEYPAIR")
    assert _counted(service)["OTKExhausted"] == 1
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 1


@pytest.mark.rule(21)
def test_a_hash_id_is_usable_again_after_its_key_pair_is_purged(service: Service) -> None:
    hash_id = "a" * 128
    service.claim(service.issue(hash_id=hash_id))
    service.clock.advance(days=16)
    _purge(service)

    assert len(service.issue(hash_id=hash_id)) == 10


@pytest.mark.rule(46)
def test_failures_are_deleted_when_they_expire(service: Service) -> None:
    service.claim("WRONG")
    service.clock.advance(hours=1)
    assert _purge(service)["claim_attempts"] == 0

    service.clock.advance(microseconds=1)
    assert _purge(service)["claim_attempts"] == 1


@pytest.mark.rule(97, 100)
def test_a_purge_larger_than_a_batch_deletes_and_counts_everything(service: Service) -> None:
    for _ in range(7):
        service.issue()
    service.clock.advance(days=2)

    assert _purge(service, batch=3)["unclaimed_codes"] == 7
    assert _counted(service) == {"OTKGenerated": 7, "OTKUnclaimed": 7}


@pytest.mark.rule(101, 51)
def test_a_phone_may_upload_until_its_key_pair_is_deleted(service: Service) -> None:
    phone = service.pair()
    service.clock.now = datetime.fromtimestamp((service.today + 15) * 86400, UTC) - timedelta(microseconds=1)

    assert _purge(service)["expired_pairs"] == 0
    assert seen(service.upload(phone, [exposure_key()])) == UPLOADED
    assert [bytes(row.key_data) for row in service.rows("SELECT key_data FROM diagnosis_keys")] == [
        exposure_key().key_data
    ]
