"""What the roles of docs/operations.md may not do, as docs/threat-model.md assumes."""

from collections.abc import Iterator

import psycopg2
import pytest

from app.config import PORTAL, RETRIEVAL, SHARING, SUBMISSION
from app.store.tables import metadata
from tests.support.roles import ROLES, TABLES, ZONES, database_with_roles, is_refused, url_of

FIGURES = ("events", "otk_life_duration", "tek_upload_count")
BANS = ("failed_key_claim_attempts", "failed_key_claim_hours", "failed_key_claim_minutes")
ARCHIVES = ("export_archives", "export_archive_parts")
SHARED = ("shared_secrets", "shared_secret_receipts")
STATUS_READS = {"status_documents", "objective_minutes"}
PEOPLE = tuple(name for name in TABLES if name.startswith("portal_"))

STATEMENTS = {
    "read": "SELECT * FROM {table}",
    "add": "INSERT INTO {table} ({column}) VALUES (NULL)",
    "change": "UPDATE {table} SET {column} = DEFAULT",
    "delete": "DELETE FROM {table}",
    "empty": "TRUNCATE {table}",
    "drop": "DROP TABLE {table}",
}
ALL = tuple(STATEMENTS)
WRITES = ALL[1:]
COLUMNS = {table.name: table.columns[0].name for table in metadata.sorted_tables} | {"alembic_version": "version_num"}

# As docs/threat-model.md assumes: a role has none of these privileges on these tables.
BORDERS = {
    "a broken-into retrieval reads no code and no key pair": (ZONES[RETRIEVAL], ALL, ("encryption_keys",)),
    "retrieval learns of no network, and ends no ban": (ZONES[RETRIEVAL], ALL, BANS),
    "what serves archives publishes no key": (("retrieval",), WRITES, ("diagnosis_keys",)),
    "what pads archives takes no key back": (("worker_retrieval",), WRITES[1:], ("diagnosis_keys",)),
    "what stores keys takes none back": (("submission",), WRITES[1:], ("diagnosis_keys",)),
    "a purging role cannot create codes": (("worker_submission",), ("add",), ("encryption_keys",)),
    "roles that serve requests cannot hide a change of keys": (
        ("submission", "retrieval", "worker_retrieval"),
        WRITES,
        ("diagnosis_key_changes",),
    ),
    "a purging role cannot ban networks or report outbreaks": (
        ("worker_submission",),
        ("add",),
        (*BANS, "qr_outbreak_events"),
    ),
    "what counts the wrong codes of a day forgets none": (("submission",), ("delete",), BANS[1:]),
    "what takes outbreaks neither reads nor changes any": (
        ("submission",),
        ("read", "change", "delete"),
        ("qr_outbreak_events",),
    ),
    "what trades codes deletes none": (("submission",), ("delete",), ("encryption_keys",)),
    "submission has no archives": (ZONES[SUBMISSION], ALL, ARCHIVES),
    "what serves archives forgets none": (("retrieval",), ("delete",), ("export_archives",)),
    "retrieval reports no outbreak": (ZONES[RETRIEVAL], WRITES, ("qr_outbreak_events",)),
    "retrieval changes no figure": (("retrieval",), WRITES, FIGURES),
    "what builds archives sees no figure": (("worker_retrieval",), ALL, FIGURES),
    "what counts reads and changes no figure": (("submission",), ("read", *WRITES[1:]), FIGURES),
    "a broken-into portal reads no key pair, and no key": (
        ZONES[PORTAL],
        ALL,
        ("encryption_keys", "diagnosis_keys", "qr_outbreak_events", *BANS, *ARCHIVES),
    ),
    "the portal changes no figure": (ZONES[PORTAL], WRITES, FIGURES),
    "the portal only appends to its audit log": (ZONES[PORTAL], WRITES[1:], ("portal_audit_entries",)),
    "what serves phones knows no person of the portal": ((*ZONES[SUBMISSION], *ZONES[RETRIEVAL]), ALL, PEOPLE),
    "sharing reads nothing of other surfaces": (
        ZONES[SHARING],
        ALL,
        ("encryption_keys", "diagnosis_keys", "qr_outbreak_events", "api_tokens", *BANS, *ARCHIVES, *FIGURES, *PEOPLE),
    ),
    "no other surface reads what is shared": ((*ZONES[SUBMISSION], *ZONES[RETRIEVAL], *ZONES[PORTAL]), ALL, SHARED),
    "what purges shared secrets reads none": (("worker_sharing",), ("read", "add", "change"), ("shared_secrets",)),
    "what shares forgets no receipt": (("sharing",), ("delete",), ("shared_secret_receipts",)),
    "the status page reads its document alone": (
        ("status",),
        ALL,
        tuple(set(TABLES) - STATUS_READS - {"incident_events"}),
    ),
    "the status page changes nothing": (("status",), WRITES, tuple(set(TABLES) - {"incident_events"})),
    "what takes notes reads and changes none": (("status",), ("read", *WRITES[1:]), ("incident_events",)),
    "what was published of an incident stays as it was": (tuple(ROLES), WRITES[1:], ("incident_report_versions",)),
    "nothing is taken out of a timeline": (tuple(ROLES), WRITES[1:], ("incident_events",)),
    "the monitor publishes no report, and reviews none": (
        ("worker_status",),
        ("add",),
        ("incident_report_versions", "incident_readings"),
    ),
    "no other surface knows of incidents": (
        (*ZONES[SUBMISSION], *ZONES[RETRIEVAL], *ZONES[SHARING], "worker_portal"),
        ALL,
        tuple(name for name in TABLES if name.startswith("incident") or name in ("alerts", "monitor_facts")),
    ),
    "what publishes the status knows no code, key, person or secret": (
        ("worker_status",),
        ALL,
        ("encryption_keys", "diagnosis_keys", "api_tokens", *BANS, *SHARED, *PEOPLE),
    ),
    "no other surface changes what the status page shows": (
        (*ZONES[SUBMISSION], *ZONES[RETRIEVAL], *ZONES[SHARING]),
        ALL,
        ("status_documents", "status_days", "status_objective_days", "status_planned_work"),
    ),
    "submission makes and deletes no token": (ZONES[SUBMISSION], ("add", "delete"), ("api_tokens",)),
    "no process of the service owns a table": (tuple(ROLES), ("empty", "drop"), TABLES),
    "no process migrates": (tuple(ROLES), WRITES, ("alembic_version",)),
}


@pytest.fixture(scope="module")
def cursors(database_url: str) -> Iterator[dict[str, psycopg2.extensions.cursor]]:
    """A cursor for each role."""
    with database_with_roles(database_url) as owner_url:
        connections = {role: psycopg2.connect(url_of(role, owner_url)) for role in ROLES}
        yield {role: connection.cursor() for role, connection in connections.items()}
        for connection in connections.values():
            connection.close()


@pytest.mark.parametrize("border", BORDERS)
def test_privileges_of_other_zones_are_refused(border: str, cursors: dict[str, psycopg2.extensions.cursor]) -> None:
    roles, verbs, tables = BORDERS[border]
    statements = [STATEMENTS[verb].format(table=table, column=COLUMNS[table]) for verb in verbs for table in tables]
    assert [(role, sql) for role in roles for sql in statements if not is_refused(cursors[role], sql)] == []


def test_roles_cannot_switch_or_create_objects(cursors: dict[str, psycopg2.extensions.cursor]) -> None:
    statements = [f"SET ROLE {role}" for role in ROLES] + ["CREATE TABLE notes ()", "CREATE ROLE more"]
    done = [(role, sql) for role in ROLES for sql in statements if not is_refused(cursors[role], sql)]
    assert done == [(role, f"SET ROLE {role}") for role in ROLES]  # itself
