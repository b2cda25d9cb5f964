"""Who may create: anyone, people of the portal, or holders of a token, as the settings state."""

from collections.abc import Callable
from secrets import token_bytes

import pytest

from clients.secret.links import encode
from tests.app.sharing.conftest import SharedText, Sharer
from tests.support.portal import add_account, person, signed_in
from tests.support.service import Service, bearer

TOKEN = "a-token-of-the-team-000001"

MakeService = Callable[..., Service]


def statuses(service: Service, **request: object) -> set[int]:
    """Return the statuses of everything that creates."""
    sharer = Sharer(service)
    asked = {"digest": encode(token_bytes(32)), "lifetime": 3600}
    return {
        sharer.post("secrets", SharedText().fields(), **request).status_code,
        sharer.post("requests", asked, **request).status_code,
    }


def test_production_requires_permission_to_create(make_service: MakeService) -> None:
    service = make_service(SURFACES="sharing", ENV="production", SHARING_TOKENS=f"{TOKEN}=team")
    assert statuses(service) == {401}
    assert statuses(service, headers=bearer("another-token-of-no-one")) == {401}
    assert statuses(service, headers=bearer(TOKEN)) == {201}
    assert statuses(service, headers={"Authorization": f"Basic {TOKEN}"}) == {401}


def test_no_token_is_accepted_where_there_is_none(make_service: MakeService) -> None:
    service = make_service(SURFACES="sharing")
    assert statuses(service, headers=bearer("")) == {401}
    assert statuses(service, headers=bearer(TOKEN)) == {401}


def test_anyone_creates_on_review_instances_and_where_it_is_set(make_service: MakeService) -> None:
    assert statuses(make_service(SURFACES="submission,retrieval,sharing", REVIEW_TOOLS="true")) == {201}
    assert statuses(make_service(SURFACES="sharing", SHARING_CREATORS="anyone")) == {201}
    assert statuses(make_service(SURFACES="sharing", REVIEW_TOOLS="true", SHARING_CREATORS="tokens")) == {401}


def test_people_who_have_signed_in_to_the_portal_create(make_service: MakeService) -> None:
    service = make_service(SURFACES="submission,portal,sharing")
    assert statuses(service) == {401}
    client = person(service).client
    assert client.post("/share/secrets", json=SharedText().fields()).status_code == 201
    half = signed_in(service, add_account(service), is_complete=False).client
    assert half.post("/share/secrets", json=SharedText().fields()).status_code == 401
    assert 'id="compose"' in client.get("/share/en").text
    assert 'href="/en/sign-in"' in service.client.get("/share/en").text


def test_the_portal_permits_nothing_where_only_tokens_do(make_service: MakeService) -> None:
    service = make_service(SURFACES="submission,portal,sharing", SHARING_CREATORS="tokens")
    assert person(service).client.post("/share/secrets", json=SharedText().fields()).status_code == 401


def test_reading_and_answering_need_no_permission(make_service: MakeService) -> None:
    service = make_service(SURFACES="sharing", SHARING_TOKENS=f"{TOKEN}=team")
    sharer, secret = Sharer(service), SharedText()
    assert sharer.post("secrets", secret.fields(), headers=bearer(TOKEN)).status_code == 201
    assert sharer.outcome(secret) == "waiting"
    assert secret.opened(sharer.read(secret)) == secret.text


@pytest.mark.parametrize(("creators", "has_form", "has_token"), [("anyone", True, False), ("tokens", True, True)])
def test_pages_ask_for_a_token_only_if_one_is_needed(
    make_service: MakeService, creators: str, has_form: bool, has_token: bool
) -> None:
    service = make_service(SURFACES="sharing", SHARING_CREATORS=creators, SHARING_TOKENS=f"{TOKEN}=team")
    for page in ("/share/en", "/share/request/fr"):
        text = service.client.get(page).text
        assert ("<form" in text, 'id="token"' in text) == (has_form, has_token)
