"""Rights in the portal, and the roles that are made of them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """What a person may do, within a jurisdiction."""

    ISSUE = "issue"  # issue codes, and see and withdraw one's own
    SEE_PEOPLE = "see-people"
    MANAGE_PEOPLE = "manage-people"  # invite, disable, change the role, reset the second factor
    OUTBREAKS = "outbreaks"  # register places and send alerts
    STATISTICS = "statistics"
    FIGURES = "figures"  # the same by day with small counts, and alarms about figures
    AUDIT = "audit"
    TOKENS = "tokens"
    INCIDENTS = "incidents"  # of the service itself: see, open and resolve them, and write their reports
    EVERYWHERE = "everywhere"  # in all jurisdictions, and announcements


class Role(StrEnum):
    """The roles, from which a person's rights follow, except those that are granted one by one."""

    STAFF = "staff"
    ADMINISTRATOR = "administrator"
    SUPERUSER = "superuser"


ROLE_RIGHTS: Final = {
    Role.STAFF: frozenset({Right.ISSUE}),
    Role.ADMINISTRATOR: frozenset(
        {Right.ISSUE, Right.SEE_PEOPLE, Right.MANAGE_PEOPLE, Right.STATISTICS, Right.AUDIT, Right.TOKENS}
    ),
    Role.SUPERUSER: frozenset(Right),
}
# What can be granted to a person in addition to the role.
GRANTABLE: Final = (Right.OUTBREAKS,)


def rights_of(role: Role, granted: Iterable[Right]) -> frozenset[Right]:
    """Return the rights of a role, with those granted to the person."""
    return ROLE_RIGHTS[role] | (frozenset(granted) & frozenset(GRANTABLE))


def may_grant(own: frozenset[Right], role: Role, granted: Iterable[Right] = ()) -> bool:
    """Return whether a person with the rights `own` may give these: only what the person holds."""
    return rights_of(role, granted) <= own
