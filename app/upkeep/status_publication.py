"""Publishing the status document: what was measured becomes one document, which every carrier receives.

The records of a day are computed once, an hour after it has ended, and kept: a document needs the minutes of today.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.database.errors import is_outage
from app.domain.errors import JobFailedError
from app.domain.incidents.alerts import Detection, impact_of, parts_of
from app.domain.incidents.checks import Check
from app.domain.incidents.public import PublicEvent, PublicIncident
from app.domain.incidents.states import State
from app.domain.incidents.timeline import EventKind
from app.domain.objectives import Counts, MinuteCounts, Objective
from app.domain.status import (
    HISTORY_DAYS,
    DayRecord,
    ObjectiveRecord,
    PartState,
    PlannedWork,
    published_counts,
    record_day,
)
from app.incidents.service import Incidents
from app.incidents.texts import title_of_check
from app.status.carriers import Carrier, DatabaseCarrier
from app.status.document import (
    UNSTORED,
    Measured,
    Part,
    StatusDocument,
    build_document,
    document_without_database,
    to_json,
)
from app.status.service import Status
from app.store import objective_minutes
from app.store.status import days, planned_work
from app.upkeep.monitoring.spool import unstored_detections

_logger = logging.getLogger(__name__)

# How long after the end of a day its last minutes may still be counted.
_GRACE: Final = timedelta(hours=1)
# Of days that were never recorded, such as those before the service was installed, so many in one run.
_DAYS_PER_RUN: Final = 10
_CURRENT: Final = timedelta(minutes=10)

Minutes = Mapping[str, Sequence[MinuteCounts]]


@dataclass(frozen=True)
class Publication:
    """Publishes the status of the service.

    Only what has the database's clock records days: one that is ahead would record them too early, and delete others.
    """

    status: Status
    incidents: Incidents
    objectives: tuple[Objective, ...]
    records_days: bool = True

    def publish(self, now: datetime) -> list[str]:
        """Publish the document of this moment; return the names of the carriers that have it.

        Without PostgreSQL, or if it can only be read, it is made from the newest document. Raises JobFailedError if no
        carrier could be reached.
        """
        try:
            return self._write(self.measure(now), self.status.carriers)
        except DBAPIError as error:
            if not is_outage(error):
                raise
            return self.publish_without_database(now)

    def publish_without_database(self, now: datetime) -> list[str]:
        """Publish the newest document with the states of this moment; return the carriers. Raises JobFailedError."""
        _logger.warning("status published without the database")
        newest = self.status.document(now) or self._unknown(now)
        document = document_without_database(newest, now, self._unstored_incidents())
        # PostgreSQL is not tried once more: each attempt takes seconds that other jobs wait.
        return self._write(document, [each for each in self.status.carriers if not isinstance(each, DatabaseCarrier)])

    def measure(self, now: datetime) -> StatusDocument:
        """Return the document of what is stored. Raises DBAPIError."""
        zone = self.status.settings.status_time_zone
        today = now.astimezone(zone).date()
        first = today - timedelta(days=HISTORY_DAYS - 1)
        incidents = self.incidents.public(now)  # before the session, which may have the pool's only connection
        with self.status.database.session() as session:
            planned = planned_work.find(session, start_of_day(first, zone))
            if self.records_days:
                self._record_days(session, first, now, planned)
            recorded = days.recorded_days(session)
            current = [day for day in (today - timedelta(days=1), today) if day not in recorded]
            minutes = {day: _minutes_of(session, day, zone) for day in current}
            records = days.find(session, first)
            for day in current:
                for part, record in self._records(day, minutes[day], planned).items():
                    records.setdefault(part, []).append(record)
            measured = Measured(
                parts=self.status.settings.status_parts,
                minutes=objective_minutes.between(session, now - _CURRENT, now),
                days=records,
                objectives=self._achieved(session, today, list(minutes.values())),
                incidents=incidents,
                planned_work=planned,
            )
        return build_document(measured, now)

    def _record_days(self, session: Session, first: date, now: datetime, planned: Sequence[PlannedWork]) -> None:
        """Store the records of days that have ended and are not recorded, and delete those that are too old."""
        zone = self.status.settings.status_time_zone
        ended = (now - _GRACE).astimezone(zone).date()
        recorded = days.recorded_days(session)
        missing = [day for day in _range(first, ended) if day not in recorded]
        for day in missing[-_DAYS_PER_RUN:]:
            minutes = _minutes_of(session, day, zone)
            counts = {name: _sum(each) for name, each in minutes.items()}
            days.add(session, day, self._records(day, minutes, planned), counts)
        if missing:
            days.purge(session, first)

    def _records(self, day: date, minutes: Minutes, planned: Sequence[PlannedWork]) -> dict[str, DayRecord]:
        """Return the record of each part on a day."""
        records = {}
        for part in self.status.settings.status_parts:
            own = [minutes.get(each.name, ()) for each in self.objectives if each.part == part]
            work = [each for each in planned if part in each.parts]
            records[part] = record_day(day, own, work)
        return records

    def _achieved(self, session: Session, today: date, current: Sequence[Minutes]) -> tuple[ObjectiveRecord, ...]:
        """Return each objective with the sums of the days of its window, of which today is the last."""
        windows = {each.window_days for each in self.objectives}
        sums = {window: days.sums(session, today - timedelta(days=window - 1)) for window in windows}
        achieved = []
        for each in self.objectives:
            if each.part not in self.status.settings.status_parts:
                continue
            counted = [sums[each.window_days].get(each.name, Counts(0, 0))]
            counted += [_sum(minutes.get(each.name, ())) for minutes in current]
            counts = published_counts(Counts(sum(one.good for one in counted), sum(one.total for one in counted)))
            record = ObjectiveRecord(each.name, each.part, each.titles, each.target, each.window_days, counts)
            achieved.append(record)
        return tuple(achieved)

    def _unstored_incidents(self) -> list[PublicIncident]:
        """Return the incident that the monitors of this host have detected and could not store."""
        folder = self.status.settings.status_folder
        detections = unstored_detections(folder) if folder else []
        return [incident_of(detections)] if detections else []

    def _unknown(self, now: datetime) -> StatusDocument:
        parts = tuple(Part(name, PartState.UNKNOWN, ()) for name in self.status.settings.status_parts)
        return StatusDocument(now, parts)

    def _write(self, document: StatusDocument, carriers: Iterable[Carrier]) -> list[str]:
        """Write the document to every carrier; one is enough. Raises DBAPIError if PostgreSQL fails."""
        body, written = to_json(document), []
        for carrier in carriers:
            try:
                carrier.write(document.written_at, body)
            except (OSError, RedisError, SQLAlchemyError) as error:
                if isinstance(error, DBAPIError) and is_outage(error):
                    raise
                _logger.exception("status document not written", extra={"carrier": carrier.name})
            else:
                written.append(carrier.name)
        if not written:
            raise JobFailedError("publish_status")
        return written


def incident_of(detections: Sequence[Detection]) -> PublicIncident:
    """Return the incident of detections that are not stored. That of the database is the cause of others."""
    first = min(detections, key=lambda each: (each.key.name != Check.DATABASE, each.at))
    began = min(each.at for each in detections)
    return PublicIncident(
        number=UNSTORED,
        titles=title_of_check(first.key.name),
        state=State.OPEN,
        impact=impact_of(detections),
        parts=parts_of((), detections),
        began=began,
        mitigated=None,
        resolved=None,
        events=(PublicEvent(began, EventKind.OPENED, {}),),
        report=None,
    )


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins in a time zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _minutes_of(session: Session, day: date, zone: ZoneInfo) -> Minutes:
    """Return the minutes of a day by objective: 23 or 25 hours where the clocks change."""
    return objective_minutes.between(session, start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone))


def _sum(minutes: Sequence[MinuteCounts]) -> Counts:
    return Counts(sum(each.good for each in minutes), sum(each.total for each in minutes))


def _range(first: date, end: date) -> list[date]:
    """Return the days from the first until before the end."""
    return [first + timedelta(days=number) for number in range((end - first).days)]
