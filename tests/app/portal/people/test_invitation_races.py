"""Invitations that several people send, accept and withdraw at the same moment."""

from collections.abc import Callable
from datetime import timedelta

from app.domain.errors import ActionRefusedError, PortalPageMissingError
from app.domain.portal.people import Person
from app.domain.portal.rights import Role
from app.portal.invitations import LIMIT
from app.portal.sign_in import Visit
from tests.support.at_once import at_once
from tests.support.invitations import PORTAL, actor, invite, links, number_of, stored
from tests.support.service import Service

PASSWORD = "correct horse battery staple 7"


def test_an_inviter_sends_no_more_than_the_limit_in_an_hour_even_at_once(portal: Service) -> None:
    inviter = actor(portal)
    _record_invitations(portal, inviter, LIMIT - 1)

    def attempt(number: int) -> str:
        try:
            invite(portal, inviter, f"person{number}@health.example")
        except ActionRefusedError as error:
            return error.reason
        return "sent"

    outcomes = at_once(attempt, range(4))
    assert sorted(outcomes) == ["people.invite.error.limit"] * 3 + ["sent"]
    invite(portal, actor(portal, jurisdiction="AB"), "other@health.example", "AB")  # the limit is one person's
    portal.clock.now += timedelta(hours=1, seconds=1)
    assert attempt(9) == "sent"


def _record_invitations(portal: Service, inviter: Person, count: int) -> None:
    with portal.database.session() as session:
        for _ in range(count):
            portal.app.context.portal.audit.record(session, inviter, "invite", "x@y.example", portal.clock.now)


def test_one_address_is_invited_once_by_two_at_once(portal: Service) -> None:
    inviters = [actor(portal), actor(portal, jurisdiction="AB")]

    def attempt(inviter: Person) -> bool:
        try:
            invite(portal, inviter, jurisdiction=inviter.jurisdiction.code)
        except ActionRefusedError:
            return False
        return True

    assert sorted(at_once(attempt, inviters)) == [False, True]
    assert len(stored(portal)) == len(links(portal)) == 1


def test_an_invitation_that_is_withdrawn_and_sent_again_at_once_has_one_outcome(portal: Service) -> None:
    service, first, second = portal.app.context.portal.invitations, actor(portal), actor(portal, Role.SUPERUSER)
    for _ in range(5):
        invite(portal, first)
        number = number_of(portal)

        def attempt(call: object, number: int = number) -> str:
            try:
                call(number)
            except PortalPageMissingError:
                return "missing"
            return "done"

        calls = [
            lambda number: service.withdraw(first, number, portal.clock.now),
            lambda number: service.withdraw(second, number, portal.clock.now),
            lambda number: service.resend(second, number, PORTAL, portal.clock.now),
        ]
        outcomes = at_once(attempt, calls)
        assert outcomes[:2].count("done") == 1
        assert stored(portal) == []


def test_an_invitation_that_is_accepted_withdrawn_and_sent_again_at_once_has_one_outcome(portal: Service) -> None:
    services, first, second = portal.app.context.portal, actor(portal), actor(portal, Role.SUPERUSER)
    for number in range(4):
        address = f"person{number}@health.example"
        invite(portal, first, address)
        row = portal.rows("SELECT id FROM portal_invitations WHERE email = :email", email=address)[0]
        token = links(portal)[0].rpartition("/")[2]
        visit = Visit(f"network {number}", "Firefox, Windows")

        def attempt(call: Callable[[], object]) -> str:
            try:
                call()
            except (ActionRefusedError, PortalPageMissingError):
                return "refused"
            return "done"

        accepted, withdrawn, _ = at_once(
            attempt,
            [
                lambda t=token, v=visit: services.sign_up.accept(t, "New", "en", PASSWORD, v, portal.clock.now),
                lambda n=row.id: services.invitations.withdraw(first, n, portal.clock.now),
                lambda n=row.id: services.invitations.resend(second, n, PORTAL, portal.clock.now),
            ],
        )
        accounts_now = portal.rows("SELECT 1 FROM portal_accounts WHERE email = :email", email=address)
        assert len(accounts_now) == (accepted == "done")
        assert (accepted, withdrawn).count("done") == 1, "accepted or withdrawn, never both and never neither"
    assert stored(portal) == []
