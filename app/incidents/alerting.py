"""From alerts to incidents: an alert opens one, extends the one that is ongoing, and its end may resolve it."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.database.database import Database
from app.domain.errors import ConfigurationError
from app.domain.incidents.alerts import Detection, Ending, Source, impact_of, most_urgent, parts_of, worse
from app.domain.incidents.states import RECOVERY, SAME_CAUSE, Impact, State
from app.domain.incidents.timeline import Event, EventKind
from app.domain.objectives import Severity
from app.domain.timeline import CLOCK_TOLERANCE
from app.incidents.drafts import SERVICE, store_draft
from app.incidents.objectives import MeasuredObjectives
from app.incidents.texts import title_of_check, title_of_figure, title_of_objective
from app.store.incidents import alerts, events, incidents, notices
from app.store.incidents.alerts import Fired
from app.store.incidents.incidents import Incident

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alerting:
    """Stores alerts, and opens, extends and resolves the incidents of the service."""

    database: Database
    measured: MeasuredObjectives

    def synchronize(self, detections: Sequence[Detection], endings: Sequence[Ending], now: datetime) -> int | None:
        """Store what fires and what has ended; return the number of the incident that was opened or extended.

        May be called by any number of processes with the same detections: each alert is stored once. An incident is
        resolved once none of its alerts has fired for `RECOVERY`; those that can wait and go on firing get another one.
        Raises DBAPIError.
        """
        with self.database.session() as session:
            incidents.lock_all(session)
            fired = [found for each in detections if (found := _fire(session, each, now)) is not None]
            incident = self._extend(session, fired) if fired else None
            for each in fired:
                _record_firing(session, each, incident)
            firing = {alerts.key_of(row) for row in alerts.firing(session)} if endings else set()
            for ending in endings:
                if ending.key in firing:
                    _record_end(session, ending, now)
            self._resolve_recovered(session, now)
            return incident.id if incident is not None else None

    def end_removed(self, objectives: Collection[str], now: datetime) -> None:
        """End the alerts of all objectives but these: of others nothing is counted any longer. Raises DBAPIError."""
        with self.database.session() as session:
            incidents.lock_all(session)
            for key in [alerts.key_of(row) for row in alerts.firing(session)]:
                if key.source is Source.OBJECTIVE and key.name not in objectives:
                    _record_end(session, Ending(key, now), now)

    def _extend(self, session: Session, alerts_fired: Sequence["_Firing"]) -> Incident:
        """Return the ongoing incident to which alerts belong, or a new one."""
        fired = [each.detection for each in alerts_fired]
        urgency = most_urgent(fired)
        known = incidents.ongoing(session, [each.value for each in Severity])
        incident = next((each for each in known if _takes(each, fired, urgency)), None)
        if incident is None:
            return self._open(session, alerts_fired, urgency)
        if urgency is Severity.PAGE and (incident.urgency != urgency or incident.state == State.MITIGATED):
            incident.urgency = urgency.value
            incident.acknowledged = incident.acknowledged_by = None
            notices.repeat_first(session, incident.id)
        incident.impact = worse(Impact(incident.impact), impact_of(fired)).value
        incident.parts = list(parts_of(incident.parts, fired))
        if incident.state == State.MITIGATED and urgency is Severity.PAGE:
            incident.state, incident.mitigated = State.OPEN.value, None
            events.add(session, Event(max(each.at for each in fired), EventKind.REOPENED, author=SERVICE), incident.id)
        return incident

    def _open(self, session: Session, alerts_fired: Sequence["_Firing"], urgency: Severity) -> Incident:
        fired = [each.detection for each in alerts_fired]
        urgent = [each for each in alerts_fired if each.detection.key.severity is urgency]
        titles = self._titles(urgent[0].detection)
        began = min(self._began(session, each.detection, each.after) for each in urgent)
        incident = Incident(
            title_en=titles["en"],
            title_fr=titles["fr"],
            state=State.OPEN.value,
            impact=impact_of(fired).value,
            urgency=urgency.value,
            parts=list(parts_of((), fired)),
            began=began,
            opened_by=SERVICE,
        )
        session.add(incident)
        session.flush()
        opened = min(each.at for each in fired)
        events.add(session, Event(opened, EventKind.OPENED, author=SERVICE), incident.id)
        return incident

    def _began(self, session: Session, detection: Detection, after: datetime | None) -> datetime:
        """Return when what was detected began: before the alert, if failures had to add up until it fired.

        What happened before `after` belongs to an earlier incident.
        """
        if detection.key.source is not Source.OBJECTIVE:
            return detection.at
        try:
            with session.begin_nested():
                found = self.measured.began(
                    session.connection(), detection.key.name, detection.key.severity, detection.at
                )
        except (SQLAlchemyError, ConfigurationError) as error:  # an incident must be opened anyway
            _logger.error("beginning of an incident unknown", extra={"reason": type(error).__name__})
            found = None
        began = found or detection.at
        return began if after is None else max(began, after)

    def _titles(self, detection: Detection) -> Mapping[str, str]:
        name = detection.key.name
        if detection.key.source is Source.CHECK:
            return title_of_check(name)
        if detection.key.source is Source.FIGURE:
            return title_of_figure(name)
        return title_of_objective(self.measured.titles().get(name, {"en": name, "fr": name}))

    def _resolve_recovered(self, session: Session, now: datetime) -> None:
        for incident in incidents.ongoing(session, [each.value for each in Severity]):
            if incident.urgency is None:
                continue
            end = alerts.last_end(session, incident.id, Severity(incident.urgency))
            # An end in the future: the clock was set back.
            if end is None or -CLOCK_TOLERANCE <= now - end < RECOVERY:
                continue
            incident.state, incident.resolved = State.RESOLVED.value, now
            incident.mitigated = incident.mitigated or end  # users were affected until then
            events.add(session, Event(now, EventKind.RESOLVED, author=SERVICE), incident.id)
            store_draft(session, incident, self.measured, now)


def _takes(incident: Incident, fired: Sequence[Detection], urgency: Severity) -> bool:
    """Return whether alerts belong to an ongoing incident: an urgent one, or one that can wait as they can.

    An incident that can wait and has just begun takes urgent alerts as well, and is then urgent itself.
    """
    if incident.urgency == Severity.PAGE or urgency is Severity.TICKET:
        return True
    return min(each.at for each in fired) - incident.began <= SAME_CAUSE


@dataclass(frozen=True)
class _Firing:
    """A stored alert that needs an incident: its number, and the end of its earlier incident, if it had one."""

    number: int
    detection: Detection
    after: datetime | None = None


def _fire(session: Session, detection: Detection, now: datetime) -> _Firing | None:
    """Return the alert of a detection if it is new, or if its incident is over; None if it belongs to one."""
    number = alerts.fire(session, detection, now)
    if number is not None:
        return _Firing(number, detection)
    outlived = alerts.outlived(session, detection)
    return None if outlived is None else _Firing(outlived.number, detection, outlived.ended)


def _record_firing(session: Session, fired: _Firing, incident: Incident | None) -> None:
    if incident is None:
        return
    detection = fired.detection
    alerts.attach(session, fired.number, incident.id)
    events.add(session, Event(detection.at, EventKind.ALERT_FIRED, detection.key.name, author=SERVICE), incident.id)


def _record_end(session: Session, ending: Ending, now: datetime) -> None:
    ended: Fired | None = alerts.end(session, ending, now)
    if ended is not None:
        event = Event(max(ending.at, ended.fired), EventKind.ALERT_ENDED, ending.key.name, author=SERVICE)
        events.add(session, event, ended.incident)
