"""Requests of any kind do not leak memory. `make fuzz` checks the same for longer."""

import gc
import logging
import random
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from app.proto import covidshield_pb2 as wire
from tests.support.memory import MIB, MemoryGrewError, Watch
from tests.support.service import Phone, Service, bearer, download_code, exposure_key
from tests.support.settings import METRICS
from tests.support.torture import CI, TORTURE

ROUNDS = 10
REQUESTS_IN_ROUND = 150 if CI or TORTURE else 50
# What the requests of the last three rounds may leave together. Code that runs for the first time takes some of it, so
# that a leak of 2 kB a request is detected, and one of 700 bytes in continuous integration.
MAX_GROWTH_BYTES = 300_000


@pytest.fixture
def quiet() -> Iterator[None]:
    """Disable logging, because the test runner keeps every line."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def send_anything(service: Service, phone: Phone, chance: random.Random) -> None:
    """Send a random request."""
    client = service.client
    some = chance.randbytes(chance.randrange(400))
    today = service.today
    claim = wire.KeyClaimRequest(one_time_code=some.hex()[:10], app_public_key=chance.randbytes(32))
    kinds: tuple[Callable[[], object], ...] = (
        lambda: client.post("/claim-key", data=some),
        lambda: client.post("/claim-key", data=claim.SerializeToString()),
        lambda: client.post("/upload", data=some),
        lambda: service.upload_plaintext(phone, some),
        lambda: service.upload(phone, [exposure_key(chance.getrandbits(64))]),
        lambda: client.post("/qr/new-event", data=some, headers=bearer()),
        lambda: client.get(f"/retrieve/302/{today}/{some.hex()}"),
        lambda: client.get(f"/retrieve/302/{today}/{download_code(today, service.clock.now)}?{some.hex()}"),
        lambda: client.get(f"/{some.hex()}", headers={"X-Request-Id": some.hex(), "Cookie": some.hex()}),
        lambda: client.post("/new-key-claim", headers=bearer(some.hex())),
        lambda: client.get(f"/events/2026-{chance.randrange(100):02}-11", auth=METRICS),
    )
    chance.choice(kinds)()


def test_requests_do_not_leak_memory(make_service: Callable[..., Service], quiet: None) -> None:
    service = make_service(
        MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="1000000",
        MAX_DAILY_CLAIM_KEY_FAILURES="1000000",
        INITIAL_REMAINING_KEYS="32767",
    )
    phone, chance = service.pair(), random.Random(1)
    held = []
    for round_number in range(ROUNDS):
        for _ in range(REQUESTS_IN_ROUND):
            send_anything(service, phone, chance)
        if round_number == ROUNDS // 2 - 1:
            tracemalloc.start()
        if round_number >= ROUNDS // 2 - 1:
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[-1] - held[2] < MAX_GROWTH_BYTES


def test_a_memory_leak_is_detected() -> None:
    watch, kept = Watch(bound=8 * MIB, warm_up=1), []
    watch.step()
    watch.step()
    kept.append(b"x" * 32 * MIB)
    with pytest.raises(MemoryGrewError, match="MiB more"):
        watch.step()
