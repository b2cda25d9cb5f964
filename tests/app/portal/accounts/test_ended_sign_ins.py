"""Sign-ins whose account or session changes between the first step and the last, as a request at the same time does."""

import pytest

from app.domain.errors import ActionRefusedError
from app.domain.portal.people import SignedIn
from app.portal.sign_in import Visit
from tests.support.at_once import at_once
from tests.support.invitations import actor
from tests.support.portal_accounts import EMAIL, PASSWORD, Member, add_member, audited
from tests.support.service import Service

BROWSER = Visit("Firefox, Windows", "network")


def after_password(portal: Service, member: Member) -> SignedIn:
    """Return the session that a person has after the password."""
    services, now = portal.app.context.portal, portal.clock.now
    found = services.sessions.resume(services.sign_in.check_password(EMAIL, PASSWORD, BROWSER, now), now)
    assert found is not None
    assert found.person == member.person
    return found


def send_code(portal: Service, member: Member, signed_in: SignedIn) -> str:
    """Send the second step of a sign-in, of a request that had found its session."""
    visit = Visit(BROWSER.browser, BROWSER.network, signed_in.session_id)
    return portal.app.context.portal.sign_in.check_code(signed_in, member.codes[0], visit, portal.clock.now)


def test_a_code_does_not_sign_in_to_an_account_that_was_disabled_meanwhile(portal: Service) -> None:
    people, member, administrator = portal.app.context.portal.people, add_member(portal), actor(portal)
    signed_in = after_password(portal, member)
    people.disable(administrator, member.account_id, portal.clock.now)
    with pytest.raises(ActionRefusedError):
        send_code(portal, member, signed_in)
    people.enable(administrator, member.account_id, portal.clock.now)
    assert audited(portal)[-2:] == ["disable", "enable"]
    assert portal.rows("SELECT 1 FROM portal_sessions") == []


def test_a_code_does_not_sign_in_after_all_sessions_were_ended_meanwhile(portal: Service) -> None:
    member = add_member(portal)
    signed_in = after_password(portal, member)
    portal.app.context.portal.sessions.end_everywhere(member.person)
    with pytest.raises(ActionRefusedError):
        send_code(portal, member, signed_in)
    assert portal.rows("SELECT 1 FROM portal_sessions") == []


def test_a_sign_in_and_the_end_of_all_sessions_at_once_leave_no_session(portal: Service) -> None:
    services, member = portal.app.context.portal, add_member(portal)
    for _ in range(5):
        signed_in = after_password(portal, member)

        def sign_in(found: SignedIn = signed_in) -> bool:
            try:
                send_code(portal, member, found)
            except ActionRefusedError:
                return False
            return True

        at_once(lambda call: call(), [sign_in, lambda: services.sessions.end_everywhere(member.person)])
        assert portal.rows("SELECT 1 FROM portal_sessions") == []
        member.codes = services.second_factors.new_backup_codes(member.person, portal.clock.now)
        services.second_factors.confirm_backup_codes(member.person, portal.clock.now)


def test_a_set_up_is_not_finished_after_its_session_was_ended(portal: Service) -> None:
    member = add_member(portal)
    services, now = portal.app.context.portal, portal.clock.now
    with portal.database.session() as session:
        token = services.sessions.add(session, member.account_id, "Firefox", now, is_complete=False, may_set_up=True)
    signed_in = services.sessions.resume(token, now)
    assert signed_in is not None
    services.sessions.end_everywhere(member.person)
    with pytest.raises(ActionRefusedError):
        services.sign_in.finish_set_up(signed_in, BROWSER, now)
