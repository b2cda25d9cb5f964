"""Section G: `/upload`, and the order of its checks. For what is stored see test_h_upload_storage."""

from typing import Any

import pytest
from nacl.utils import random

from app.proto import covidshield_pb2 as wire
from tests.support.answers import CLOSING, UPLOADED, seen, upload_refusal
from tests.support.breakage import without_table
from tests.support.service import Phone, Service, exposure_key

INVALID_KEYPAIR = upload_refusal(401, "INVALID_KEYPAIR")
SERVER_ERROR = upload_refusal(500, "SERVER_ERROR")


def _refused(error: str) -> Any:
    return upload_refusal(400, error)


def _send(service: Service, body: bytes, method: str = "POST") -> Any:
    return seen(service.client.open("/upload", method=method, data=body))


def _envelope(service: Service, phone: Phone, **fields: bytes) -> bytes:
    """Return a valid upload of one key, with some fields of its envelope replaced."""
    message = wire.Upload(keys=[exposure_key()])
    message.timestamp.seconds = int(service.clock.now.timestamp())
    nonce = random(24)
    valid = {
        "server_public_key": phone.server_public_key,
        "app_public_key": phone.public_key,
        "nonce": nonce,
        "payload": phone.box(message.SerializeToString(), nonce),
    }
    return wire.EncryptedUploadRequest(**(valid | fields)).SerializeToString()


def _padded(body: bytes, length: int) -> bytes:
    """Pad a message to a length of thousands of bytes with an unknown field."""
    size = length - len(body) - 3
    return body + b"\x7a" + bytes((size & 0x7F | 0x80, size >> 7)) + b"p" * size


def _upload_key(service: Service, **fields: Any) -> Any:
    """Upload one key with some fields replaced; None omits a field."""
    key = exposure_key(**{name: value for name, value in fields.items() if value is not None})
    for name in (name for name, value in fields.items() if value is None):
        key.ClearField(name)
    return seen(service.upload(service.pair(), [key]))


@pytest.mark.rule(47)
def test_the_first_of_several_faults_is_reported(service: Service) -> None:
    phone, stranger = service.pair(), Phone(server_public_key=random(32))
    bad_key = exposure_key(rolling_period=0, key_data=b"", transmission_risk_level=9, rolling_start_interval_number=0)
    faults = [
        (_send(service, b"\xff" * 4097), "UNKNOWN"),
        (_send(service, b"\xff"), "UNKNOWN"),
        (_send(service, _envelope(service, phone, server_public_key=b"short", nonce=b"")), "INVALID_CRYPTO_PARAMETERS"),
        (_send(service, _envelope(service, phone, nonce=b"", payload=b"")), "INVALID_CRYPTO_PARAMETERS"),
        (seen(service.upload_plaintext(phone, b"\xff", payload=b"\x00" * 40)), "DECRYPTION_FAILED"),
        (seen(service.upload_plaintext(phone, b"\xff")), "INVALID_PAYLOAD"),
        (seen(service.upload(phone, [], seconds=0)), "NO_KEYS_IN_PAYLOAD"),
        (seen(service.upload(phone, [bad_key] * 29, seconds=0)), "TOO_MANY_KEYS"),
        (seen(service.upload(phone, [bad_key], seconds=0)), "INVALID_TIMESTAMP"),
        (seen(service.upload(phone, [bad_key])), "INVALID_ROLLING_PERIOD"),
    ]

    assert [(answer.status, answer.body) for answer, _ in faults] == [
        (400, _refused(error).body) for _, error in faults
    ]
    # The server key is checked before the other parameters.
    assert _send(service, _envelope(service, stranger, nonce=b"", app_public_key=b"")) == INVALID_KEYPAIR
    assert service.rows("SELECT FROM diagnosis_keys") == []


@pytest.mark.rule(47, 58, 59, 60, 61)
def test_the_first_fault_of_the_first_invalid_key_is_reported(service: Service) -> None:
    phone = service.pair()
    wrong: dict[str, Any] = {
        "rolling_period": 0,
        "key_data": b"",
        "rolling_start_interval_number": 0,
        "transmission_risk_level": 9,
    }
    errors = [
        "INVALID_ROLLING_PERIOD",
        "INVALID_KEY_DATA",
        "INVALID_ROLLING_START_INTERVAL_NUMBER",
        "INVALID_TRANSMISSION_RISK_LEVEL",
    ]
    for number, error in enumerate(errors):
        faults = dict(list(wrong.items())[number:])
        assert seen(service.upload(phone, [exposure_key(), exposure_key(2, **faults)])) == _refused(error)

    last, first = exposure_key(rolling_period=0), exposure_key(transmission_risk_level=9)
    assert seen(service.upload(phone, [first, last])) == _refused("INVALID_TRANSMISSION_RISK_LEVEL")
    # the spread of all keys is checked after each key
    far = exposure_key(3, rolling_start_interval_number=1)
    assert seen(service.upload(phone, [far, exposure_key(), last])) == _refused("INVALID_ROLLING_PERIOD")


@pytest.mark.rule(48, "D16", "T2")
def test_a_body_has_at_most_4096_bytes(service: Service) -> None:
    phone = service.pair()
    longest = _padded(_envelope(service, phone), 4096)

    assert len(longest) == 4096
    too_long = upload_refusal(400, "UNKNOWN", CLOSING)
    for body in (_padded(_envelope(service, phone), 4097), b"\x00" * 4097, b"\x00" * 1_000_000):
        assert _send(service, body) == too_long
    assert _send(service, longest) == UPLOADED


@pytest.mark.rule(49)
def test_malformed_messages_are_refused(service: Service) -> None:
    for body in (b"\xff", b"\x0a\x20short", b"hello", b"<html>"):
        assert _send(service, body) == _refused("UNKNOWN")


@pytest.mark.rule(50)
def test_a_server_key_of_the_wrong_length_is_refused(service: Service) -> None:
    phone = service.pair()

    for length in (0, 31, 33):
        body = _envelope(service, phone, server_public_key=b"k" * length)
        assert _send(service, body) == _refused("INVALID_CRYPTO_PARAMETERS")
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        assert _send(service, b"", method) == _refused("INVALID_CRYPTO_PARAMETERS")
    assert _send(service, _envelope(service, phone), "PUT") == UPLOADED


@pytest.mark.rule(51)
def test_an_unknown_server_key_is_unauthorized(service: Service) -> None:
    assert seen(service.upload(Phone(server_public_key=random(32)), [exposure_key()])) == INVALID_KEYPAIR


@pytest.mark.rule(52)
def test_a_nonce_or_phone_key_of_the_wrong_length_is_refused(service: Service) -> None:
    phone = service.pair()

    for fields in ({"nonce": b""}, {"nonce": b"n" * 23}, {"nonce": b"n" * 25}, {"app_public_key": b"k" * 31}):
        assert _send(service, _envelope(service, phone, **fields)) == _refused("INVALID_CRYPTO_PARAMETERS")


@pytest.mark.rule(53)
@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("length", [0, 31, 33, 77, 200])
def test_a_malformed_stored_private_key_is_a_server_error(service: Service, length: int, is_sealed: bool) -> None:
    phone, key = service.pair(), b"\x01" * length
    if is_sealed:
        key = service.app.context.submission.sealing_ring.seal(key, phone.server_public_key)
    service.execute("UPDATE encryption_keys SET server_private_key = :key", key=key)

    assert seen(service.upload(phone, [exposure_key()])) == SERVER_ERROR


@pytest.mark.rule(53)
def test_a_private_key_of_another_row_is_a_server_error(service: Service) -> None:
    phone, other = service.pair(), service.pair()
    service.execute(
        """UPDATE encryption_keys SET server_private_key =
           (SELECT server_private_key FROM encryption_keys WHERE server_public_key = :other)
           WHERE server_public_key = :mine""",
        mine=phone.server_public_key,
        other=other.server_public_key,
    )

    assert seen(service.upload(phone, [exposure_key()])) == SERVER_ERROR


@pytest.mark.rule(54)
def test_a_box_that_cannot_be_opened_is_refused(service: Service) -> None:
    phone, refused = service.pair(), _refused("DECRYPTION_FAILED")
    nonce = random(24)
    boxed = phone.box(b"plaintext", nonce)

    assert _send(service, _envelope(service, phone, nonce=random(24))) == refused
    for payload in (b"", b"\x00" * 15, boxed[:-1], boxed[1:], nonce + boxed, boxed[:-1] + bytes((boxed[-1] ^ 1,))):
        assert _send(service, _envelope(service, phone, nonce=nonce, payload=payload)) == refused


@pytest.mark.rule(55)
def test_a_plaintext_other_than_an_upload_is_refused(service: Service) -> None:
    phone = service.pair()

    for plaintext in (b"\xff", b"\x12\x7fshort", b"hello"):
        assert seen(service.upload_plaintext(phone, plaintext)) == _refused("INVALID_PAYLOAD")


@pytest.mark.rule(56)
def test_an_upload_has_one_to_28_keys(service: Service) -> None:
    phone = service.pair()
    keys = [exposure_key(number) for number in range(1, 30)]

    assert seen(service.upload_plaintext(phone, b"")) == _refused("NO_KEYS_IN_PAYLOAD")
    assert seen(service.upload(phone, [])) == _refused("NO_KEYS_IN_PAYLOAD")
    assert seen(service.upload(phone, keys)) == _refused("TOO_MANY_KEYS")
    assert seen(service.upload(phone, keys[:28])) == UPLOADED


@pytest.mark.rule(57, "T8")
def test_an_absent_or_unrepresentable_timestamp_is_refused(service: Service) -> None:
    phone = service.pair()
    message = wire.Upload(keys=[exposure_key()])
    assert seen(service.upload_plaintext(phone, message.SerializeToString())) == _refused("INVALID_TIMESTAMP")

    message.timestamp.SetInParent()
    assert seen(service.upload_plaintext(phone, message.SerializeToString())) == _refused("INVALID_TIMESTAMP")
    for seconds in (2**63 - 1, -(2**63), -1, 253402300800):
        assert seen(service.upload(phone, [exposure_key()], seconds=seconds)) == _refused("INVALID_TIMESTAMP")


@pytest.mark.rule(58)
def test_a_rolling_period_is_1_to_144_and_144_when_absent(service: Service) -> None:
    for period in (0, -1, 145, 2**31 - 1, -(2**31)):
        assert _upload_key(service, rolling_period=period) == _refused("INVALID_ROLLING_PERIOD")
    for number, period in enumerate((1, 144, None), start=1):
        assert _upload_key(service, key_data=bytes((number,)) * 16, rolling_period=period) == UPLOADED

    assert service.rows("SELECT rolling_period FROM diagnosis_keys ORDER BY key_data") == [(1,), (144,), (144,)]


@pytest.mark.rule(59)
def test_key_data_is_16_bytes(service: Service) -> None:
    for length in (0, 15, 17, 32):
        assert _upload_key(service, key_data=b"k" * length) == _refused("INVALID_KEY_DATA")
    assert _upload_key(service, key_data=None) == _refused("INVALID_KEY_DATA")


@pytest.mark.rule(60, "T8")
def test_any_rolling_start_but_zero_is_accepted(service: Service) -> None:
    for start in (0, None):
        refused = _refused("INVALID_ROLLING_START_INTERVAL_NUMBER")
        assert _upload_key(service, rolling_start_interval_number=start) == refused
    starts = [-(2**31), -1, 1, 2_650_847, 2**31 - 1]
    for number, start in enumerate(starts, start=1):
        data = number.to_bytes(16, "big")
        assert _upload_key(service, key_data=data, rolling_start_interval_number=start) == UPLOADED

    stored = service.rows("SELECT rolling_start_interval_number FROM diagnosis_keys ORDER BY key_data")
    assert stored == [(start,) for start in starts]


@pytest.mark.rule(61)
def test_a_risk_level_is_0_to_8_and_0_when_absent(service: Service) -> None:
    for level in (-1, 9, 2**31 - 1, -(2**31)):
        assert _upload_key(service, transmission_risk_level=level) == _refused("INVALID_TRANSMISSION_RISK_LEVEL")
    for number, level in enumerate((0, 8, None), start=1):
        assert _upload_key(service, key_data=bytes((number,)) * 16, transmission_risk_level=level) == UPLOADED

    stored = service.rows("SELECT transmission_risk_level FROM diagnosis_keys ORDER BY key_data")
    assert stored == [(0,), (8,), (0,)]


@pytest.mark.rule(62)
@pytest.mark.parametrize("base", [2_650_000, -1000])
def test_starts_may_spread_over_14_days_in_any_order(service: Service, base: int) -> None:
    spread = [2016, 1, 144, 144, 3, 2000]
    keys = [exposure_key(n, rolling_start_interval_number=base + offset) for n, offset in enumerate(spread, start=1)]
    widest = [*keys, exposure_key(9, rolling_start_interval_number=base, rolling_period=1)]
    too_wide = [*keys, exposure_key(9, rolling_start_interval_number=base - 1, rolling_period=1)]

    assert seen(service.upload(service.pair(), too_wide)) == _refused("INVALID_ROLLING_START_INTERVAL_NUMBER")
    assert seen(service.upload(service.pair(), widest)) == UPLOADED
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 7


@pytest.mark.rule(63)
def test_fields_of_the_second_version_never_cause_a_refusal(service: Service) -> None:
    onsets = [-(2**31), -100, -15, 15, 100, 2**31 - 1]
    keys = [exposure_key(number, days_since_onset_of_symptoms=onset) for number, onset in enumerate(onsets, start=1)]
    unknown_type = exposure_key(10).SerializeToString() + b"\x28\x63"  # report_type 99
    message = wire.Upload(keys=keys)
    message.timestamp.seconds = int(service.clock.now.timestamp())
    plaintext = message.SerializeToString() + b"\x12" + bytes((len(unknown_type),)) + unknown_type

    assert seen(service.upload_plaintext(service.pair(), plaintext)) == UPLOADED
    stored = service.rows("SELECT DISTINCT report_type, days_since_onset_of_symptoms FROM diagnosis_keys")
    assert stored == [(None, None)]


@pytest.mark.rule(64, "T4")
def test_the_response_to_a_success_is_exact(service: Service) -> None:
    response = service.upload(service.pair(), [exposure_key()])

    assert seen(response) == UPLOADED
    assert response.data == b"\x08\x00"


@pytest.mark.rule(51, "D7")
def test_a_database_failure_is_not_mistaken_for_an_unknown_key(service: Service, cut_off_service: Service) -> None:
    phone = service.pair()
    with without_table(service, "encryption_keys"):
        assert seen(service.upload(phone, [exposure_key()])) == SERVER_ERROR
    assert seen(cut_off_service.upload(phone, [exposure_key()])) == SERVER_ERROR

    assert seen(service.upload(phone, [exposure_key()])) == UPLOADED
