"""What the log has of a person who signs in."""

import pytest

from tests.support.portal import Visitor
from tests.support.portal_accounts import EMAIL, PASSWORD, add_member, type_code, type_password
from tests.support.service import Service

WRONG = "not the right password at all"


def test_nothing_that_identifies_a_person_is_logged(portal: Service, capfd: pytest.CaptureFixture[str]) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    type_password(visitor, password=WRONG)
    type_password(visitor)
    type_code(visitor, member.totp())
    visitor.get("/en/new-password/" + "x" * 43)
    visitor.get("/en/invitation/" + "y" * 43)
    Visitor(portal).get("/en/codes/K7QW4M2P")  # leads to the page for signing in, whose address has it
    visitor.get(f"/en/nowhere/{EMAIL}")
    visitor.get("/en/people?q=Lovelace")
    cookie, log = visitor.client.get_cookie("portal"), capfd.readouterr().err
    assert cookie
    assert "/new-password/<token> statusCode=404" in log
    for private in (
        EMAIL,
        "x" * 43,
        "y" * 43,
        "K7QW4M2P",
        "Lovelace",
        cookie.value[:60],
        PASSWORD,
        member.totp(),
        "127.0.0.1",
    ):
        assert private not in log
