"""The longest text that a field accepts, and the most fields that a form has."""

import pytest

from app.domain.portal.rights import Role
from tests.support.authenticator import Authenticator
from tests.support.portal import Visitor, person
from tests.support.portal_accounts import (
    EMAIL,
    PASSWORD,
    add_member,
    add_passkey,
    options_in,
    send,
    sign_in,
    type_code,
    type_password,
)
from tests.support.service import Service

DOMAIN = "@health.example"
INCIDENT = {"title_en": "Codes", "impact": "minor"}


@pytest.mark.parametrize(
    ("path", "field", "most", "others"),
    [
        ("/password-link", "email", 254, {}),
        ("/sign-in", "email", 254, {"password": PASSWORD}),
        ("/sign-in", "password", 1000, {"email": EMAIL}),
        ("/account/details", "name", 100, {"language": "en"}),
        ("/account/passkey", "name", 60, {"answer": "{}"}),
        ("/incidents/new", "title_en", 200, INCIDENT),
        ("/incidents/new", "title_fr", 200, INCIDENT),
        ("/incidents/{}", "text", 2000, {}),
        ("/incidents/{}", "text_fr", 2000, {}),
        ("/incidents/{}/report/edit", "summary_en", 5000, {"revision": "1"}),
        ("/incidents/{}/report/edit", "luck_fr", 5000, {"revision": "1"}),
        ("/incidents/{}/report/edit", "action_en_1", 200, {"revision": "1"}),
        ("/incidents/{}/report/edit", "action_fr_0", 200, {"revision": "1"}),
        ("/incidents/{}/report/edit", "action_owner_0", 100, {"revision": "1"}),
    ],
)
def test_a_text_that_is_too_long_by_one_character_is_refused_at_its_field(
    portal: Service, path: str, field: str, most: int, others: dict[str, str]
) -> None:
    visitor = Visitor(portal) if path in ("/sign-in", "/password-link") else person(portal, Role.SUPERUSER)
    if "{}" in path:
        number = visitor.post("/en/incidents/new", **INCIDENT).location.rpartition("/")[2]
        visitor.post(f"/en/incidents/{number}/resolve", page=f"/en/incidents/{number}")
        path = path.format(number)
    refused = []
    for length in (most, most + 1):
        text = "x" * (length - len(DOMAIN)) + DOMAIN if field == "email" else "x" * length
        page = visitor.post(f"/en{path}", **others | {field: text})
        refused.append(f'id="{field}-error"' in page.text)
    assert refused == [False, True]


def test_a_report_has_at_most_twenty_actions(portal: Service) -> None:
    visitor = person(portal, Role.SUPERUSER)
    path = visitor.post("/en/incidents/new", **INCIDENT).location
    visitor.post(f"{path}/resolve", page=path)
    for revision, sent in (("1", 20), ("2", 21)):
        actions = {f"action_en_{number}": f"Action {number + 1}." for number in range(sent)}
        assert visitor.post(f"{path}/report/edit", revision=revision, **actions).status_code == 303
        page = visitor.get(f"{path}/report").text
        assert ("Action 20." in page, "Action 21." in page) == (True, False)


def test_a_code_has_at_most_sixty_characters_with_its_spaces(portal: Service) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    type_password(visitor)
    code = member.totp()
    assert type_code(visitor, code[:3] + " " * 55 + code[3:]).status_code == 200
    assert type_code(visitor, code[:3] + " " * 54 + code[3:]).status_code == 303


def test_an_answer_of_a_passkey_has_at_most_twenty_thousand_characters(portal: Service) -> None:
    key = Authenticator()
    add_passkey(sign_in(portal, add_member(portal)), key)
    for length, location in ((20_001, "/en/sign-in?refused=passkey"), (20_000, "/en/")):
        visitor = Visitor(portal)
        page = visitor.get("/en/sign-in")
        answer = key.get(options_in(page.text)).ljust(length)
        assert send(visitor, page, "/en/sign-in/passkey", answer=answer).location == location


def test_the_secret_of_an_authenticator_has_at_most_a_thousand_characters(portal: Service) -> None:
    visitor = person(portal)
    pages = [visitor.post("/en/account/authenticator", code="123456", secret="0" * each) for each in (1000, 1001)]
    assert ['href="#secret"' in page.text for page in pages] == [False, True]
