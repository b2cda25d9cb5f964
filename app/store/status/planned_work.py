"""Work that was announced."""

from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from app.domain.status import PlannedWork
from app.store.status.models import PlannedWorkRow


def add(session: Session, work: PlannedWork) -> int:
    """Store work, and return the number that it receives."""
    row = PlannedWorkRow(
        title_en=work.titles["en"],
        title_fr=work.titles["fr"],
        parts=",".join(work.parts),
        begins=work.begins,
        ends=work.ends,
        announced=work.announced,
    )
    session.add(row)
    session.flush()
    return row.id


def withdraw(session: Session, number: int, now: datetime) -> bool:
    """Withdraw work that has not ended; return whether there was such work. Work that has begun ends now instead."""
    has_begun = PlannedWorkRow.begins < now
    changed = session.execute(
        update(PlannedWorkRow)
        .where(PlannedWorkRow.id == number, PlannedWorkRow.withdrawn.is_(None), PlannedWorkRow.ends > now)
        .values(withdrawn=case((~has_begun, now)), ends=case((has_begun, now), else_=PlannedWorkRow.ends))
        .returning(PlannedWorkRow.id)
    )
    return changed.scalar() is not None


def find(session: Session, since: datetime) -> list[PlannedWork]:
    """Return the work that ends after a moment and was not withdrawn, in the order in which it begins."""
    rows = session.scalars(
        select(PlannedWorkRow)
        .where(PlannedWorkRow.ends > since, PlannedWorkRow.withdrawn.is_(None))
        .order_by(PlannedWorkRow.begins, PlannedWorkRow.id)
    )
    return [_work(row) for row in rows]


def _work(row: PlannedWorkRow) -> PlannedWork:
    titles = {"en": row.title_en, "fr": row.title_fr}
    return PlannedWork(row.id, titles, tuple(row.parts.split(",")), row.begins, row.ends, row.announced)
