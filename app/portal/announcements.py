"""Announcements on the pages of everyone, or of the people of a jurisdiction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Final

from app.database.database import Database
from app.domain.errors import ActionRefusedError, PortalPageMissingError
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.domain.revisions import revision_of
from app.portal.actors import lock_actor
from app.portal.audit import AuditLog
from app.store.portal import announcements
from app.store.portal.announcements import Announcement

LEVELS: Final = ("information", "success", "warning", "danger")
LISTED: Final = 100


@dataclass(frozen=True)
class Content:
    """An announcement: plain texts, whose paragraphs are separated by empty lines; to all if without jurisdiction."""

    level: str
    text_en: str
    text_fr: str
    jurisdiction: str | None
    starts: datetime
    ends: datetime

    @property
    def revision(self) -> str:
        """What a change of the announcement begins with."""
        moments = {"starts": self.starts.astimezone(UTC), "ends": self.ends.astimezone(UTC)}
        return revision_of(self.__dict__ | moments)


@dataclass(frozen=True)
class Listed:
    """An announcement and its number."""

    id: int
    content: Content


@dataclass(frozen=True)
class Shown:
    """What a page shows of an announcement: the paragraphs by language."""

    id: int
    level: str
    paragraphs: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Announcements:
    """Publishes, changes and ends announcements. Those who may not raise NotPermittedError as `lock_actor` does."""

    database: Database
    audit: AuditLog

    def current(self, person: Person, now: datetime) -> list[Shown]:
        """Return what is shown to a person now, in one query."""
        with self.database.autocommit() as connection:
            found = announcements.current(connection, person.jurisdiction.code, now)
        return [
            Shown(row.id, row.level, {"en": paragraphs(row.text_en), "fr": paragraphs(row.text_fr)}) for row in found
        ]

    def newest(self) -> list[Listed]:
        """Return current, future and past announcements, those that end last first."""
        with self.database.session() as session:
            return [Listed(row.id, _content(row)) for row in announcements.newest(session, LISTED)]

    def find(self, number: int, now: datetime) -> Content:
        """Return an announcement; raise PortalPageMissingError if there is none, or it has ended."""
        with self.database.session() as session:
            found = session.get(Announcement, number)
            if found is None or found.ends <= now:
                raise PortalPageMissingError
            return _content(found)

    def publish(self, actor: Person, content: Content, now: datetime) -> None:
        """Store an announcement, unless there is the same one: the form was sent twice."""
        with self.database.session() as session:
            lock_actor(session, actor, Right.EVERYWHERE)
            if announcements.exists(session, content.__dict__):
                return
            row = Announcement(created=now, **content.__dict__)
            session.add(row)
            session.flush()
            self.audit.record(session, actor, "announce", _target(row), now, after=_recorded(content))

    def change(self, actor: Person, number: int, content: Content, revision: str, now: datetime) -> None:
        """Replace the content of an announcement; raise PortalPageMissingError if there is none, or it has ended.

        Raise ActionRefusedError if another person has changed it since `revision`.
        """
        with self.database.session() as session:
            lock_actor(session, actor, Right.EVERYWHERE)
            row = announcements.lock(session, number)
            if row is None or row.ends <= now:
                raise PortalPageMissingError
            before = _content(row)
            if content == before:
                return
            if before.revision != revision:
                raise ActionRefusedError("announcements.error.changed")
            for field in fields(Content):
                setattr(row, field.name, getattr(content, field.name))
            self.audit.record(
                session,
                actor,
                "change-announcement",
                _target(row),
                now,
                before=_recorded(before),
                after=_recorded(content),
            )

    def end(self, actor: Person, number: int, now: datetime) -> None:
        """End an announcement now, or before it begins; raise PortalPageMissingError if there is none."""
        with self.database.session() as session:
            lock_actor(session, actor, Right.EVERYWHERE)
            row = announcements.lock(session, number)
            if row is None:
                raise PortalPageMissingError
            if row.ends > now:
                row.ends, row.starts = now, min(row.starts, now)
                self.audit.record(session, actor, "end-announcement", _target(row), now)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which empty lines separate; a line break within one becomes a space."""
    blocks = "\n".join(line.strip() for line in text.splitlines()).split("\n\n")
    return [" ".join(block.split()) for block in blocks if block.strip()]


def _content(row: Announcement) -> Content:
    return Content(**{field.name: getattr(row, field.name) for field in fields(Content)})


def _recorded(content: Content) -> dict[str, object]:
    return content.__dict__ | {"starts": content.starts.isoformat(), "ends": content.ends.isoformat()}


def _target(row: Announcement) -> str:
    return f"announcement {row.id}"
