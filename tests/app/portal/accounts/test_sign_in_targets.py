"""Where a sign-in leads: to the page of the portal that was asked for, and nowhere else."""

from urllib.parse import unquote

import pytest

from tests.support.authenticator import Authenticator
from tests.support.portal import Visitor, token_in
from tests.support.portal_accounts import (
    EMAIL,
    PASSWORD,
    add_member,
    add_passkey,
    options_in,
    send,
    sign_in,
    type_password,
)
from tests.support.service import Service


@pytest.mark.parametrize(
    "given", ["//evil.example", "https://evil.example", "/\\evil.example", "/%0d%0aX: y", "evil", "javascript:alert(1)"]
)
def test_a_sign_in_leads_to_pages_of_the_portal_only(portal: Service, given: str) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    query = {"next": unquote(given)}
    page = visitor.get("/en/sign-in/second-factor", query_string=query)
    assert page.location == "/en/sign-in"
    sent = {"csrf_token": visitor.open_form("/en/sign-in"), "email": EMAIL, "password": PASSWORD}
    assert visitor.client.post("/en/sign-in", query_string=query, data=sent).location == "/en/sign-in/second-factor"
    page = visitor.get("/en/sign-in/second-factor", query_string=query)
    sent = {"csrf_token": token_in(page), "code": member.totp()}
    page = visitor.client.post("/en/sign-in/second-factor", query_string=query, data=sent)
    assert page.location == "/en/"
    for path in ("/en/sign-in", "/en/sign-in/second-factor"):
        assert visitor.get(path, query_string=query).location == "/en/", "who has signed in is led on"


def test_each_step_of_a_sign_in_keeps_the_page_that_was_asked_for(portal: Service) -> None:
    member, key, visitor = add_member(portal), Authenticator(), Visitor(portal)
    add_passkey(sign_in(portal, member), key)
    form = 'action="/en/sign-in/passkey?next=%2Faccount"'
    assert visitor.get("/en/sign-in/second-factor?next=/account").location == "/en/sign-in?next=%2Faccount"
    assert form in visitor.get("/en/sign-in?next=/account").text
    type_password(visitor, query="?next=/account")
    assert "Your session has ended" not in visitor.get("/en/sign-in").text
    page = visitor.get("/en/sign-in/second-factor?next=/account")
    assert form in page.text
    path = "/en/sign-in/passkey?next=/account"
    refused = send(visitor, page, path, answer="{}")
    assert refused.location == "/en/sign-in/second-factor?next=%2Faccount&refused=passkey"
    page = visitor.get("/en/sign-in/second-factor?next=/account")
    assert send(visitor, page, path, answer=key.get(options_in(page.text))).location == "/en/account"
    for path in ("/en/sign-in", "/en/sign-in/second-factor"):
        assert visitor.get(f"{path}?next=/account").location == "/en/account"
