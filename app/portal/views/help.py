"""Pages for everyone about the portal itself: help, privacy and accessibility. Every page has links to them."""

from datetime import timedelta
from typing import Final

from flask import Response

from app.domain.portal import retention
from app.domain.portal.lock_outs import FIRST_LOCK, PASSWORDS
from app.domain.portal.people import AGE_LIMIT, IDLE_LIMIT
from app.portal import invitations, password_links, second_factor_codes
from app.portal.views import pages
from app.portal.views.blueprint import PortalBlueprint
from app.web.context import current_settings

help_pages = PortalBlueprint("help")

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


@help_pages.page("/help", public=True)
def help_page() -> Response:
    """Explain how to issue codes and sign in, and what to do if that fails."""
    settings = current_settings().portal
    return _render(
        "help",
        daily_codes=settings.portal_daily_codes,
        reference_days=retention.ISSUED_CODES // _DAY,
        failures=PASSWORDS.failures,
        lock_minutes=FIRST_LOCK // _MINUTE,
        given_code_hours=second_factor_codes.GIVEN_CODE_VALIDITY // _HOUR,
        invitation_hours=invitations.VALIDITY // _HOUR,
        password_link_minutes=password_links.VALIDITY // _MINUTE,
        **_session_limits(),
    )


@help_pages.page("/privacy", public=True)
def privacy() -> Response:
    """List what the portal stores, why, and for how long."""
    return _render(
        "privacy",
        mail_hours=retention.MAIL // _HOUR,
        failure_days=retention.SIGN_IN_FAILURES // _DAY,
        invitation_days=retention.INVITATIONS // _DAY,
        reference_days=retention.ISSUED_CODES // _DAY,
        **_session_limits(),
    )


@help_pages.page("/accessibility", public=True)
def accessibility() -> Response:
    """State how accessible the portal is, how that is tested, and where to report a problem."""
    return _render("accessibility")


def _render(name: str, **numbers: int) -> Response:
    """Return a page. Each of its texts may have any of the numbers."""
    sends_text_messages = current_settings().portal.text_message_url is not None
    return pages.render(f"help/{name}.html", numbers=numbers, sends_text_messages=sends_text_messages)


def _session_limits() -> dict[str, int]:
    return {"idle_minutes": IDLE_LIMIT // _MINUTE, "session_hours": AGE_LIMIT // _HOUR}
