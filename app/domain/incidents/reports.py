"""The report of an incident: without blame, in English and French, frozen when it is published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

LANGUAGES: Final = ("en", "fr")
# What happened; what users noticed, in words; which conditions contributed; what went well; what was only luck.
SECTIONS: Final = ("summary", "impact", "causes", "went_well", "luck")
MAX_SECTION: Final = 5000  # characters
MAX_ACTIONS: Final = 20


@dataclass(frozen=True)
class Action:
    """What will be done so that it does not happen again. `owner` is a role; a report names no person."""

    en: str
    fr: str
    owner: str
    due: date | None

    def to_json(self) -> dict[str, Any]:
        """Return the action as JSON."""
        return {"en": self.en, "fr": self.fr, "owner": self.owner, "due": self.due.isoformat() if self.due else None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Action":
        """Return the action of JSON."""
        due = date.fromisoformat(value["due"]) if value["due"] else None
        return cls(value["en"], value["fr"], value["owner"], due)


@dataclass(frozen=True)
class Report:
    """The texts of a report by language and section, and its actions."""

    sections: Mapping[str, Mapping[str, str]]
    actions: tuple[Action, ...] = ()

    @classmethod
    def empty(cls) -> "Report":
        """Return a report without texts."""
        return cls({language: dict.fromkeys(SECTIONS, "") for language in LANGUAGES})

    def is_complete(self) -> bool:
        """Return whether no text is missing in either language."""
        texts = (self.sections[language][section] for language in LANGUAGES for section in SECTIONS)
        return all(texts) and all(action.en and action.fr and action.owner for action in self.actions)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        sections = {language: dict(texts) for language, texts in self.sections.items()}
        return {"sections": sections, "actions": [action.to_json() for action in self.actions]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Report":
        """Return the report of JSON."""
        return cls(value["sections"], tuple(Action.from_json(each) for each in value["actions"]))


@dataclass(frozen=True)
class Figure:
    """What an incident cost an objective: events that failed, of all, and the share of the budget, 1 for all of it.

    The total is in steps of 20; 0 stands for fewer.
    """

    objective: str
    titles: Mapping[str, str]
    failed: int
    total: int
    budget_spent: float


@dataclass(frozen=True)
class Reading:
    """Who read which revision of a report, and when."""

    reader: str
    revision: int
    at: datetime


@dataclass(frozen=True)
class Draft:
    """A report with what is known of its making. `revision` increases with each change."""

    report: Report
    revision: int
    editor: str
    edited: datetime
    figures: tuple[Figure, ...] = ()
    readings: tuple[Reading, ...] = field(default=())

    def readers(self) -> frozenset[str]:
        """Return who has read this revision, except the person who made it."""
        return frozenset(each.reader for each in self.readings if each.revision == self.revision) - {self.editor}

    def is_read(self, required: int) -> bool:
        """Return whether enough people have read this revision."""
        return len(self.readers()) >= required


def changed_sections(before: Report, after: Report) -> tuple[str, ...]:
    """Return the names of the sections, `actions` included, that differ in any language."""
    changed = [
        section
        for section in SECTIONS
        if any(before.sections[language][section] != after.sections[language][section] for language in LANGUAGES)
    ]
    return (*changed, "actions") if before.actions != after.actions else tuple(changed)
