"""The services of the portal, one for each use case."""

from dataclasses import dataclass

from redis import Redis

from app.config import PortalSettings
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.portal.audit import AuditLog
from app.portal.codes import Codes
from app.portal.demonstration import DemonstrationAccounts
from app.portal.mail import MailQueue
from app.portal.mail_delivery import MailDelivery
from app.portal.own_tokens import OwnTokens
from app.portal.sessions import Sessions
from app.portal.statistics import Statistics
from app.portal.submission_client import SubmissionClient
from app.portal.text_messages import TextMessages
from app.portal.tokens import ApiTokens
from app.web.listening import listening_address


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
    codes: Codes
    text_messages: TextMessages
    tokens: ApiTokens
    statistics: Statistics


def make_portal(database: Database, redis: Redis, settings: PortalSettings) -> Portal:
    """Return the services."""
    keys = PortalKeys(settings.portal_secret_keys)
    mail = MailQueue(database, keys, redis)
    audit = AuditLog(keys)
    own_tokens = OwnTokens(database, keys, settings.portal_tokens)
    submission = SubmissionClient(settings.submission_url or own_address(settings), own_tokens)
    return Portal(
        settings=settings,
        keys=keys,
        audit=audit,
        sessions=Sessions(database, keys),
        mail=mail,
        mail_delivery=MailDelivery(database, mail, settings),
        demonstration=DemonstrationAccounts(database),
        codes=Codes(database, settings, keys, audit, submission),
        text_messages=TextMessages(database, settings, mail, audit),
        tokens=ApiTokens(database, audit),
        statistics=Statistics(database),
    )


def own_address(settings: PortalSettings) -> str:
    """Return the address at which this process serves submission, for requests of its own."""
    environment = {
        "BIND_ADDR": settings.bind_addr,
        "PORT": str(settings.port or ""),
        "SURFACES": ",".join(settings.surfaces),
    }
    host, port = listening_address(environment)
    if host in ("0.0.0.0", "::"):  # noqa: S104 - this address means every interface, so also that of loopback
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
