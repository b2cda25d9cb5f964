"""The address of the portal, for links in e-mail."""

from flask import request

from app.web.context import current_settings


def portal_address() -> str:
    """Return the address of the portal without a final slash: PORTAL_URL, or else the host of the request.

    Production requires PORTAL_URL, so a forged host name never reaches an e-mail.
    """
    return (current_settings().portal.portal_url or request.host_url).rstrip("/")
