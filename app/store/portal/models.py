"""Every model of the portal: importing this module adds their tables to the metadata."""

from app.store.portal.accounts import Account, BackupCode, Passkey
from app.store.portal.announcements import Announcement
from app.store.portal.audit_entries import AuditEntry
from app.store.portal.failures import SignInFailures
from app.store.portal.invitations import Invitation, PasswordLink
from app.store.portal.issued_codes import IssuedCode
from app.store.portal.jurisdiction_switches import JurisdictionSwitches
from app.store.portal.mails import Mail
from app.store.portal.places import Alert, Place
from app.store.portal.sessions import PortalSession
from app.store.portal.used_challenges import UsedChallenge

__all__ = [
    "Account",
    "Alert",
    "Announcement",
    "AuditEntry",
    "BackupCode",
    "Invitation",
    "IssuedCode",
    "JurisdictionSwitches",
    "Mail",
    "Passkey",
    "PasswordLink",
    "Place",
    "PortalSession",
    "SignInFailures",
    "UsedChallenge",
]
