"""Locking out after failed attempts. An attempt is counted before it is checked, and uncounted when it succeeds.

Subjects are stored as keyed hashes. What was typed counts, whether or not there is such an account.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.portal.lock_outs import LINKS, PASSWORDS, SECOND_FACTORS, LockOutRule
from app.store.portal import failures


@dataclass(frozen=True)
class Attempt:
    """An attempt that was counted."""

    is_admitted: bool
    locks: bool  # if it fails, the subject is locked out


def failure_identifier(keys: PortalKeys, rule: LockOutRule, subject: str) -> str:
    """Return under which identifier the failures of a subject are stored: 64 hexadecimal digits."""
    return keys.digest(f"failures by {rule.name}", subject).hex()


@dataclass(frozen=True)
class LockOut:
    """Counts attempts by subject: an address, an account or a network."""

    database: Database
    keys: PortalKeys

    def count(self, rule: LockOutRule, subject: str, now: datetime) -> Attempt:
        """Count an attempt, in a transaction of its own: it counts whatever happens next."""
        with self.database.session() as session:
            number = failures.count_attempt(session, self._identifier(rule, subject), rule, now)
        return Attempt(number is not None, number is not None and number % rule.failures == 0)

    def withdraw(self, session: Session, rule: LockOutRule, subject: str, *, clears: bool = True) -> None:
        """Uncount an attempt that succeeded; `clears` also ends the run of consecutive failures."""
        failures.withdraw_attempt(session, self._identifier(rule, subject), rule, clears=clears)

    def unlock(self, session: Session, email: str, account_id: int) -> None:
        """Delete all failures of an account."""
        self.unlock_password(session, email)
        failures.forget(session, [self._identifier(SECOND_FACTORS, str(account_id))])

    def unlock_password(self, session: Session, email: str) -> None:
        """Delete the failures with a password, which is replaced.

        Those with codes remain: otherwise an attacker who reads a person's e-mail could try codes without end.
        """
        failures.forget(session, [self._identifier(rule, email) for rule in (PASSWORDS, LINKS)])

    def _identifier(self, rule: LockOutRule, subject: str) -> str:
        return failure_identifier(self.keys, rule, subject)
