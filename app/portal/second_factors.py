"""Second factors other than passkeys: authenticator apps (TOTP, RFC 6238) and single-use codes."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyotp
from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.errors import ActionRefusedError, UnsealingError
from app.domain.portal.people import Person
from app.portal.actors import lock_own_account
from app.portal.audit import AuditLog
from app.portal.mail import MailQueue
from app.portal.second_factor_codes import PURPOSE, new_code, normalize
from app.store.portal import accounts
from app.store.portal.accounts import Account, BackupCode

ISSUER: Final = "Exposure Alert"
BACKUP_CODES: Final = 10
BACKUP_CODE: Final = "backup code"  # the kind of a code that was used
_TOTP_DIGITS: Final = 6
_STEP_SECONDS: Final = 30
_TOLERANCE: Final = (0, -1, 1)  # steps by which clocks may differ


@dataclass(frozen=True)
class SecondFactors:
    """Checks and changes authenticator apps and codes."""

    database: Database
    keys: PortalKeys
    audit: AuditLog
    mail: MailQueue

    def new_secret(self, person: Person) -> "PendingSecret":
        """Return a secret for an authenticator app. It is stored when a code of it was typed."""
        secret = pyotp.random_base32()
        return PendingSecret(secret, self.keys.seal(secret.encode(), _pending(person.id)).hex())

    def open_secret(self, person: Person, sealed: str) -> "PendingSecret":
        """Return the secret that a form holds; raise ActionRefusedError if it is not this person's."""
        try:
            return PendingSecret(self.keys.open(bytes.fromhex(sealed), _pending(person.id)).decode(), sealed)
        except (UnsealingError, ValueError):
            raise ActionRefusedError("accounts.error.secret") from None

    def set_authenticator(self, person: Person, pending: "PendingSecret", code: str, now: datetime) -> None:
        """Store the secret of an authenticator app, in place of an earlier one, if the code is of it."""
        step = _step_of(pending.secret, normalize(code), now)
        if step is None:
            raise ActionRefusedError("accounts.error.code")
        with self.database.session() as session:
            account = lock_own_account(session, person)
            account.totp_secret = self.keys.seal(pending.secret.encode(), _stored(person.id))
            account.totp_last_step = step
            self.report_change(session, person, "set-authenticator", now)
        self.mail.send_soon()

    def remove_authenticator(self, person: Person, now: datetime) -> None:
        """Delete the secret of the authenticator app; raise ActionRefusedError if the person has no passkey."""
        with self.database.session() as session:
            account = lock_own_account(session, person)
            if not accounts.passkeys_of(session, person.id):
                raise ActionRefusedError("accounts.error.last_factor")
            account.totp_secret = account.totp_last_step = None
            self.report_change(session, person, "remove-authenticator", now)
        self.mail.send_soon()

    def use_code(self, session: Session, account: Account, typed: str, now: datetime) -> str | None:
        """Return what kind of code was typed, which is then used up; None if it is wrong.

        Spaces and dashes are ignored.
        """
        code = normalize(typed)
        if len(code) == _TOTP_DIGITS:
            return "authenticator" if self._use_totp(session, account, code, now) else None
        taken = accounts.take_backup_code(session, account.id, self.keys.digests(PURPOSE, code), now)
        if taken is None:
            return None
        return BACKUP_CODE if taken.expires is None else "code from administrator"

    def new_backup_codes(self, person: Person, now: datetime) -> list[str]:
        """Return ten new codes, in place of the earlier ones. The person then confirms that they are saved."""
        codes = [new_code() for _ in range(BACKUP_CODES)]
        with self.database.session() as session:
            account = lock_own_account(session, person)
            accounts.delete_backup_codes(session, person.id, given=False)
            for code in codes:
                session.add(BackupCode(account_id=person.id, code_digest=self.keys.digest(PURPOSE, code)))
            account.backup_codes_saved_at = None
            self.report_change(session, person, "make-backup-codes", now)
        self.mail.send_soon()
        return codes

    def confirm_backup_codes(self, person: Person, now: datetime) -> None:
        """Record that a person has saved the codes."""
        with self.database.session() as session:
            lock_own_account(session, person).backup_codes_saved_at = now

    def report_change(self, session: Session, person: Person, action: str, now: datetime, **details: Any) -> None:
        """Record a change of a person’s second factors, and notify the person by e-mail."""
        self.mail.queue(session, to=person.email, language=person.language, message="second_factor_changed", now=now)
        self.audit.record(session, person, action, person.email, now, **details)

    def report_use(self, session: Session, person: Person, now: datetime) -> None:
        """Queue an e-mail which states that a backup code was used, and how many are left."""
        left = accounts.count_own_backup_codes(session, person.id)
        self.mail.queue(
            session, to=person.email, language=person.language, message="backup_code_used", now=now, left=left
        )

    def _use_totp(self, session: Session, account: Account, code: str, now: datetime) -> bool:
        if account.totp_secret is None:
            return False
        try:
            secret = self.keys.open(account.totp_secret, _stored(account.id)).decode()
        except UnsealingError:  # the portal no longer has the key: an administrator gives the person a code
            return False
        step = _step_of(secret, code, now)
        return step is not None and accounts.accept_totp_step(session, account.id, step)


@dataclass(frozen=True)
class PendingSecret:
    """A secret that is not stored yet, and its sealed form for a field of a form."""

    secret: str
    sealed: str

    def address(self, person: Person) -> str:
        """Return the address that authenticator apps read from a QR code."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=person.email, issuer_name=ISSUER)

    @property
    def groups(self) -> str:
        """The secret in groups of four characters, to be typed."""
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of a code, or None if it is of no step within the tolerance."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // _STEP_SECONDS
    steps = (current + offset for offset in _TOLERANCE)
    typed = code.encode()  # texts are compared only if they are ASCII
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), typed)), None)


def _stored(account_id: int) -> str:
    return f"authenticator of account {account_id}"


def _pending(account_id: int) -> str:
    return f"new authenticator of account {account_id}"
