"""The professional of the smoke test, at a portal that answers otherwise than expected."""

import pytest
import requests

from clients.phone.errors import UnreachableError
from clients.portal import PortalError, Professional


def answering(monkeypatch: pytest.MonkeyPatch, status: int, text: str) -> Professional:
    """Return a professional whose portal gives one answer to everything."""

    def answer(*_: object, **__: object) -> requests.Response:
        response = requests.Response()
        response.status_code, response._content = status, text.encode()
        return response

    monkeypatch.setattr(requests.Session, "request", answer)
    return Professional("http://portal.test", requests.Session())


FORM = '<form action="/en/code"><input type="hidden" name="csrf_token" value="1"></form>'


def test_the_code_is_read_from_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = FORM + '<p id="code"><span>ABC</span> <span>245</span> <span>WXYZ</span></p><p>more</p>'
    assert answering(monkeypatch, 200, page).issue_code() == "ABC245WXYZ"


@pytest.mark.parametrize(
    ("status", "page", "reason"),
    [
        (503, "", "/en/ answered HTTP 503"),
        (200, "<h1>Maintenance</h1>", "/en/ has no form for /en/code"),
        (200, FORM, "the page shows no code"),
    ],
)
def test_other_answers_are_named(monkeypatch: pytest.MonkeyPatch, status: int, page: str, reason: str) -> None:
    with pytest.raises(PortalError, match=reason):
        answering(monkeypatch, status, page).issue_code()


def test_a_portal_that_does_not_answer_is_named() -> None:
    with pytest.raises(UnreachableError):
        Professional("http://127.0.0.1:1", requests.Session()).sign_in()
