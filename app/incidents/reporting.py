"""Reports: written by one person, read by another, then published and frozen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.database.database import Database
from app.domain.errors import IncidentRefusedError
from app.domain.incidents.reports import MAX_ACTIONS, MAX_SECTION, Draft, Reading, Report
from app.domain.incidents.states import REVIEWERS, State, check_transition
from app.domain.incidents.timeline import Event, EventKind, window
from app.incidents.publication import frozen
from app.incidents.records import Audit, locked, record_of
from app.store.incidents import events, reports
from app.store.incidents.incidents import Incident
from app.store.incidents.reports import PublishedReport


@dataclass(frozen=True)
class Reporting:
    """Changes, reviews and publishes reports."""

    database: Database
    audit: Audit | None

    def change(self, number: int, report: Report, revision: int, actor: str, now: datetime) -> None:
        """Store a changed report.

        `revision` is the one that the person began with. Raises IncidentRefusedError if another person has changed
        the report since, or a text is too long.
        """
        texts = [text for sections in report.sections.values() for text in sections.values()]
        if max(map(len, texts)) > MAX_SECTION or len(report.actions) > MAX_ACTIONS:
            raise IncidentRefusedError("long")
        with self.database.session() as session:
            row = locked(session, number)
            draft = _draft(session, row)
            if draft.report == report and draft.revision == revision:
                return
            if not reports.change(session, number, report, revision, actor, now):
                raise IncidentRefusedError("revision")
            self._record(session, actor, "change-report", row, now)

    def read(self, number: int, revision: int, actor: str, now: datetime) -> None:
        """Store that a person has read a revision of a report, which may complete its review.

        Raises IncidentRefusedError if the revision is not the current one, if the person made it, or if the report
        is not complete.
        """
        with self.database.session() as session:
            row = locked(session, number)
            draft = _draft(session, row)
            if draft.revision != revision:
                raise IncidentRefusedError("revision")
            if draft.editor == actor:
                raise IncidentRefusedError("own")
            if not draft.report.is_complete():
                raise IncidentRefusedError("incomplete")
            reports.record_reading(session, number, Reading(actor, revision, now))
            if row.state == State.RESOLVED and _draft(session, row).is_read(REVIEWERS):
                check_transition(State(row.state), State.REVIEWED)
                row.state, row.reviewed = State.REVIEWED.value, now
                events.add(session, Event(now, EventKind.REVIEWED, author=actor), number)
            self._record(session, actor, "read-report", row, now)

    def publish(self, number: int, revision: int, actor: str, now: datetime) -> int:
        """Publish the report as a new version that never changes, and return the version's number.

        Raises IncidentRefusedError unless the current revision was read, and if it is published already.
        """
        with self.database.session() as session:
            row = locked(session, number)
            draft = _draft(session, row)
            if draft.revision != revision:
                raise IncidentRefusedError("revision")
            if row.state != State.REVIEWED or not draft.is_read(REVIEWERS) or not draft.report.is_complete():
                raise IncidentRefusedError("unread")
            earlier = reports.versions(session, [number])[number]
            near = events.near(session, number, *window(row.began, row.resolved, now))
            content = frozen(record_of(row), draft, near, earlier[-1].content if earlier else None)
            if earlier and not content["changed"]:
                raise IncidentRefusedError("published")
            version = len(earlier) + 1
            session.add(
                PublishedReport(incident_id=number, version=version, published=now, published_by=actor, content=content)
            )
            events.add(session, Event(now, EventKind.PUBLISHED, str(version), author=actor), number)
            self._record(session, actor, "publish-report", row, now)
            return version

    def _record(self, session: Session, actor: str, action: str, row: Incident, now: datetime) -> None:
        if self.audit is not None:
            self.audit(session, actor, action, f"incident {row.id}", now)


def _draft(session: Session, row: Incident) -> Draft:
    session.expire_all()
    draft = reports.find(session, row.id)
    if draft is None:
        raise IncidentRefusedError("no_report")
    return draft
