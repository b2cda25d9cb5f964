"""What people see and change of their own account."""

from dataclasses import dataclass
from datetime import datetime

from app.crypto.passwords import hash_password
from app.database.database import Database
from app.domain.portal.people import Person, SignedIn
from app.portal.actors import lock_own_account
from app.portal.audit import AuditLog
from app.portal.mail import MailQueue
from app.portal.password_links import check_new_password
from app.store.portal import accounts, sessions


@dataclass(frozen=True)
class OwnPasskey:
    """A passkey in a person's list."""

    id: int
    name: str
    created: datetime
    last_used: datetime | None


@dataclass(frozen=True)
class Protection:
    """The second factors of an account."""

    passkeys: list[OwnPasskey]
    has_authenticator: bool
    backup_codes: int
    are_codes_saved: bool

    @property
    def has_factor(self) -> bool:
        """Whether there is a second factor other than codes."""
        return bool(self.passkeys) or self.has_authenticator

    @property
    def has_spare_factor(self) -> bool:
        """Whether one of them can be removed."""
        return len(self.passkeys) + self.has_authenticator > 1


@dataclass(frozen=True)
class OwnAccount:
    """Shows and changes a person's own account."""

    database: Database
    audit: AuditLog
    mail: MailQueue

    def protection(self, person: Person) -> Protection:
        """Return the second factors of a person."""
        with self.database.session() as session:
            account = lock_own_account(session, person)
            own = accounts.passkeys_of(session, person.id)
            return Protection(
                [OwnPasskey(each.id, each.name, each.created, each.last_used) for each in own],
                account.totp_secret is not None,
                accounts.count_own_backup_codes(session, person.id),
                account.backup_codes_saved_at is not None,
            )

    def change_details(self, person: Person, name: str, language: str, now: datetime) -> None:
        """Store the name and the language in which e-mail is written."""
        before, after = {"name": person.name, "language": person.language}, {"name": name, "language": language}
        if before == after:
            return
        with self.database.session() as session:
            account = lock_own_account(session, person)
            account.name, account.language = name, language
            self.audit.record(session, person, "change-details", person.email, now, before=before, after=after)

    def change_password(self, signed_in: SignedIn, password: str, now: datetime) -> None:
        """Set a new password, and end all other sessions. The person has just confirmed who they are."""
        person = signed_in.person
        check_new_password(password, person.name, person.email)
        hashed = hash_password(password)
        with self.database.session() as session:
            lock_own_account(session, person).password_hash = hashed
            sessions.end_all(session, person.id, except_id=signed_in.session_id)
            self.mail.queue(session, to=person.email, language=person.language, message="password_changed", now=now)
            self.audit.record(session, person, "change-password", person.email, now)
        self.mail.send_soon()
