"""The services of the portal, one for each use case."""

from dataclasses import dataclass

from redis import Redis

from app.config import PortalSettings
from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.figures.readings import FigureReadings
from app.portal.alerts import Alerts
from app.portal.announcements import Announcements
from app.portal.audit import AuditLog
from app.portal.audit_checks import AuditChecks
from app.portal.audit_trail import AuditTrail
from app.portal.codes import Codes
from app.portal.demonstration import DemonstrationAccounts
from app.portal.figures import TeamFigures
from app.portal.invitations import Invitations
from app.portal.lockout import LockOut
from app.portal.mail import MailQueue
from app.portal.mail_delivery import MailDelivery
from app.portal.operation import Operation
from app.portal.own_account import OwnAccount
from app.portal.own_tokens import OwnTokens
from app.portal.passkeys import Passkeys
from app.portal.password_links import PasswordLinks
from app.portal.people import People
from app.portal.places import Places
from app.portal.posters import Posters
from app.portal.second_factors import SecondFactors
from app.portal.sessions import Sessions
from app.portal.sign_in import SignIn
from app.portal.sign_up import SignUp
from app.portal.statistics import Statistics
from app.portal.submission_client import SubmissionClient
from app.portal.switches import Switches
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
    people: People
    invitations: Invitations
    switches: Switches
    announcements: Announcements
    audit_trail: AuditTrail
    audit_checks: AuditChecks
    places: Places
    posters: Posters
    alerts: Alerts
    codes: Codes
    lock_out: LockOut
    second_factors: SecondFactors
    passkeys: Passkeys
    sign_in: SignIn
    sign_up: SignUp
    password_links: PasswordLinks
    own_account: OwnAccount
    operation: Operation
    text_messages: TextMessages
    tokens: ApiTokens
    statistics: Statistics
    figures: TeamFigures


def make_portal(database: Database, redis: Redis, settings: PortalSettings) -> Portal:
    """Return the services."""
    keys = PortalKeys(settings.portal_secret_keys)
    audit = AuditLog(keys)
    mail = MailQueue(database, keys, redis)
    tokens = OwnTokens(database, keys, settings.portal_tokens)
    submission = SubmissionClient(settings.submission_url or own_address(settings), tokens)
    switches = Switches(database, audit)
    places = Places(database, audit, switches)
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
        demonstration=DemonstrationAccounts(database),
        people=People(database, keys, audit),
        invitations=Invitations(database, keys, mail, audit, settings.portal_mail_domains),
        switches=switches,
        announcements=Announcements(database, audit),
        audit_trail=AuditTrail(database, audit),
        audit_checks=AuditChecks(database, keys),
        places=places,
        posters=Posters(settings.qr_signature_key or keys.poster_seed(), settings.qr_address),
        alerts=Alerts(database, audit, places, submission),
        codes=Codes(database, settings, keys, audit, submission),
        lock_out=lock_out,
        second_factors=second_factors,
        passkeys=passkeys,
        sign_in=SignIn(database, audit, lock_out, sessions, second_factors, passkeys),
        sign_up=SignUp(database, keys, audit, sessions),
        password_links=PasswordLinks(database, keys, audit, mail, lock_out),
        own_account=OwnAccount(database, audit, mail),
        operation=Operation(database, keys, audit, lock_out),
        text_messages=TextMessages(database, settings, mail, audit),
        tokens=ApiTokens(database, audit),
        statistics=Statistics(database),
        figures=TeamFigures(database, FigureReadings.of(database, settings)),
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
