"""Codes and key pairs (app/importing/key_pairs.py): each rule for what moved on, there or here, between two imports."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.app.importing.conftest import claimed_by, code_row, figures, printed, run_import
from tests.support.mariadb import PublicServer
from tests.support.service import Phone, Service, exposure_key
from tests.support.settings import LABEL, OTHER_LABEL, OTHER_TOKEN, TOKEN

HASH_ID = "a" * 128
HERE = "SELECT * FROM encryption_keys ORDER BY created, server_public_key"


def change(public: PublicServer, row: dict[str, Any], **columns: Any) -> None:
    """Change a row of encryption_keys there."""
    names = ", ".join(f"{name} = %s" for name in columns)
    sql = f"UPDATE encryption_keys SET {names} WHERE server_public_key = %s"  # noqa: S608
    public.execute(sql, *columns.values(), row["server_public_key"])


def pairs(here: Service, public: PublicServer) -> tuple[int, ...]:
    """Import, and return new, updated, unchanged, refused of the pairs."""
    return printed(run_import(here, public))["encryption_keys"][1:]


@pytest.fixture
def code(public: PublicServer, here: Service) -> dict[str, Any]:
    """A code that waits there, and was imported."""
    row = code_row()
    public.insert("encryption_keys", row)
    assert pairs(here, public) == (1, 0, 0, 0)
    return row


def test_a_code_that_was_issued_there_is_claimed_here(here: Service, code: dict[str, Any]) -> None:
    assert here.claim(code["one_time_code"].lower()).status_code == 200
    ((event,),) = (here.rows("SELECT source FROM events"),)
    assert event.source == LABEL


def test_a_phone_that_claimed_there_uploads_here(public: PublicServer, here: Service) -> None:
    phone = Phone()
    public.insert("encryption_keys", code_row(phone, remaining_keys=2))
    figures(run_import(here, public))
    assert here.upload(phone, [exposure_key(1), exposure_key(2)]).status_code == 200
    assert here.upload(phone, [exposure_key(3)]).status_code == 400


def test_secrets_are_stored_as_this_service_stores_its_own(here: Service, code: dict[str, Any]) -> None:
    (row,) = here.rows(HERE)
    assert row.one_time_code == here.stored_code(code["one_time_code"])
    assert bytes(row.server_private_key) != code["server_private_key"]
    opened = here.app.context.submission.sealing_ring.open(bytes(row.server_private_key), code["server_public_key"])
    assert opened == code["server_private_key"]
    assert (row.originator, row.region, row.remaining_keys) == (LABEL, "302", 43)
    assert row.created == code["created"].replace(microsecond=0)  # in UTC, whatever the zone of the server there


def test_a_second_import_changes_nothing(public: PublicServer, here: Service, code: dict[str, Any]) -> None:
    before = here.rows(HERE)
    assert pairs(here, public) == (0, 0, 1, 0)
    assert here.rows(HERE) == before


def test_a_code_that_was_claimed_there_since_is_claimed_here(
    public: PublicServer, here: Service, code: dict[str, Any]
) -> None:
    phone = Phone(server_public_key=code["server_public_key"])
    claimed = claimed_by(phone)
    change(public, code, **claimed, remaining_keys=40)
    assert pairs(here, public) == (0, 1, 0, 0)
    assert here.claim(code["one_time_code"]).status_code == 401
    assert here.upload(phone, [exposure_key()]).status_code == 200
    (row,) = here.rows(HERE)
    assert (row.one_time_code, row.remaining_keys, row.created) == (None, 39, claimed["created"])


def test_a_code_that_was_claimed_here_does_not_come_back(
    public: PublicServer, here: Service, code: dict[str, Any]
) -> None:
    assert here.claim(code["one_time_code"]).status_code == 200
    before = here.rows(HERE)
    assert pairs(here, public) == (0, 0, 1, 0)
    assert here.rows(HERE) == before
    assert here.claim(code["one_time_code"]).status_code == 401


def test_a_code_that_two_phones_claimed_keeps_the_one_of_here(
    public: PublicServer, here: Service, code: dict[str, Any]
) -> None:
    assert here.claim(code["one_time_code"]).status_code == 200
    before = here.rows(HERE)
    change(public, code, **claimed_by(Phone()), remaining_keys=1)
    assert pairs(here, public) == (0, 0, 1, 0)
    assert here.rows(HERE) == before


@pytest.mark.parametrize(("there", "expected", "outcome"), [(10, 10, "updated"), (30, 20, "unchanged")])
def test_no_pair_regains_keys(public: PublicServer, here: Service, there: int, expected: int, outcome: str) -> None:
    row = code_row(Phone(), remaining_keys=43)
    public.insert("encryption_keys", row)
    figures(run_import(here, public))
    here.execute("UPDATE encryption_keys SET remaining_keys = 20")
    change(public, row, remaining_keys=there)
    assert pairs(here, public) == ((0, 1, 0, 0) if outcome == "updated" else (0, 0, 1, 0))
    assert [row.remaining_keys for row in here.rows(HERE)] == [expected]


def test_a_claim_there_raises_no_quota_either(public: PublicServer, here: Service, code: dict[str, Any]) -> None:
    here.execute("UPDATE encryption_keys SET remaining_keys = 20")
    change(public, code, **claimed_by(Phone()))
    assert pairs(here, public) == (0, 1, 0, 0)
    assert [row.remaining_keys for row in here.rows(HERE)] == [20]


def test_a_pair_that_was_used_up_and_deleted_here_does_not_come_back(
    public: PublicServer, here: Service, code: dict[str, Any]
) -> None:
    here.execute("DELETE FROM encryption_keys")
    assert pairs(here, public) == (0, 0, 1, 0)
    assert here.rows(HERE) == []


def test_a_code_that_was_replaced_here_does_not_come_back(public: PublicServer, here: Service) -> None:
    old = code_row(hash_id=HASH_ID)
    public.insert("encryption_keys", old)
    figures(run_import(here, public))
    new = here.issue(hash_id=HASH_ID)
    assert pairs(here, public) == (0, 0, 1, 0)
    assert here.claim(old["one_time_code"]).status_code == 401
    assert here.claim(new).status_code == 200


def test_a_code_that_was_replaced_there_is_dead_here(public: PublicServer, here: Service) -> None:
    old = code_row(hash_id=HASH_ID, created=datetime.now(UTC) - timedelta(hours=2))
    public.insert("encryption_keys", old)
    figures(run_import(here, public))
    public.empty()
    new = code_row(hash_id=HASH_ID)
    public.insert("encryption_keys", new)
    assert pairs(here, public) == (0, 1, 0, 0)
    assert here.claim(old["one_time_code"]).status_code == 401
    assert here.claim(new["one_time_code"]).status_code == 200
    assert pairs(here, public) == (0, 0, 1, 0)


def test_a_hash_id_that_has_a_newer_code_here_keeps_it(public: PublicServer, here: Service) -> None:
    code = here.issue(hash_id=HASH_ID)
    public.insert("encryption_keys", code_row(hash_id=HASH_ID))
    assert pairs(here, public) == (0, 0, 1, 0)
    assert here.claim(code).status_code == 200


def test_a_hash_id_belongs_to_the_label_of_its_token(public: PublicServer, here: Service) -> None:
    public.insert("encryption_keys", code_row(Phone(), hash_id=HASH_ID, originator=OTHER_TOKEN))
    figures(run_import(here, public))
    assert here.issue(TOKEN, hash_id=HASH_ID)
    refused = here.client.post(f"/new-key-claim/{HASH_ID}", headers={"Authorization": f"Bearer {OTHER_TOKEN}"})
    assert refused.status_code == 403
    assert [row.originator for row in here.rows("SELECT originator FROM encryption_keys ORDER BY 1")] == [
        OTHER_LABEL,
        LABEL,
    ]


def test_a_hash_id_of_another_label_is_not_replaced(public: PublicServer, here: Service) -> None:
    code = here.issue(OTHER_TOKEN, hash_id=HASH_ID)
    here.execute("UPDATE encryption_keys SET created = created - interval '2 hours'")
    public.insert("encryption_keys", code_row(hash_id=HASH_ID))
    assert pairs(here, public) == (1, 0, 0, 0)
    assert here.claim(code).status_code == 200


def test_a_phone_whose_key_has_another_pair_here_keeps_that(
    public: PublicServer, here: Service, code: dict[str, Any]
) -> None:
    phone = Phone()
    assert here.claim(here.issue(), phone.public_key).status_code == 200
    change(public, code, **claimed_by(phone))
    assert pairs(here, public) == (0, 0, 1, 0)
    public.insert("encryption_keys", code_row(phone) | {"app_public_key": Phone().public_key})
    public.execute("DELETE FROM encryption_keys WHERE server_public_key = %s", code["server_public_key"])
    change(public, {"server_public_key": phone.server_public_key}, **claimed_by(phone))
    result = run_import(here, public)
    assert printed(result)["encryption_keys"] == (1, 0, 0, 0, 1)
    assert (result.exit_code, "is in use here" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    "columns",
    [
        {"remaining_keys": 0},
        {"created": datetime.now(UTC) - timedelta(hours=25)},
        {"one_time_code": None, "app_public_key": b"x" * 32, "created": datetime.now(UTC) - timedelta(days=16)},
    ],
)
def test_what_is_about_to_be_deleted_and_counted_there_is_not_brought(
    public: PublicServer, here: Service, columns: dict[str, Any]
) -> None:
    public.insert("encryption_keys", code_row(**columns))
    assert pairs(here, public) == (0, 0, 1, 0)
    assert here.rows(HERE) == []


def test_old_rows_without_an_originator_come_without_one(public: PublicServer, here: Service) -> None:
    phone = Phone()
    public.insert("encryption_keys", code_row(phone, originator=None))
    figures(run_import(here, public))
    assert [row.originator for row in here.rows(HERE)] == [None]
    assert here.upload(phone, [exposure_key()]).status_code == 200


def test_a_code_that_the_public_server_deletes_and_counts_is_not_counted_here_as_well(
    public: PublicServer, here: Service, code: dict[str, Any]
) -> None:
    here.issue()
    here.execute("DELETE FROM events")
    here.execute("UPDATE encryption_keys SET created = created - interval '25 hours'")
    public.execute("DELETE FROM encryption_keys")
    assert "1 deleted" in run_import(here, public, "--dry-run").stderr
    assert len(here.rows(HERE)) == 2
    assert "encryption_keys: 1 deleted: expired since an earlier import" in run_import(here, public).stderr
    assert here.app.test_cli_runner().invoke(args=["purge"]).exit_code == 0
    assert [(row.identifier, row.count) for row in here.rows("SELECT * FROM events")] == [("OTKUnclaimed", 1)]
