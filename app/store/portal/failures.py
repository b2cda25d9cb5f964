"""Failed attempts to sign in, by account and by network: identifiers are keyed hashes."""

from datetime import datetime

from sqlalchemy import Integer, Interval, String, case, delete, func, literal, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.portal.lock_outs import FIRST_LOCK, LONGEST_LOCK, MAX_DOUBLINGS, MONTH, LockOutRule
from app.store.portal.base import Model, Moment


class SignInFailures(Model):
    """The failures of an identifier, and until when it is locked out."""

    __tablename__ = "portal_sign_in_failures"

    identifier: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)  # consecutive ones
    month_failures: Mapped[int] = mapped_column(Integer)  # all of those since `month_start`
    month_start: Mapped[Moment]
    last_failure: Mapped[Moment] = mapped_column(index=True)
    locked_until: Mapped[Moment | None]


def count_attempt(session: Session, identifier: str, rule: LockOutRule, now: datetime) -> int | None:
    """Count an attempt as a failure before it is checked; return how many there are, or None if it is locked out.

    It is one statement, so that attempts at the same time cannot exceed the limit. `withdraw_attempt` undoes it.
    """
    row = SignInFailures
    month_ended = row.month_start <= now - MONTH
    window_ended = row.last_failure <= now - rule.window if rule.window else literal(False)
    failures = case((window_ended, 1), else_=row.failures + 1)
    doublings = func.least(failures // rule.failures - 1, MAX_DOUBLINGS)
    seconds = func.least(FIRST_LOCK.total_seconds() * func.power(2, doublings), LONGEST_LOCK.total_seconds())
    lock_ends = literal(now) + func.make_interval(0, 0, 0, 0, 0, 0, seconds, type_=Interval)
    admitted = or_(row.locked_until.is_(None), row.locked_until <= now)
    if rule.month_failures is not None:
        admitted &= or_(month_ended, row.month_failures < rule.month_failures)
    statement = (
        insert(row)
        .values(identifier=identifier, failures=1, month_failures=1, month_start=now, last_failure=now)
        .on_conflict_do_update(
            index_elements=[row.identifier],
            set_={
                "failures": failures,
                "month_failures": case((month_ended, 1), else_=row.month_failures + 1),
                "month_start": case((month_ended, now), else_=row.month_start),
                "last_failure": now,
                "locked_until": case((failures % rule.failures == 0, lock_ends), else_=None),
            },
            where=admitted,
        )
        .returning(row.failures)
    )
    return session.scalar(statement)


def withdraw_attempt(session: Session, identifier: str, rule: LockOutRule, *, clears: bool) -> None:
    """Uncount an attempt that succeeded; `clears` also ends the run of consecutive failures."""
    row = SignInFailures
    locked_by_it = row.failures % rule.failures == 0
    session.execute(
        update(row)
        .where(row.identifier == identifier)
        .values(
            failures=0 if clears else func.greatest(row.failures - 1, 0),
            month_failures=func.greatest(row.month_failures - 1, 0),
            locked_until=None if clears else case((locked_by_it, None), else_=row.locked_until),
        )
    )


def forget(session: Session, identifiers: list[str]) -> None:
    """Delete the failures of identifiers."""
    session.execute(delete(SignInFailures).where(SignInFailures.identifier.in_(identifiers)))
