"""What a person does with incidents: opens one, adds notes, acknowledges, mitigates and resolves it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.database.database import Database
from app.domain.errors import IncidentMissingError, IncidentRefusedError
from app.domain.incidents.public import PublicIncident
from app.domain.incidents.states import Impact, State, check_transition
from app.domain.incidents.timeline import MAX_NOTE, Event, EventKind, window
from app.domain.objectives import Severity
from app.domain.texts import is_storable
from app.incidents.drafts import store_draft
from app.incidents.objectives import MeasuredObjectives
from app.incidents.publication import public_incident
from app.incidents.records import Audit, Details, IncidentRecord, locked, record_of
from app.incidents.reporting import Reporting
from app.store.incidents import alerts, events, incidents, reports
from app.store.incidents.incidents import Incident

MAX_TITLE: Final = 200  # characters
LISTED: Final = 200
# How long the same incident of the same person is one that was sent again.
_REPETITION: Final = timedelta(minutes=10)
# How long the status page shows an incident.
PUBLIC_DAYS: Final = 730


@dataclass(frozen=True)
class Opening:
    """An incident that a person opens. A title in one language is enough."""

    title_en: str
    title_fr: str = ""
    impact: Impact = Impact.MINOR
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Incidents:
    """The incidents of the service."""

    database: Database
    audit: Audit | None
    measured: MeasuredObjectives

    @property
    def reports(self) -> Reporting:
        """The reports of incidents."""
        return Reporting(self.database, self.audit)

    def newest(self) -> list[IncidentRecord]:
        """Return the newest incidents, the ongoing ones first."""
        with self.database.session() as session:
            return [record_of(row) for row in incidents.newest(session, LISTED)]

    def find(self, number: int, now: datetime) -> Details:
        """Return an incident with its timeline and report; raise IncidentMissingError if there is none."""
        with self.database.session() as session:
            row = session.get(Incident, number)
            if row is None:
                raise IncidentMissingError
            near = events.near(session, number, *window(row.began, row.resolved, now))
            published = reports.versions(session, [number])[number]
            numbers = tuple(each.version for each in published)
            return Details(record_of(row), tuple(near), reports.find(session, number), numbers)

    def public(self, now: datetime) -> list[PublicIncident]:
        """Return what the public may know of the incidents of two years, the newest first."""
        with self.database.session() as session:
            rows = incidents.since(session, now - timedelta(days=PUBLIC_DAYS))
            numbers = [row.id for row in rows]
            own, published = events.of_incidents(session, numbers), reports.versions(session, numbers)
            return [public_incident(record_of(row), own[row.id], published[row.id]) for row in rows]

    def open(self, opening: Opening, actor: str, now: datetime) -> int:
        """Store an incident that begins now, and return its number. Raises IncidentRefusedError without a title.

        The same one that the person opened moments ago is returned instead: the form was sent twice.
        """
        title_en, title_fr = opening.title_en, opening.title_fr
        is_short = max(len(title_en), len(title_fr)) <= MAX_TITLE
        if not (title_en or title_fr) or not is_short or not is_storable(title_en + title_fr):
            raise IncidentRefusedError("title")
        with self.database.session() as session:
            row = Incident(
                title_en=title_en,
                title_fr=title_fr,
                state=State.OPEN.value,
                impact=opening.impact.value,
                parts=list(opening.parts),
                began=now,
                opened_by=actor,
            )
            incidents.lock_all(session)
            same = incidents.find_same(session, row, now - _REPETITION)
            if same is not None:
                return same
            session.add(row)
            session.flush()
            events.add(session, Event(now, EventKind.OPENED, author=actor), row.id)
            self._record(session, actor, "open-incident", row.id, now)
            return row.id

    def describe(self, number: int, opening: Opening, revision: str, actor: str, now: datetime) -> None:
        """Replace the titles, the impact and the parts of an incident.

        Raises IncidentRefusedError if another person, or an alert, has changed them since `revision`.
        """
        with self.database.session() as session:
            incidents.lock_all(session)  # the monitor may extend it as well
            row = locked(session, number)
            if record_of(row).revision != revision:
                raise IncidentRefusedError("changed")
            row.title_en, row.title_fr = opening.title_en, opening.title_fr
            row.impact, row.parts = opening.impact.value, list(opening.parts)
            self._record(session, actor, "describe-incident", number, now)

    def note(
        self,
        number: int | None,
        text: str,
        actor: str,
        now: datetime,
        *,
        text_fr: str = "",
        is_public: bool = False,
    ) -> None:
        """Add a note to the timeline of an incident, or without one, to those of all incidents near it.

        One of the languages is enough. Raises IncidentRefusedError without a text, or if one is too long.
        """
        is_short = max(len(text), len(text_fr)) <= MAX_NOTE
        if not (text or text_fr) or not is_short or not is_storable(text + text_fr):
            raise IncidentRefusedError("note")
        event = Event(now, EventKind.NOTE, "", text, actor, is_public, text_fr)
        try:
            with self.database.session() as session:
                # Only in the portal: the process that takes notes of other systems may only add rows.
                if number is not None and self.audit is not None:
                    locked(session, number)
                    if events.is_repeated(session, event, number, now - _REPETITION):
                        return
                events.add(session, event, number)
                session.flush()
                if number is not None:
                    self._record(session, actor, "note-incident", number, now)
        except IntegrityError:
            raise IncidentMissingError from None

    def acknowledge(self, number: int, actor: str, now: datetime) -> None:
        """Store that a person attends to an incident, which ends its reminders. Does nothing the second time."""
        with self.database.session() as session:
            row = locked(session, number)
            if not record_of(row).is_ongoing:
                raise IncidentRefusedError("state")
            if row.acknowledged is not None:
                return
            row.acknowledged, row.acknowledged_by = now, actor
            events.add(session, Event(now, EventKind.ACKNOWLEDGED, author=actor), number)
            self._record(session, actor, "acknowledge-incident", number, now)

    def mitigate(self, number: int, actor: str, now: datetime) -> None:
        """Store that users are no longer affected; raise IncidentRefusedError unless the incident is open."""
        with self.database.session() as session:
            row = _advance(session, number, State.MITIGATED)
            row.mitigated = now
            events.add(session, Event(now, EventKind.MITIGATED, author=actor), number)
            self._record(session, actor, "mitigate-incident", number, now)

    def reopen(self, number: int, actor: str, now: datetime) -> None:
        """Store that users are affected again; raise IncidentRefusedError unless the incident is mitigated."""
        with self.database.session() as session:
            row = _advance(session, number, State.OPEN)
            row.mitigated = None
            events.add(session, Event(now, EventKind.REOPENED, author=actor), number)
            self._record(session, actor, "reopen-incident", number, now)

    def resolve(self, number: int, actor: str, now: datetime) -> None:
        """Store that an incident is over, and a draft of its report.

        Raises IncidentRefusedError if it was over, or while an alert fires that opened or extended it: no notice would
        report what that alert is about any longer.
        """
        with self.database.session() as session:
            incidents.lock_all(session)  # the monitor may resolve it as well
            row = _advance(session, number, State.RESOLVED)
            if row.urgency is not None and alerts.is_firing(session, number, Severity(row.urgency)):
                raise IncidentRefusedError("firing")
            row.resolved = now
            events.add(session, Event(now, EventKind.RESOLVED, author=actor), row.id)
            store_draft(session, row, self.measured, now)
            self._record(session, actor, "resolve-incident", number, now)

    def _record(self, session: Session, actor: str, action: str, number: int, now: datetime) -> None:
        if self.audit is not None:
            self.audit(session, actor, action, f"incident {number}", now)


def _advance(session: Session, number: int, following: State) -> Incident:
    """Return an incident, locked, in its next state."""
    row = locked(session, number)
    check_transition(State(row.state), following)
    row.state = following.value
    return row
