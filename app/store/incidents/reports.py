"""Reports of incidents: the draft, who read it, and what was published, which is never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, Text, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.incidents.reports import Draft, Figure, Reading, Report
from app.store.portal.base import Model, Moment


class StoredReport(Model):
    """The draft of a report: its texts and actions, and what the incident cost each objective."""

    __tablename__ = "incident_reports"

    incident_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("incidents.id"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    revision: Mapped[int] = mapped_column(Integer)
    editor: Mapped[str] = mapped_column(Text)
    edited: Mapped[Moment]


class StoredReading(Model):
    """That a person read a revision of a report."""

    __tablename__ = "incident_readings"

    incident_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("incidents.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    reader: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[Moment]


class PublishedReport(Model):
    """A version of a report as it was published, complete. Roles of the service may add rows, not change them."""

    __tablename__ = "incident_report_versions"

    incident_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("incidents.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    published: Mapped[Moment]
    published_by: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)


def find(session: Session, incident: int) -> Draft | None:
    """Return the draft of an incident's report with its readings, or None."""
    row = session.get(StoredReport, incident)
    if row is None:
        return None
    statement = select(StoredReading).where(StoredReading.incident_id == incident).order_by(StoredReading.at)
    readings = tuple(Reading(each.reader, each.revision, each.at) for each in session.scalars(statement))
    figures = tuple(Figure(**each) for each in row.figures)
    return Draft(Report.from_json(row.content), row.revision, row.editor, row.edited, figures, readings)


def add(session: Session, incident: int, draft: Draft) -> None:
    """Store the first draft of a report, unless there is one."""
    statement = insert(StoredReport).values(
        incident_id=incident,
        content=draft.report.to_json(),
        figures=[each.__dict__ for each in draft.figures],
        revision=draft.revision,
        editor=draft.editor,
        edited=draft.edited,
    )
    session.execute(statement.on_conflict_do_nothing())


def change(session: Session, incident: int, report: Report, revision: int, editor: str, now: datetime) -> bool:
    """Store a changed report if `revision` is still the current one; return whether it was."""
    row = session.get(StoredReport, incident, with_for_update=True)
    if row is None or row.revision != revision:
        return False
    row.content, row.revision, row.editor, row.edited = report.to_json(), revision + 1, editor, now
    return True


def record_reading(session: Session, incident: int, reading: Reading) -> None:
    """Store that a person read a revision, unless it is stored."""
    statement = insert(StoredReading).values(incident_id=incident, **reading.__dict__)
    session.execute(statement.on_conflict_do_nothing())


def versions(session: Session, incidents: Sequence[int]) -> dict[int, list[PublishedReport]]:
    """Return the published versions of incidents' reports by number, the oldest first."""
    statement = select(PublishedReport).where(PublishedReport.incident_id.in_(incidents))
    found: dict[int, list[PublishedReport]] = {number: [] for number in incidents}
    for row in session.scalars(statement.order_by(PublishedReport.incident_id, PublishedReport.version)):
        found[row.incident_id].append(row)
    return found
