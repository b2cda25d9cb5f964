"""The button for the other language, on pages that show something once."""

from datetime import timedelta

import pytest

from app.domain.portal.rights import Role
from tests.app.portal.accounts.test_account import codes_on
from tests.app.portal.people.test_people import add_person, shown_code
from tests.support.portal import add_account, person, signed_in, switch_to_french
from tests.support.service import Service

# What is dangerous then needs another proof of identity.
LATER = timedelta(minutes=16)


@pytest.mark.parametrize("action", ["code", "reset"])
def test_a_code_in_place_of_a_second_factor_is_kept(portal: Service, action: str) -> None:
    target, other = add_person(portal), add_person(portal, who="another")
    administrator = person(portal, Role.ADMINISTRATOR)
    page = administrator.post(f"/en/people/{target}/{action}").text
    assert f'formaction="/fr/people/{target}/{action}"' in page
    portal.clock.now += LATER
    french = administrator.client.post(f"/fr/people/{target}/{action}", data=switch_to_french(page))
    assert shown_code(french.text) == shown_code(page) != ""
    assert "Valide une seule fois" in french.text
    assert "/confirm?next=" not in french.text
    assert len(portal.rows("SELECT 1 FROM portal_backup_codes")) == 1
    of_another = administrator.client.post(f"/fr/people/{other}/{action}", data=switch_to_french(page))
    assert shown_code(of_another.text) == ""


@pytest.mark.parametrize("path", ["/account/codes", "/set-up/codes"])
def test_backup_codes_are_kept(portal: Service, path: str) -> None:
    account = add_account(portal, totp_secret=b"sealed")
    visitor = signed_in(portal, account, is_complete=path == "/account/codes")
    portal.execute("UPDATE portal_sessions SET may_set_up = true")
    page = visitor.post(f"/en{path}").text
    assert f'formaction="/fr{path}"' in page
    portal.clock.now += LATER
    french = visitor.client.post(f"/fr{path}", data=switch_to_french(page))
    assert codes_on(french.text) == codes_on(page) != []
    assert "codes de secours" in french.text
    forged = visitor.client.post(f"/fr{path}", data=switch_to_french(page) | {"shown": "x"})
    assert codes_on(forged.text) == []
    assert len(portal.rows("SELECT 1 FROM portal_audit_entries WHERE action = 'make-backup-codes'")) == 1
