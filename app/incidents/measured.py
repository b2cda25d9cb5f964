"""What incidents take from the objectives: their evaluations, titles, and what an incident cost them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from app.domain.incidents.reports import Figure
from app.domain.objectives import Evaluation, Severity


class Measured(Protocol):
    """The objectives, and what was counted of them."""

    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """Return the title of each objective by its name, by language."""

    def parts(self) -> Mapping[str, str]:
        """Return which part of the service each objective is about, by its name."""

    def evaluations(self, connection: Connection, now: datetime) -> Sequence[Evaluation]:
        """Return each objective at this moment. Raises DBAPIError."""

    def began(self, connection: Connection, name: str, severity: Severity, now: datetime) -> datetime | None:
        """Return when what makes an objective's alert fire began; None if none fires. Raises DBAPIError."""

    def figures(self, connection: Connection, begin: datetime, end: datetime) -> Sequence[Figure]:
        """Return what failed in a period, of the objectives of which anything failed. Raises DBAPIError."""


class NothingMeasured:
    """A service without objectives: only checks open incidents, and reports have no figures."""

    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """Return no title."""
        return {}

    def parts(self) -> Mapping[str, str]:
        """Return no part."""
        return {}

    def evaluations(self, _: Connection, __: datetime) -> Sequence[Evaluation]:
        """Return no evaluation."""
        return ()

    def began(self, _: Connection, __: str, ___: Severity, ____: datetime) -> None:
        """Return nothing."""

    def figures(self, _: Connection, __: datetime, ___: datetime) -> Sequence[Figure]:
        """Return no figure."""
        return ()
