"""Incidents as pages, commands and notices see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.domain.errors import IncidentMissingError
from app.domain.incidents.reports import Draft
from app.domain.incidents.states import ONGOING, Impact, State
from app.domain.incidents.timeline import Event
from app.domain.objectives import Severity
from app.domain.revisions import revision_of
from app.store.incidents import incidents
from app.store.incidents.incidents import Incident


class Audit(Protocol):
    """Where it is recorded who did what. Called last in a transaction."""

    def __call__(self, session: Session, actor: str, action: str, target: str, now: datetime) -> None:
        """Append an entry; raise NotPermittedError if the actor may no longer do it."""


@dataclass(frozen=True)
class IncidentRecord:
    """An incident. `urgency` is None if a person opened it; of `own_titles`, by language, one may be empty."""

    number: int
    own_titles: Mapping[str, str]
    state: State
    impact: Impact
    urgency: Severity | None
    parts: tuple[str, ...]
    began: datetime
    opened_by: str
    acknowledged: datetime | None
    acknowledged_by: str | None
    mitigated: datetime | None
    resolved: datetime | None
    reviewed: datetime | None

    @property
    def titles(self) -> Mapping[str, str]:
        """The title for readers of each language, in the other language if there is no translation yet."""
        return {language: self.own_titles[self.title_language(language)] for language in self.own_titles}

    def title_language(self, language: str) -> str:
        """Return the language of the title for readers of a language."""
        return next((each for each in (language, *self.own_titles) if self.own_titles[each]), language)

    @property
    def is_ongoing(self) -> bool:
        """Whether the incident is not resolved."""
        return self.state in ONGOING

    @property
    def revision(self) -> str:
        """What a change of titles, impact and parts begins with."""
        titles = sorted(self.own_titles.items())
        return revision_of({"titles": titles, "impact": self.impact.value, "parts": self.parts})

    @property
    def minutes(self) -> int | None:
        """For how many minutes users may have been affected, at least one; None while they are."""
        end = self.mitigated or self.resolved
        return None if end is None else max(1, round((end - self.began).total_seconds() / 60))


@dataclass(frozen=True)
class Details:
    """An incident with its timeline, its report, and the numbers of the report's published versions."""

    incident: IncidentRecord
    events: tuple[Event, ...]
    draft: Draft | None
    versions: tuple[int, ...]


def record_of(row: Incident) -> IncidentRecord:
    """Return the incident of a row."""
    return IncidentRecord(
        number=row.id,
        own_titles={"en": row.title_en, "fr": row.title_fr},
        state=State(row.state),
        impact=Impact(row.impact),
        urgency=Severity(row.urgency) if row.urgency else None,
        parts=tuple(row.parts),
        began=row.began,
        opened_by=row.opened_by,
        acknowledged=row.acknowledged,
        acknowledged_by=row.acknowledged_by,
        mitigated=row.mitigated,
        resolved=row.resolved,
        reviewed=row.reviewed,
    )


def locked(session: Session, number: int) -> Incident:
    """Return an incident, locked until the transaction ends; raise IncidentMissingError if there is none."""
    row = incidents.lock(session, number)
    if row is None:
        raise IncidentMissingError
    return row
