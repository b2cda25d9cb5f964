"""The newest status document of all carriers, kept in memory.

Carriers are read by threads of their own, so that no request waits for one that does not respond.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import UnreadableDocumentError
from app.domain.status import DOCUMENT_CLOCK_TOLERANCE
from app.status.carriers import Carrier
from app.status.document import StatusDocument, from_json

_logger = logging.getLogger(__name__)

INTERVAL: Final = timedelta(seconds=15)
# How long the request that starts the threads waits for them: longer as long as there is nothing to show.
_WAIT_SECONDS: Final = 0.3
_FIRST_WAIT_SECONDS: Final = 3.0


class DocumentReader:
    """Returns the newest document of the carriers, which are read again every INTERVAL."""

    def __init__(self, carriers: Sequence[Carrier]) -> None:
        self._readings = [_Reading(each, self._keep) for each in carriers]
        self._lock = threading.Lock()
        self._read_at: datetime | None = None
        self._newest: StatusDocument | None = None
        self._was_read = threading.Event()

    def newest(self, now: datetime) -> StatusDocument | None:
        """Return the newest document, or None if none could be read since the process started."""
        if self._is_due(now):
            self._read(now)
        elif self._newest is None:  # another request waits for the first
            self._was_read.wait(_FIRST_WAIT_SECONDS)
        return self._newest

    def _is_due(self, now: datetime) -> bool:
        """Return whether to read the carriers: true for one of the requests that ask at once."""
        with self._lock:
            if self._read_at is not None and abs(now - self._read_at) < INTERVAL:
                return False
            self._read_at = now
            return True

    def _read(self, now: datetime) -> None:
        """Read all carriers at once, and wait a moment for them. Those that respond later are kept as well."""
        begin = time.monotonic()
        threads = [thread for each in self._readings if (thread := each.start(now))]
        for thread in threads:
            wait = _FIRST_WAIT_SECONDS if self._newest is None else _WAIT_SECONDS
            thread.join(max(0.0, begin + wait - time.monotonic()))
        self._was_read.set()

    def _keep(self, document: StatusDocument, now: datetime) -> None:
        if document.written_at > now + DOCUMENT_CLOCK_TOLERANCE:
            return  # the clock of its author was wrong, and it would stay the newest for as long
        with self._lock:
            newest = None if self._newest is None else self._newest.written_at
            # The clock may have been set back since the newest was read, and no other would be newer for as long.
            if newest is None or document.written_at > newest or newest > now + DOCUMENT_CLOCK_TOLERANCE:
                self._newest = document


class _Reading:
    """Reads one carrier, in one thread at a time."""

    def __init__(self, carrier: Carrier, keep: Callable[[StatusDocument, datetime], None]) -> None:
        self._carrier = carrier
        self._keep = keep
        self._thread: threading.Thread | None = None
        self._body: bytes | None = None
        self._is_failing = False

    def start(self, now: datetime) -> threading.Thread | None:
        """Start to read, and return the thread; return None if the carrier has not responded yet."""
        if self._thread is not None and self._thread.is_alive():
            return None
        # A daemon, so that the process can end while a carrier does not respond.
        self._thread = threading.Thread(target=self._run, args=(now,), daemon=True)
        self._thread.start()
        return self._thread

    def _run(self, now: datetime) -> None:
        try:
            known, self._body = self._body, self._carrier.read()
            if self._body is not None and self._body != known:
                self._keep(from_json(self._body), now)
        except UnreadableDocumentError:
            _logger.warning("status document unreadable", extra={"carrier": self._carrier.name})
        except Exception:
            # Once for each outage: a page that is asked for every few seconds would fill the log.
            if not self._is_failing:
                _logger.exception("status document could not be read", extra={"carrier": self._carrier.name})
            self._is_failing = True
        else:
            self._is_failing = False
