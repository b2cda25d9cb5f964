"""Administrators who act on the same people at the same moment, and lose their own rights meanwhile."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import ActionRefusedError, NotPermittedError
from app.domain.portal.alerts import Period
from app.domain.portal.places import PlaceDetails
from app.domain.portal.rights import Right, Role
from app.portal.alerts import NewAlert
from app.portal.announcements import Content
from tests.support.at_once import at_once
from tests.support.invitations import actor, invite
from tests.support.portal import add_account
from tests.support.service import Service

ACTIONS = ("disable", "enable", "give_code", "reset_second_factor")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("change", ["disabled", "demoted"])
def test_an_administrator_only_until_the_request_arrived_manages_no_one(
    portal: Service, action: str, change: str
) -> None:
    people, former, superuser = portal.app.context.portal.people, actor(portal), actor(portal, Role.SUPERUSER)
    target = add_account(portal)
    if change == "disabled":
        people.disable(superuser, former.id, portal.clock.now)
    else:
        people.change_role(superuser, former.id, Role.STAFF, (), portal.clock.now)
    with pytest.raises(NotPermittedError):
        getattr(people, action)(former, target, portal.clock.now)
    with pytest.raises(NotPermittedError):
        people.change_role(former, target, Role.ADMINISTRATOR, (), portal.clock.now)


def test_a_right_that_was_taken_from_an_administrator_meanwhile_is_not_granted(portal: Service) -> None:
    people, superuser = portal.app.context.portal.people, actor(portal, Role.SUPERUSER)
    administrator = actor(portal, Role.ADMINISTRATOR, "ON", Right.OUTBREAKS)
    target = add_account(portal)
    people.change_role(superuser, administrator.id, Role.ADMINISTRATOR, (), portal.clock.now)
    with pytest.raises(NotPermittedError):
        people.change_role(administrator, target, Role.STAFF, (Right.OUTBREAKS,), portal.clock.now)


def test_an_administrator_who_loses_the_role_at_once_acts_before_or_not_at_all(portal: Service) -> None:
    people, superuser = portal.app.context.portal.people, actor(portal, Role.SUPERUSER)
    administrator, expected = actor(portal), []
    for number in range(5):
        target = add_account(portal, f"person{number}@health.example")
        portal.execute("UPDATE portal_accounts SET role = 'administrator' WHERE id = :id", id=administrator.id)

        def promote(target: int = target) -> bool:
            try:
                people.change_role(administrator, target, Role.ADMINISTRATOR, (), portal.clock.now)
            except NotPermittedError:
                return False
            return True

        def demote() -> None:
            people.change_role(superuser, administrator.id, Role.STAFF, (), portal.clock.now)

        was_promoted, _ = at_once(lambda call: call(), [promote, demote])
        actors = [row.actor for row in portal.rows("SELECT actor FROM portal_audit_entries ORDER BY id")]
        expected += [administrator.email] * was_promoted + [superuser.email]
        assert actors == expected


def test_administrators_who_act_on_one_person_at_once_take_turns(portal: Service) -> None:
    people, target = portal.app.context.portal.people, add_account(portal)
    first, second = actor(portal), actor(portal, Role.SUPERUSER)

    def act(number: int) -> str:
        by, action = (first, second)[number % 2], ACTIONS[number % len(ACTIONS)]
        try:
            getattr(people, action)(by, target, portal.clock.now)
        except ActionRefusedError as error:
            return error.reason
        return "done"

    assert set(at_once(act, range(12))) <= {"done", "people.refused.disabled"}
    assert len(portal.rows("SELECT 1 FROM portal_backup_codes")) <= 1


@pytest.mark.parametrize("change", ["disabled", "demoted"])
def test_a_right_lost_since_the_request_arrived_makes_no_token_and_no_invitation(portal: Service, change: str) -> None:
    services, now = portal.app.context.portal, portal.clock.now
    former, superuser = actor(portal), actor(portal, Role.SUPERUSER)
    if change == "disabled":
        services.people.disable(superuser, former.id, now)
    else:
        services.people.change_role(superuser, former.id, Role.STAFF, (), now)
    with pytest.raises(NotPermittedError):
        services.tokens.make(former, "ON", "laboratory", now)
    with pytest.raises(NotPermittedError):
        invite(portal, former)
    assert portal.rows("SELECT 1 FROM api_tokens") == []


def test_an_account_disabled_since_the_request_arrived_issues_no_code_and_records_no_alert(portal: Service) -> None:
    services, now = portal.app.context.portal, portal.clock.now
    former, superuser = actor(portal, Role.STAFF, "ON", Right.OUTBREAKS), actor(portal, Role.SUPERUSER)
    services.switches.turn(superuser, "ON", "outbreaks", now, is_on=True)
    details = PlaceDetails("Rink", "1 Main Street", "Ottawa", "other", "Zoé Roy", "z@health.example", "")
    place, _ = services.places.register(former, details, now)
    services.people.disable(superuser, former.id, now)
    with pytest.raises(NotPermittedError):
        services.codes.issue(former, uuid.uuid4(), now)
    period = Period(now - timedelta(hours=2), now - timedelta(hours=1))
    with pytest.raises(NotPermittedError):
        services.alerts.record(former, NewAlert(place, uuid.uuid4(), period, 1), now)


@pytest.mark.parametrize("change", ["disabled", "demoted"])
def test_a_superuser_only_until_the_request_arrived_announces_and_switches_nothing(
    portal: Service, change: str
) -> None:
    services, now = portal.app.context.portal, portal.clock.now
    former, superuser = actor(portal, Role.SUPERUSER, "CDS"), actor(portal, Role.SUPERUSER)
    content = Content("warning", "Text", "Texte", None, now, now + timedelta(hours=1))
    services.announcements.publish(former, content, now)
    number = services.announcements.newest()[0].id
    if change == "disabled":
        services.people.disable(superuser, former.id, now)
    else:
        services.people.change_role(superuser, former.id, Role.STAFF, (), now)
    with pytest.raises(NotPermittedError):
        services.announcements.publish(former, content, now)
    with pytest.raises(NotPermittedError):
        services.announcements.change(former, number, replace(content, text_en="Changed"), content.revision, now)
    with pytest.raises(NotPermittedError):
        services.announcements.end(former, number, now)
    with pytest.raises(NotPermittedError):
        services.switches.turn(former, "ON", "outbreaks", now, is_on=True)
    assert [each.content for each in services.announcements.newest()] == [content]
    assert not services.switches.of("ON").outbreaks
