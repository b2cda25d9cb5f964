"""Tokens that were made in the portal, as submission accepts them."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.submission.bearer_tokens import MAX_AGE, OUTAGE_LIMIT, RETRY, USE_INTERVAL, BearerTokens
from tests.support.service import Service, bearer
from tests.support.settings import LABEL, TOKEN
from tests.support.waiting import wait_until

MADE = "a-token-that-was-made-in-the-portal"


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def make_token(service: Service) -> None:
    service.execute(
        "INSERT INTO api_tokens (token_digest, label, name, first_characters, created)"
        " VALUES (:digest, 'QC', 'laboratory', :first, :now)",
        digest=digest(MADE),
        first=MADE[:6],
        now=service.clock.now,
    )


def revoke(service: Service) -> None:
    service.execute("UPDATE api_tokens SET revoked_at = :now", now=service.clock.now)


def status(service: Service, token: str = MADE) -> int:
    code: int = service.client.post("/new-key-claim", headers=bearer(token)).status_code
    return code


def last_uses(service: Service) -> list[datetime | None]:
    return [row.last_used for row in service.rows("SELECT last_used FROM api_tokens ORDER BY id")]


def at_once(job: Callable[[], None]) -> None:
    job()


def test_a_token_of_the_portal_is_accepted_without_a_restart(service: Service) -> None:
    assert status(service) == 401
    make_token(service)
    service.clock.now += RETRY
    assert status(service) == 200
    assert [row.originator for row in service.rows("SELECT originator FROM encryption_keys")] == ["QC"]


def test_a_revoked_token_is_refused_within_ten_seconds(service: Service) -> None:
    make_token(service)
    assert status(service) == 200
    revoke(service)
    service.clock.now += MAX_AGE
    assert timedelta(seconds=10) >= MAX_AGE
    assert status(service) == 401


def test_known_tokens_are_not_read_again_for_each_request(service: Service) -> None:
    make_token(service)
    assert status(service) == 200
    reads = count_reads(service)
    for _ in range(20):
        assert status(service) == 200
        assert status(service, TOKEN) == 200
    assert reads == []


def test_unknown_tokens_cause_no_more_than_one_read_every_two_seconds(service: Service) -> None:
    reads = count_reads(service)
    for _ in range(20):
        assert status(service, "a-token-that-does-not-exist") == 401
    assert len(reads) == 1
    service.clock.now += RETRY
    assert status(service, "a-token-that-does-not-exist") == 401
    assert len(reads) == 2


def count_reads(service: Service) -> list[None]:
    """Count how often the application opens a connection for a single statement, which is how tokens are read."""
    reads: list[None] = []
    autocommit = service.database.autocommit

    def counted() -> Any:
        reads.append(None)
        return autocommit()

    service.database.autocommit = counted  # type: ignore[method-assign]
    return reads


@pytest.mark.parametrize("unreadable", [True, False])
def test_tokens_are_refused_once_they_could_not_be_read_for_a_minute(service: Service, unreadable: bool) -> None:
    make_token(service)
    tokens = BearerTokens(service.database, {digest(TOKEN): LABEL}, at_once)
    start = service.clock.now
    assert tokens.label(digest(MADE), start) == "QC"
    if unreadable:
        service.execute("ALTER TABLE api_tokens RENAME TO hidden_api_tokens")
    try:
        for seconds in range(5, 60, 5):
            assert tokens.label(digest(MADE), start + timedelta(seconds=seconds)) == "QC"
        expected = None if unreadable else "QC"
        assert tokens.label(digest(MADE), start + OUTAGE_LIMIT) == expected
        assert tokens.label(digest(TOKEN), start + OUTAGE_LIMIT) == LABEL  # it needs no database
    finally:
        if unreadable:
            service.execute("ALTER TABLE hidden_api_tokens RENAME TO api_tokens")


def test_a_clock_that_is_set_back_does_not_prolong_a_revoked_token(service: Service) -> None:
    make_token(service)
    assert status(service) == 200
    revoke(service)
    service.clock.now -= timedelta(hours=1)
    assert status(service) == 401


def test_the_last_use_is_recorded_every_quarter_of_an_hour(service: Service) -> None:
    make_token(service)
    first = service.clock.now
    assert status(service) == 200
    wait_until(lambda: last_uses(service) == [first], "the first use is recorded")
    service.clock.now += USE_INTERVAL - timedelta(seconds=1)
    assert status(service) == 200
    service.clock.now += timedelta(seconds=1)
    second = service.clock.now
    assert status(service) == 200
    wait_until(lambda: last_uses(service) == [second], "the use after a quarter of an hour is recorded")


def test_requests_do_not_wait_for_a_read_of_known_tokens(service: Service) -> None:
    make_token(service)
    started: list[Callable[[], None]] = []
    tokens = BearerTokens(service.database, {}, started.append)
    start = service.clock.now
    assert tokens.label(digest(MADE), start) == "QC"
    started.clear()  # recording the use
    revoke(service)
    later = start + timedelta(seconds=6)
    assert tokens.label(digest(MADE), later) == "QC"  # answered before the read, which has only been started
    (read,) = started
    read()
    assert tokens.label(digest(MADE), later) is None


def test_threads_that_need_the_tokens_at_once_read_them_once(service: Service) -> None:
    make_token(service)
    tokens = BearerTokens(service.database, {}, lambda _: None)
    reads, now = count_reads(service), service.clock.now
    labels: list[str | None] = []
    threads = [threading.Thread(target=lambda: labels.append(tokens.label(digest(MADE), now))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert labels == ["QC"] * 8
    assert len(reads) == 1


class CountedLock:
    """A lock that counts who has come to acquire it."""

    def __init__(self) -> None:
        self.arrivals: list[None] = []
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.arrivals.append(None)
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_requests_that_waited_for_a_failing_read_do_not_each_try_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_fail = threading.Event()
    reads: list[None] = []

    def unresponsive() -> Any:
        reads.append(None)
        assert may_fail.wait(60)
        raise OperationalError("", None, Exception())

    monkeypatch.setattr(service.database, "autocommit", unresponsive)
    tokens, lock, start = BearerTokens(service.database, {}), CountedLock(), service.clock.now
    monkeypatch.setattr(tokens, "_reading", lock)
    moments = [start + number * timedelta(seconds=3) for number in range(3)]
    with ThreadPoolExecutor(3) as threads:
        labels = [threads.submit(tokens.label, digest(MADE), moment) for moment in moments]
        wait_until(lambda: len(lock.arrivals) == len(moments), "all requests wait")
        may_fail.set()
        assert [label.result(60) for label in labels] == [None] * len(moments)
    assert len(reads) == 1
