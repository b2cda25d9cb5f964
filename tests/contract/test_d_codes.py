"""Section D: `/new-key-claim`, which issues one-time codes to health authorities."""

import re
from collections.abc import Callable

import pytest
from nacl.public import PrivateKey

from tests.support.answers import (
    CORS,
    NOT_FOUND,
    PREFLIGHT,
    UNAUTHORIZED,
    Answer,
    plain,
    plain_error,
    seen,
    wrong_code,
)
from tests.support.breakage import with_trigger, without_table
from tests.support.service import Service, bearer
from tests.support.settings import LABEL, OTHER_TOKEN, TOKEN

HASH_ID = "0123456789abcdefghijklmnopqrstuvwxyz,z" + "0" * 90
CODE = re.compile(r"([AEFHJKLQRSUWXYZ]{3}|[2456789]{3}){2}([AEFHJKLQRSUWXYZ]{4}|[2456789]{4})")

REFUSED = Answer(401, UNAUTHORIZED.headers | CORS, UNAUTHORIZED.body)
SERVER_ERROR = plain_error(500, "server error", CORS)
FORBIDDEN = plain_error(403, "forbidden", CORS)


@pytest.mark.rule(14, "T5")
def test_a_hash_id_has_128_digits_lowercase_letters_and_commas(service: Service) -> None:
    assert service.client.post(f"/new-key-claim/{HASH_ID}", headers=bearer()).status_code == 200
    for wrong in ("a" * 127, "a" * 129, "A" * 128, "a" * 127 + "-", "a" * 127 + "\u0663", "a" * 128 + "%0A", "é" * 128):
        assert seen(service.client.post(f"/new-key-claim/{wrong}", headers=bearer())) == NOT_FOUND, wrong


@pytest.mark.rule(15, "T1", "T10")
@pytest.mark.parametrize("path", ["/new-key-claim", f"/new-key-claim/{HASH_ID}"])
def test_preflight_requests_are_answered(make_service: Callable[..., Service], path: str) -> None:
    portal = "https://portal.example"

    assert seen(make_service().client.options(path)) == Answer(200, PREFLIGHT, b"")
    answer = seen(make_service(CORS_ACCESS_CONTROL_ALLOW_ORIGIN=portal).client.options(path))
    assert answer == Answer(200, PREFLIGHT | {"Access-Control-Allow-Origin": portal}, b"")


@pytest.mark.rule(16, "D23")
def test_methods_other_than_post_are_unauthorized_before_authentication(service: Service) -> None:
    refused = Answer(401, REFUSED.headers | {"Allow": "POST, OPTIONS"}, REFUSED.body)
    for method in ("GET", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        for headers in ({}, bearer(), bearer("wrong")):
            assert seen(service.client.open("/new-key-claim", method=method, headers=headers)) == refused, method


@pytest.mark.rule(17)
def test_requests_without_a_valid_token_are_unauthorized(service: Service) -> None:
    for authorization in (
        "",
        "Bearer",
        "Bearer ",
        f"bearer {TOKEN}",
        f"BEARER {TOKEN}",
        f"Bearer  {TOKEN}",
        f"Bearer\t{TOKEN}",
        f"Basic {TOKEN}",
        f"Token Bearer {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN} x",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {LABEL}",
        "Bearer \xff",
    ):
        answer = seen(service.client.post("/new-key-claim", headers={"Authorization": authorization}))
        assert answer == REFUSED, authorization
    assert seen(service.client.post("/new-key-claim")) == REFUSED
    assert seen(service.client.post(f"/new-key-claim/{HASH_ID}")) == REFUSED
    assert service.rows("SELECT FROM encryption_keys") == []


@pytest.mark.rule(18)
@pytest.mark.parametrize("path", ["/new-key-claim", f"/new-key-claim/{HASH_ID}"])
def test_a_code_and_a_newline_are_returned_for_any_body(service: Service, path: str) -> None:
    for body in (b"", b"\x00\xff" * 10_000):
        answer = seen(service.client.post(path, data=body, headers=bearer()))

        assert answer == plain(200, answer.body.decode(), CORS)
        assert re.fullmatch(rb"[A-Z0-9]{10}\n", answer.body)


@pytest.mark.rule(19, "D11")
def test_a_code_is_stored_with_the_region_and_the_label_of_its_token(service: Service) -> None:
    service.issue()
    service.issue(OTHER_TOKEN)

    rows = service.rows("SELECT region, originator FROM encryption_keys ORDER BY originator")
    assert rows == [("302", "AB"), ("302", "ON")]


@pytest.mark.rule(20)
def test_an_unclaimed_code_of_a_hash_id_is_replaced_at_once(service: Service) -> None:
    first = service.issue(hash_id=HASH_ID)
    second = service.issue(hash_id=HASH_ID)

    assert first != second
    assert service.rows("SELECT one_time_code FROM encryption_keys") == [(service.stored_code(second),)]
    assert seen(service.claim(first)) == wrong_code(49)
    assert service.claim(second).status_code == 200
    assert seen(service.client.post(f"/new-key-claim/{HASH_ID}", headers=bearer())) == FORBIDDEN
    events = service.rows("SELECT identifier, sum(count) FROM events GROUP BY identifier ORDER BY identifier")
    assert events == [("OTKClaimed", 1), ("OTKGenerated", 1), ("OTKRegenerated", 1)]


@pytest.mark.rule(20)
def test_a_replacement_code_has_its_own_lifetime_and_key_pair(service: Service) -> None:
    service.issue(hash_id=HASH_ID)
    ((first_key,),) = service.rows("SELECT server_public_key FROM encryption_keys")
    service.clock.advance(hours=23)
    code = service.issue(hash_id=HASH_ID)
    service.clock.advance(hours=23)

    assert service.claim(code).status_code == 200
    assert service.rows("SELECT FROM encryption_keys WHERE server_public_key = :key", key=first_key) == []


@pytest.mark.rule(21)
def test_a_hash_id_with_a_claimed_code_is_forbidden(service: Service) -> None:
    assert service.claim(service.issue(hash_id=HASH_ID)).status_code == 200

    for _ in range(2):
        assert seen(service.client.post(f"/new-key-claim/{HASH_ID}", headers=bearer())) == FORBIDDEN
    service.execute("DELETE FROM encryption_keys")
    assert len(service.issue(hash_id=HASH_ID)) == 10


@pytest.mark.rule(21, "D10")
def test_a_hash_id_belongs_to_the_authority_that_chose_it(service: Service) -> None:
    ours = service.issue(hash_id=HASH_ID)
    theirs = service.issue(OTHER_TOKEN, HASH_ID)
    assert service.claim(theirs).status_code == 200

    # Theirs is claimed, ours is not: neither authority can see or change the code of the other.
    assert seen(service.client.post(f"/new-key-claim/{HASH_ID}", headers=bearer(OTHER_TOKEN))) == FORBIDDEN
    assert service.claim(ours).status_code == 200
    assert service.rows("SELECT DISTINCT identifier FROM events ORDER BY identifier") == [
        ("OTKClaimed",),
        ("OTKGenerated",),
    ]


@pytest.mark.rule(22)
def test_other_failures_are_server_errors(cut_off_service: Service) -> None:
    for path in ("/new-key-claim", f"/new-key-claim/{HASH_ID}"):
        assert seen(cut_off_service.client.post(path, headers=bearer())) == SERVER_ERROR


@pytest.mark.rule(23)
def test_a_code_has_three_segments_of_letters_or_digits(service: Service) -> None:
    codes = [service.issue() for _ in range(40)]

    assert all(CODE.fullmatch(code) for code in codes)
    assert len(set(codes)) == 40


@pytest.mark.rule(24)
@pytest.mark.parametrize(("collisions", "expected"), [(4, 200), (5, 500)])
def test_generation_is_tried_up_to_five_times_when_codes_are_in_use(
    service: Service, collisions: int, expected: int
) -> None:
    service.execute("CREATE SEQUENCE draws")
    try:
        used = service.stored_code(service.issue())
        body = f"IF nextval('draws') <= {collisions} THEN NEW.one_time_code := '{used}'; END IF; RETURN NEW;"
        with with_trigger(service, "encryption_keys", "BEFORE INSERT", body):
            response = service.client.post("/new-key-claim", headers=bearer())
        draws = service.rows("SELECT last_value FROM draws")
    finally:
        service.execute("DROP SEQUENCE draws")

    assert (response.status_code, draws) == (expected, [(5,)])


@pytest.mark.rule(24, "D8")
def test_five_codes_in_use_are_a_server_error(service: Service) -> None:
    used = service.stored_code(service.issue())
    body = f"NEW.one_time_code := '{used}'; RETURN NEW;"
    with with_trigger(service, "encryption_keys", "BEFORE INSERT", body):
        answers = [
            seen(service.client.post(path, headers=bearer()))
            for path in ("/new-key-claim", f"/new-key-claim/{HASH_ID}")
        ]

    assert answers == [SERVER_ERROR, SERVER_ERROR]
    assert service.rows("SELECT sum(count) FROM events") == [(1,)]


@pytest.mark.rule(24)
def test_a_code_is_stored_with_a_fresh_key_pair_and_its_quota(service: Service) -> None:
    service.issue()
    service.issue()

    rows = service.rows(
        "SELECT server_public_key, server_private_key, remaining_keys, app_public_key FROM encryption_keys"
    )
    for public, sealed, remaining, app_public_key in rows:
        private = service.app.context.submission.sealing_ring.open(bytes(sealed), bytes(public))
        assert bytes(PrivateKey(private).public_key) == bytes(public)
        assert (remaining, app_public_key) == (43, None)
    assert len({bytes(row.server_public_key) for row in rows}) == 2


@pytest.mark.rule(24)
def test_the_quota_of_a_new_key_pair_is_a_setting(make_service: Callable[..., Service]) -> None:
    service = make_service(INITIAL_REMAINING_KEYS="7")
    service.issue()

    assert service.rows("SELECT remaining_keys FROM encryption_keys") == [(7,)]


@pytest.mark.rule(25)
def test_a_code_is_issued_even_if_counting_fails(service: Service) -> None:
    with without_table(service, "events"):
        code = service.issue()
        replaced = service.issue(hash_id=HASH_ID)
        replacing = service.issue(hash_id=HASH_ID)

    assert service.claim(code).status_code == 200
    assert service.claim(replaced).status_code == 401
    assert service.claim(replacing).status_code == 200


@pytest.mark.rule(25, "D9")
def test_a_collision_of_counters_is_not_mistaken_for_a_code_in_use(service: Service) -> None:
    codes = [service.issue() for _ in range(6)]
    service.execute("SELECT setval('events_id_seq', 1, false)")  # as after an import of rows with their numbers

    codes.append(service.issue())

    assert [service.claim(code).status_code for code in codes] == [200] * 7
