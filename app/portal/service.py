"""The services of the portal, one for each use case."""

from dataclasses import dataclass

from redis import Redis

from app.config import PortalSettings
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.portal.audit import AuditLog
from app.portal.demonstration import DemonstrationAccounts
from app.portal.mail import MailQueue
from app.portal.mail_delivery import MailDelivery
from app.portal.sessions import Sessions


@dataclass(frozen=True)
class Portal:
    """The services, and what they share."""

    settings: PortalSettings
    keys: PortalKeys
    audit: AuditLog
    sessions: Sessions
    mail: MailQueue
    mail_delivery: MailDelivery
    demonstration: DemonstrationAccounts


def make_portal(database: Database, redis: Redis, settings: PortalSettings) -> Portal:
    """Return the services."""
    keys = PortalKeys(settings.portal_secret_keys)
    mail = MailQueue(database, keys, redis)
    return Portal(
        settings=settings,
        keys=keys,
        audit=AuditLog(keys),
        sessions=Sessions(database, keys),
        mail=mail,
        mail_delivery=MailDelivery(database, mail, settings),
        demonstration=DemonstrationAccounts(database),
    )
