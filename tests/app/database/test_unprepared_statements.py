"""Behind a pooler, statements are sent unprepared: those of phone requests work that way, too."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement
from app.store import claims, codes, uploads
from tests.support.breakage import without_table
from tests.support.service import Phone, Service, bearer, exposure_key

HASH_ID: Final = "a" * 128
DECOY: Final = {"X-Decoy": "1"}
STATEMENTS: Final = {
    f"{module.__name__}.{name}": value
    for module in (codes, claims, uploads)
    for name, value in vars(module).items()
    if isinstance(value, Statement)
}


@pytest.fixture
def pooled(make_service: Callable[..., Service]) -> Service:
    """A service that has detected a pooler behind its only session."""
    service = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="0", DATABASE_POOL_SIZE="1")
    service.database.prepared._is_enabled = False
    return service


def events(service: Service) -> dict[str, int]:
    """Return how often each event was counted."""
    rows = service.rows("SELECT identifier, sum(count) AS total FROM events GROUP BY identifier")
    return {row.identifier: int(row.total) for row in rows}


def do_codes(service: Service) -> None:
    """Issue and regenerate a code; after its claim, its hashID gets no other."""
    old, new = service.issue(hash_id=HASH_ID), service.issue(hash_id=HASH_ID)
    assert service.claim(old).status_code == 401
    assert service.claim(new).status_code == 200
    assert service.client.post(f"/new-key-claim/{HASH_ID}", headers=bearer()).status_code == 403
    assert events(service) == {"OTKGenerated": 1, "OTKRegenerated": 1, "OTKClaimed": 1}


def do_claims(service: Service) -> None:
    """Count wrong codes of a network; a valid code clears them, and its phone key cannot be used again."""
    phone, code = Phone(), service.issue()
    assert service.claim("WRONGCODE1").status_code == 401
    assert service.claim("WRONGCODE1").status_code == 401
    assert service.rows("SELECT failures FROM failed_key_claim_attempts") == [(2,)]
    assert service.claim(code, b"too short").status_code == 400
    assert service.claim(code, phone.public_key).status_code == 200
    assert service.claim(service.issue(), phone.public_key).status_code == 401
    assert service.rows("SELECT failures FROM failed_key_claim_attempts") == []


def do_uploads(service: Service) -> None:
    """Store keys once, with all fields, and deduct them from the quota."""
    phone, other = service.pair(), service.pair()
    keys = [exposure_key(1), exposure_key(2, report_type=2, days_since_onset_of_symptoms=-3), exposure_key(3)]
    assert service.upload(phone, keys[:2]).status_code == 200
    assert service.upload(phone, keys).status_code == 200
    rows = service.rows("SELECT report_type, days_since_onset_of_symptoms FROM diagnosis_keys ORDER BY key_data")
    assert rows == [(None, None), (2, -3), (None, None)]
    for first, status in ((10, 200), (40, 400)):  # 56 are more than its quota, 43
        assert service.upload(other, [exposure_key(first + number) for number in range(28)]).status_code == status
    left = service.rows("SELECT remaining_keys FROM encryption_keys WHERE remaining_keys < 43 ORDER BY 1")
    assert left == [(15,), (40,)]


def do_without_counters(service: Service) -> None:
    """Issue, claim and upload even if counting fails."""
    with without_table(service, "events"):
        phone = service.pair()
        service.issue(hash_id="b" * 128)
    assert service.upload(phone, [exposure_key(100)]).status_code == 200


def do_decoys(service: Service) -> None:
    """Answer decoys."""
    for path in ("/claim-key", "/upload"):
        assert service.client.post(path, headers=DECOY).status_code == 200


DOINGS: Final = (do_codes, do_claims, do_uploads, do_without_counters, do_decoys)


@pytest.mark.parametrize("do", DOINGS, ids=["codes", "claims", "uploads", "without counters", "decoys"])
def test_statements_of_phone_requests_are_sent_unprepared(pooled: Service, do: Callable[[Service], None]) -> None:
    do(pooled)
    assert pooled.rows("SELECT name FROM pg_prepared_statements") == []


def test_every_prepared_statement_is_exercised(pooled: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: set[Statement] = set()
    execute = PreparedExecutor.execute

    def noted(self: PreparedExecutor, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        sent.add(statement)
        return execute(self, statement, values)

    monkeypatch.setattr(PreparedExecutor, "execute", noted)
    for do in DOINGS:
        do(pooled)
    assert {name for name, statement in STATEMENTS.items() if statement not in sent} == set()
