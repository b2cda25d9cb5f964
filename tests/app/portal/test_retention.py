"""What the job purge-portal deletes, and when."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.domain.errors import JobFailedError
from app.store.portal.accounts import BackupCode
from app.store.portal.announcements import Announcement
from app.store.portal.base import Model
from app.store.portal.failures import SignInFailures
from app.store.portal.invitations import Invitation, PasswordLink
from app.store.portal.issued_codes import CodeState, IssuedCode
from app.store.portal.mails import Mail
from app.store.portal.sessions import PortalSession
from app.upkeep.portal_retention import purge
from tests.support.breakage import without_table
from tests.support.portal import add_account
from tests.support.service import Service
from worker.jobs.purge_portal import purge_portal


def digest(account: int) -> bytes:
    return account.to_bytes(32, "big")


def session_row(account: int, created: datetime, last_seen: datetime) -> PortalSession:
    return PortalSession(
        token_digest=digest(account),
        account_id=account,
        browser="Firefox",
        created=created,
        last_seen=last_seen,
        confirmed_at=created,
    )


def idle_session(account: int, then: datetime) -> PortalSession:
    return session_row(account, then, then)


def old_session(account: int, then: datetime) -> PortalSession:
    return session_row(account, then, then + timedelta(hours=12))


def invitation(account: int, then: datetime) -> Invitation:
    return Invitation(
        email=f"{account}@health.example",
        language="en",
        jurisdiction="QC",
        role="staff",
        token_digest=digest(account),
        created=then,
        expires=then,
    )


def password_link(account: int, then: datetime) -> PasswordLink:
    return PasswordLink(account_id=account, token_digest=digest(account), expires=then)


def backup_code(account: int, then: datetime) -> BackupCode:
    return BackupCode(account_id=account, code_digest=digest(account), expires=then)


def failures(account: int, then: datetime) -> SignInFailures:
    return SignInFailures(
        identifier=f"{account:064}", failures=1, month_failures=1, month_start=then, last_failure=then
    )


def issued_code(account: int, then: datetime) -> IssuedCode:
    return IssuedCode(
        reference=f"{account:08}",
        request_id=uuid.UUID(int=account),
        account_id=account,
        jurisdiction="QC",
        state=CodeState.ISSUED,
        created=then,
        expires=then,
    )


def announcement(_: int, then: datetime) -> Announcement:
    return Announcement(level="success", text_en="en", text_fr="fr", starts=then, ends=then, created=then)


def mail(_: int, then: datetime) -> Mail:
    return Mail(kind="email", content=b"sealed", created=then, next_attempt=then)


@pytest.mark.parametrize(
    ("step", "kept", "row"),
    [
        ("sessions", timedelta(hours=1), idle_session),
        ("sessions", timedelta(hours=12), old_session),
        ("invitations", timedelta(days=7), invitation),
        ("password_links", timedelta(0), password_link),
        ("backup_codes", timedelta(0), backup_code),
        ("sign_in_failures", timedelta(days=30), failures),
        ("issued_codes", timedelta(days=30), issued_code),
        ("announcements", timedelta(days=365), announcement),
        ("mails", timedelta(days=1), mail),
    ],
)
def test_a_row_is_deleted_when_its_time_is_over_and_not_before(
    portal: Service, step: str, kept: timedelta, row: Callable[[int, datetime], Model]
) -> None:
    younger, older = (add_account(portal, f"{name}@health.example") for name in ("younger", "older"))
    then = portal.clock.now - kept
    with portal.database.session() as session:
        session.add(row(younger, then))
        session.add(row(older, then - timedelta(microseconds=1)))

    deleted = purge(portal.database, portal.clock.now)
    assert deleted == dict.fromkeys(deleted, 0) | {step: 1}
    assert purge(portal.database, portal.clock.now + timedelta(microseconds=1))[step] == 1


def test_a_backup_code_of_the_person_does_not_expire(portal: Service) -> None:
    account = add_account(portal)
    with portal.database.session() as session:
        session.add(BackupCode(account_id=account, code_digest=digest(account)))

    assert purge(portal.database, portal.clock.now + timedelta(days=10_000))["backup_codes"] == 0


def test_a_step_that_fails_does_not_stop_those_after_it_and_the_job_fails(
    portal: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.jobs.purge_portal.context", lambda: portal.app.context)
    account = add_account(portal)
    with portal.database.session() as session:
        session.add(mail(account, portal.clock.now - timedelta(days=2)))
    with without_table(portal, "portal_sessions"):
        deleted = purge(portal.database, portal.clock.now)
        with pytest.raises(JobFailedError, match="purge-portal"):
            purge_portal()

    assert (deleted["sessions"], deleted["mails"]) == (None, 1)
    purge_portal()
