"""The audit log cannot be changed unseen: every kind of change is found by the check."""

import logging
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.portal.audit_heads import EMPTY, Head
from app.portal.audit import serialize
from app.store.portal import audit_entries
from tests.support.at_once import at_once
from tests.support.service import Service
from worker.jobs.log_audit_head import log_audit_head

_COPY = """
    INSERT INTO portal_audit_entries (id, at, actor, action, target, jurisdiction, details, mac)
    OVERRIDING SYSTEM VALUE
    SELECT :new, at, actor, action, target, jurisdiction, details, mac FROM portal_audit_entries WHERE id = :id
"""


def append(portal: Service, count: int = 1, **details: Any) -> None:
    """Append entries, each in a transaction of its own."""
    for number in range(count):
        with portal.database.session() as session:
            portal.app.context.portal.audit.record(
                session, "command line", "invite", f"target {number}", portal.clock.now, jurisdiction="ON", **details
            )


def ids(portal: Service) -> list[int]:
    """Return the numbers of the entries."""
    return [row.id for row in portal.rows("SELECT id FROM portal_audit_entries ORDER BY id")]


def tamper(portal: Service, *statements: str, **values: Any) -> None:
    """Change the log as a superuser of the database, for whom no trigger runs."""
    with portal.database.transaction() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement), values)


def check(portal: Service, *arguments: str) -> tuple[int, str]:
    """Run the command; return its status and its output."""
    result = portal.app.test_cli_runner().invoke(args=["portal", "audit-check", *arguments])
    return result.exit_code, result.output


def test_an_untouched_log_is_whole(portal: Service) -> None:
    assert check(portal) == (0, f"entries\t0\nnewest\t0:{'00' * 32}\n")
    append(portal, 3, before={"role": "staff"}, after={"role": "administrator", "granted": ["outbreaks"], "n": 1})
    mac = bytes(portal.rows("SELECT mac FROM portal_audit_entries ORDER BY id DESC")[0].mac).hex()
    assert check(portal) == (0, f"entries\t3\nnewest\t{ids(portal)[-1]}:{mac}\n")


def test_the_database_refuses_to_change_the_log(portal: Service) -> None:
    append(portal)
    for statement in (
        "UPDATE portal_audit_entries SET actor = 'x'",
        "DELETE FROM portal_audit_entries",
        "TRUNCATE portal_audit_entries",
    ):
        with pytest.raises(DBAPIError, match="can only be appended to"):
            portal.execute(statement)
    assert len(ids(portal)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'someone else'",
        "action = 'disable'",
        "target = 'x'",
        "at = at + interval '1 microsecond'",
        "jurisdiction = NULL",
        "jurisdiction = 'AB'",
        "details = '{}'",
        """details = '{"before": 1, "after": 2.5}'""",
        "mac = decode(repeat('00', 32), 'hex')",
    ],
)
def test_a_changed_entry_is_found(portal: Service, change: str) -> None:
    append(portal, 5, before=1, after=2)
    changed = ids(portal)[2]
    tamper(portal, f"UPDATE portal_audit_entries SET {change} WHERE id = :id", id=changed)  # noqa: S608
    assert check(portal) == (1, f"Error: the audit log is broken at entry {changed}\n")


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_deleted_entry_is_found_at_the_next_one(portal: Service, place: int) -> None:
    append(portal, 5)
    numbers = ids(portal)
    tamper(portal, "DELETE FROM portal_audit_entries WHERE id = :id", id=numbers[place])
    assert check(portal) == (1, f"Error: the audit log is broken at entry {numbers[place + 1]}\n")


def test_an_inserted_entry_is_found(portal: Service) -> None:
    append(portal, 3)
    number = ids(portal)[1]
    # Between two entries there is no number, so all that follow are moved up.
    tamper(
        portal,
        "UPDATE portal_audit_entries SET id = id + 1000 WHERE id > :id",
        _COPY,
        id=number,
        new=number + 1,
    )
    assert check(portal) == (1, f"Error: the audit log is broken at entry {number + 1}\n")


def test_reordered_entries_are_found(portal: Service) -> None:
    append(portal, 4)
    first, second = ids(portal)[1:3]
    tamper(
        portal,
        "UPDATE portal_audit_entries SET id = -1 WHERE id = :first",
        "UPDATE portal_audit_entries SET id = :first WHERE id = :second",
        "UPDATE portal_audit_entries SET id = :second WHERE id = -1",
        first=first,
        second=second,
    )
    assert check(portal) == (1, f"Error: the audit log is broken at entry {first}\n")


def test_a_log_cut_at_the_end_is_found_by_who_noted_its_newest_entry(portal: Service) -> None:
    append(portal, 4)
    head = portal.app.context.portal.audit_checks.head()
    noted = f"{head.number}:{head.mac.hex()}"
    append(portal)
    assert check(portal, "--expect", noted)[0] == 0
    tamper(portal, "DELETE FROM portal_audit_entries WHERE id >= :id", id=head.number)
    assert check(portal)[0] == 0
    missing = (1, f"Error: the audit log no longer has entry {head.number} as it was noted\n")
    assert check(portal, "--expect", noted) == missing
    append(portal)  # what is appended after the cut has other keyed hashes
    assert check(portal, "--expect", noted) == missing


def test_an_emptied_log_is_found_by_who_noted_its_newest_entry(portal: Service) -> None:
    append(portal)
    head = portal.app.context.portal.audit_checks.head()
    tamper(portal, "DELETE FROM portal_audit_entries")
    assert check(portal, "--expect", f"{head.number}:{head.mac.hex()}")[0] == 1


@pytest.mark.parametrize("value", ["1", "1:aa", f"x:{'aa' * 32}", f"1:{'zz' * 32}", "1:" + "aa" * 33])
def test_a_malformed_note_is_refused(portal: Service, value: str) -> None:
    status, output = check(portal, "--expect", value)
    assert (status, "is not a number and 64 hexadecimal digits" in output) == (2, True)


def test_entries_before_a_change_of_keys_are_still_whole(make_service: Any) -> None:
    service = make_service(SURFACES="submission,portal")
    append(service, 2)
    renewed = make_service(SURFACES="submission,portal", PORTAL_SECRET_KEYS=f"{'ee' * 32},{'dd' * 32}")
    append(renewed, 2)
    assert check(renewed)[0] == 0
    without = make_service(SURFACES="submission,portal", PORTAL_SECRET_KEYS="ee" * 32)
    assert check(without)[0] == 1


def test_the_time_zone_in_which_the_database_returns_times_does_not_matter(portal: Service) -> None:
    append(portal)
    with portal.database.session() as session:
        entry = audit_entries.head(session)
        assert entry is not None
        before = serialize(entry)
        session.expunge(entry)
    entry.at = entry.at.astimezone(ZoneInfo("America/St_Johns"))
    assert serialize(entry) == before


def test_entries_that_are_appended_at_once_form_one_chain(portal: Service) -> None:
    at_once(lambda _: append(portal, 5), range(4))
    outcome = portal.app.context.portal.audit_checks.verify()
    assert (outcome.entries, outcome.broken) == (20, None)


def test_a_long_log_is_checked_in_batches(portal: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.portal.audit_checks._BATCH", 3)
    append(portal, 10)
    assert portal.app.context.portal.audit_checks.verify().entries == 10
    broken = ids(portal)[7]
    tamper(portal, "UPDATE portal_audit_entries SET actor = 'x' WHERE id = :id", id=broken)
    assert portal.app.context.portal.audit_checks.verify().broken == broken


def test_the_newest_entry_is_logged_for_a_later_check(
    portal: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("worker.jobs.log_audit_head.context", lambda: portal.app.context)
    append(portal)
    with caplog.at_level(logging.INFO):
        log_audit_head()
    (record,) = [record for record in caplog.records if record.message == "audit log head"]
    assert check(portal, "--expect", record.head)[0] == 0


def test_a_rolled_back_transaction_leaves_a_gap_in_the_numbers_and_not_in_the_chain(portal: Service) -> None:
    append(portal)
    with pytest.raises(RuntimeError):
        _append_and_fail(portal)
    append(portal)
    first, second = ids(portal)
    assert second - first == 2
    assert check(portal)[0] == 0


def _append_and_fail(portal: Service) -> None:
    with portal.database.session() as session:
        portal.app.context.portal.audit.record(session, "command line", "invite", "x", portal.clock.now)
        raise RuntimeError


def test_an_empty_note_is_the_beginning(portal: Service) -> None:
    assert Head(0, bytes(32)) == EMPTY
    append(portal)
    assert check(portal, "--expect", f"0:{'00' * 32}")[0] == 0
