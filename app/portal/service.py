"""The services of the portal, one for each use case."""

from dataclasses import dataclass

from redis import Redis

from app.config import PortalSettings
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.portal.audit import AuditLog
from app.portal.lockout import LockOut
from app.portal.mail import MailQueue
from app.portal.mail_delivery import MailDelivery
from app.portal.own_account import OwnAccount
from app.portal.passkeys import Passkeys
from app.portal.password_links import PasswordLinks
from app.portal.second_factors import SecondFactors
from app.portal.sessions import Sessions
from app.portal.sign_in import SignIn
from app.portal.sign_up import SignUp


@dataclass(frozen=True)
class Portal:
    """The services, and what they share."""

    settings: PortalSettings
    keys: PortalKeys
    audit: AuditLog
    sessions: Sessions
    mail: MailQueue
    mail_delivery: MailDelivery
    lock_out: LockOut
    second_factors: SecondFactors
    passkeys: Passkeys
    sign_in: SignIn
    sign_up: SignUp
    password_links: PasswordLinks
    own_account: OwnAccount


def make_portal(database: Database, redis: Redis, settings: PortalSettings) -> Portal:
    """Return the services."""
    keys = PortalKeys(settings.portal_secret_keys)
    audit = AuditLog(keys)
    mail = MailQueue(database, keys, redis)
    sessions = Sessions(database, keys)
    lock_out = LockOut(database, keys)
    second_factors = SecondFactors(database, keys, audit, mail)
    passkeys = Passkeys(database, second_factors)
    return Portal(
        settings=settings,
        keys=keys,
        audit=audit,
        sessions=sessions,
        mail=mail,
        mail_delivery=MailDelivery(database, mail, settings),
        lock_out=lock_out,
        second_factors=second_factors,
        passkeys=passkeys,
        sign_in=SignIn(database, audit, lock_out, sessions, second_factors, passkeys),
        sign_up=SignUp(database, keys, audit, sessions),
        password_links=PasswordLinks(database, keys, audit, mail, lock_out),
        own_account=OwnAccount(database, audit, mail),
    )
