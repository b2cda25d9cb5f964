"""Alerts: recorded here, then sent to submission, which publishes them to phones."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.database.database import Database
from app.domain.errors import (
    ActionRefusedError,
    PortalPageMissingError,
    SubmissionRefusedError,
    SubmissionUnavailableError,
    TooManyRequestsError,
)
from app.domain.outbreaks import OutbreakEvent
from app.domain.portal.alerts import AlertProblem, AlertState, Period, find_problem
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.portal.actors import lock_actor
from app.portal.audit import AuditLog
from app.portal.places import Places, RegisteredPlace, registered
from app.portal.submission_client import SubmissionClient
from app.store.portal import places
from app.store.portal.places import Alert

PAGE_SIZE: Final = 50
REASONS: Final = {
    AlertProblem.ORDER: "alerts.error.order",
    AlertProblem.FUTURE: "alerts.error.future",
    AlertProblem.AGE: "alerts.error.age",
    AlertProblem.OVERLAP: "alerts.error.overlap",
}


@dataclass(frozen=True)
class NewAlert:
    """An alert to be recorded. `request_id` is that of the form, so a form that is sent twice records one alert."""

    place_id: int
    request_id: uuid.UUID
    period: Period
    severity: int


@dataclass(frozen=True)
class RecordedAlert:
    """An alert, and what has become of it."""

    id: int
    place: RegisteredPlace
    period: Period
    severity: int
    state: AlertState
    created: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class Alerts:
    """Records and sends alerts, for people with the right, in jurisdictions whose switch is on."""

    database: Database
    audit: AuditLog
    places: Places
    submission: SubmissionClient

    def of_place(self, place: RegisteredPlace) -> Sequence[RecordedAlert]:
        """Return the alerts of a place, the newest first."""
        with self.database.session() as session:
            return [_recorded(row, place) for row in places.alerts_of(session, place.id)]

    def newest(self, viewer: Person, before: int | None) -> tuple[Sequence[RecordedAlert], int | None]:
        """Return a page of alerts, the newest first, and the alert before which the next page begins."""
        with self.database.session() as session:
            found = places.newest_alerts(session, viewer.scope, before, PAGE_SIZE + 1)
            shown = [_recorded(row, registered(row.place)) for row in found[:PAGE_SIZE]]
        return shown, shown[-1].id if len(found) > PAGE_SIZE else None

    def find(self, viewer: Person, number: int) -> RecordedAlert:
        """Return an alert; raise PortalPageMissingError if there is none that the viewer may see."""
        with self.database.session() as session:
            row = places.find_alert(session, number, viewer.scope)
            if row is None:
                raise PortalPageMissingError
            return _recorded(row, registered(row.place))

    def check(self, place: RegisteredPlace, period: Period, now: datetime) -> None:
        """Raise ActionRefusedError if an alert is not possible, before a person confirms it; `record` decides."""
        with self.database.session() as session:
            problem = _problem(session, place.id, period, now)
        if problem is not None:
            raise ActionRefusedError(REASONS[problem])

    def record(self, actor: Person, alert: NewAlert, now: datetime) -> int:
        """Store an alert that a person confirmed, and return its number, also if this form was sent before.

        The place is locked, so alerts of one place are recorded one after the other, and no two overlap. Raises
        ActionRefusedError if the alert is not possible.
        """
        with self.database.session() as session:
            actor = lock_actor(session, actor, Right.OUTBREAKS)
            row = places.lock(session, alert.place_id, actor.scope)
            if row is None:
                raise PortalPageMissingError
            self.places.check(actor, row.jurisdiction)
            earlier = places.find_request(session, alert.request_id)
            if earlier is not None:
                if _values(earlier) != (alert.place_id, alert.period, alert.severity):
                    raise ActionRefusedError("alerts.error.again")
                return earlier.id
            problem = _problem(session, row.id, alert.period, now)
            if problem is not None:
                raise ActionRefusedError(REASONS[problem])
            stored = _row(actor, alert, now)
            session.add(stored)
            session.flush()
            self.audit.record(
                session,
                actor,
                "record-alert",
                f"{row.name} ({row.location_id})",
                now,
                jurisdiction=row.jurisdiction,
                after=_details(alert),
            )
            return stored.id

    def send(self, actor: Person, number: int, now: datetime) -> None:
        """Send an alert unless submission has acknowledged it, and store whether it does.

        The alert is locked meanwhile; a second request at the same time does nothing. Whether submission has stored
        an event to which it does not answer is unknown: sending it again may publish it twice, which phones take for
        one, while not sending it again may leave people without a warning.
        """
        self.places.check(actor, self.find(actor, number).place.jurisdiction.code)
        with self.database.session() as session:
            row = places.lock_alert(session, number)
            if row is None or row.state == AlertState.SENT:
                return
            place = row.place
            try:
                self.submission.report_outbreak(place.jurisdiction, _event(row), now)
            except (SubmissionUnavailableError, SubmissionRefusedError, TooManyRequestsError):
                row.state = AlertState.FAILED.value
                return
            row.state, row.sent_at = AlertState.SENT.value, now
            target = f"{place.name} ({place.location_id})"
            self.audit.record(session, actor, "send-alert", target, now, jurisdiction=place.jurisdiction)


def _problem(session: Session, place_id: int, period: Period, now: datetime) -> AlertProblem | None:
    earlier = [Period(row.starts, row.ends) for row in places.alerts_of(session, place_id)]
    return find_problem(period, earlier, now)


def _row(actor: Person, alert: NewAlert, now: datetime) -> Alert:
    return Alert(
        place_id=alert.place_id,
        request_id=alert.request_id,
        starts=alert.period.starts,
        ends=alert.period.ends,
        severity=alert.severity,
        state=AlertState.RECORDED.value,
        account_id=actor.id,
        created=now,
    )


def _values(row: Alert) -> tuple[int, Period, int]:
    return row.place_id, Period(row.starts, row.ends), row.severity


def _event(row: Alert) -> OutbreakEvent:
    starts, ends = int(row.starts.timestamp()), int(row.ends.timestamp())
    return OutbreakEvent(row.place.location_id, starts, ends, row.severity)


def _details(alert: NewAlert) -> dict[str, object]:
    return {
        "starts": alert.period.starts.isoformat(),
        "ends": alert.period.ends.isoformat(),
        "severity": alert.severity,
    }


def _recorded(row: Alert, place: RegisteredPlace) -> RecordedAlert:
    period = Period(row.starts, row.ends)
    return RecordedAlert(row.id, place, period, row.severity, AlertState(row.state), row.created, row.sent_at)
