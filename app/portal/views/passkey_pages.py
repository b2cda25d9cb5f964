"""What pages with passkeys share: the site for which they are made, and the challenge in the browser's cookie.

A challenge is in a signed cookie, so it belongs to one browser; `Passkeys` accepts each once, for some minutes.
"""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from flask import session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from app.portal.passkeys import Ceremony, Challenge, RelyingParty
from app.portal.views.links import portal_address
from app.portal.views.pages import texts
from app.portal.views.people import current_session
from app.web.context import current_context, current_time

_CHALLENGE: Final = "challenge"


def relying_party() -> RelyingParty:
    """Return the site for which passkeys are made: that of PORTAL_URL, or else the host of the request."""
    address = urlsplit(portal_address())
    return RelyingParty(address.hostname or "", f"{address.scheme}://{address.netloc}", texts()("portal.name"))


def request_options() -> str:
    """Return the options, as JSON, with which a browser uses a passkey."""
    return _begin(current_context().portal.passkeys.request(relying_party(), current_time()))


def creation_options() -> str:
    """Return the options, as JSON, with which a browser makes a passkey for the person of the session."""
    passkeys = current_context().portal.passkeys
    return _begin(passkeys.creation(relying_party(), current_session().person, current_time()))


def take_challenge() -> Challenge | None:
    """Remove the challenge from the cookie and return it, or None."""
    value, created = session.pop(_CHALLENGE, (None, None))
    return Challenge(base64url_to_bytes(value), datetime.fromtimestamp(created, UTC)) if value else None


def _begin(ceremony: Ceremony) -> str:
    challenge = ceremony.challenge
    session[_CHALLENGE] = (bytes_to_base64url(challenge.value), challenge.created.timestamp())
    return ceremony.options
