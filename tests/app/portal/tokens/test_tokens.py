"""API tokens: made and shown once, used without a restart, revoked within ten seconds."""

import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from app.domain.portal.rights import Role
from app.submission.bearer_tokens import MAX_AGE, RETRY
from tests.support.portal import Visitor, add_account, person, signed_in, switch_to_french
from tests.support.service import Service, bearer


def make(visitor: Visitor, **fields: str) -> TestResponse:
    return visitor.post("/en/tokens/new", **{"name": "Laboratory", **fields})


def token_of(page: TestResponse) -> str:
    found = re.search(r'<code id="token"[^>]*>([^<]+)</code>', page.text)
    assert found, page.status
    return found[1]


def number_of(service: Service) -> int:
    (row,) = service.rows("SELECT id FROM api_tokens")
    number: int = row.id
    return number


def issue(service: Service, token: str) -> int:
    status: int = service.client.post("/new-key-claim", headers=bearer(token)).status_code
    return status


def test_a_new_token_issues_codes_of_its_jurisdiction(portal: Service) -> None:
    token = token_of(make(person(portal, Role.ADMINISTRATOR, "QC")))
    assert len(token) == 43
    assert issue(portal, token) == 200
    assert [row.originator for row in portal.rows("SELECT originator FROM encryption_keys")] == ["QC"]


def test_a_token_is_shown_once(portal: Service) -> None:
    visitor = person(portal, Role.ADMINISTRATOR)
    page = make(visitor)
    token = token_of(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert token not in visitor.get("/en/tokens").text
    assert token[:6] in visitor.get("/en/tokens").text
    names = [row.tablename for row in portal.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    stored = "".join(str(tuple(row)) for name in names for row in portal.rows(f"SELECT * FROM {name}"))  # noqa: S608
    assert token not in stored


def test_the_new_token_can_be_shown_in_the_other_language(portal: Service) -> None:
    visitor = person(portal, Role.ADMINISTRATOR)
    page = make(visitor)
    portal.clock.now += timedelta(minutes=16)  # another token would need another proof of identity
    french = visitor.client.post("/fr/tokens/new", data=switch_to_french(page.text))
    assert token_of(french) == token_of(page)
    assert len(portal.rows("SELECT 1 FROM api_tokens")) == 1


def test_a_revoked_token_is_refused_within_ten_seconds(portal: Service) -> None:
    visitor = person(portal, Role.ADMINISTRATOR)
    token = token_of(make(visitor))
    assert issue(portal, token) == 200
    path = f"/en/tokens/{number_of(portal)}/revoke"
    assert "Revoke “Laboratory”" in visitor.get(path).text
    assert visitor.post(path).location == "/en/tokens?revoked=Laboratory"
    portal.clock.now += MAX_AGE
    assert issue(portal, token) == 401
    assert "Revoked" in visitor.get("/en/tokens").text


def test_the_last_use_is_shown_to_the_hour(portal: Service) -> None:
    visitor = person(portal, Role.ADMINISTRATOR)
    make(visitor)
    assert "Never" in visitor.get("/en/tokens").text
    portal.execute("UPDATE api_tokens SET last_used = :now", now=portal.clock.now)  # 12:15 UTC
    assert "08:00" in visitor.get("/en/tokens").text


def test_making_and_revoking_are_audited_without_the_token(portal: Service) -> None:
    visitor = person(portal, Role.ADMINISTRATOR)
    token = token_of(make(visitor))
    path = f"/en/tokens/{number_of(portal)}/revoke"
    visitor.post(path)
    visitor.post(path)  # again: nothing changes
    entries = portal.rows("SELECT action, target, jurisdiction, details FROM portal_audit_entries ORDER BY id")
    assert [tuple(entry) for entry in entries] == [
        ("make-token", "Laboratory", "ON", {}),
        ("revoke-token", "Laboratory", "ON", {}),
    ]
    assert token[:6] not in str(entries)


def test_tokens_of_another_jurisdiction_do_not_exist(portal: Service) -> None:
    token = token_of(make(person(portal, Role.ADMINISTRATOR, "ON")))
    other = person(portal, Role.ADMINISTRATOR, "QC")
    path = f"/en/tokens/{number_of(portal)}/revoke"
    assert "Laboratory" not in other.get("/en/tokens").text
    assert other.get(path).status_code == 404
    assert other.post(path, page="/en/tokens/new").status_code == 404
    portal.clock.now += RETRY
    assert issue(portal, token) == 200


def test_an_administrator_cannot_choose_another_jurisdiction(portal: Service) -> None:
    make(person(portal, Role.ADMINISTRATOR, "QC"), jurisdiction="ON")
    assert [row.label for row in portal.rows("SELECT label FROM api_tokens")] == ["QC"]


def test_a_superuser_chooses_the_jurisdiction_and_sees_all(portal: Service) -> None:
    visitor = person(portal, Role.SUPERUSER, "CDS")
    make(visitor, jurisdiction="NU", name="Nunavut system")
    assert [row.label for row in portal.rows("SELECT label FROM api_tokens")] == ["NU"]
    assert "Nunavut system" in visitor.get("/en/tokens").text
    assert "There is a problem" in make(visitor, jurisdiction="XX").text
    assert visitor.post(f"/en/tokens/{number_of(portal)}/revoke").status_code == 303


def test_the_token_of_the_portal_itself_is_not_listed(portal: Service) -> None:
    portal.app.context.portal.codes.client._tokens.of("ON", portal.clock.now)
    visitor = person(portal, Role.ADMINISTRATOR)
    assert "There are no tokens." in visitor.get("/en/tokens").text
    assert visitor.get(f"/en/tokens/{number_of(portal)}/revoke").status_code == 404


@pytest.mark.parametrize(("name", "error"), [("", "Enter what the token is for"), ("x" * 61, "Use at most 60")])
def test_a_name_is_required(portal: Service, name: str, error: str) -> None:
    page = make(person(portal, Role.ADMINISTRATOR), name=name)
    assert "There is a problem" in page.text
    assert error in page.text
    assert portal.rows("SELECT 1 FROM api_tokens") == []


def test_a_name_is_shown_as_text(portal: Service) -> None:
    visitor = person(portal, Role.ADMINISTRATOR)
    make(visitor, name="<script>alert(1)</script>")
    assert "&lt;script&gt;" in visitor.get("/en/tokens").text
    assert "<script>alert" not in visitor.get("/en/tokens").text


@pytest.mark.parametrize("path", ["/en/tokens/new", "/en/tokens/1/revoke"])
def test_the_person_must_have_confirmed_who_they_are(portal: Service, path: str) -> None:
    visitor = signed_in(portal, add_account(portal, role=Role.ADMINISTRATOR))
    portal.clock.now += timedelta(minutes=15)
    assert visitor.get(path).location == f"/en/confirm?next={path.removeprefix('/en').replace('/', '%2F')}"
