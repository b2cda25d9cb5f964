"""HashIDs at rest: a keyed hash, recognised under every sealing key, and never twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.upkeep.resealing import reseal_all
from tests.support.service import Service, bearer
from tests.support.settings import LABEL

OLD, NEW = "cc" * 32, "dd" * 32
HASH_ID = "a1," * 42 + "zz"
OTHER_HASH_ID = HASH_ID[::-1]


@pytest.fixture
def rotating(make_service: Callable[..., Service]) -> tuple[Service, Service]:
    """Two processes in the middle of a rotation, before and after the new key comes first."""
    return make_service(SEALING_KEYS=f"{OLD},{NEW}"), make_service(SEALING_KEYS=f"{NEW},{OLD}")


def is_refused(service: Service, hash_id: str = HASH_ID) -> bool:
    """Return whether the hashID's code has been claimed."""
    return bool(service.client.post(f"/new-key-claim/{hash_id}", headers=bearer()).status_code == 403)


def stored(service: Service) -> list[str]:
    return [row.hash_id for row in service.rows("SELECT hash_id FROM encryption_keys")]


def test_a_reader_of_the_database_does_not_see_a_hash_id(service: Service) -> None:
    service.issue(hash_id=HASH_ID)
    service.issue(hash_id=OTHER_HASH_ID)
    first, second = stored(service)
    assert first != second
    assert {len(first), first[0], len(second), second[0]} == {44, "~"}


def test_an_unclaimed_code_is_replaced_across_a_rotation(rotating: tuple[Service, Service]) -> None:
    before, after = rotating
    code = before.issue(hash_id=HASH_ID)
    again = after.issue(hash_id=HASH_ID)
    assert stored(after) == [after.stored_hash_id(HASH_ID)]
    assert after.claim(code).status_code == 401
    assert after.claim(again).status_code == 200
    assert after.rows("SELECT identifier, sum(count) FROM events GROUP BY 1 ORDER BY 1") == [
        ("OTKClaimed", 1),
        ("OTKGenerated", 1),
        ("OTKRegenerated", 1),
    ]


def test_a_claimed_code_is_recognised_across_a_rotation(rotating: tuple[Service, Service]) -> None:
    before, after = rotating
    assert before.claim(before.issue(hash_id=HASH_ID)).status_code == 200
    assert is_refused(after)
    reseal_all(after.database, after.app.context.submission.sealing_ring)
    assert is_refused(after)
    assert len(stored(after)) == 1


def test_when_the_old_key_is_gone_so_is_what_was_hashed_with_it(
    make_service: Callable[..., Service], rotating: tuple[Service, Service]
) -> None:
    """Why an old key stays until the last pair that it hashed has been purged: see docs/operations.md."""
    before, _ = rotating
    assert before.claim(before.issue(hash_id=HASH_ID)).status_code == 200
    assert not is_refused(make_service(SEALING_KEYS=NEW))


def test_processes_with_keys_in_another_order_give_a_hash_id_one_code(rotating: tuple[Service, Service]) -> None:
    for number in range(5):
        hash_id = f"{number:0128}"
        with ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(lambda n, h=hash_id: rotating[n % 2].issue(hash_id=h), range(16)))
        rows = rotating[0].rows("SELECT one_time_code FROM encryption_keys")
        assert len(rows) == number + 1
        assert sum(rotating[0].claim(code).status_code == 200 for code in codes) == 1
        assert is_refused(rotating[0], hash_id)
        assert is_refused(rotating[1], hash_id)


def test_a_row_of_the_public_server_is_replaced_or_refused(service: Service) -> None:
    for hash_id in (HASH_ID, OTHER_HASH_ID):
        code = service.issue(hash_id=hash_id)
        service.execute("UPDATE encryption_keys SET hash_id = :it WHERE app_public_key IS NULL", it=hash_id)
        if hash_id == OTHER_HASH_ID:
            assert service.claim(code).status_code == 200
        else:
            assert service.claim(service.issue(hash_id=hash_id)).status_code == 200
            assert service.claim(code).status_code == 401
    assert is_refused(service, HASH_ID)
    assert is_refused(service, OTHER_HASH_ID)


def test_resealing_hashes_what_is_in_clear(service: Service) -> None:
    assert service.claim(service.issue(hash_id=HASH_ID)).status_code == 200
    service.execute("UPDATE encryption_keys SET hash_id = :it", it=HASH_ID)
    reseal_all(service.database, service.app.context.submission.sealing_ring)
    assert stored(service) == [service.stored_hash_id(HASH_ID)]
    assert is_refused(service)


def test_two_rows_of_a_hash_id_become_one_code(service: Service) -> None:
    """While an earlier version, which stores hashIDs in clear, runs beside this one."""
    codes = [service.issue(hash_id=HASH_ID), service.issue(hash_id=OTHER_HASH_ID)]
    service.execute(
        "UPDATE encryption_keys SET hash_id = :bare WHERE hash_id = :other",
        bare=HASH_ID,
        other=service.stored_hash_id(OTHER_HASH_ID),
    )
    new = service.issue(hash_id=HASH_ID)
    assert [service.claim(code).status_code for code in (*codes, new)] == [401, 401, 200]
    assert is_refused(service)
    assert service.rows("SELECT DISTINCT originator FROM encryption_keys") == [(LABEL,)]
