"""Invitations and the people who send them, for tests of the portal."""

import re

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.people import Person
from app.domain.portal.rights import Right, Role
from app.portal.invitations import Invitee
from tests.support.portal import add_account, person_with
from tests.support.service import Service

ADDRESS = "new.nurse@health.example"
PORTAL = "https://portal.example.org"


def stored(portal: Service) -> list[tuple[object, ...]]:
    """Return the invitations."""
    query = "SELECT email, language, jurisdiction, role, granted FROM portal_invitations ORDER BY id"
    return [tuple(row) for row in portal.rows(query)]


def number_of(portal: Service) -> int:
    """Return the number of the only invitation."""
    return int(portal.rows("SELECT id FROM portal_invitations")[0].id)


def links(portal: Service) -> list[str]:
    """Return the links in the e-mail that was stored, the newest first."""
    return [re.findall(r"https?://\S+", each.message.text)[0] for each in portal.app.context.portal.mail.newest()]


def actor(portal: Service, role: Role = Role.ADMINISTRATOR, jurisdiction: str = "ON", *granted: Right) -> Person:
    """Return a new person, for calls of the service."""
    email = f"actor-{role.value}-{jurisdiction.lower()}@health.example"
    number = add_account(portal, email, role=role, jurisdiction=jurisdiction, granted=granted)
    return person_with(portal, number)


def invite(portal: Service, inviter: Person, email: str = ADDRESS, jurisdiction: str = "ON") -> None:
    """Invite an address to be staff."""
    invitee = Invitee(email, "en", JURISDICTIONS[jurisdiction], Role.STAFF, frozenset())
    portal.app.context.portal.invitations.invite(inviter, invitee, PORTAL, portal.clock.now)
