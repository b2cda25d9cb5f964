"""A monitor whose time a test advances."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.upkeep.monitoring.monitor import Monitor
from tests.support.black_hole import BlackHole
from tests.support.service import Service

SLOT = timedelta(seconds=15)


@dataclass
class Watch:
    """A monitor whose time the test advances."""

    service: Service
    hole: BlackHole
    monitor: Monitor
    counted: list[tuple[str, bool]]
    now: datetime

    def rounds(self, count: int, *, step: timedelta = SLOT) -> None:
        """Run rounds, each in a slot of its own."""
        for _ in range(count):
            self.now += step
            assert self.monitor.run(self.now)

    def rows(self, sql: str) -> Any:
        """Return the rows of a query, past the proxy."""
        return self.service.rows(sql)
