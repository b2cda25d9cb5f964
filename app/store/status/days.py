"""The records of days that have ended. They are computed once, from the minutes of the day."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.objectives import Counts
from app.domain.status import DayRecord, PartState
from app.store.status.models import StatusDay, StatusObjectiveDay

_Row = dict[str, object]


def recorded_days(session: Session) -> set[date]:
    """Return the days that are recorded."""
    return set(session.scalars(select(StatusDay.day).distinct()))


def find(session: Session, first: date) -> dict[str, list[DayRecord]]:
    """Return the records of each part since a day, oldest first."""
    found: dict[str, list[DayRecord]] = {}
    for row in session.scalars(select(StatusDay).where(StatusDay.day >= first).order_by(StatusDay.day)):
        record = DayRecord(row.day, PartState(row.state), row.good_minutes, row.measured_minutes)
        found.setdefault(row.part, []).append(record)
    return found


def sums(session: Session, first: date) -> dict[str, Counts]:
    """Return the sums of each objective since a day."""
    rows = session.execute(
        select(StatusObjectiveDay.objective, func.sum(StatusObjectiveDay.good), func.sum(StatusObjectiveDay.total))
        .where(StatusObjectiveDay.day >= first)
        .group_by(StatusObjectiveDay.objective)
    )
    return {objective: Counts(int(good), int(total)) for objective, good, total in rows}


def add(session: Session, day: date, parts: Mapping[str, DayRecord], objectives: Mapping[str, Counts]) -> None:
    """Store the records of a day. Two workers may do so at once: the first is kept."""
    rows: list[_Row] = [
        {
            "day": day,
            "part": part,
            "state": record.state.value,
            "good_minutes": record.good_minutes,
            "measured_minutes": record.measured_minutes,
        }
        for part, record in parts.items()
    ]
    _insert(session, StatusDay, rows)
    counted: list[_Row] = [
        {"day": day, "objective": name, "good": counts.good, "total": counts.total}
        for name, counts in objectives.items()
    ]
    _insert(session, StatusObjectiveDay, counted)


def purge(session: Session, first: date) -> None:
    """Delete what is older than a day."""
    session.execute(delete(StatusDay).where(StatusDay.day < first))
    session.execute(delete(StatusObjectiveDay).where(StatusObjectiveDay.day < first))


def _insert(session: Session, model: type[StatusDay] | type[StatusObjectiveDay], rows: list[_Row]) -> None:
    if rows:
        session.execute(insert(model).values(rows).on_conflict_do_nothing())
