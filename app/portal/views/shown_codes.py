"""The code of a page, sealed into its forms until it expires."""

from datetime import datetime
from typing import Final

from app.portal.codes import ShownCode
from app.portal.views import shown_once

_KIND: Final = "code"


def seal(shown: ShownCode) -> str:
    """Return a code as the value of a hidden field."""
    return shown_once.seal(_KIND, shown.code, shown.reference, shown.expires.isoformat())


def open_sealed(value: str, now: datetime) -> ShownCode | None:
    """Return the code of a hidden field, or None if it is not of this session, was altered, or has expired."""
    values = shown_once.open_sealed(_KIND, value)
    if values is None:
        return None
    code, reference, expires = values
    shown = ShownCode(code, reference, datetime.fromisoformat(expires))
    return shown if now < shown.expires else None
