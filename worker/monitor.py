"""The thread of the monitor, in the processes of clock and worker."""

import logging
import time
from threading import Event, Thread
from typing import Final

from app.config import STATUS
from app.domain.timeline import utc_now
from app.incidents.channels import make_channels
from app.incidents.late_recipients import LateRecipients
from app.incidents.objectives import MeasuredObjectives
from app.upkeep.monitoring.monitor import Monitor
from app.upkeep.monitoring.slots import SLOT_SECONDS
from app.web.context import Context

_logger = logging.getLogger(__name__)

_JOIN_SECONDS: Final = 1.0


class MonitorThread:
    """Runs a round in each slot until it is stopped. A round that fails is logged, and ends neither it nor a job.

    A daemon: a process that must end does not wait for a receiver of notices.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._stop = Event()
        self._thread = Thread(target=self._run, name="monitor", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the present round, for which this waits a second."""
        self._stop.set()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(SLOT_SECONDS - time.time() % SLOT_SECONDS):
            try:
                self._monitor.run(utc_now())
            except Exception:
                _logger.exception("monitor failed")


def start_monitor(context: Context, role: str) -> MonitorThread | None:
    """Start the monitor of a process, if it serves status."""
    settings = context.settings
    if not settings.serves(STATUS):
        return None
    late = LateRecipients(settings.status)
    channels = make_channels(settings.status, utc_now, late)
    monitor = Monitor(settings, role, utc_now(), MeasuredObjectives(), channels, context.instruments.count_check, late)
    thread = MonitorThread(monitor)
    thread.start()
    return thread
