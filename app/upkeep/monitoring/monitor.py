"""One round of the monitor: probe, and if this monitor acts in the slot, store what was found and send notices."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.domain.incidents.alerts import AlertKey, Detection, Ending, Source, impact_of, parts_of
from app.domain.incidents.checks import Check, Streaks
from app.domain.incidents.notices import Channel, NoticeKind
from app.domain.incidents.states import State
from app.domain.objectives import Evaluation, Severity
from app.domain.timeline import minute_number
from app.incidents.alerting import Alerting
from app.incidents.measured import Measured
from app.incidents.notice_texts import Notice
from app.incidents.notices import NoticeSender, Send
from app.incidents.texts import title_of_check
from app.store.incidents import notices
from app.upkeep.monitoring.changes import Changes
from app.upkeep.monitoring.connections import Connections, own_connections
from app.upkeep.monitoring.probes import Probes, Results
from app.upkeep.monitoring.slots import slot_of, take_slot
from app.upkeep.monitoring.spool import Spool, load_spool

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
    measured: Measured
    channels: Mapping[Channel, Send]
    count: CountCheck
    _streaks: Streaks = field(default_factory=Streaks)
    _spool: Spool = field(init=False)
    _is_start_recorded: bool = False
    _minute: int = _NEVER  # of the last evaluation

    def __post_init__(self) -> None:
        """Read what an earlier process could not store."""
        self._spool = load_spool(self.settings.status.status_folder, self.role)

    def run(self, now: datetime) -> bool:
        """Run a round; return whether this monitor acted in the slot."""
        with own_connections(self.settings) as connections:
            results = Probes(self.settings, self.role, self.started).run(connections, now)
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
            if not (has_database and self._try_to_store(connections, now, is_new_minute=is_new_minute)):
                self._notify_unstored(connections, now)
            return True

    def _count(self, results: Results) -> None:
        for check, is_good in results.items():
            if is_good is not None:
                self.count(check.value, good=is_good)

    def _try_to_store(self, connections: Connections, now: datetime, *, is_new_minute: bool) -> bool:
        try:
            self._store(connections, now, is_new_minute=is_new_minute)
        except SQLAlchemyError as error:
            _logger.error("monitor without database", extra={"reason": type(error).__name__})
            return False
        return True

    def _store(self, connections: Connections, now: datetime, *, is_new_minute: bool) -> None:
        database = connections.database
        alerting, sender = Alerting(database, self.measured), NoticeSender(database, self.channels)
        detections, endings = self._spool.detections(), [*self._spool.endings(), *self._good()]
        incident = alerting.synchronize(detections, endings, now)
        if incident is not None and self._spool.notified:
            with database.session() as session:
                for channel, progress in self._spool.notified.items():
                    if progress.last_sent is not None:
                        notices.record_sent(session, incident, channel, progress.last_sent)
        self._spool.clear()
        if is_new_minute:
            Changes(self.settings, self.role).record_schema(database, now)
            with database.autocommit() as connection:
                evaluations = self.measured.evaluations(connection, now)
            alerting.synchronize(*self._of_objectives(evaluations, now), now)
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
        return [
            Ending(AlertKey(Source.CHECK, check.value, Severity.PAGE), since)
            for check, since in self._streaks.good().items()
        ]

    def _of_objectives(self, evaluations: Sequence[Evaluation], now: datetime) -> tuple[list[Detection], list[Ending]]:
        """Return the alerts of objectives that fire, and those that do not."""
        parts = self.measured.parts()
        firing = {(each.objective, alert.severity) for each in evaluations for alert in each.firing}
        known = {(each.objective, severity) for each in evaluations for severity in Severity}
        detections = [
            Detection(AlertKey(Source.OBJECTIVE, name, severity), now, (parts[name],) if name in parts else ())
            for name, severity in sorted(firing)
        ]
        endings = [Ending(AlertKey(Source.OBJECTIVE, name, severity), now) for name, severity in sorted(known - firing)]
        return detections, endings

    def _notify_unstored(self, connections: Connections, now: datetime) -> None:
        """Send the first notice of an outage that cannot be stored, such as one of PostgreSQL itself."""
        detections = self._spool.detections()
        if not detections:
            return
        self._spool.save()
        began = min(each.at for each in detections)
        first = min(detections, key=lambda each: each.key.name != Check.DATABASE)
        notice = Notice(
            identifier=f"outage-{minute_number(began)}",
            kind=NoticeKind.OPENED,
            number=None,
            titles=title_of_check(first.key.name),
            state=State.OPEN,
            impact=impact_of(detections),
            parts=parts_of((), detections),
            began=began,
        )
        sender = NoticeSender(connections.database, self.channels)
        self._spool.notified = sender.send_unstored(notice, self._spool.notified, now)
        self._spool.save()
