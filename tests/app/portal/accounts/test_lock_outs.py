"""Locking out after failed attempts, by account and by network."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.domain.portal.lock_outs import LINKS, NETWORK_LINKS, NETWORKS, PASSWORDS, LockOutRule
from app.portal.second_factor_codes import give_code
from tests.support.portal import Visitor
from tests.support.portal_accounts import EMAIL, add_member, audited, send, type_code, type_password
from tests.support.service import Service

WRONG = "not the right password at all"


def guess(portal: Service, times: int, email: str = EMAIL) -> None:
    """Type a wrong password several times, in one browser that loads the page once."""
    visitor = Visitor(portal)
    page = visitor.get("/en/sign-in")
    for _ in range(times):
        assert send(visitor, page, "/en/sign-in", email=email, password=WRONG).status_code == 200


def test_ten_failures_lock_for_a_quarter_of_an_hour_and_then_for_longer(portal: Service) -> None:
    add_member(portal)
    for minutes in (15, 30, 60, 120, 240, 480, 960, 1440, 1440):
        guess(portal, 10)
        portal.clock.advance(minutes=minutes, seconds=-1)
        assert type_password(Visitor(portal)).status_code == 200, f"locked for {minutes} minutes"
        portal.clock.advance(seconds=1)
    assert type_password(Visitor(portal)).status_code == 303
    assert set(audited(portal)) == {"set-authenticator", "make-backup-codes", "lock-out"}


def test_a_success_ends_the_run_of_failures(portal: Service) -> None:
    add_member(portal)
    for _ in range(2):
        guess(portal, 9)
        assert type_password(Visitor(portal)).status_code == 303


def test_attempts_at_once_do_not_exceed_the_limit(portal: Service) -> None:
    add_member(portal)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: type_password(Visitor(portal), password=WRONG), range(30)))
    assert portal.rows("SELECT failures FROM portal_sign_in_failures ORDER BY failures")[0].failures == 10
    assert type_password(Visitor(portal)).status_code == 200


def test_a_hundred_failures_in_a_month_require_a_new_password(portal: Service) -> None:
    add_member(portal)
    for _ in range(10):
        guess(portal, 10)
        portal.execute("UPDATE portal_sign_in_failures SET locked_until = NULL, failures = 0")
    assert type_password(Visitor(portal)).status_code == 200
    portal.clock.advance(days=29)
    assert type_password(Visitor(portal)).status_code == 200
    portal.clock.advance(days=1)
    assert type_password(Visitor(portal)).status_code == 303


def test_a_right_password_does_not_forgive_wrong_codes(portal: Service) -> None:
    member = add_member(portal)
    for _ in range(10):
        visitor = Visitor(portal)
        assert type_password(visitor).status_code == 303
        refused = type_code(visitor, "000000")
    assert "ask an administrator" in refused.text
    assert type_code(visitor, member.totp()).status_code == 200, "locked, though the code is right"
    portal.clock.advance(minutes=15)
    visitor = Visitor(portal)
    type_password(visitor)
    assert type_code(visitor, member.totp()).status_code == 303


def test_a_network_that_tries_many_accounts_is_locked(portal: Service) -> None:
    add_member(portal)
    visitor = Visitor(portal)
    page = visitor.get("/en/sign-in")
    for number in range(100):
        send(visitor, page, "/en/sign-in", email=f"person{number}@health.example", password=WRONG)
    refused = type_password(Visitor(portal))
    assert (refused.status_code, "from your network" in refused.text) == (429, True)
    elsewhere = Visitor(portal)
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert type_password(elsewhere).status_code == 303


@pytest.mark.parametrize(
    ("rule", "seconds", "locks"),
    [
        *((rule, 3599, True) for rule in (NETWORKS, LINKS, NETWORK_LINKS)),
        *((rule, 3600, False) for rule in (NETWORKS, LINKS, NETWORK_LINKS)),
        (PASSWORDS, 3600, True),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_the_attempts_of_a_network_and_for_links_are_counted_anew_after_an_hour_without_one(
    portal: Service, rule: LockOutRule, seconds: int, locks: bool
) -> None:
    lock_out, now = portal.app.context.portal.lock_out, portal.clock.now
    for _ in range(rule.failures - 1):
        lock_out.count(rule, "subject", now)
    assert lock_out.count(rule, "subject", now + timedelta(seconds=seconds)).locks is locks


def test_the_log_of_audit_names_no_address_that_has_no_account(portal: Service) -> None:
    guess(portal, 10, "typed by mistake")
    entries = portal.rows("SELECT action, target FROM portal_audit_entries")
    assert [tuple(entry) for entry in entries] == [("lock-out", "unknown address")]


def test_a_code_from_an_administrator_unlocks_the_second_factor(portal: Service) -> None:
    member, visitor = add_member(portal), Visitor(portal)
    type_password(visitor)
    for _ in range(10):
        type_code(visitor, "000000")
    with portal.database.session() as session:
        code = give_code(session, portal.app.context.portal.keys, member.account_id, portal.clock.now)
    assert type_code(visitor, code).location == "/en/"
