"""Publishing the status when an incident has changed, without waiting for the job of the next minute."""

import logging
from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.domain.errors import ConfigurationError, JobFailedError
from app.domain.incidents.alerts import AlertKey
from app.incidents.objectives import MeasuredObjectives
from app.incidents.service import Incidents
from app.objectives import load_objectives
from app.status.carriers import DatabaseCarrier
from app.status.reader import DocumentReader
from app.status.service import make_status
from app.store.incidents import events
from app.upkeep.monitoring.connections import Connections
from app.upkeep.status_publication import Publication

_logger = logging.getLogger(__name__)


@dataclass
class Publisher:
    """Publishes once for each change. The job publishes what fails here, within a minute."""

    settings: Settings
    _last_event: int | None = None  # that was published, or stored before this process started
    _unstored: Set[AlertKey] = frozenset()

    def publish_changes(self, connections: Connections, unstored: Set[AlertKey] | None, now: datetime) -> None:
        """Publish if the timelines have new events. `unstored`: without PostgreSQL, what fires and is not stored."""
        try:
            if unstored is not None:
                self._publish_unstored(connections, unstored, now)
            else:
                self._publish_stored(connections, now)
        except (SQLAlchemyError, ConfigurationError, JobFailedError) as error:
            _logger.warning("status not published", extra={"reason": type(error).__name__})

    def _publish_stored(self, connections: Connections, now: datetime) -> None:
        with connections.database.session() as session:
            last = events.last_number(session)
        known, self._last_event = self._last_event, last
        was_unstored, self._unstored = bool(self._unstored), frozenset()
        if was_unstored or known not in (None, last):
            self._publication(connections).publish(now)

    def _publish_unstored(self, connections: Connections, unstored: Set[AlertKey], now: datetime) -> None:
        known, self._unstored = self._unstored, frozenset(unstored)
        if self._unstored != known:
            self._publication(connections, has_database=False).publish_without_database(now)

    def _publication(self, connections: Connections, *, has_database: bool = True) -> Publication:
        status = make_status(connections.database, self.settings.status, connections.redis)
        if not has_database:  # its attempts to read would outlive the round
            carriers = tuple(each for each in status.carriers if not isinstance(each, DatabaseCarrier))
            status = replace(status, carriers=carriers, reader=DocumentReader(carriers))
        incidents = Incidents(connections.database, None, MeasuredObjectives())
        objectives = load_objectives() if has_database else ()
        return Publication(status, incidents, objectives, records_days=False)
