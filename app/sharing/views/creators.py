"""Who may share secrets and request them: see SHARING_CREATORS."""

from flask import session

from app.config.sharing import ANYONE, PORTAL_USERS, TOKEN_HOLDERS
from app.web.context import current_context, current_settings, current_time
from app.web.security import bearer_digest, digests


def creators() -> tuple[str, ...]:
    """Return who may create, as the settings state."""
    settings = current_settings()
    if settings.sharing.sharing_creators is not None:
        return settings.sharing.sharing_creators
    return (ANYONE,) if settings.review.review_tools else (PORTAL_USERS, TOKEN_HOLDERS)


def may_create() -> bool:
    """Return whether the sender of this request may create: anyone, a person of the portal, or a token's holder."""
    permitted = creators()
    return (
        ANYONE in permitted
        or (PORTAL_USERS in permitted and is_signed_in_to_portal())
        or (TOKEN_HOLDERS in permitted and _has_token())
    )


def accepts_tokens() -> bool:
    """Return whether holders of a token may create, and there is one."""
    return TOKEN_HOLDERS in creators() and bool(current_settings().sharing.sharing_tokens)


def is_signed_in_to_portal() -> bool:
    """Return whether the browser has a complete session of the portal, if this process serves it.

    Sharing depends on nothing else in the portal.
    """
    portal = current_context().served_portal
    token = session.get("token") if portal else None
    if portal is None or not token:
        return False
    signed_in = portal.sessions.resume(token, current_time())
    return signed_in is not None and signed_in.is_complete


def _has_token() -> bool:
    # The digest is looked up instead of the token, so that timing reveals nothing about the token.
    return bearer_digest() in digests(current_settings().sharing.sharing_tokens or {})
