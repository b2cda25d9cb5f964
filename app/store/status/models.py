"""The ORM models of the status page."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.portal.base import BigKey, Model, Moment


class StatusDocumentRow(Model):
    """The newest document. There is one row."""

    __tablename__ = "status_documents"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("octet_length(body) <= 1000000", name="body_length"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    written_at: Mapped[Moment]
    body: Mapped[bytes] = mapped_column(LargeBinary)  # JSON


class StatusDay(Model):
    """The record of a part of the service on a day that has ended, by the calendar of STATUS_TIME_ZONE."""

    __tablename__ = "status_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(11))
    good_minutes: Mapped[int] = mapped_column(Integer)
    measured_minutes: Mapped[int] = mapped_column(Integer)


class StatusObjectiveDay(Model):
    """How many events of an objective were good on a day that has ended, of how many."""

    __tablename__ = "status_objective_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    objective: Mapped[str] = mapped_column(String(64), primary_key=True)
    good: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)


class PlannedWorkRow(Model):
    """Work that was announced. `parts` are names separated by commas."""

    __tablename__ = "status_planned_work"
    __table_args__ = (CheckConstraint("begins < ends", name="order"),)

    id: Mapped[BigKey]
    title_en: Mapped[str] = mapped_column(Text)
    title_fr: Mapped[str] = mapped_column(Text)
    parts: Mapped[str] = mapped_column(String(200))
    begins: Mapped[Moment]
    ends: Mapped[Moment]
    announced: Mapped[Moment]
    withdrawn: Mapped[Moment | None]
