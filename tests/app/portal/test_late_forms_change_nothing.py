"""What is dangerous, on every page, with a form that is valid but sent after the proof of identity has expired."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pyotp
import pytest
from werkzeug.test import TestResponse

from app.domain.portal.rights import ROLE_RIGHTS, Right, Role
from app.portal.views.blueprint import PAGES
from app.store.portal.accounts import Passkey
from app.store.tables import metadata
from tests.support.authenticator import Authenticator
from tests.support.places import register, switch_on
from tests.support.portal import Visitor, add_account, person_with, signed_in
from tests.support.portal_accounts import options_on
from tests.support.service import Service
from tests.support.torture import times

LATE = timedelta(minutes=16)
SECRET = b"a sealed secret"
Fields = dict[str, Any]


@dataclass
class Case:
    """A person with a proof of identity, and what the forms of dangerous pages need."""

    portal: Service
    role: Role
    numbers: Iterator[int] = field(default_factory=lambda: count())
    account: int = 0
    visitor: Visitor = field(init=False)

    def __post_init__(self) -> None:
        """Sign a new person in, who has each kind of second factor."""
        self.account = self.add(self.role, granted=(Right.OUTBREAKS,), totp_secret=SECRET)
        self.visitor = signed_in(self.portal, self.account)

    def add(self, role: Role, **columns: Any) -> int:
        """Store a person with a passkey, and return the number of the account."""
        number = add_account(self.portal, f"{role}-{next(self.numbers)}@on.example", role=role, **columns)
        values = {"credential_id": f"{number}".encode(), "public_key": b"k", "sign_count": 0, "name": "Laptop"}
        with self.portal.database.session() as session:
            session.add(Passkey(account_id=number, created=self.portal.clock.now, **values))
        return number

    @contextmanager
    def late(self) -> Iterator[None]:
        """Let the proof of identity be too old, and nothing else."""
        move = "UPDATE portal_sessions SET confirmed_at = confirmed_at + :by WHERE account_id = :account"
        self.portal.execute(move, by=-LATE, account=self.account)
        yield
        self.portal.execute(move, by=LATE, account=self.account)

    def of_person(self, fields: Fields | None = None, **columns: Any) -> tuple[int, Fields]:
        """Return another person, of whom the page is."""
        return self.add(Role.STAFF, **columns), fields or {}

    def passkey(self) -> tuple[int, Fields]:
        """Return what an authenticator answers to the page."""
        answer = Authenticator().create(options_on(self.visitor, "/en/account/passkey"))
        return 0, {"answer": answer, "name": "Work laptop"}

    def authenticator(self) -> tuple[int, Fields]:
        """Return a secret that the page has shown, and its present code."""
        person = person_with(self.portal, self.account)
        pending = self.portal.app.context.portal.second_factors.new_secret(person)
        code = pyotp.TOTP(pending.secret).at(int(self.portal.clock.now.timestamp()))
        return 0, {"secret": pending.sealed, "code": code}

    def own_passkey(self) -> tuple[int, Fields]:
        """Return the number of the person's passkey."""
        query = "SELECT id FROM portal_passkeys WHERE account_id = :account ORDER BY id LIMIT 1"
        return self.portal.rows(query, account=self.account)[0].id, {}

    def token(self) -> tuple[int, Fields]:
        """Return the number of a token; 0 without the right to make one."""
        token = self.visitor.open_form("/en/account")
        self.visitor.send("/en/tokens/new", token, name="Laboratory", jurisdiction="ON")
        rows = self.portal.rows("SELECT max(id) AS id FROM api_tokens")
        return rows[0].id or 0, {}

    def alert(self) -> tuple[int, Fields]:
        """Return a place, and the form of the page that confirms an alert."""
        start = (self.portal.clock.now - timedelta(days=2)).date().isoformat()
        period = {"start_date": start, "start_time": "12:00", "end_date": start, "end_time": "13:00"}
        place = self.portal.rows("SELECT id FROM portal_places")[0].id
        return place, period | {"severity": "1", "step": "send"}


PASSWORD = {"password": "heron lantern quarry biscuit"}
INVITED = {"email": "grace@health.example", "language": "fr", "role": "staff", "jurisdiction": "ON"}
# The number in the path, and the fields of a form that does something; a new page needs a row.
FORMS: dict[str, Callable[[Case], tuple[int, Fields]]] = {
    "/account/authenticator": Case.authenticator,
    "/account/authenticator/remove": lambda _: (0, {}),
    "/account/codes": lambda _: (0, {}),
    "/account/passkey": Case.passkey,
    "/account/passkeys/<int:number>/remove": Case.own_passkey,
    "/account/password": lambda _: (0, PASSWORD),
    "/jurisdictions": lambda _: (0, {"code": "AB", "name": "text_messages", "state": "on"}),
    "/people/<int:number>/code": lambda case: case.of_person(totp_secret=SECRET),
    "/people/<int:number>/disable": Case.of_person,
    "/people/<int:number>/enable": lambda case: case.of_person(disabled_at=case.portal.clock.now),
    "/people/<int:number>/reset": lambda case: case.of_person(totp_secret=SECRET),
    "/people/<int:number>/role": lambda case: case.of_person({"role": "staff", "granted": "outbreaks"}),
    "/people/invite": lambda _: (0, INVITED),
    "/places/<int:number>/alert": Case.alert,
    "/tokens/<int:number>/revoke": Case.token,
    "/tokens/new": lambda _: (0, {"name": "Laboratory", "jurisdiction": "ON"}),
}
DANGEROUS = {page.rule: page for page in PAGES.values() if page.needs_confirmation and "POST" in page.methods}
# What is shown once, and what a person must not learn without a proof of identity.
SECRETS = ('name="shown"', 'class="backup-codes"', 'class="key"')


def stored(portal: Service) -> dict[str, list[str]]:
    """Return every row of every table, without the time of the last request of a session."""
    query = "SELECT CAST(to_jsonb(each) - 'last_seen' AS text) AS text FROM {} AS each ORDER BY 1"
    return {table.name: [row.text for row in portal.rows(query.format(table.name))] for table in metadata.sorted_tables}


def secrets_on(response: TestResponse, sent: Fields) -> list[str]:
    """Return which secrets a response holds that the form did not, or that it is a file."""
    is_known = "secret" in sent and sent["secret"] in response.text
    found = [each for each in SECRETS if each in response.text and not (is_known and each == 'class="key"')]
    return found + ["file"] * ("Content-Disposition" in response.headers)


def form_of(case: Case, rule: str, language: str) -> tuple[str, Fields]:
    """Return the path of a page, and the fields of a form that does something."""
    number, fields = FORMS[rule](case)
    return f"/{language}{rule}".replace("<int:number>", str(number)), fields


@pytest.fixture
def place(portal: Service) -> None:
    """A place in Ontario, where outbreaks are on."""
    portal.clock.now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    switch_on(portal, "ON")
    register(portal)


def test_every_dangerous_page_has_a_form_here() -> None:
    assert set(FORMS) == set(DANGEROUS)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("language", times(["en"], ["en", "fr"]))
@pytest.mark.parametrize("role", times([Role.SUPERUSER], list(Role)))
def test_a_late_form_changes_and_shows_nothing_and_acts_after_a_proof(
    portal: Service, role: Role, language: str
) -> None:
    case, found, acted = Case(portal, role), [], set()
    for rule in DANGEROUS:
        path, fields = form_of(case, rule, language)
        token, before = {"csrf_token": case.visitor.open_form("/en/account")}, stored(portal)
        with case.late():
            for sent in ({}, fields):
                responses = [
                    case.visitor.client.post(path, data=sent | token | {"switch_language": "fr"}),
                    case.visitor.client.post(path, data=sent | token),
                    case.visitor.client.post(path, json=sent, headers={"X-CSRFToken": token["csrf_token"]}),
                ]
                found += [f"{path} {list(sent)}: {each}" for one in responses for each in secrets_on(one, sent)]
                shown = [one for one in responses[1:] if one.status_code == 200]
                found += [
                    f"{path} {list(sent)}: no link" for one in shown if "/confirm?next=/confirmed" not in one.text
                ]
        if stored(portal) != before:
            found.append(f"{path}: stored")
        path, fields = form_of(case, rule, language)  # a challenge is replaced by the page that is shown again
        before = stored(portal)
        case.visitor.client.post(path, data=fields | token)
        if stored(portal) != before:
            acted.add(rule)
    assert found == []
    rights = {None, Right.OUTBREAKS, *ROLE_RIGHTS[role]}
    assert acted == {rule for rule, page in DANGEROUS.items() if page.right in rights}
