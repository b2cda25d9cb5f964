"""The page that each refusal and each fault gives."""

import pytest
from werkzeug.exceptions import BadGateway, RequestEntityTooLarge

from app.domain.errors import IncidentMissingError, NotPermittedError, PortalPageMissingError, TooManyRequestsError
from app.domain.portal.rights import Role
from app.web.i18n import load_catalogue
from tests.support.portal import person
from tests.support.service import Service


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (NotPermittedError(), 403, "right"),
        (PortalPageMissingError(), 404, "missing"),
        (IncidentMissingError(), 404, "missing"),
        (RequestEntityTooLarge(), 413, "form"),
        (TooManyRequestsError(7), 429, "limit"),
        (BadGateway(), 500, "fault"),
        (RuntimeError(), 500, "fault"),
    ],
)
def test_an_error_gives_its_page_and_only_a_fault_is_logged(
    portal: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    reason: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("app.portal.sessions.Sessions.of_person", fail)
    response = person(portal).get("/fr/account")
    assert response.status_code == status
    assert load_catalogue("portal", "fr")(f"refused.{reason}.title") in response.text
    assert response.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert ("request failed" in caplog.messages) == (reason == "fault")


def test_a_method_that_a_page_does_not_accept_is_refused_with_those_that_it_does(portal: Service) -> None:
    visitor = person(portal, Role.SUPERUSER)
    for method, path, accepted in (
        ("PUT", "/en/account", "GET, HEAD"),
        ("DELETE", "/en/account/details", "GET, HEAD, POST"),
        ("GET", "/en/sign-out", "POST"),
        ("OPTIONS", "/en/sign-in", "GET, HEAD, POST"),
    ):
        response = visitor.client.open(path, method=method)
        assert (response.status_code, response.headers["Allow"]) == (405, accepted)
    assert visitor.get("/en/account").status_code == 200, "still signed in"
