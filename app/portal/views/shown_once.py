"""What a page shows once, sealed into its forms.

A code or a token is stored nowhere in clear, so a page that shows it again, in the other language or after a text
message was sent, gets it back from its own form. Only the server can open it, and only in the same session.
"""

import base64
import json

from app.domain.errors import UnsealingError
from app.portal.views.people import current_session
from app.web.context import current_context


def seal(kind: str, *values: str) -> str:
    """Return values as the text of a hidden field."""
    sealed = current_context().portal.keys.seal(json.dumps(values).encode(), _context(kind))
    return base64.urlsafe_b64encode(sealed).decode()


def open_sealed(kind: str, text: str) -> list[str] | None:
    """Return the values of a hidden field, or None if it is not of this session and kind, or was altered."""
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii"))
        values: list[str] = json.loads(current_context().portal.keys.open(sealed, _context(kind)))
    except (ValueError, UnsealingError):
        return None
    return values


def _context(kind: str) -> str:
    return f"shown {kind} {current_session().session_id}"
