"""Setting a new password with a link that is sent by e-mail."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.support.at_once import at_once
from tests.support.portal import Visitor
from tests.support.portal_accounts import (
    EMAIL,
    PASSWORD,
    add_member,
    audited,
    link_in_mail,
    sign_in,
    type_code,
    type_password,
)
from tests.support.service import Service


def request_link(portal: Service, email: str = EMAIL) -> object:
    return Visitor(portal).post("/en/password-link", email=email)


def test_a_link_sets_a_new_password_and_the_second_factor_is_still_required(portal: Service) -> None:
    member = add_member(portal)
    elsewhere = sign_in(portal, member)
    assert request_link(portal).location == "/en/password-link/sent"
    link, visitor = link_in_mail(portal), Visitor(portal)
    assert 'autocomplete="new-password"' in visitor.get(link).text
    done = visitor.post(link, password="violet tractor mirror oatmeal")
    assert "Your password was changed" in visitor.get(done.location).text
    assert elsewhere.get("/en/account").status_code == 303
    type_password(visitor, password="violet tractor mirror oatmeal")
    assert visitor.get("/en/account").status_code == 303
    assert type_code(visitor, member.totp()).location == "/en/"
    assert portal.app.context.portal.mail.newest(1)[0].message.subject == "Your password was changed"
    assert Visitor(portal).get(link).status_code == 404
    assert "reset-password" in audited(portal)


def test_a_link_unlocks_the_account(portal: Service) -> None:
    add_member(portal)
    for _ in range(10):
        type_password(Visitor(portal), password="wrong password")
    request_link(portal)
    Visitor(portal).post(link_in_mail(portal), password="violet tractor mirror oatmeal")
    assert type_password(Visitor(portal), password="violet tractor mirror oatmeal").status_code == 303


def test_a_link_does_not_forgive_wrong_codes(portal: Service) -> None:
    member, password = add_member(portal), "violet tractor mirror oatmeal"
    visitor = Visitor(portal)
    type_password(visitor)
    for _ in range(10):
        type_code(visitor, "000000")
    request_link(portal)
    Visitor(portal).post(link_in_mail(portal), password=password)
    visitor = Visitor(portal)
    assert type_password(visitor, password=password).status_code == 303
    assert type_code(visitor, member.totp()).status_code == 200, "who reads the mail could try codes without end"
    portal.clock.advance(minutes=15)
    visitor = Visitor(portal)
    type_password(visitor, password=password)
    assert type_code(visitor, member.totp()).location == "/en/"


def test_a_link_is_valid_for_an_hour_and_replaces_an_earlier_one(portal: Service) -> None:
    add_member(portal)
    request_link(portal)
    first = link_in_mail(portal)
    portal.clock.advance(minutes=30)
    request_link(portal)
    second = link_in_mail(portal)
    assert Visitor(portal).get(first).status_code == 404
    portal.clock.advance(minutes=59)
    assert Visitor(portal).get(second).status_code == 200
    portal.clock.advance(minutes=1)
    expired = Visitor(portal).get(second)
    assert (expired.status_code, "This link is no longer valid" in expired.text) == (404, True)


def test_a_link_that_two_requests_use_at_once_sets_one_password(portal: Service) -> None:
    add_member(portal)
    request_link(portal)
    link = link_in_mail(portal)
    visitors = [(Visitor(portal), f"violet tractor mirror oatmeal {number}") for number in range(4)]
    opened = [(visitor, visitor.open_form(link), password) for visitor, password in visitors]
    responses = at_once(lambda each: each[0].send(link, each[1], password=each[2]), opened)
    statuses = [response.status_code for response in responses]
    # A request that begins after another has set the password finds no link.
    assert (statuses.count(303), set(statuses) - {200, 303, 404}) == (1, set())


def test_the_answer_is_the_same_for_an_address_without_account(portal: Service) -> None:
    add_member(portal)
    add_member(portal, "disabled@health.example", disabled_at=portal.clock.now)
    answers = {
        (response.status_code, response.location)
        for response in (request_link(portal, email) for email in (EMAIL, "x@y.example", "disabled@health.example"))
    }
    assert answers == {(303, "/en/password-link/sent")}
    decoys = [row.is_decoy for row in portal.rows("SELECT is_decoy FROM portal_mails ORDER BY id")]
    assert decoys == [False, True, True], "the same is stored, and not sent"


def test_a_request_costs_as_many_statements_for_an_address_without_account(portal: Service) -> None:
    """Their durations are then the same, as far as a client can measure them."""
    add_member(portal)
    counts = []
    for email in (EMAIL, "x@y.example"):
        with counting(portal) as statements:
            request_link(portal, email)
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0


@contextmanager
def counting(portal: Service) -> Iterator[list[str]]:
    """Yield a list to which the service's statements are added."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = portal.database._engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("email", ["a\0b@health.example", "\ud800@health.example", "x" * 400 + "@y.example"])
def test_an_address_that_cannot_be_stored_is_answered_like_others(portal: Service, email: str) -> None:
    typed = email.encode("utf-8", "surrogatepass")
    assert Visitor(portal).post("/en/password-link", email=typed).status_code in (200, 303)
    assert Visitor(portal).post("/en/sign-in", email=typed, password=PASSWORD).status_code == 200


def test_no_more_than_five_links_are_sent_in_an_hour(portal: Service) -> None:
    add_member(portal)
    for _ in range(7):
        assert request_link(portal).location == "/en/password-link/sent"
    sent = portal.rows("SELECT count(*) AS sent FROM portal_mails WHERE NOT is_decoy")[0].sent
    assert sent == 5


def test_a_network_cannot_request_links_for_everyone(portal: Service) -> None:
    responses = [request_link(portal, f"person{number}@health.example") for number in range(51)]
    assert [each.status_code for each in responses[:50]] == [303] * 50
    assert responses[50].status_code == 429


def test_a_line_break_in_an_address_reaches_no_header(portal: Service) -> None:
    add_member(portal)
    request_link(portal, EMAIL + "\r\nBcc: evil@evil.example")
    assert portal.rows("SELECT 1 FROM portal_mails WHERE NOT is_decoy") == []


def test_the_link_is_in_the_language_of_the_person(portal: Service) -> None:
    add_member(portal, language="fr")
    request_link(portal)
    message = portal.app.context.portal.mail.newest(1)[0].message
    assert message.subject == "Choisissez un nouveau mot de passe"
    assert "/fr/new-password/" in message.text
