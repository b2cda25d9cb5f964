"""Monitors that reach PostgreSQL through a proxy that can lose everything."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.incidents.channels import make_channels
from app.incidents.objectives import MeasuredObjectives
from app.upkeep.last_purge import record_purge
from app.upkeep.monitoring.monitor import Monitor
from tests.support.black_hole import BlackHole
from tests.support.receiver import Receiver, notice_receiver
from tests.support.service import Service
from tests.support.settings import make_settings
from tests.support.watch import Watch

KEY = "ab" * 32


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of notices."""
    with notice_receiver() as found:
        yield found


@pytest.fixture
def hole(database_url: str) -> Iterator[BlackHole]:
    """A proxy in front of PostgreSQL."""
    with BlackHole(database_url) as found:
        yield found


@pytest.fixture
def make_watch(
    make_service: Callable[..., Service], hole: BlackHole, redis_url: str, receiver: Receiver, tmp_path: Path
) -> Callable[..., Watch]:
    """Make monitors of a role that reach PostgreSQL through the proxy."""
    service = make_service(SURFACES="submission,retrieval,status", EXPORT_MAX_AGE_SECONDS="300")
    record_purge(service.app.context.redis, service.clock.now + timedelta(days=1))

    def make(role: str = "clock", measured: Any = None, **overrides: str) -> Watch:
        values = {
            "SURFACES": "submission,retrieval,status",
            "STATUS_FOLDER": str(tmp_path),
            "NOTICE_WEBHOOK_URL": receiver.url,
            "NOTICE_WEBHOOK_KEY": KEY,
            "EXPORT_MAX_AGE_SECONDS": "300",
        }
        settings = make_settings(hole.url, overrides.pop("REDIS_URL", redis_url), **(values | overrides))
        counted: list[tuple[str, bool]] = []
        monitor = Monitor(
            settings,
            role,
            service.clock.now,
            measured or MeasuredObjectives(),
            make_channels(settings.status, lambda: service.clock.now),
            lambda check, *, good: counted.append((check, good)),
        )
        return Watch(service, hole, monitor, counted, service.clock.now)

    return make
