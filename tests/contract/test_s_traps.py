"""Section S: unwanted default behaviour of Flask, Python and PostgreSQL. Most traps are tested with their rule."""

from collections.abc import Callable

import pytest

from app.proto import covidshield_pb2 as wire
from tests.support.answers import seen, wrong_code
from tests.support.service import Service, bearer, exposure_key
from tests.support.settings import TEST_TOOLS_TOKEN

PATHS = (
    "/services/ping",
    "/services/ready",
    "/new-key-claim",
    "/claim-key",
    "/upload",
    "/retrieve/302/00000/x",
    "/qr/302/00000/x",
    "/qr/new-event",
    "/events/2026-03-18",
    "/clear-diagnosis-keys",
    "/exposure-configuration/CA.json",
    "/nope",
)


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    return make_service(ENABLE_TEST_TOOLS="true", TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN, PUBLISH_ACTIVE_KEYS="true")


@pytest.mark.rule("T1")
def test_no_response_is_an_error_page_or_redirect_of_the_framework(service: Service) -> None:
    for path in PATHS:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "PROPFIND", "CONNECT"):
            answer = seen(service.client.open(path, method=method))

            assert answer.status not in (301, 302, 307, 308), (method, path)
            assert "html" not in answer.headers.get("Content-Type", ""), (method, path)
            assert b"<" not in answer.body, (method, path)


@pytest.mark.rule("T2")
def test_oversized_bodies_are_refused_in_the_form_of_their_route(service: Service) -> None:
    for path in PATHS:
        response = service.client.post(path, data=b"\0" * 2_000_000, headers=bearer())

        assert response.status_code != 413, path
        assert response.status_code < 500 or path == "/services/ready", path


@pytest.mark.rule("T3")
def test_a_code_of_arbitrary_bytes_is_counted_as_a_wrong_code(service: Service) -> None:
    for tries, code in ((49, b"\xff\xfe"), (48, b"AEF-\xc3\x28"), (47, b"\xed\xa0\x80"), (46, b"\0")):
        body = bytes((0x0A, len(code))) + code + b"\x12\x20" + b"k" * 32
        assert seen(service.client.post("/claim-key", data=body)) == wrong_code(tries)


@pytest.mark.rule("T4")
def test_absent_fields_differ_from_zero(service: Service) -> None:
    success = wire.KeyClaimResponse.FromString(service.claim(service.issue()).data)
    failure = wire.KeyClaimResponse.FromString(service.claim("WRONG").data)
    upload = wire.EncryptedUploadResponse.FromString(service.upload(service.pair(), [exposure_key()]).data)

    assert [success.HasField(name) for name in ("error", "remaining_ban_duration")] == [False, False]
    assert [failure.HasField(name) for name in ("error", "remaining_ban_duration")] == [True, True]
    assert upload.HasField("error")


@pytest.mark.rule("T6")
def test_every_time_is_that_of_the_request_and_not_of_the_database(service: Service) -> None:
    service.issue()
    service.claim("WRONG")
    now = service.clock.now
    assert service.rows("SELECT created FROM encryption_keys") == [(now,)]
    assert service.rows("SELECT last_failure FROM failed_key_claim_attempts") == [(now,)]

    service.upload(service.pair(), [exposure_key()])
    event = wire.OutbreakEvent(location_id="ABCDEFGH")
    event.start_time.seconds, event.end_time.seconds = 1, 2
    service.client.post("/qr/new-event", data=event.SerializeToString(), headers=bearer())
    assert service.rows("SELECT created FROM qr_outbreak_events") == [(now,)]
    for table in ("events", "tek_upload_count", "otk_life_duration"):
        assert service.rows(f"SELECT DISTINCT date FROM {table}") == [(now.date(),)]  # noqa: S608


@pytest.mark.rule("T10")
def test_content_types_are_exact(service: Service) -> None:
    def content_type(method: str, path: str, **request: object) -> str | None:
        return service.client.open(path, method=method, **request).headers.get("Content-Type")

    assert service.fetch(service.today).headers["Content-Type"] == "application/zip"
    assert content_type("POST", "/upload") == "application/x-protobuf"
    assert service.claim(service.issue()).headers["Content-Type"] == "application/x-protobuf"
    assert content_type("POST", "/new-key-claim", headers=bearer()) == "text/plain; charset=utf-8"
    assert content_type("GET", "/nope") == "text/plain; charset=utf-8"
    assert content_type("GET", "/services/version.json") == "application/json; charset=utf-8"
    assert content_type("OPTIONS", "/new-key-claim") is None
    assert content_type("GET", "/services/present") is None
