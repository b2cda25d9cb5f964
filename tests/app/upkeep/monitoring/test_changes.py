"""Deployments, settings and migrations in the timeline of incidents (app/upkeep/monitoring/changes.py)."""

import json
from collections.abc import Callable
from datetime import timedelta

from app.database.schema import head_revision
from tests.support.at_once import at_once
from tests.support.watch import SLOT, Watch

MINUTE = timedelta(minutes=1)


def test_deploys_settings_and_migrations_are_in_the_timeline(make_watch: Callable[..., Watch]) -> None:
    secret, branch = "the-secret-token-of-a-province", "b" * 200
    for role in ("clock", "worker"):
        unversioned = make_watch(role)
        unversioned.monitor.run(unversioned.now)
        first = make_watch(role, REVISION="1" * 40, BRANCH="main")
        first.monitor.run(first.now + SLOT)
    assert first.rows("SELECT 1 FROM incident_events") == [], "nothing is known of what was before"
    changed = {"BRANCH": branch, "KEY_CLAIM_TOKEN": f"{secret}=ON", "ONE_TIME_CODE_EXPIRY_MINUTES": "77"}
    for role in ("clock", "worker"):
        again = make_watch(role, REVISION="2" * 40, **changed)
        again.monitor.run(again.now + MINUTE)
    first.monitor.run(first.now + 2 * MINUTE)  # while a release replaces processes, an old one goes on
    again.service.execute("UPDATE alembic_version SET version_num = 'later'")
    try:
        again.monitor.run(again.now + 3 * MINUTE)
        for revision in "12":  # a roll-back, and another attempt
            both = [make_watch(role, REVISION=revision * 40, **changed) for role in ("clock", "worker")]
            at_once(lambda watch: watch.monitor.run(again.now + 3 * MINUTE), both)
    finally:
        again.service.execute("UPDATE alembic_version SET version_num = :head", head=head_revision())
    rows = again.rows("SELECT kind, subject FROM incident_events ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("deploy", f"{branch[:64]} 222222222222"),
        ("setting", "KEY_CLAIM_TOKEN"),
        ("setting", "ONE_TIME_CODE_EXPIRY_MINUTES"),
        ("migration", "later"),
        ("deploy", f"{branch[:64]} 111111111111"),
        ("deploy", f"{branch[:64]} 222222222222"),
    ]
    stored = json.dumps([tuple(row) for row in again.rows("SELECT name, value FROM monitor_facts")])
    assert secret not in stored
    assert "77" not in [row.value for row in again.rows("SELECT value FROM monitor_facts")]
