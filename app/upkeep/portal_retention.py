"""Deleting data of the portal whose retention has ended."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import CursorResult, Delete, delete
from sqlalchemy.orm import Session

from app.database.database import Database
from app.domain.portal import retention
from app.domain.portal.people import AGE_LIMIT, IDLE_LIMIT
from app.store.portal import mails, sessions, used_challenges
from app.store.portal.accounts import BackupCode
from app.store.portal.announcements import Announcement
from app.store.portal.failures import SignInFailures
from app.store.portal.invitations import Invitation, PasswordLink
from app.store.portal.issued_codes import IssuedCode

_logger = logging.getLogger(__name__)


def purge(database: Database, now: datetime) -> Mapping[str, int | None]:
    """Delete all expired data; return the number of deleted rows by step, None for a step that failed."""
    deleted: dict[str, int | None] = {}
    for name, step in _steps(now).items():
        try:
            with database.session() as session:
                deleted[name] = step(session)
        except Exception:
            _logger.exception("purge step failed", extra={"step": name})
            deleted[name] = None
    _logger.info("portal purge finished", extra=deleted)
    return deleted


def _steps(now: datetime) -> dict[str, Callable[[Session], int]]:
    expired_invitations = delete(Invitation).where(Invitation.expires < now - retention.INVITATIONS)
    old_failures = delete(SignInFailures).where(SignInFailures.last_failure < now - retention.SIGN_IN_FAILURES)
    old_codes = delete(IssuedCode).where(IssuedCode.created < now - retention.ISSUED_CODES)
    old_announcements = delete(Announcement).where(Announcement.ends < now - retention.ANNOUNCEMENTS)
    return {
        "sessions": lambda session: sessions.purge(session, now - AGE_LIMIT, now - IDLE_LIMIT),
        "invitations": lambda session: _run(session, expired_invitations),
        "password_links": lambda session: _run(session, delete(PasswordLink).where(PasswordLink.expires < now)),
        "backup_codes": lambda session: _run(session, delete(BackupCode).where(BackupCode.expires < now)),
        "used_challenges": lambda session: used_challenges.purge(session, now),
        "sign_in_failures": lambda session: _run(session, old_failures),
        "issued_codes": lambda session: _run(session, old_codes),
        "announcements": lambda session: _run(session, old_announcements),
        "mails": lambda session: mails.purge(session, now - retention.MAIL),
    }


def _run(session: Session, statement: Delete) -> int:
    result = session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
