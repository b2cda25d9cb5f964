"""Section R: defects of the public server that this service avoids. Others are tested with their rules."""

import ipaddress
from collections.abc import Callable

import pytest

from app.domain.codes import DIGITS, LETTERS, generate_code
from app.proto import covidshield_pb2 as wire
from tests.support.answers import CLOSING, CORS, UPLOADED, plain_error, seen, upload_refusal, wrong_code
from tests.support.service import Phone, Service, bearer, exposure_key, start_service
from tests.support.settings import METRICS
from tests.support.stored import store_key

INVALID_KEYPAIR = upload_refusal(401, "INVALID_KEYPAIR")
HASH_ID = "a" * 128


def _guess(service: Service, peer: str, forwarded: str | None = None) -> int:
    """Try a wrong code from an address; return the tries remaining."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    answer = seen(service.claim("WRONG", headers=headers, environ_overrides={"REMOTE_ADDR": peer}))
    return next(tries for tries in range(51) if answer == wrong_code(tries))


@pytest.mark.rule("D1")
def test_an_ipv6_client_is_counted_by_its_64_bit_network(service: Service) -> None:
    longest = "2001:0db8:1111:2222:3333:4444:5555:6666"

    assert _guess(service, longest) == 49
    assert _guess(service, "2001:db8:1111:2222::1") == 48
    assert _guess(service, "2001:DB8:1111:2222:ffff::") == 47
    assert _guess(service, "2001:db8:1111:2223::1") == 49
    assert _guess(service, "::ffff:192.0.2.1") == 49
    assert _guess(service, "192.0.2.1") == 48


@pytest.mark.rule("D1")
def test_the_ban_ledger_stores_a_keyed_hash_instead_of_an_address(make_service: Callable[..., Service]) -> None:
    service, other = make_service(), make_service(SECRET_KEY="dd" * 32)
    for address in ("2001:db8:1111:2222::1", "192.0.2.1"):
        assert _guess(service, address) == 49
        assert _guess(other, address) == 49  # another key, another hash

    identifiers = [row.identifier for row in service.rows("SELECT identifier FROM failed_key_claim_attempts")]
    assert len(set(identifiers)) == 4
    for identifier in identifiers:
        assert len(bytes.fromhex(identifier)) == 16
        for address in (ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address("2001:db8:1111:2222::")):
            assert address.packed.hex()[:8] not in identifier


@pytest.mark.rule("D1")
def test_network_identifiers_change_daily(service: Service) -> None:
    identifiers = set()
    for _ in range(3):
        _guess(service, "192.0.2.1")
        identifiers |= set(service.rows("SELECT identifier FROM failed_key_claim_attempts"))
        service.clock.advance(days=1)

    assert len(identifiers) == 3


@pytest.mark.rule("D2")
def test_only_trusted_proxies_may_state_client_addresses(make_service: Callable[..., Service]) -> None:
    direct, behind_one, behind_two = (make_service(TRUSTED_PROXIES=number) for number in "012")

    # A client that connects directly may send any address.
    assert [_guess(direct, "192.0.2.1", f"198.51.100.{number}") for number in (1, 2, 3)] == [49, 48, 47]
    # Each proxy appends the address of its peer; the client wrote what is to the left of that.
    assert [_guess(behind_one, "10.0.0.1", f"198.51.100.{n}, 192.0.2.2") for n in (1, 2)] == [49, 48]
    assert [_guess(behind_two, "10.0.0.1", f"198.51.100.{n}, 192.0.2.3, 10.0.0.2") for n in (1, 2)] == [49, 48]


@pytest.mark.rule("D2")
def test_the_port_does_not_identify_a_client(make_service: Callable[..., Service]) -> None:
    service = make_service(TRUSTED_PROXIES="1")

    for network, addresses in {
        "IPv4": ("192.0.2.1", "192.0.2.1:1234", "192.0.2.1:5678"),
        "IPv6": ("2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:1234", "[2001:db8::1]:5678", "2001:db8::1%eth0"),
    }.items():
        tries = [_guess(service, "10.0.0.1", address) for address in addresses]
        assert tries == list(range(49, 49 - len(addresses), -1)), network


@pytest.mark.rule("D2")
def test_an_empty_last_entry_is_not_a_shared_client(make_service: Callable[..., Service]) -> None:
    service = make_service(TRUSTED_PROXIES="1")

    for peer in ("192.0.2.1", "192.0.2.2"):
        assert [_guess(service, peer, forwarded) for forwarded in ("198.51.100.1,", ", ,", " ")] == [49, 48, 47]


@pytest.mark.rule("D5")
def test_keys_of_different_pairs_cannot_be_mixed(service: Service) -> None:
    first, second = service.pair(), service.pair()
    mixed = Phone(second.private_key, first.server_public_key)

    assert seen(service.upload(mixed, [exposure_key()])) == INVALID_KEYPAIR
    assert service.rows("SELECT remaining_keys FROM encryption_keys") == [(43,), (43,)]
    assert service.rows("SELECT FROM diagnosis_keys") == []


@pytest.mark.rule("D5")
def test_an_expired_key_pair_cannot_be_used_through_a_fresh_one(service: Service) -> None:
    expired = service.pair()
    service.clock.advance(days=16)
    fresh = service.pair()

    for mixed in (
        Phone(expired.private_key, fresh.server_public_key),
        Phone(fresh.private_key, expired.server_public_key),
    ):
        assert seen(service.upload(mixed, [exposure_key()])) == INVALID_KEYPAIR
    assert seen(service.upload(fresh, [exposure_key()])) == UPLOADED


@pytest.mark.rule("D9")
def test_a_known_hash_id_is_recognised_without_parsing_database_errors(service: Service) -> None:
    first = service.issue(hash_id=HASH_ID)
    rename = "ALTER TABLE encryption_keys RENAME CONSTRAINT {} TO {}"
    names = ("uq_encryption_keys_originator_hash_id", "hash_id_2")
    service.execute(rename.format(*names))
    try:
        second = service.issue(hash_id=HASH_ID)
        assert service.claim(first).status_code == 401
        assert service.claim(second).status_code == 200
        refused = seen(service.client.post(f"/new-key-claim/{HASH_ID}", headers=bearer()))
    finally:
        service.execute(rename.format(*reversed(names)))

    assert refused == plain_error(403, "forbidden", CORS)


@pytest.mark.rule("D13")
def test_equal_waits_on_different_days_are_counted_separately(service: Service) -> None:
    dates = []
    for claims in (1, 2):
        for _ in range(claims):
            service.pair()
        dates.append(service.clock.now.date())
        service.clock.advance(days=1)

    for date, count in zip(dates, (1, 2), strict=True):
        figures = service.client.get(f"/events/otkdurations/{date}", auth=METRICS).json
        assert figures == [{"source": "ON", "date": str(date), "hours": 0, "count": count}]


@pytest.mark.rule("D15")
def test_an_incomplete_list_of_keys_is_not_signed_or_cached(service: Service) -> None:
    store_key(service, 1)
    store_key(service, 2)
    service.execute("UPDATE diagnosis_keys SET report_type = 99 WHERE key_data = :last", last=(2).to_bytes(16, "big"))

    assert seen(service.fetch(service.today)) == plain_error(500, "database error")


@pytest.mark.rule("D15")
def test_a_signing_failure_is_an_error(service: Service) -> None:
    unable = start_service(service.settings, service.clock)
    object.__setattr__(unable.app.context.retrieval.builder.settings, "ecdsa_key", None)
    try:
        for kind in ("retrieve", "qr"):
            assert seen(unable.fetch(unable.today, kind)) == plain_error(500, "database error")
    finally:
        unable.database.dispose()
        unable.app.context.redis.close()


def _full_keys(number: int) -> list[wire.TemporaryExposureKey]:
    fields = {"report_type": 2, "days_since_onset_of_symptoms": -14, "transmission_risk_level": 8}
    return [exposure_key(key, **fields) for key in range(1, number + 1)]


@pytest.mark.rule("D16")
def test_28_keys_with_every_field_of_the_second_version_fit_in_an_upload(service: Service) -> None:
    assert seen(service.upload(service.pair(), _full_keys(28))) == UPLOADED
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 28


@pytest.mark.rule(48, "D16")
def test_the_former_upload_limit_can_be_configured(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_UPLOAD_BODY_BYTES="1024")

    assert seen(service.upload(service.pair(), _full_keys(28))) == upload_refusal(400, "UNKNOWN", CLOSING)
    assert seen(service.upload(service.pair(), _full_keys(14))) == UPLOADED


@pytest.mark.rule("D19")
def test_codes_are_equally_likely() -> None:
    """A segment of n characters is one of 15^n + 7^n: there are 3718 · 3718 · 53026 = 7.3·10^11 codes."""
    shares = {length: 7**length / (15**length + 7**length) for length in (3, 4)}
    codes = [generate_code() for _ in range(5000)]

    for first, last in ((0, 3), (3, 6), (6, 10)):
        segments = [code[first:last] for code in codes]
        digits = sum(segment[0] in DIGITS for segment in segments)
        expected = shares[last - first] * len(codes)
        assert abs(digits - expected) < 6 * expected**0.5  # an equal chance of both kinds would give half
        for position in range(last - first):
            seen_letters = {segment[position] for segment in segments} - set(DIGITS)
            assert seen_letters == set(LETTERS)


@pytest.mark.rule("D19")
def test_segment_numbers_cover_all_segments() -> None:
    bounds: list[int] = []

    def highest(bound: int) -> int:
        bounds.append(bound)
        return bound - 1

    assert generate_code(highest) == "9999999999"
    assert generate_code(lambda _: 0) == "AAAAAAAAAA"
    assert bounds == [15**3 + 7**3, 15**3 + 7**3, 15**4 + 7**4]
