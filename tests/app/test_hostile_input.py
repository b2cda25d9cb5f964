"""Every input gets a response of the protocol: no server error, no error page of the framework, no traceback."""

import string
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.proto import covidshield_pb2 as wire
from tests.support.service import Phone, Service, bearer, download_code, start_service
from tests.support.settings import METRICS, TEST_TOOLS_TOKEN, make_settings

PROTOBUF: Final = {
    "/claim-key": wire.KeyClaimResponse,
    "/upload": wire.EncryptedUploadResponse,
    "/qr/new-event": wire.OutbreakEventResponse,
}
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND")

INTEGERS: Final = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31), 144]))
LONG_INTEGERS: Final = st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from([0, -(2**63), 2**63 - 1, 2**40]))
KEYS: Final = st.one_of(st.binary(max_size=40), st.binary(min_size=32, max_size=32), st.just(bytes(32)))

FEW: Final = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def target(database_url: str, redis_url: str) -> Iterator[Service]:
    """One service for all inputs, with every route. Stored data does not matter."""
    service = start_service(
        make_settings(
            database_url,
            redis_url,
            ENABLE_TEST_TOOLS="true",
            TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN,
            MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="1000000",
            MAX_DAILY_CLAIM_KEY_FAILURES="1000000",
            EXPORT_MAX_AGE_SECONDS="0",
        )
    )
    yield service
    names = "encryption_keys, diagnosis_keys, failed_key_claim_attempts, failed_key_claim_hours, events, "
    service.execute(f"TRUNCATE {names} failed_key_claim_minutes, tek_upload_count, qr_outbreak_events")
    service.database.dispose()
    service.app.context.redis.close()


def check(response: Any, path: str) -> None:
    """Fail on a response that is not one of the protocol's."""
    assert response.status_code < 500, (path, response.status_code)
    assert "html" not in response.headers.get("Content-Type", "")
    assert b"Traceback" not in response.data
    message = PROTOBUF.get(path)
    if message is not None and response.headers.get("Content-Type") == "application/x-protobuf":
        message.FromString(response.data)
    if path in ("/claim-key", "/upload"):
        assert response.headers["Content-Type"] == "application/x-protobuf"


@given(path=st.sampled_from(sorted(PROTOBUF)), body=st.binary(max_size=300), method=st.sampled_from(METHODS[:4]))
@FEW
def test_arbitrary_bytes_are_never_a_server_error(target: Service, path: str, body: bytes, method: str) -> None:
    check(target.client.open(path, method=method, data=body, headers=bearer()), path)


@given(code=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)), key=KEYS)
@example(code="ＡＢＣ\N{ZERO WIDTH SPACE}".encode(), key=bytes(32))
@example(code=b"\x00", key=bytes(32))
@FEW
def test_arbitrary_claims_are_never_a_server_error(target: Service, code: bytes, key: bytes) -> None:
    body = b"\x0a" + bytes((len(code),)) + code + wire.KeyClaimRequest(app_public_key=key).SerializeToString()
    check(target.client.post("/claim-key", data=body), "/claim-key")


@given(server=KEYS, phone=KEYS, nonce=st.one_of(st.binary(max_size=30), st.just(bytes(24))), payload=st.binary())
@FEW
def test_arbitrary_envelopes_are_never_a_server_error(
    target: Service, server: bytes, phone: bytes, nonce: bytes, payload: bytes
) -> None:
    body = wire.EncryptedUploadRequest(server_public_key=server, app_public_key=phone, nonce=nonce, payload=payload)
    check(target.client.post("/upload", data=body.SerializeToString()), "/upload")


EXPOSURE_KEYS: Final = st.builds(
    wire.TemporaryExposureKey,
    key_data=st.one_of(st.binary(max_size=20), st.binary(min_size=16, max_size=16)),
    transmission_risk_level=INTEGERS,
    rolling_start_interval_number=INTEGERS,
    rolling_period=st.one_of(INTEGERS, st.integers(1, 144)),
    days_since_onset_of_symptoms=INTEGERS,
    report_type=st.sampled_from([0, 1, 2, 3, 4, 5]),
)


@pytest.fixture(scope="module")
def phone(target: Service) -> Phone:
    """A phone with a key pair, whose boxes can be opened."""
    return target.pair()


@given(keys=st.lists(EXPOSURE_KEYS, max_size=30), seconds=st.one_of(LONG_INTEGERS, st.none()), plaintext=st.binary())
@FEW
def test_arbitrary_boxed_uploads_are_never_a_server_error(
    target: Service, phone: Phone, keys: list[wire.TemporaryExposureKey], seconds: int | None, plaintext: bytes
) -> None:
    check(target.upload(phone, keys, seconds), "/upload")
    check(target.upload_plaintext(phone, plaintext), "/upload")


@given(
    location=st.text(max_size=10),
    start=LONG_INTEGERS,
    end=LONG_INTEGERS,
    nanos=INTEGERS,
    severity=st.one_of(st.integers(0, 2**32 - 1), st.just(2**32 - 1)),
)
@example(location="a\x00cdefgh", start=1, end=2, nanos=0, severity=0)
@FEW
def test_arbitrary_outbreaks_are_never_a_server_error(
    target: Service, location: str, start: int, end: int, nanos: int, severity: int
) -> None:
    event = wire.OutbreakEvent(location_id=location, severity=severity)
    event.start_time.seconds, event.end_time.seconds = start, end
    event.start_time.nanos = event.end_time.nanos = nanos
    check(target.client.post("/qr/new-event", data=event.SerializeToString(), headers=bearer()), "/qr/new-event")


PATHS: Final = st.one_of(
    st.text(string.printable, max_size=60),
    st.sampled_from(
        ["upload", "claim-key", "new-key-claim", "services/ready", "services/ping", "openapi.json", "qr/new-event"]
    ),
    st.builds("retrieve/302/{:05}/{}".format, st.integers(0, 99999), st.text(string.printable, max_size=70)),
    st.builds("qr/302/{:05}/{}".format, st.integers(0, 99999), st.text(string.hexdigits, min_size=64, max_size=64)),
    st.builds("new-key-claim/{}".format, st.text("0aZ,", min_size=126, max_size=130)),
    st.builds("events/{:04}-{:02}-{:02}".format, st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99)),
    st.builds("exposure-configuration/{}.json".format, st.text(max_size=20)),
)


@given(path=PATHS, method=st.sampled_from(METHODS))
@FEW
def test_arbitrary_paths_and_methods_are_never_a_server_error(target: Service, path: str, method: str) -> None:
    headers = bearer() if method != "GET" else {}
    check(target.client.open("/" + path.lstrip("/"), method=method, headers=headers), path)


@given(day=st.integers(0, 99999), method=st.sampled_from(METHODS))
@FEW
def test_arbitrary_days_with_a_valid_code_are_never_a_server_error(target: Service, day: int, method: str) -> None:
    code = download_code(day, target.clock.now)
    for kind in ("retrieve", "qr"):
        check(target.client.open(f"/{kind}/302/{day:05}/{code}", method=method), kind)


@given(year=st.integers(0, 9999), month=st.integers(0, 99), day=st.integers(0, 99))
@example(year=0, month=1, day=1)
@example(year=9999, month=12, day=31)
@FEW
def test_arbitrary_dates_are_never_a_server_error(target: Service, year: int, month: int, day: int) -> None:
    for route in ("", "uploads/", "otkdurations/"):
        check(target.client.get(f"/events/{route}{year:04}-{month:02}-{day:02}", auth=METRICS), "events")


HEADER_VALUES: Final = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))


@given(
    name=st.sampled_from(
        [
            "Authorization",
            "X-Forwarded-For",
            "X-Request-Id",
            "X-Decoy",
            "If-None-Match",
            "Content-Type",
            "Range",
            "Cookie",
        ]
    ),
    value=HEADER_VALUES,
    path=st.sampled_from(
        ["/claim-key", "/upload", "/new-key-claim", "/events/2026-03-18", "/exposure-configuration/CA.json"]
    ),
)
@example(name="Authorization", value="Basic \xff:\xff", path="/events/2026-03-18")
@example(name="Authorization", value="Bearer \xe9", path="/new-key-claim")
@FEW
def test_arbitrary_headers_are_never_a_server_error(target: Service, name: str, value: str, path: str) -> None:
    for method in ("GET", "POST"):
        check(target.client.open(path, method=method, headers={name: value}), path)
