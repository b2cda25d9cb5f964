"""Planned work: announced, withdrawn and listed by the operator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.database.database import Database
from app.domain.errors import PlannedWorkRefusedError
from app.domain.status import PlannedWork
from app.domain.texts import is_storable
from app.store.status import planned_work

_MAX_TITLE: Final = 200  # characters
_MAX_LENGTH: Final = timedelta(days=14)


@dataclass(frozen=True)
class PlannedWorkRegister:
    """Stores planned work."""

    database: Database

    def announce(self, work: PlannedWork) -> int:
        """Store work, and return its new number; raise PlannedWorkRefusedError if it is not what it must be."""
        if any(not title.strip() or len(title) > _MAX_TITLE for title in work.titles.values()):
            raise PlannedWorkRefusedError(f"a title is empty, or longer than {_MAX_TITLE} characters")
        if not all(map(is_storable, work.titles.values())):
            raise PlannedWorkRefusedError("a title is not UTF-8")
        if work.ends <= work.begins:
            raise PlannedWorkRefusedError("it must end after it begins")
        if work.ends - work.begins > _MAX_LENGTH:
            raise PlannedWorkRefusedError(f"it may not last longer than {_MAX_LENGTH.days} days")
        if work.ends <= work.announced:
            raise PlannedWorkRefusedError("it would be in the past")
        with self.database.session() as session:
            return planned_work.add(session, work)

    def withdraw(self, number: int, now: datetime) -> None:
        """Withdraw work, or end it if it has begun.

        Raise PlannedWorkRefusedError if there is none of this number that has not ended.
        """
        with self.database.session() as session:
            is_withdrawn = planned_work.withdraw(session, number, now)
        if not is_withdrawn:
            raise PlannedWorkRefusedError("there is no such work, or it has ended")

    def since(self, moment: datetime) -> list[PlannedWork]:
        """Return the work that ends after a moment, and was not withdrawn."""
        with self.database.session() as session:
            return planned_work.find(session, moment)
