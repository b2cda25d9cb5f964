"""Who may see and manage whom, and what can be granted."""

from app.domain.portal.people import Person
from app.domain.portal.rights import GRANTABLE, Right, Role, may_grant


def may_see(viewer: Person, other: Person) -> bool:
    """Return whether a person may know of another: superusers are hidden from administrators."""
    if Right.EVERYWHERE in viewer.rights:
        return True
    is_visible = other.role is not Role.SUPERUSER and other.jurisdiction == viewer.jurisdiction
    return is_visible and Right.SEE_PEOPLE in viewer.rights


def may_manage(viewer: Person, other: Person) -> bool:
    """Return whether a person may disable another, change their role or reset their second factor.

    Administrators manage the staff of their jurisdiction, superusers everyone. No person manages their own account, so
    none can disable it or lower their own role, and the last superuser remains.
    """
    if other.id == viewer.id or Right.MANAGE_PEOPLE not in viewer.rights or not may_see(viewer, other):
        return False
    return Right.EVERYWHERE in viewer.rights or other.role is Role.STAFF


def grantable_roles(person: Person) -> list[Role]:
    """Return the roles that a person may give to others."""
    return [role for role in Role if may_grant(person.rights, role)]


def grantable_rights(person: Person) -> list[Right]:
    """Return the rights that a person may give to others, in addition to a role."""
    return [right for right in GRANTABLE if right in person.rights]


def granted_after(person: Person, before: frozenset[Right], chosen: frozenset[Right]) -> frozenset[Right]:
    """Return another person's rights after a change: what `person` does not hold stays as it was."""
    own = frozenset(grantable_rights(person))
    return (before - own) | (chosen & own)
