"""E-mail with the link to a shared secret."""

from datetime import UTC, datetime

from app.portal.service import Portal
from app.web.dates import long_moment
from app.web.i18n import load_catalogue


def send_link(portal: Portal, *, to: str, language: str, link: str, expires: datetime, now: datetime) -> None:
    """Store an e-mail with the link, which the worker sends."""
    moment = long_moment(load_catalogue("portal", language), expires.astimezone(UTC))
    with portal.mail.database.session() as session:
        portal.mail.queue(session, to=to, language=language, message="shared_secret", now=now, link=link, moment=moment)
    portal.mail.send_soon()
