"""What the public may know of an incident: no name of a person, no note that its author did not publish."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.domain.incidents.states import Impact, State

Texts = Mapping[str, str]  # by language, `en` and `fr`


@dataclass(frozen=True)
class PublicEvent:
    """A moment of the timeline. `kind` is that of `EventKind`."""

    at: datetime
    kind: str
    texts: Texts


@dataclass(frozen=True)
class PublicAction:
    """What the team will do, or did, so that it does not happen again. `owner` is a role, not a person."""

    texts: Texts
    owner: str
    due: date | None


@dataclass(frozen=True)
class PublicFigure:
    """What an incident cost an objective: requests, or checks, that failed, and the share of the budget, 1 for all.

    The total is in steps of 20; 0 stands for fewer.
    """

    objective: str
    titles: Texts
    failed: int
    total: int
    budget_spent: float


@dataclass(frozen=True)
class PublicVersion:
    """A version of a published report: `changed` names the sections that differ from the version before it."""

    number: int
    published: datetime
    changed: tuple[str, ...]


@dataclass(frozen=True)
class PublicReport:
    """A published report. `sections` are texts by language and by the names in `reports.SECTIONS`."""

    sections: Mapping[str, Mapping[str, str]]
    actions: tuple[PublicAction, ...]
    figures: tuple[PublicFigure, ...]
    minutes: int
    timeline: tuple[PublicEvent, ...]
    versions: tuple[PublicVersion, ...]  # the newest, which this is, last


@dataclass(frozen=True)
class PublicIncident:
    """An incident on the status page; `events` are the newest last. `report` is None until one is published."""

    number: int
    titles: Texts
    state: State
    impact: Impact
    parts: tuple[str, ...]
    began: datetime
    mitigated: datetime | None
    resolved: datetime | None
    events: tuple[PublicEvent, ...]
    report: PublicReport | None
