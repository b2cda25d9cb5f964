"""Eighteen months without an operator: every table keeps what the documents state, and no more."""

import importlib
import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest

from app.domain.portal.rights import Role
from app.measuring.increments import Batch, IncrementStore
from app.store.portal.accounts import BackupCode
from app.store.portal.announcements import Announcement
from app.store.portal.failures import SignInFailures
from app.store.portal.invitations import Invitation, PasswordLink
from app.store.portal.issued_codes import IssuedCode
from app.store.portal.mails import Mail
from app.store.portal.used_challenges import UsedChallenge
from app.store.shared_secrets import SharedSecret, SharedSecretReceipt
from tests.support.portal import add_account, signed_in
from tests.support.service import Service, exposure_key
from tests.support.settings import OTHER_TOKEN
from worker.schedule import PERIODIC_JOBS

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_MONTHS: Final = timedelta(days=550)

# When the oldest row of a table was stored, or expired, and how long ago that may be: see the tables of retention in
# SECURITY.md, docs/portal.md, docs/sharing.md, docs/figures.md and docs/data-flow.md. Until the end of the 15th day is
# 16 days at most.
_KEPT_FOR: Final = {
    "encryption_keys": ("min(created)", 16 * DAY),
    "diagnosis_keys": ("to_timestamp(min(hour_of_submission) * 3600.0)", 16 * DAY),
    "diagnosis_key_changes": ("to_timestamp(min(day) * 86400.0)", 17 * DAY),
    "failed_key_claim_attempts": ("min(last_failure)", HOUR),
    "failed_key_claim_hours": ("to_timestamp(min(hour) * 3600.0)", 25 * HOUR),
    "failed_key_claim_minutes": ("to_timestamp(min(minute) * 60.0)", 25 * HOUR),
    "qr_outbreak_events": ("min(created)", 16 * DAY),
    "export_archives": ("to_timestamp(min(period) FILTER (WHERE period > 0) * 86400.0)", 15 * DAY),
    "daily_figures": ("min(day)::timestamptz", 401 * DAY),
    "daily_digests": ("min(day)::timestamptz", 401 * DAY),
    "figure_readings": ("min(minute)", HOUR),
    "objective_minutes": ("min(minute)", 90 * DAY),
    "folded_batches": ("min(folded_at)", 12 * HOUR),
    "status_days": ("min(day)::timestamptz", 91 * DAY),
    "status_objective_days": ("min(day)::timestamptz", 91 * DAY),
    "portal_sessions": ("min(last_seen)", HOUR),
    "portal_invitations": ("min(expires)", 7 * DAY),
    "portal_password_links": ("min(expires)", MINUTE),
    "portal_backup_codes": ("min(expires)", MINUTE),
    "portal_used_challenges": ("min(expires)", MINUTE),
    "portal_sign_in_failures": ("min(last_failure)", 30 * DAY),
    "portal_issued_codes": ("min(created)", 30 * DAY),
    "portal_announcements": ("min(ends)", 365 * DAY),
    "portal_mails": ("min(created)", DAY),
    "shared_secrets": ("min(expires)", MINUTE),
    "shared_secret_receipts": ("min(expires)", 7 * DAY),
}
# At most so many rows, however long the service runs.
_ROWS: Final = {"status_documents": 1, "padded_batches": 1, "heartbeats": 2, "monitor_facts": 500}
_LEDGERS: Final = ("events", "otk_life_duration", "tek_upload_count")
# Kept as long as the service exists: counters and what people did. Rows of imports are deleted by a command.
_KEPT: Final = {
    *_LEDGERS,
    *("imported_counters", "imported_key_pairs"),
    *("incidents", "incident_events", "incident_notices", "incident_readings", "incident_reports"),
    *("incident_report_versions", "alerts", "status_planned_work", "api_tokens", "portal_accounts", "portal_passkeys"),
    *("portal_audit_entries", "portal_jurisdiction_switches", "portal_places", "portal_alerts"),
}
_PARTS: Final = "export_archive_parts"  # as long as their archives
_WITHOUT_EXPIRY: Final = {"metrics:minutes", "metrics:totals"}  # in Redis


@pytest.fixture
def service(make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch) -> Service:
    """All surfaces in one process, whose jobs run by the clock of the test."""
    service = make_service(
        SURFACES="submission,retrieval,portal,sharing,status",
        RELEASE_PERIOD_HOURS="1",
        RELEASE_MINIMUM_UPLOADS="3",
        ENABLE_OUTBREAK_EVENTS="false",  # half of the archives, which take longest; their events are deleted anyway
        DIGEST_EMAILS="team@health.example",
        MAIL_URL="smtp://127.0.0.1:1",
        MAIL_FROM="service@health.example",
    )
    for job in PERIODIC_JOBS:
        module = importlib.import_module(job.function.rpartition(".")[0])
        monkeypatch.setattr(module, "context", lambda: service.app.context)
        if hasattr(module, "current_time"):
            monkeypatch.setattr(module, "current_time", lambda _: service.clock.now)
    monkeypatch.setattr("app.figures.digest_delivery.send_email", lambda *_: ())
    monkeypatch.setattr("worker.jobs.send_mail.send_mail", lambda: None)  # so that a message waits until it expires
    return service


def _run_jobs(service: Service) -> None:
    for job in PERIODIC_JOBS:
        if job.interval(service.settings):
            module, _, function = job.function.rpartition(".")
            getattr(importlib.import_module(module), function)()


def _use(service: Service, account: int) -> None:
    """Store a row of each kind that is deleted later."""
    now = service.clock.now
    service.issue(hash_id=secrets.token_hex(64))
    for token in (None, OTHER_TOKEN):
        phone = service.pair(token) if token else service.pair()
        key = exposure_key(rolling_start_interval_number=(service.today - 1) * 144, key_data=secrets.token_bytes(16))
        assert service.upload(phone, [key]).status_code == 200
    service.claim("WRONG")
    service.execute(
        """
        INSERT INTO qr_outbreak_events (location_id, start_time, end_time, created)
        VALUES ('ABCDEFGH', :now, :now, :now)
        """,
        now=now,
    )
    signed_in(service, account)
    series = (
        "exposure_alert_requests_total",
        (("route", "/new-key-claim"), ("status", "2xx"), ("surface", "submission")),
    )
    minute = int(now.timestamp()) // 60 - 2
    IncrementStore(service.app.context.redis).add(
        secrets.token_hex(8), [Batch(1, minute, {series: 5.0})], add_to_totals=True
    )
    _add_rows(service, account, now)


def _filled(service: Service) -> set[str]:
    return {table for table in _KEPT_FOR if service.rows(f"SELECT 1 FROM {table} LIMIT 1")}  # noqa: S608


def _too_old(service: Service) -> dict[str, timedelta]:
    """Return how old the oldest row is of each table that has one it should not have."""
    found = {}
    for table, (oldest, age) in _KEPT_FOR.items():
        moment = service.rows(f"SELECT {oldest} AS at FROM {table}")[0].at  # noqa: S608
        if moment is not None and service.clock.now - moment > age:
            found[table] = service.clock.now - moment
    return found


def _add_rows(service: Service, account: int, now: datetime) -> None:
    soon, names = now + HOUR, {"jurisdiction": "ON", "created": now}
    new = secrets.token_bytes
    with service.database.session() as session:
        session.merge(PasswordLink(account_id=account, token_digest=new(32), expires=soon))
        session.add_all(
            [
                Announcement(level="warning", text_en="Text", text_fr="Texte", starts=now, ends=soon, **names),
                BackupCode(account_id=account, code_digest=new(32), expires=soon),
                Invitation(
                    email=f"{uuid.uuid4()}@x.example",
                    language="en",
                    role="staff",
                    token_digest=new(32),
                    expires=soon,
                    **names,
                ),
                IssuedCode(
                    reference=secrets.token_hex(4),
                    request_id=uuid.uuid4(),
                    account_id=account,
                    state="issued",
                    expires=soon,
                    **names,
                ),
                Mail(kind="email", content=b"sealed", created=now, next_attempt=soon),
                SharedSecret(
                    digest=new(32), receipt_digest=new(32), envelope=b"x", size=1, network="", created=now, expires=soon
                ),
                SharedSecretReceipt(receipt_digest=new(32), expires=soon),
                SignInFailures(
                    identifier=secrets.token_hex(16), failures=1, month_failures=1, month_start=now, last_failure=now
                ),
                UsedChallenge(challenge=new(32), expires=soon),
            ]
        )


def test_the_bound_of_every_table_is_stated(service: Service) -> None:
    tables = service.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {*_KEPT_FOR, *_ROWS, *_KEPT, _PARTS, "alembic_version"} == {row.tablename for row in tables}


def test_in_eighteen_months_every_table_is_emptied_of_what_is_not_documented(service: Service) -> None:
    start, filled = service.clock.now, set()
    _use(service, add_account(service, role=Role.SUPERUSER))
    for age in sorted({age + HOUR for _, age in _KEPT_FOR.values()} | {2 * MINUTE, 38 * HOUR, _MONTHS}):
        filled |= _filled(service)
        service.clock.now = start + age
        _run_jobs(service)
        assert _too_old(service) == {}, f"after {age}"
        if age > 2 * DAY:
            for ledger in _LEDGERS:  # otherwise each of hundreds of days gets its figures, which takes long
                service.execute(f"DELETE FROM {ledger}")  # noqa: S608
    assert filled == set(_KEPT_FOR), "every table was used"
    counted = {table: service.rows(f"SELECT count(*) AS n FROM {table}")[0].n for table in _ROWS}  # noqa: S608
    assert {table: n for table, n in counted.items() if n > _ROWS[table]} == {}
    assert service.rows(f"SELECT name FROM {_PARTS} EXCEPT SELECT name FROM export_archives") == []  # noqa: S608
    redis = service.app.context.redis
    assert {key.decode() for key in redis.scan_iter() if redis.ttl(key) < 0} <= _WITHOUT_EXPIRY
