"""The ledger of changes of the keys (app/store/key_changes.py), which triggers keep."""

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.exports import export_window
from app.store import key_changes
from tests.support.service import Service
from tests.support.stored import store_key


@pytest.fixture
def stored(service: Service) -> Service:
    """A service with one key of today, and one of three days ago."""
    store_key(service, 1)
    store_key(service, 2, hour_of_submission=(service.today - 3) * 24)
    return service


def versions(service: Service) -> dict[int, int]:
    """Return the version of each of the last days, by how long ago it is."""
    policy, now = service.settings.retrieval.export_policy, service.clock.now
    with service.database.autocommit() as connection:
        return {
            ago: key_changes.version(connection, export_window(service.today - ago, now, policy)) for ago in range(5)
        }


@pytest.mark.parametrize(
    ("sql", "changed"),
    [
        ("INSERT INTO diagnosis_keys SELECT decode(md5('1'), 'hex'), 1, 144, 1, {hour}, 1, 1, '302'", {0}),
        ("UPDATE diagnosis_keys SET transmission_risk_level = 3", {0, 3}),
        ("UPDATE diagnosis_keys SET hour_of_submission = {hour} - 48 WHERE hour_of_submission < {hour}", {2, 3}),
        ("DELETE FROM diagnosis_keys WHERE hour_of_submission < {hour}", {3}),
        ("TRUNCATE diagnosis_keys", {0, 3}),
        ("SET LOCAL session_replication_role = replica; DELETE FROM diagnosis_keys", {0, 3}),
        ("DELETE FROM diagnosis_keys WHERE key_data = ''", set()),
        ("SELECT FROM diagnosis_keys", set()),
    ],
)
def test_each_statement_changes_the_version_of_its_days_and_of_no_other(
    stored: Service, sql: str, changed: set[int]
) -> None:
    before = versions(stored)
    stored.execute(sql.replace("{hour}", str(stored.today * 24)))
    after = versions(stored)
    assert {ago for ago in after if after[ago] != before[ago]} == changed
    assert all(after[ago] >= before[ago] for ago in after)


def test_a_change_that_is_rolled_back_is_none(stored: Service) -> None:
    before = versions(stored)
    with pytest.raises(DBAPIError):
        stored.execute("DELETE FROM diagnosis_keys; SELECT 1 / 0")
    assert versions(stored) == before


def test_rows_of_days_that_no_archive_covers_are_purged(stored: Service) -> None:
    before = versions(stored)
    with stored.database.autocommit() as connection:
        assert key_changes.purge(connection, stored.today - 3, 10) == 0
        assert key_changes.purge(connection, stored.today, 10) == 1
    assert versions(stored) == before | {3: 0}
