"""The code of a page, sealed into its forms.

A code is stored nowhere, so a page that shows it again, in the other language or after a text message was sent, gets it
back from its own form. Only the server can open it, and only in the same session until the code expires.
"""

import base64
import json
from datetime import datetime

from app.domain.errors import UnsealingError
from app.portal.codes import ShownCode
from app.portal.views.people import current_session
from app.web.context import current_context


def seal(shown: ShownCode) -> str:
    """Return a code as the value of a hidden field."""
    content = [shown.code, shown.reference, shown.expires.isoformat()]
    sealed = current_context().portal.keys.seal(json.dumps(content).encode(), _context())
    return base64.urlsafe_b64encode(sealed).decode()


def open_sealed(value: str, now: datetime) -> ShownCode | None:
    """Return the code of a hidden field, or None if it is not of this session, was altered, or has expired."""
    try:
        sealed = base64.urlsafe_b64decode(value.encode("ascii"))
        code, reference, expires = json.loads(current_context().portal.keys.open(sealed, _context()))
    except (ValueError, UnsealingError):
        return None
    shown = ShownCode(code, reference, datetime.fromisoformat(expires))
    return shown if now < shown.expires else None


def _context() -> str:
    return f"shown code {current_session().session_id}"
