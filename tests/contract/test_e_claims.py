"""Section E: `/claim-key`, which exchanges a code for a server key. For the effects of a success see test_e_success."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.proto import covidshield_pb2 as wire
from tests.support.answers import CLOSING, banned, claim_refusal, seen, wrong_code
from tests.support.breakage import refusing, without_table
from tests.support.service import Phone, Service
from tests.support.stored import store_failures

UNKNOWN = claim_refusal(400, "UNKNOWN", 50)
SERVER_ERROR = claim_refusal(500, "SERVER_ERROR", 0)
A_KEY = b"k" * 32


def _send(service: Service, body: bytes, **request: Any) -> Any:
    return service.client.open("/claim-key", method="POST", data=body, **request)


def _request(code: str | bytes, key: bytes = A_KEY) -> bytes:
    """Return a request. If the code is not UTF-8, it is encoded by hand."""
    if isinstance(code, str):
        return wire.KeyClaimRequest(one_time_code=code, app_public_key=key).SerializeToString()
    return bytes((0x0A, len(code))) + code + bytes((0x12, len(key))) + key


@pytest.mark.rule(26)
@pytest.mark.parametrize(
    ("forwarded", "peer"),
    [
        ("192.0.2.1", "10.0.0.1"),
        ("192.0.2.1:4711", "10.0.0.1"),
        ("203.0.113.9, 192.0.2.1", "10.0.0.1"),
        ("203.0.113.9 ,\t 192.0.2.1 ", "10.0.0.1"),
        ("192.0.2.1, nonsense", "192.0.2.1"),
        (None, "192.0.2.1"),
        ("", "192.0.2.1"),
    ],
)
def test_the_client_is_the_last_forwarded_address_or_the_peer(
    make_service: Callable[..., Service], forwarded: str | None, peer: str
) -> None:
    service = make_service(TRUSTED_PROXIES="1")
    service.claim("WRONG", headers={"X-Forwarded-For": "192.0.2.1"})

    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    response = service.claim("WRONG", headers=headers, environ_overrides={"REMOTE_ADDR": peer})

    assert seen(response) == wrong_code(48)


@pytest.mark.rule(26)
def test_tries_are_counted_by_address(make_service: Callable[..., Service]) -> None:
    service = make_service(TRUSTED_PROXIES="1")

    for address in ("192.0.2.1", "192.0.2.2", "198.51.100.1:80"):
        assert seen(service.claim("WRONG", headers={"X-Forwarded-For": address})) == wrong_code(49)


@pytest.mark.rule(27)
def test_the_first_of_several_faults_is_reported(service: Service) -> None:
    registered = service.pair().public_key
    too_long, unparseable = b"\x00" * 257, b"\xff"

    assert seen(_send(service, too_long)).status == 400
    assert seen(_send(service, unparseable)) == UNKNOWN
    # the length of the key is checked first, then its registration, then the code
    assert seen(_send(service, _request("WRONG", registered[:31]))) == claim_refusal(400, "INVALID_KEY", 50)
    assert seen(_send(service, _request("WRONG", registered))) == claim_refusal(401, "INVALID_KEY", 50)
    assert seen(_send(service, _request("WRONG"))) == wrong_code(49)

    store_failures(service, 50)
    for body in (too_long, unparseable, b"", _request("WRONG", b""), _request("WRONG", registered)):
        assert seen(_send(service, body)).status == 429


@pytest.mark.rule(28, "D7")
def test_an_unreadable_ban_ledger_is_a_server_error(service: Service) -> None:
    code = service.issue()
    with without_table(service, "failed_key_claim_attempts"):
        for body in (_request(code), _request("WRONG"), b"", b"\xff", b"\x00" * 257):
            answer = seen(_send(service, body))

            assert (answer.status, answer.body) == (500, b"\x08\x03\x18\x00")
        assert seen(_send(service, _request(code))) == SERVER_ERROR
    assert service.claim(code).status_code == 200


@pytest.mark.rule(29)
def test_a_banned_network_is_refused_even_with_a_valid_code(service: Service) -> None:
    code = service.issue()
    store_failures(service, 50)
    service.clock.advance(seconds=1, microseconds=500_000)

    assert seen(service.claim(code)) == banned(timedelta(seconds=3598, microseconds=500_000))
    service.clock.advance(hours=1)
    assert service.claim(code).status_code == 200


@pytest.mark.rule(30, "T2")
def test_a_body_of_257_bytes_is_refused_and_the_connection_closed(service: Service) -> None:
    service.claim("WRONG")
    body = _request(" " * (257 - 36))

    assert len(body) > 256
    assert seen(_send(service, body)) == claim_refusal(400, "UNKNOWN", 49, headers=CLOSING)
    assert seen(_send(service, b"\x00" * 1_000_000)) == claim_refusal(400, "UNKNOWN", 49, headers=CLOSING)


@pytest.mark.rule(30)
def test_a_body_of_256_bytes_is_accepted(service: Service) -> None:
    padding = b"\x1a\x7f" + b"p" * 127 + b"\x1a"  # unknown fields
    body = _request(service.issue()) + padding
    body += bytes((255 - len(body),)) + b"p" * (255 - len(body))

    assert len(body) == 256
    assert _send(service, body).status_code == 200


@pytest.mark.rule(31)
def test_malformed_messages_are_refused_and_not_counted(service: Service) -> None:
    service.claim("WRONG")

    for body in (b"\xff", b"\x0a\x05ab", b"hello", b'{"one_time_code": "ABC"}'):
        assert seen(_send(service, body)) == claim_refusal(400, "UNKNOWN", 49)


@pytest.mark.rule(31, 33)
def test_an_empty_body_is_a_message_without_a_key(service: Service) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        answer = seen(service.client.open("/claim-key", method=method))

        assert answer == claim_refusal(400, "INVALID_KEY", 50), method


@pytest.mark.rule(32, "T5")
def test_spaces_hyphens_and_lowercase_letters_are_accepted(service: Service) -> None:
    for spell in (
        lambda code: f"{code[:3]} {code[3:6]} {code[6:]}",
        lambda code: f"{code[:3]}-{code[3:6]}-{code[6:]}",
        lambda code: " - ".join(code),
        lambda code: f"--  {code}  --",
        str.lower,
        lambda code: " ".join(code.lower()),
    ):
        assert service.claim(spell(service.issue())).status_code == 200


@pytest.mark.rule(32, "T3", "T5")
def test_an_impossible_code_is_a_wrong_code(service: Service) -> None:
    for number, code in enumerate(
        ("", "A", "A" * 11, "A" * 200, "1" * 10, "\0" * 10, "ſſſſſſſſſſ", "AEF\tHJK", b"\xff" * 10, "🙂" * 10), start=1
    ):
        assert seen(_send(service, _request(code))) == wrong_code(50 - number), code


@pytest.mark.rule(33)
def test_a_key_of_the_wrong_length_is_refused_before_the_code_is_checked(service: Service) -> None:
    code = service.issue()

    for length in (0, 1, 31, 33, 64):
        assert seen(_send(service, _request(code, b"k" * length))) == claim_refusal(400, "INVALID_KEY", 50)
    assert service.claim(code).status_code == 200


@pytest.mark.rule(34)
def test_a_registered_key_is_refused_and_the_code_remains_valid(service: Service) -> None:
    registered, code = service.pair().public_key, service.issue()

    assert seen(service.claim(code, registered)) == claim_refusal(401, "INVALID_KEY", 50)
    assert service.rows("SELECT FROM failed_key_claim_attempts") == []
    assert service.claim(code).status_code == 200


@pytest.mark.rule(34)
def test_the_refusal_of_a_registered_key_has_the_tries_remaining(service: Service) -> None:
    registered = service.pair().public_key
    service.claim("WRONG")

    assert seen(service.claim("WRONG", registered)) == claim_refusal(401, "INVALID_KEY", 49)


@pytest.mark.rule(35, "T4")
def test_unknown_used_and_expired_codes_get_the_same_response(service: Service) -> None:
    expired = service.issue()
    service.clock.advance(hours=23)
    used = service.issue()
    assert service.claim(used).status_code == 200
    service.clock.advance(hours=1)

    for tries, code in ((49, "AAAAAAAAAA"), (48, used), (47, expired)):
        assert seen(service.claim(code)) == wrong_code(tries)
    assert service.rows("SELECT failures, last_failure FROM failed_key_claim_attempts") == [(3, service.clock.now)]


@pytest.mark.rule(35, 38)
def test_the_response_to_a_wrong_code_is_exact(service: Service) -> None:
    response = service.claim("WRONG")

    assert (response.status_code, response.data) == (401, bytes.fromhex("0802 1831 2200"))
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.rule(38, 29)
def test_the_response_to_a_ban_is_exact(service: Service) -> None:
    store_failures(service, 50)
    assert service.claim("WRONG").data == bytes.fromhex("0805 1800 22 03 08901c")

    service.clock.advance(microseconds=250_000)
    response = service.claim("WRONG")

    # 3599 seconds and 750,000,000 nanoseconds
    assert (response.status_code, response.data) == (429, bytes.fromhex("0805 1800 22 09 088f1c 1080afd0e502"))


@pytest.mark.rule(36)
def test_a_failed_claim_that_cannot_be_recorded_is_a_server_error(service: Service) -> None:
    code = service.issue()
    with refusing(service, "failed_key_claim_attempts", "INSERT"):
        assert seen(service.claim("WRONG")) == SERVER_ERROR
        assert service.claim(code).status_code == 200
    assert service.rows("SELECT FROM failed_key_claim_attempts") == []


@pytest.mark.rule(36, "D7")
def test_a_database_failure_is_a_server_error_and_is_not_counted(service: Service) -> None:
    code = service.issue()
    with without_table(service, "encryption_keys"):
        assert seen(service.claim(code)) == SERVER_ERROR
        assert seen(service.claim("WRONG")) == SERVER_ERROR
    with refusing(service, "encryption_keys", "UPDATE"):
        assert seen(service.claim(code)) == SERVER_ERROR

    assert service.rows("SELECT FROM failed_key_claim_attempts") == []
    assert service.claim(code).status_code == 200


@pytest.mark.rule(36, "D7")
def test_an_unreachable_database_is_a_server_error(cut_off_service: Service) -> None:
    for body in (_request("WRONG"), b"", b"\xff", b"\x00" * 257):
        answer = seen(_send(cut_off_service, body))

        assert (answer.status, answer.body) == (500, b"\x08\x03\x18\x00")


@pytest.mark.rule(40)
def test_a_code_created_on_day_zero_is_invalid(service: Service) -> None:
    service.clock.advance(seconds=-service.clock.now.timestamp() + 5 * 3600)
    code = service.issue()
    service.clock.advance(hours=1)

    assert seen(service.claim(code)) == wrong_code(49)
    kept = [(service.stored_code(code), None)]
    assert service.rows("SELECT one_time_code, app_public_key FROM encryption_keys") == kept


@pytest.mark.rule(38)
def test_a_refusal_parses_as_the_message_that_apps_know(service: Service) -> None:
    message = wire.KeyClaimResponse.FromString(service.claim("WRONG").data)

    assert message.error == wire.KeyClaimResponse.INVALID_ONE_TIME_CODE
    assert not message.HasField("server_public_key")
    assert message.HasField("remaining_ban_duration")
    assert len(Phone().public_key) == 32
