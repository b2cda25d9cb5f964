"""Errors that no blueprint answers (app/web/errors.py)."""

from collections.abc import Callable

import pytest

from tests.support.answers import plain_error
from tests.support.service import Service

PATHS = ["/services/version.json", "/exposure-configuration/CA.json", "/status/en", "/status/en/figures", "/share/en"]


@pytest.mark.parametrize("path", PATHS)
def test_a_fault_is_a_server_error_that_says_nothing_of_it(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    service = make_service(SURFACES="submission,retrieval,status,sharing")
    endpoint, _ = service.app.url_map.bind("localhost").match(path)

    def broken(**_: str) -> None:
        raise ValueError("a secret")

    broken.is_guarded = True  # type: ignore[attr-defined]
    monkeypatch.setitem(service.app.view_functions, endpoint, broken)
    response = service.client.get(path)
    assert (response.status_code, response.data) == (500, plain_error(500, "server error").body)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    (record,) = (each for each in caplog.records if each.levelname == "ERROR")
    assert (record.message, record.uuid) == ("unexpected error", response.headers["X-Request-Id"])
