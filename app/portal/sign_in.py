"""Signing in: a password and then a second factor, or a passkey alone.

All refusals of a password are alike, in text, in status and in time, whether or not there is such an account. An
account that is locked is refused a right password, too; a passkey cannot be guessed, and still works.

Transactions lock an account before its passkeys and failures, so that no two wait for each other.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.crypto.passwords import hash_password, is_password, needs_new_hash
from app.database.database import Database
from app.domain.errors import ActionRefusedError
from app.domain.portal.lock_outs import NETWORKS, PASSWORDS, SECOND_FACTORS
from app.domain.portal.people import SignedIn
from app.portal.audit import AuditLog
from app.portal.lockout import LockOut
from app.portal.passkeys import Challenge, Passkeys, RelyingParty
from app.portal.second_factors import BACKUP_CODE, SecondFactors
from app.portal.sessions import Sessions, person_of
from app.store.portal import accounts, sessions
from app.store.portal.accounts import Account


@dataclass(frozen=True)
class Visit:
    """A browser that signs in: its name, its network, and its session so far."""

    browser: str
    network: str
    session_id: int | None = None


@dataclass(frozen=True)
class SignIn:
    """Checks proofs of who a person is. Each step returns the token of a new session, or raises ActionRefusedError."""

    database: Database
    audit: AuditLog
    lock_out: LockOut
    sessions: Sessions
    second_factors: SecondFactors
    passkeys: Passkeys

    def check_password(self, email: str, password: str, visit: Visit, now: datetime) -> str:
        """Return a session that permits only the second step: a second factor, or setting one up."""
        email = email.lower()
        self._count_network(visit, now)
        attempt = self.lock_out.count(PASSWORDS, email, now)
        with self.database.session() as session:
            account = accounts.find_by_email(session, email)
        # Always one verification, so that the time does not depend on the account.
        is_right = is_password(password, account.password_hash if account else None)
        if account is None or account.disabled_at is not None or not (is_right and attempt.is_admitted):
            if attempt.locks:
                self._record_lock_out(account, "password", now)
            raise ActionRefusedError("accounts.error.password")
        with self.database.session() as session:
            current = accounts.lock(session, account.id)
            # The verification takes long, and what was read before it may have changed.
            if current is None or current.disabled_at is not None or current.password_hash != account.password_hash:
                raise ActionRefusedError("accounts.error.password")
            self.lock_out.withdraw(session, PASSWORDS, email)
            self.lock_out.withdraw(session, NETWORKS, visit.network, clears=False)
            if needs_new_hash(current.password_hash):
                current.password_hash = hash_password(password)
            # Until the first sign-in is complete, the account never had a second factor. Later, a password alone must
            # not suffice to set one up: an administrator gives a code.
            is_new = current.last_sign_in is None and not accounts.has_second_factor(session, current)
            return self._begin(session, current, visit, now, may_set_up=is_new)

    def check_code(self, signed_in: SignedIn, code: str, visit: Visit, now: datetime) -> str:
        """Return the session of a person who typed a code of an authenticator app, or one of the single-use codes."""
        person = signed_in.person
        attempt = self.lock_out.count(SECOND_FACTORS, str(person.id), now)
        if not attempt.is_admitted:
            raise ActionRefusedError("accounts.error.locked")
        with self.database.session() as session:
            account = self._lock_open(session, signed_in)
            kind = self.second_factors.use_code(session, account, code, now) if account else None
            if account is not None and kind is not None:
                self.lock_out.withdraw(session, SECOND_FACTORS, str(person.id))
                if kind == BACKUP_CODE:
                    self.second_factors.report_use(session, person, now)
                return self._advance(session, account, kind, visit, now)
        if attempt.locks:
            self._record_lock_out(account, "second factor", now)
            raise ActionRefusedError("accounts.error.locked")
        raise ActionRefusedError("accounts.error.code")

    def check_passkey(
        self,
        party: RelyingParty,
        challenge: Challenge | None,
        answer: str,
        visit: Visit,
        now: datetime,
        account_id: int | None,
    ) -> str:
        """Return the session of a person who used a passkey, which is both factors at once.

        After a password, the passkey must be of the same account, `account_id`.
        """
        self._count_network(visit, now)
        with self.database.session() as session:
            account = self.passkeys.check(session, party, challenge, answer, now)
            if account is not None and account_id in (None, account.id):
                self.lock_out.withdraw(session, NETWORKS, visit.network, clears=False)
                return self._advance(session, account, "passkey", visit, now)
        raise ActionRefusedError("accounts.error.passkey")

    def finish_set_up(self, signed_in: SignedIn, visit: Visit, now: datetime) -> str:
        """Return the complete session of a person who has set up a second factor and saved the backup codes."""
        with self.database.session() as session:
            account = self._lock_open(session, signed_in)
            if account is None or not signed_in.may_set_up or not self.can_finish(session, account):
                raise ActionRefusedError("accounts.error.set_up")
            account.backup_codes_saved_at = now
            return self._complete(session, account, "set-up", visit, now)

    def can_finish(self, session: Session, account: Account) -> bool:
        """Return whether an account has a second factor and backup codes."""
        return accounts.has_second_factor(session, account) and accounts.count_own_backup_codes(session, account.id) > 0

    def confirm_password(self, signed_in: SignedIn, password: str, now: datetime) -> str:
        """Return the new token of the session of a person who typed the password again."""
        person = signed_in.person
        attempt = self.lock_out.count(PASSWORDS, person.email, now)
        with self.database.session() as session:
            account = accounts.find(session, person.id)
        is_right = is_password(password, account.password_hash if account else None)
        if not (is_right and attempt.is_admitted):
            if attempt.locks:
                self._record_lock_out(account, "password", now)
            raise ActionRefusedError("accounts.error.confirm")
        with self.database.session() as session:
            self.lock_out.withdraw(session, PASSWORDS, person.email)
            return self.sessions.confirm(session, signed_in.session_id, now)

    def confirm_passkey(
        self, signed_in: SignedIn, party: RelyingParty, challenge: Challenge | None, answer: str, now: datetime
    ) -> str:
        """Return the new token of the session of a person who used a passkey again."""
        with self.database.session() as session:
            account = self.passkeys.check(session, party, challenge, answer, now)
            if account is not None and account.id == signed_in.person.id:
                return self.sessions.confirm(session, signed_in.session_id, now)
        raise ActionRefusedError("accounts.error.passkey")

    def _lock_open(self, session: Session, signed_in: SignedIn) -> Account | None:
        """Return the account of a session; None if it was disabled, or the session ended, since the request came."""
        account = accounts.lock(session, signed_in.person.id)
        if account is None or account.disabled_at is not None or not sessions.is_open(session, signed_in.session_id):
            return None
        return account

    def _count_network(self, visit: Visit, now: datetime) -> None:
        if not self.lock_out.count(NETWORKS, visit.network, now).is_admitted:
            raise ActionRefusedError("accounts.error.network")

    def _advance(self, session: Session, account: Account, kind: str, visit: Visit, now: datetime) -> str:
        """Begin the session after a second factor; while part of the set-up is missing, it permits nothing else."""
        if account.backup_codes_saved_at is not None and accounts.has_second_factor(session, account):
            return self._complete(session, account, kind, visit, now)
        return self._begin(session, account, visit, now, may_set_up=True)

    def _begin(self, session: Session, account: Account, visit: Visit, now: datetime, *, may_set_up: bool) -> str:
        return self.sessions.add(
            session,
            account.id,
            visit.browser,
            now,
            is_complete=False,
            may_set_up=may_set_up,
            replaces=visit.session_id,
        )

    def _complete(self, session: Session, account: Account, kind: str, visit: Visit, now: datetime) -> str:
        accounts.record_sign_in(account, now)
        token = self.sessions.add(session, account.id, visit.browser, now, is_complete=True, replaces=visit.session_id)
        self.audit.record(session, person_of(account), "sign-in", account.email, now, second_factor=kind)
        return token

    def _record_lock_out(self, account: Account | None, kind: str, now: datetime) -> None:
        """Record a lock-out. What was typed in place of an address may be anything, so it is not recorded."""
        target, jurisdiction = (account.email, account.jurisdiction) if account else ("unknown address", None)
        with self.database.session() as session:
            self.audit.record(session, "sign-in page", "lock-out", target, now, jurisdiction=jurisdiction, kind=kind)
