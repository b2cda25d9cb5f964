"""One round of the monitor: probe, and if this monitor acts in the slot, store what was found and send notices."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from redis import Redis
from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.database.database import Database
from app.domain.errors import ConfigurationError
from app.domain.incidents.alerts import AlertKey, Detection, Ending, Source
from app.domain.incidents.checks import Check, Streaks
from app.domain.incidents.notices import Channel
from app.domain.objectives import Evaluation, Severity
from app.domain.timeline import minute_number
from app.figures.readings import FigureReadings
from app.incidents.alerting import Alerting
from app.incidents.late_recipients import LateRecipients
from app.incidents.notices import NoticeSender, Send
from app.incidents.objectives import MeasuredObjectives
from app.store.incidents import notices
from app.upkeep.monitoring.changes import Changes
from app.upkeep.monitoring.connections import Connections
from app.upkeep.monitoring.figures import alerts_of_figures
from app.upkeep.monitoring.heartbeats import beat_outside
from app.upkeep.monitoring.probes import Probes, Results
from app.upkeep.monitoring.publisher import Publisher
from app.upkeep.monitoring.slots import slot_of, take_slot
from app.upkeep.monitoring.spool import Spool, ending_of, load_spool
from app.upkeep.monitoring.unstored import forget_shared, notice_of, send_once, with_shared

_logger = logging.getLogger(__name__)

_NEVER: Final = -1


class CountCheck(Protocol):
    """Counts the result of a check; called once a minute for each check."""

    def __call__(self, check: str, *, good: bool) -> None:
        """Count a result."""


@dataclass
class Monitor:
    """The monitor of a process. Not for use by several threads at once."""

    settings: Settings
    role: str
    started: datetime
    measured: MeasuredObjectives
    channels: Mapping[Channel, Send]
    count: CountCheck
    late: LateRecipients | None = None
    _streaks: Streaks = field(default_factory=Streaks)
    _spool: Spool = field(init=False)
    _connections: Connections = field(init=False)
    _probes: Probes = field(init=False)
    _is_start_recorded: bool = False
    _minute: int = _NEVER  # of the last evaluation
    _publisher: Publisher = field(init=False)

    def __post_init__(self) -> None:
        """Read what an earlier process could not store. Connects to nothing."""
        self._connections = Connections(self.settings)
        self._probes = Probes(self.settings, self.role, self.started)
        self._publisher = Publisher(self.settings)
        self._spool = load_spool(self.settings.status.status_folder, self.role)

    def run(self, now: datetime) -> bool:
        """Run a round; return whether this monitor acted in the slot."""
        try:
            has_acted = self._run(self._connections, now)
            if self.late is not None:
                self.late.send_due(self._connections.database, now)
            return has_acted
        finally:
            self._connections.close()

    def _run(self, connections: Connections, now: datetime) -> bool:
        results = self._probes.run(connections, now)
        self._streaks.add(results, now)
        has_redis, has_database = bool(results[Check.REDIS]), bool(results[Check.DATABASE])
        if has_database and not self._is_start_recorded:
            self._record_start(connections)
        name, slot = ",".join(self.settings.surfaces), slot_of(now)
        if not take_slot(connections, name, slot, has_redis=has_redis, has_database=has_database):
            return False
        self._spool.keep(self._streaks.firing(), self._streaks.good())
        is_new_minute = minute_number(now) != self._minute
        self._minute = minute_number(now)
        if is_new_minute:
            self._count(results)
        redis = connections.redis if has_redis else None
        is_stored = has_database and self._try_to_store(connections, redis, now, is_new_minute=is_new_minute)
        if not is_stored:
            self._notify_unstored(connections, redis, now)
        unstored = None if is_stored else {each.key for each in self._spool.detections()}
        self._publisher.publish_changes(connections, unstored, now)
        if is_new_minute and (url := self.settings.status.notice_heartbeat_url):
            beat_outside(url)
        return True

    def _count(self, results: Results) -> None:
        for check, is_good in results.items():
            if is_good is not None:
                self.count(check.value, good=is_good)

    def _try_to_store(
        self, connections: Connections, redis: Redis | None, now: datetime, *, is_new_minute: bool
    ) -> bool:
        try:
            self._store(connections, redis, now, is_new_minute=is_new_minute)
        except SQLAlchemyError as error:
            _logger.error("monitor without database", extra={"reason": type(error).__name__})
            return False
        return True

    def _store(self, connections: Connections, redis: Redis | None, now: datetime, *, is_new_minute: bool) -> None:
        database = connections.database
        alerting, sender = Alerting(database, self.measured), NoticeSender(database, self.channels)
        detections, endings = self._spool.detections(), [*self._spool.endings(), *self._good()]
        incident = alerting.synchronize(detections, endings, now)
        if incident is not None:
            self._record_notified(database, redis, incident)
        self._spool.clear()
        if is_new_minute:
            Changes(self.settings, self.role).record_schema(database, now)
            evaluations = self._evaluations(database, now)
            if evaluations:
                alerting.end_removed({each.objective for each in evaluations}, now)
            alerting.synchronize(*self._of_objectives(evaluations, now), now)
            readings = FigureReadings.of(database, self.settings)
            alerting.synchronize(*alerts_of_figures(readings.now(now), now), now)
        sender.send_due(now)

    def _record_start(self, connections: Connections) -> None:
        """Record what changed with this process, whether or not it acts in a slot."""
        try:
            Changes(self.settings, self.role).record_start(connections.database, self.started)
        except SQLAlchemyError as error:
            _logger.error("monitor without database", extra={"reason": type(error).__name__})
            return
        self._is_start_recorded = True

    def _good(self) -> list[Ending]:
        return [ending_of(check, since) for check, since in self._streaks.good().items()]

    def _evaluations(self, database: Database, now: datetime) -> Sequence[Evaluation]:
        """Return each objective; nothing if that takes too long, or the file is wrong: checks must go on."""
        try:
            with database.autocommit() as connection:
                return self.measured.evaluations(connection, now)
        except (SQLAlchemyError, ConfigurationError) as error:
            _logger.error("objectives not evaluated", extra={"reason": type(error).__name__})
            return ()

    def _of_objectives(self, evaluations: Sequence[Evaluation], now: datetime) -> tuple[list[Detection], list[Ending]]:
        """Return the alerts of objectives that fire, and those that do not."""
        parts = self.measured.parts() if evaluations else {}  # without the file, there is neither
        firing: dict[tuple[str, Severity], timedelta] = {}
        for alert in (alert for each in evaluations for alert in each.firing):
            window = timedelta(minutes=alert.short_minutes)
            key = alert.objective, alert.severity
            firing[key] = min(window, firing.get(key, window))
        known = {(each.objective, severity) for each in evaluations for severity in Severity}
        detections = [
            Detection(AlertKey(Source.OBJECTIVE, *key), now, (parts[key[0]],) if key[0] in parts else (), window)
            for key, window in sorted(firing.items())
        ]
        endings = [
            Ending(AlertKey(Source.OBJECTIVE, name, severity), now) for name, severity in sorted(known - set(firing))
        ]
        return detections, endings

    def _record_notified(self, database: Database, redis: Redis | None, incident: int) -> None:
        """Store which notices of an incident were sent before it could be stored."""
        channels = list(self.channels)
        notified = with_shared(self._spool.notified, redis, channels)
        sent = {channel: each.last_sent for channel, each in notified.items() if each.last_sent is not None}
        if sent:
            with database.session() as session:
                for channel, moment in sent.items():
                    notices.record_sent(session, incident, channel, moment)
            forget_shared(redis, channels)

    def _notify_unstored(self, connections: Connections, redis: Redis | None, now: datetime) -> None:
        """Send the first notice of what cannot be stored."""
        detections = self._spool.detections()
        if not detections:
            return
        self._spool.save()
        sender = NoticeSender(connections.database, self.channels)
        self._spool.notified = send_once(sender, notice_of(detections), self._spool.notified, redis, now)
        self._spool.save()
