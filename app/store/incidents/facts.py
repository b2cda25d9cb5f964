"""What the monitor knew last: versions, schema, fingerprints of settings; and when each process was last alive."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.timeline import CLOCK_TOLERANCE
from app.store.portal.base import Model, Moment


class Fact(Model):
    """A name and its value. That of a setting is a keyed hash."""

    __tablename__ = "monitor_facts"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))


class Heartbeat(Model):
    """When a process of a role was last alive."""

    __tablename__ = "heartbeats"

    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[Moment]


# What is further ahead than CLOCK_TOLERANCE was stored before a clock was set back.
_MOST_SLOTS_AHEAD: Final = 4

# The slot advances in one statement, so of any number of monitors one gets it.
_TAKE_SLOT: Final = text("""
    INSERT INTO monitor_facts (name, value) VALUES (:name, :slot)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
    WHERE CAST(monitor_facts.value AS bigint) < CAST(excluded.value AS bigint)
       OR CAST(monitor_facts.value AS bigint) > CAST(excluded.value AS bigint) + :most_ahead
    RETURNING value
""")
_SET: Final = text("""
    INSERT INTO monitor_facts (name, value) VALUES (:name, :value)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
""")
_BEAT: Final = text("""
    INSERT INTO heartbeats (role, at) VALUES (:role, :at)
    ON CONFLICT (role) DO UPDATE SET at = CASE
        WHEN heartbeats.at > excluded.at + :tolerance THEN excluded.at
        ELSE greatest(heartbeats.at, excluded.at)
    END
""")


def known(session: Session) -> Mapping[str, str]:
    """Return every fact by its name."""
    return {row.name: row.value for row in session.scalars(select(Fact))}


def store(session: Session, name: str, value: str) -> None:
    """Store a fact in place of an earlier one."""
    session.execute(_SET, {"name": name, "value": value})


def take_slot(session: Session, name: str, slot: int) -> bool:
    """Return whether this process is the first to ask for a slot of a monitor."""
    return (
        session.execute(_TAKE_SLOT, {"name": name, "slot": str(slot), "most_ahead": _MOST_SLOTS_AHEAD}).first()
        is not None
    )


def beat(session: Session, role: str, at: datetime) -> None:
    """Store that a process of a role is alive."""
    session.execute(_BEAT, {"role": role, "at": at, "tolerance": CLOCK_TOLERANCE})


def last_beats(session: Session) -> Mapping[str, datetime]:
    """Return when a process of each role was last alive."""
    return {row.role: row.at for row in session.scalars(select(Heartbeat))}
