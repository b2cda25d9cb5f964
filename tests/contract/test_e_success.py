"""Section E: the response to a successful claim, and what it stores, counts and clears."""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.answers import protobuf, seen, wrong_code
from tests.support.breakage import refusing, without_table
from tests.support.service import Phone, Service
from tests.support.settings import LABEL


@pytest.mark.rule(37, "T4")
def test_the_response_to_a_success_is_exact(service: Service) -> None:
    response = service.claim(service.issue())

    ((server_public_key,),) = service.rows("SELECT server_public_key FROM encryption_keys")
    assert seen(response) == protobuf(b"\x12\x20" + bytes(server_public_key) + b"\x18\x32")
    assert len(response.data) == 36


@pytest.mark.rule(39, "Q")
def test_a_claim_deletes_the_code_and_keeps_its_day_of_creation(service: Service) -> None:
    phone, code = Phone(), service.issue()
    created = service.clock.now
    service.clock.advance(hours=23)

    assert service.claim(code, phone.public_key).status_code == 200

    ((stored_code, app_key, stored_created),) = service.rows(
        "SELECT one_time_code, app_public_key, created FROM encryption_keys"
    )
    assert (stored_code, bytes(app_key)) == (None, phone.public_key)
    assert stored_created == created.replace(hour=0, minute=0, second=0, microsecond=0)
    assert stored_created.day != service.clock.now.day


@pytest.mark.rule(39)
def test_one_of_several_concurrent_claims_succeeds(service: Service) -> None:
    code = service.issue()
    with ThreadPoolExecutor(6) as pool:
        answers = [seen(response) for response in pool.map(lambda _: service.claim(code), range(6))]

    assert sorted(answer.status for answer in answers) == [200] + [401] * 5
    refused = [answer for answer in answers if answer.status == 401]
    # One network: failures after the winner cleared the ledger are counted from zero.
    assert all(answer in [wrong_code(tries) for tries in range(45, 50)] for answer in refused)
    assert len(service.rows("SELECT FROM encryption_keys WHERE app_public_key IS NOT NULL")) == 1


@pytest.mark.rule(41)
@pytest.mark.parametrize(
    ("waited", "hours"),
    [
        (datetime.timedelta(0), 0),
        (datetime.timedelta(seconds=1), 1),
        (datetime.timedelta(minutes=30), 1),
        (datetime.timedelta(hours=1), 1),
        (datetime.timedelta(hours=1, microseconds=1), 2),
        (datetime.timedelta(hours=5, minutes=15), 6),
        (datetime.timedelta(hours=23, minutes=59), 24),
    ],
)
def test_a_claim_is_counted_with_the_age_of_its_code_in_hours(
    service: Service, waited: datetime.timedelta, hours: int
) -> None:
    code = service.issue()
    service.clock.now += waited
    assert service.claim(code).status_code == 200

    date = service.clock.now.date()
    assert service.rows("SELECT originator, hours, date, count FROM otk_life_duration") == [(LABEL, hours, date, 1)]
    assert service.rows("SELECT source, device_type, date, count FROM events WHERE identifier = 'OTKClaimed'") == [
        (LABEL, "Server", date, 1)
    ]


@pytest.mark.rule(41, "T6")
@pytest.mark.parametrize("table", ["events", "otk_life_duration"])
def test_a_claim_succeeds_even_if_counting_fails(service: Service, table: str) -> None:
    code, refused = service.issue(), service.issue()
    with without_table(service, table):
        assert service.claim(code).status_code == 200
    with refusing(service, table, "INSERT"):
        assert service.claim(refused).status_code == 200

    assert len(service.rows("SELECT FROM encryption_keys WHERE app_public_key IS NOT NULL")) == 2


@pytest.mark.rule(41, "D9")
@pytest.mark.parametrize("table", ["events", "otk_life_duration"])
def test_a_collision_of_counters_is_not_mistaken_for_a_registered_key(service: Service, table: str) -> None:
    service.pair()
    code = service.issue()
    # As after an import of rows with their numbers: the next number is taken.
    service.execute(f"SELECT setval('{table}_id_seq', (SELECT min(id) FROM {table}), false)")  # noqa: S608

    assert service.claim(code).status_code == 200


@pytest.mark.rule(42, 46)
def test_a_success_clears_the_failures_of_the_network(service: Service) -> None:
    for _ in range(3):
        service.claim("WRONG")
    assert service.claim(service.issue()).status_code == 200

    assert service.rows("SELECT FROM failed_key_claim_attempts") == []
    assert seen(service.claim("WRONG")) == wrong_code(49)


@pytest.mark.rule(42)
def test_a_claim_succeeds_even_if_failures_cannot_be_cleared(service: Service) -> None:
    code = service.issue()
    service.claim("WRONG")
    with refusing(service, "failed_key_claim_attempts", "DELETE"):
        assert service.claim(code).status_code == 200

    assert service.rows("SELECT failures FROM failed_key_claim_attempts") == [(1,)]


@pytest.mark.rule(42)
def test_a_success_reports_all_tries_after_earlier_failures(service: Service) -> None:
    service.claim("WRONG")

    assert service.claim(service.issue()).data.endswith(b"\x18\x32")


@pytest.mark.rule(39)
def test_a_code_imported_from_the_public_server_can_be_claimed(service: Service) -> None:
    code = service.issue()
    service.execute(f"UPDATE encryption_keys SET one_time_code = '{code}'")  # noqa: S608

    assert service.claim(code).status_code == 200


@pytest.mark.rule(39)
def test_an_unclaimed_code_cannot_be_read_from_the_database(service: Service) -> None:
    stored = service.stored_code(service.issue())
    assert service.rows("SELECT one_time_code FROM encryption_keys") == [(stored,)]

    assert seen(service.claim(stored)) == wrong_code(49)


@pytest.mark.rule(39)
def test_a_code_remains_valid_after_the_sealing_key_is_rotated(make_service: Callable[..., Service]) -> None:
    code = make_service(SEALING_KEYS="aa" * 32).issue()

    assert make_service(SEALING_KEYS=f"{'bb' * 32},{'aa' * 32}").claim(code).status_code == 200
