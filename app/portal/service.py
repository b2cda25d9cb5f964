"""The services of the portal, one for each use case."""

from dataclasses import dataclass

from redis import Redis

from app.config import PortalSettings
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.portal.announcements import Announcements
from app.portal.audit import AuditLog
from app.portal.invitations import Invitations
from app.portal.mail import MailQueue
from app.portal.mail_delivery import MailDelivery
from app.portal.people import People
from app.portal.sessions import Sessions
from app.portal.switches import Switches


@dataclass(frozen=True)
class Portal:
    """The services, and what they share."""

    settings: PortalSettings
    keys: PortalKeys
    audit: AuditLog
    sessions: Sessions
    mail: MailQueue
    mail_delivery: MailDelivery
    people: People
    invitations: Invitations
    switches: Switches
    announcements: Announcements


def make_portal(database: Database, redis: Redis, settings: PortalSettings) -> Portal:
    """Return the services."""
    keys = PortalKeys(settings.portal_secret_keys)
    audit = AuditLog(keys)
    mail = MailQueue(database, keys, redis)
    return Portal(
        settings=settings,
        keys=keys,
        audit=audit,
        sessions=Sessions(database, keys),
        mail=mail,
        mail_delivery=MailDelivery(database, mail, settings),
        people=People(database, keys, audit),
        invitations=Invitations(database, keys, mail, audit, settings.portal_mail_domains),
        switches=Switches(database, audit),
        announcements=Announcements(database, audit),
    )
