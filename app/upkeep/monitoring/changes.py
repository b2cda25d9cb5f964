"""Changes of the service, for the timelines of incidents: versions, settings and the schema."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.config import Settings
from app.config.fingerprints import changed_settings, fingerprints
from app.database.database import Database
from app.database.schema import Schema
from app.domain.incidents.timeline import Event, EventKind
from app.incidents.drafts import SERVICE
from app.store.incidents import events, facts

_LOCK: Final = text("SELECT pg_advisory_xact_lock(0x6661637473)")  # "facts"
_VERSION: Final = "version"
_SCHEMA: Final = "schema"
# Clock and worker report the same change within this time: it is one event.
_SAME: Final = timedelta(minutes=15)
_CHARACTERS: Final = 12  # of a revision


@dataclass(frozen=True)
class Changes:
    """Compares what a process of a role knows with what was known before."""

    settings: Settings
    role: str

    def record_start(self, database: Database, now: datetime) -> None:
        """Record what changed since the last process of this role: call once, when a process starts.

        Not repeatedly: while a release replaces processes, old and new ones would contradict each other. Raises
        DBAPIError.
        """
        prints = fingerprints(self.settings)
        with database.session() as session:
            session.execute(_LOCK)
            known = facts.known(session)
            self._compare(session, known.get(f"{_VERSION}:{self.role}"), now)
            prefix = f"setting:{self.role}:"
            before = {name.removeprefix(prefix): value for name, value in known.items() if name.startswith(prefix)}
            for name in changed_settings(before, prints):
                _add(session, EventKind.SETTING, name, now)
            for name, value in prints.items():
                if before.get(name) != value:
                    facts.store(session, prefix + name, value)

    def record_schema(self, database: Database, now: datetime) -> None:
        """Record that the schema has changed, if it has. Raises DBAPIError."""
        try:
            revision = Schema(database).revision()
        except SQLAlchemyError:
            return  # the role may not read it
        with database.session() as session:
            session.execute(_LOCK)
            known = facts.known(session).get(_SCHEMA)
            if revision is not None and revision != known:
                if known is not None:
                    _add(session, EventKind.MIGRATION, revision, now)
                facts.store(session, _SCHEMA, revision)

    def _compare(self, session: Session, known: str | None, now: datetime) -> None:
        version = " ".join(filter(None, (self.settings.branch[:64], self.settings.revision[:_CHARACTERS])))
        if not version or version == known:
            return
        if known is not None:
            _add(session, EventKind.DEPLOY, version, now)
        facts.store(session, f"{_VERSION}:{self.role}", version)


def _add(session: Session, kind: EventKind, subject: str, now: datetime) -> None:
    known = events.subjects(session, kind, now - _SAME)
    # Several settings change at once. A version and a schema return to an earlier one: that is an event of its own.
    if subject not in (known if kind is EventKind.SETTING else known[:1]):
        events.add(session, Event(now, kind, subject, author=SERVICE))
        session.flush()
