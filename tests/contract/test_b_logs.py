"""Section B: the log has what alarms need and no personal data."""

import re

import pytest

from tests.support.answers import CORS, NOT_FOUND, UNAUTHORIZED, Answer, seen, upload_refusal
from tests.support.service import Phone, Service, bearer, download_code, exposure_key
from tests.support.settings import TOKEN

HASH_ID = "0123456789abcdef" * 8


Log = pytest.CaptureFixture[str]


def _lines(capsys: Log, message: str = "") -> list[str]:
    """Return new log lines, or those with a message. Each is returned once."""
    return [line for line in capsys.readouterr().err.splitlines() if f'msg="{message}' in line or not message]


def _level(line: str) -> str:
    return line.partition(" level=")[2].partition(" ")[0]


@pytest.mark.rule(6)
def test_a_matched_request_logs_two_lines(service: Service, capsys: Log) -> None:
    service.client.get("/events/2026-03-18", headers={"X-Request-Id": "this-one"})

    request, response = _lines(capsys)
    assert re.fullmatch(
        r'time=\S+Z level=info msg="http request" logger=http method=GET headers="[^"]*" uuid=this-one', request
    )
    assert re.fullmatch(
        r'time=\S+Z level=info msg="http response" logger=http headers="[^"]*" path=\S+ route=/events/<date:date> '
        r"route_date=2026-03-18 statusCode=401 statusClass=4xx uuid=this-one",
        response,
    )


@pytest.mark.rule(3)
def test_an_unmatched_path_is_not_logged(service: Service, capsys: Log) -> None:
    assert seen(service.client.get("/nope")) == NOT_FOUND

    assert _lines(capsys) == []


@pytest.mark.rule(9)
def test_a_refused_message_is_a_warning(service: Service, capsys: Log) -> None:
    service.client.post("/upload")
    service.client.post("/claim-key")
    service.claim("NO-SUCH-CODE")

    assert [_level(line) for line in _lines(capsys) if " logger=http " not in line] == ["warning"] * 3


@pytest.mark.rule(6, 9)
def test_a_failure_is_logged_with_its_request_id(cut_off_service: Service, capsys: Log) -> None:
    cut_off_service.client.post("/claim-key", headers={"X-Request-Id": "this-one"})

    (line,) = _lines(capsys, "request failed")
    assert " uuid=this-one " in line + " "


@pytest.mark.rule(9)
def test_a_server_error_is_logged_as_an_error(cut_off_service: Service, capsys: Log) -> None:
    phone = Phone(server_public_key=bytes(Phone().private_key.public_key))
    assert seen(cut_off_service.upload(phone, [exposure_key()])) == upload_refusal(500, "SERVER_ERROR")
    assert cut_off_service.claim("ABC").status_code == 500

    assert [_level(line) for line in _lines(capsys) if " logger=http " not in line] == ["error"] * 2


@pytest.mark.rule(6, "D11", "D17")
def test_logs_contain_no_client_address_or_secret(service: Service, capsys: Log) -> None:
    address, code = "203.0.113.77", download_code(service.today, service.clock.now)
    phone, wrong_token = service.pair(), "a-token-that-was-never-issued"
    headers = {
        "X-Forwarded-For": address,
        "X-CloudFront-Secret": "the-secret-of-the-network",
        "Cookie": "session=the-cookie",
        "Forwarded": f"for={address}",
        "Referer": "https://portal.example/a-page",
        "User-Agent": "the browser of a person",
    }
    one_time_code = service.issue(hash_id=HASH_ID)
    client = service.app.test_client(use_cookies=False)  # otherwise it removes the cookie
    client.post("/new-key-claim", headers=headers | bearer(wrong_token))
    client.post(f"/new-key-claim/{HASH_ID}", headers=headers | bearer())
    service.claim("WRONGCODE1", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    service.upload(phone, [exposure_key(7)])
    client.get(f"/retrieve/302/{service.today}/{code}", headers=headers)
    client.get(f"/retrieve/302/{service.today}/{code}x", headers=headers)
    client.get("/events/2026-03-18", headers={"Authorization": "Basic dXNlcjpwYXNzd29yZA=="})

    everything = "\n".join(_lines(capsys))
    assert everything.count("http response") == 10
    for secret in (TOKEN, wrong_token, HASH_ID, one_time_code, "WRONGCODE1", code, address, *headers.values()):
        assert secret not in everything
    for secret in ("session", "dXNlcjpwYXNzd29yZA", phone.public_key.hex(), (7).to_bytes(16, "big").hex()):
        assert secret not in everything
    assert "Authorization" not in everything


@pytest.mark.rule(6)
def test_hash_ids_and_download_codes_are_logged_as_placeholders(service: Service, capsys: Log) -> None:
    service.client.post(f"/new-key-claim/{HASH_ID}", headers=bearer())
    service.fetch(service.today)

    issued, fetched = _lines(capsys, "http response")
    assert "route=/new-key-claim/<hash_id:hash_id> " in issued
    assert f"route_region=302 route_day={service.today} statusCode=200 statusClass=2xx" in fetched


@pytest.mark.rule(6)
def test_client_input_cannot_break_a_log_line(service: Service, capsys: Log) -> None:
    response = service.client.post("/new-key-claim", headers={"Content-Type": 'x" level=error msg="http response'})

    assert seen(response) == Answer(401, UNAUTHORIZED.headers | CORS, UNAUTHORIZED.body)
    (line,) = _lines(capsys, "http request")
    assert 'Content-Type: x\\" level=error msg=\\"http response' in line
