"""Deleting data of the portal whose retention has ended."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, Delete, delete
from sqlalchemy.orm import Session

from app.database.database import Database
from app.domain.portal.people import AGE_LIMIT, IDLE_LIMIT
from app.store.portal import mails, sessions, used_challenges
from app.store.portal.accounts import BackupCode
from app.store.portal.announcements import Announcement
from app.store.portal.failures import SignInFailures
from app.store.portal.invitations import Invitation, PasswordLink
from app.store.portal.issued_codes import IssuedCode

_logger = logging.getLogger(__name__)

MAIL_RETENTION: Final = timedelta(days=1)
FAILURES_RETENTION: Final = timedelta(days=30)
INVITATION_RETENTION: Final = timedelta(days=7)  # after it has expired, so that it can be sent again
ISSUED_CODE_RETENTION: Final = timedelta(days=30)
ANNOUNCEMENT_RETENTION: Final = timedelta(days=365)


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
    expired_invitations = delete(Invitation).where(Invitation.expires < now - INVITATION_RETENTION)
    old_failures = delete(SignInFailures).where(SignInFailures.last_failure < now - FAILURES_RETENTION)
    old_codes = delete(IssuedCode).where(IssuedCode.created < now - ISSUED_CODE_RETENTION)
    old_announcements = delete(Announcement).where(Announcement.ends < now - ANNOUNCEMENT_RETENTION)
    return {
        "sessions": lambda session: sessions.purge(session, now - AGE_LIMIT, now - IDLE_LIMIT),
        "invitations": lambda session: _run(session, expired_invitations),
        "password_links": lambda session: _run(session, delete(PasswordLink).where(PasswordLink.expires < now)),
        "backup_codes": lambda session: _run(session, delete(BackupCode).where(BackupCode.expires < now)),
        "used_challenges": lambda session: used_challenges.purge(session, now),
        "sign_in_failures": lambda session: _run(session, old_failures),
        "issued_codes": lambda session: _run(session, old_codes),
        "announcements": lambda session: _run(session, old_announcements),
        "mails": lambda session: mails.purge(session, now - MAIL_RETENTION),
    }


def _run(session: Session, statement: Delete) -> int:
    result = session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
