"""`flask portal …`: the accounts, as an operator manages them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import Result

from tests.support.portal import Visitor
from tests.support.portal_accounts import EMAIL, PASSWORD, add_member, audited, sign_in, type_code, type_password
from tests.support.service import Service


def flask(portal: Service, *arguments: str) -> Result:
    return portal.app.test_cli_runner().invoke(args=("portal", *arguments))


@pytest.fixture(autouse=True)
def _real_time(portal: Service) -> None:
    """Let the service's clock show the real time, which is what commands go by."""
    portal.clock.now = datetime.now(UTC)


def test_the_first_superuser_creates_an_account_with_a_link(portal: Service) -> None:
    result = flask(portal, "superuser", "First@Health.example", "--language", "fr")
    assert result.exit_code == 0, result.output
    link = re.search(r"^/fr/invitation/\S{43}$", result.stdout, re.MULTILINE)[0]
    assert "PORTAL_URL is not set" in result.stderr
    Visitor(portal).post(link, name="First", language="fr", password=PASSWORD)
    account = portal.rows("SELECT email, role, jurisdiction FROM portal_accounts")[0]
    assert tuple(account) == ("first@health.example", "superuser", "CDS")
    assert audited(portal) == ["invite", "sign-up"]


def test_the_link_has_one_slash_after_an_address_that_ends_with_one(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="submission,portal", PORTAL_URL="https://portal.example.org/")
    assert flask(service, "superuser", EMAIL).stdout.startswith("https://portal.example.org/en/invitation/")


def test_a_second_link_replaces_the_first(portal: Service) -> None:
    first, second = (flask(portal, "superuser", EMAIL).stdout.strip() for _ in range(2))
    assert Visitor(portal).get(first).status_code == 404
    assert Visitor(portal).get(second).status_code == 200


def test_a_superuser_who_has_an_account_is_not_invited(portal: Service) -> None:
    add_member(portal)
    result = flask(portal, "superuser", EMAIL)
    assert (result.exit_code, "there is an account" in result.output) == (1, True)


def test_an_address_that_is_none_is_refused(portal: Service) -> None:
    assert flask(portal, "superuser", "nobody").exit_code == 1


def test_accounts_are_listed(portal: Service) -> None:
    add_member(portal, factor=False)
    add_member(portal, "disabled@health.example", factor=False, disabled_at=portal.clock.now, jurisdiction="QC")
    assert flask(portal, "list").stdout.splitlines() == [
        "disabled@health.example\tstaff\tQC\tdisabled\tnever",
        f"{EMAIL}\tstaff\tON\tactive\tnever",
    ]


def test_a_disabled_account_is_signed_out(portal: Service) -> None:
    visitor = sign_in(portal, add_member(portal))
    assert flask(portal, "disable", EMAIL).exit_code == 0
    assert visitor.get("/en/account").status_code == 303
    assert type_password(Visitor(portal)).status_code == 200
    assert audited(portal)[-1] == "disable"


def test_an_account_is_unlocked(portal: Service) -> None:
    add_member(portal)
    for _ in range(10):
        type_password(Visitor(portal), password="wrong password")
    assert type_password(Visitor(portal)).status_code == 200
    assert flask(portal, "unlock", EMAIL).exit_code == 0
    assert type_password(Visitor(portal)).status_code == 303


def test_an_account_is_unlocked_after_wrong_codes(portal: Service) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    type_password(visitor)
    for _ in range(10):
        type_code(visitor, "000000")
    assert type_code(visitor, member.totp()).status_code == 200
    assert flask(portal, "unlock", EMAIL).exit_code == 0
    visitor = Visitor(portal)
    type_password(visitor)
    assert type_code(visitor, member.totp()).status_code == 303


@pytest.mark.parametrize("command", ["disable", "unlock"])
def test_an_unknown_address_is_reported(portal: Service, command: str) -> None:
    result = flask(portal, command, EMAIL)
    assert (result.exit_code, "no account with this address" in result.output) == (1, True)
