"""Adding what a process counts to the increments of all processes, every few seconds and away from requests."""

import atexit
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from app.config import CommonSettings
from app.database.redis_connections import redis_client
from app.domain.objectives import SeriesKey
from app.domain.timeline import SECONDS_PER_MINUTE
from app.measuring.increments import LIFETIME_SECONDS, Batch, IncrementStore
from app.measuring.instruments import Instruments

_logger = logging.getLogger(__name__)

INTERVAL_SECONDS: Final = 10
# While Redis is unavailable: as many minutes as Redis itself would keep.
MAX_MINUTES: Final = LIFETIME_SECONDS // SECONDS_PER_MINUTE
# Redis answers within milliseconds. The last flush must not hold up the end of the process.
_REDIS_SECONDS: Final = 1.0


class Flusher:
    """Sends the increments of a process, each once: see `increments`."""

    def __init__(
        self,
        instruments: Instruments,
        store: IncrementStore,
        *,
        add_to_totals: bool,
        inherited: Mapping[SeriesKey, float] | None = None,
        prepare: Callable[[], object] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`inherited` was counted by earlier processes in the same files. `prepare` is called before each flush.

        `now` returns unix seconds.
        """
        self._instruments = instruments
        self._store = store
        self._add_to_totals = add_to_totals
        self._prepare = prepare
        self._now = now
        self._process = uuid.uuid4().hex
        self._sequence = 0
        self._flushed = {**instruments.totals(), **(inherited or {})}
        self._last_flush = now()
        self._pending: dict[int, dict[SeriesKey, float]] = {}  # by minute, not yet sent
        self._sent: list[Batch] = []  # of which Redis may have added some
        self._is_failing = False
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        """Flush from now on in a thread, and when the interpreter ends."""
        # A fork during a flush would copy locks of libraries that no thread of the new process releases.
        os.register_at_fork(
            before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._lock.release
        )
        thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        thread.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Flush for the last time."""
        self._stop.set()
        self.flush()

    def flush(self) -> bool:
        """Send what was counted since the last flush; return whether Redis has everything."""
        with self._lock:
            self._collect()
            try:
                while self._sent or self._pending:
                    self._send()
            except RedisError:
                if not self._is_failing:
                    _logger.exception("metrics not stored: Redis unreachable")
                self._is_failing = True
                return False
            self._is_failing = False
            return True

    def _run(self) -> None:
        while not self._stop.wait(seconds_until_next(self._now())):
            try:
                self._prepare()
                self.flush()
            except Exception:
                _logger.exception("metrics not flushed")

    def _collect(self) -> None:
        totals = self._instruments.totals()
        # Flushes fall on the ends of minutes, so that the middle is in the minute in which everything was counted.
        now = self._now()
        minute, self._last_flush = int((self._last_flush + now) / 2) // SECONDS_PER_MINUTE, now
        grown = {series: total - self._flushed.get(series, 0.0) for series, total in totals.items()}
        self._flushed.update(totals)
        counts = self._pending.setdefault(minute, {})
        for series, increment in grown.items():
            if increment > 0:
                counts[series] = counts.get(series, 0.0) + increment
        if not counts:
            del self._pending[minute]
        while len(self._pending) > MAX_MINUTES:
            del self._pending[min(self._pending)]

    def _send(self) -> None:
        """Send what was sent before without an answer, or else what is pending. Raises RedisError."""
        if not self._sent:
            for minute in sorted(self._pending):
                self._sequence += 1
                self._sent.append(Batch(self._sequence, minute, self._pending.pop(minute)))
        self._store.add(self._process, self._sent, add_to_totals=self._add_to_totals)
        self._sent = []


def seconds_until_next(now: float) -> float:
    """Return the time until the next flush. All processes flush at the same seconds, of which one begins a minute."""
    return INTERVAL_SECONDS - now % INTERVAL_SECONDS


def start_flushing(
    settings: CommonSettings,
    instruments: Instruments,
    *,
    add_to_totals: bool,
    inherited: Mapping[SeriesKey, float] | None = None,
    prepare: Callable[[], object] = lambda: None,
) -> Flusher:
    """Start the flusher of a process, which connects to Redis with its first flush."""
    redis: Redis = redis_client(settings.redis_url, _REDIS_SECONDS, retries=0)
    store = IncrementStore(redis)
    flusher = Flusher(instruments, store, add_to_totals=add_to_totals, inherited=inherited, prepare=prepare)
    flusher.start()
    return flusher
