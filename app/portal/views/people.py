"""Who sent the request."""

from flask import g

from app.domain.errors import NotPermittedError
from app.domain.portal.people import Person, SignedIn


def current_session() -> SignedIn:
    """Return the session of the request; raise NotPermittedError if there is none."""
    signed_in: SignedIn | None = g.get("signed_in")
    if signed_in is None:
        raise NotPermittedError
    return signed_in


def current_person() -> Person:
    """Return who sent the request; raise NotPermittedError if the person has not signed in completely."""
    signed_in = current_session()
    if not signed_in.is_complete:
        raise NotPermittedError
    return signed_in.person


def person_or_none() -> Person | None:
    """Return who sent the request, or None if the person has not signed in completely."""
    signed_in: SignedIn | None = g.get("signed_in")
    return signed_in.person if signed_in is not None and signed_in.is_complete else None
