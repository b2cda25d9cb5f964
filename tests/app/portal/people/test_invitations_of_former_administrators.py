"""Invitations of people who may no longer invite: their links end with the right of the sender."""

from functools import partial

import pytest

from app.domain.errors import ActionRefusedError, NotPermittedError
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.people import Person
from app.domain.portal.rights import Role
from app.portal.invitations import Invitee
from app.portal.sign_in import Visit
from tests.support.at_once import at_once
from tests.support.invitations import ADDRESS, PORTAL, actor, invite, links, number_of, stored
from tests.support.service import Service

PASSWORD = "correct horse battery staple 7"


def test_the_invitations_of_a_person_who_is_disabled_are_withdrawn(portal: Service) -> None:
    sender, superuser = actor(portal), actor(portal, Role.SUPERUSER)
    invite(portal, sender)
    link = links(portal)[0]
    invite(portal, superuser, "other@health.example")
    portal.app.context.portal.people.disable(superuser, sender.id, portal.clock.now)
    assert [row[0] for row in stored(portal)] == ["other@health.example"]
    assert not _accept(portal, link)
    entries = portal.rows("SELECT actor, action, target, jurisdiction FROM portal_audit_entries ORDER BY id")
    assert [tuple(each) for each in entries[2:]] == [
        (superuser.email, "withdraw-invitation", ADDRESS, "ON"),
        (superuser.email, "disable", sender.email, "ON"),
    ]
    invite(portal, superuser)  # the address can be invited again


def test_the_command_that_disables_an_account_withdraws_its_invitations(portal: Service) -> None:
    sender = actor(portal)
    invite(portal, sender)
    portal.app.context.portal.operation.disable(sender.email, portal.clock.now)
    assert stored(portal) == []
    assert not _accept(portal, links(portal)[0])


def test_an_administrator_who_becomes_staff_loses_their_invitations(portal: Service) -> None:
    sender = actor(portal)
    invite(portal, sender)
    _change_role(portal, sender, Role.STAFF)
    assert stored(portal) == []


def test_a_superuser_who_becomes_an_administrator_keeps_what_an_administrator_may_send(portal: Service) -> None:
    sender = actor(portal, Role.SUPERUSER)
    invite(portal, sender, "own@health.example")
    invite(portal, sender, "foreign@health.example", "AB")
    invitee = Invitee("super@health.example", "en", JURISDICTIONS["ON"], Role.SUPERUSER, frozenset())
    portal.app.context.portal.invitations.invite(sender, invitee, PORTAL, portal.clock.now)
    _change_role(portal, sender, Role.ADMINISTRATOR)
    assert [row[0] for row in stored(portal)] == ["own@health.example"]


def test_an_invitation_that_another_person_sent_again_is_theirs(portal: Service) -> None:
    first, second = actor(portal), actor(portal, Role.SUPERUSER)
    invite(portal, first)
    portal.app.context.portal.invitations.resend(second, number_of(portal), PORTAL, portal.clock.now)
    portal.app.context.portal.operation.disable(first.email, portal.clock.now)
    assert _accept(portal, links(portal)[0])


@pytest.mark.parametrize("is_sent_again", [False, True])
def test_a_person_who_was_disabled_after_the_request_began_sends_nothing(portal: Service, is_sent_again: bool) -> None:
    sender, services = actor(portal), portal.app.context.portal
    if is_sent_again:
        invite(portal, actor(portal, Role.SUPERUSER))
    before = portal.rows("SELECT id, token_digest FROM portal_invitations")
    services.operation.disable(sender.email, portal.clock.now)
    resend = partial(services.invitations.resend, sender, before[0].id if before else 0, PORTAL, portal.clock.now)
    with pytest.raises(NotPermittedError):
        resend() if is_sent_again else invite(portal, sender)
    assert portal.rows("SELECT id, token_digest FROM portal_invitations") == before


def test_no_invitation_remains_when_its_sender_is_disabled_at_the_same_moment(portal: Service) -> None:
    superuser, services = actor(portal, Role.SUPERUSER), portal.app.context.portal
    for number, code in enumerate(("ON", "AB", "QC", "MB")):
        sender = actor(portal, jurisdiction=code)
        invite(portal, sender, f"first{number}@health.example", code)
        link = links(portal)[0]

        def send(sender: Person = sender, number: int = number, code: str = code) -> None:
            try:
                invite(portal, sender, f"second{number}@health.example", code)
            except NotPermittedError:
                return

        def disable(sender: Person = sender) -> None:
            services.people.disable(superuser, sender.id, portal.clock.now)

        at_once(lambda call: call(), [send, disable, lambda link=link: _accept(portal, link)])
        assert stored(portal) == []


def _accept(portal: Service, link: str) -> bool:
    token, visit = link.rpartition("/")[2], Visit("network", "Firefox, Windows")
    try:
        portal.app.context.portal.sign_up.accept(token, "New", "en", PASSWORD, visit, portal.clock.now)
    except ActionRefusedError:
        return False
    return True


def _change_role(portal: Service, subject: Person, role: Role) -> None:
    superuser = actor(portal, Role.SUPERUSER, "CDS")
    portal.app.context.portal.people.change_role(superuser, subject.id, role, (), portal.clock.now)
