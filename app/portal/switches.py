"""What is switched on for a jurisdiction: text messages and outbreaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.database.database import Database
from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.portal.actors import lock_actor
from app.portal.audit import AuditLog
from app.store.portal import jurisdiction_switches


@dataclass(frozen=True)
class SwitchStates:
    """The states of a jurisdiction's switches. All are off until a superuser turns them on."""

    text_messages: bool = False
    outbreaks: bool = False


@dataclass(frozen=True)
class Switches:
    """Reads and turns switches."""

    database: Database
    audit: AuditLog

    def of(self, code: str) -> SwitchStates:
        """Return the states of a jurisdiction."""
        with self.database.session() as session:
            found = jurisdiction_switches.find(session, code)
            return SwitchStates(found.text_messages, found.outbreaks) if found else SwitchStates()

    def all(self) -> Mapping[str, SwitchStates]:
        """Return the states of every jurisdiction, by code."""
        with self.database.session() as session:
            found = jurisdiction_switches.all_switches(session)
            stored = {code: SwitchStates(row.text_messages, row.outbreaks) for code, row in found.items()}
        return {code: stored.get(code, SwitchStates()) for code in JURISDICTIONS}

    def turn(self, actor: Person, code: str, name: str, now: datetime, *, is_on: bool) -> None:
        """Turn a switch on or off. Raise NotPermittedError as `lock_actor` does."""
        with self.database.session() as session:
            lock_actor(session, actor, Right.EVERYWHERE)
            if jurisdiction_switches.turn(session, code, name, is_on=is_on):
                action = "turn-on" if is_on else "turn-off"
                self.audit.record(session, actor, action, name.replace("_", "-"), now, jurisdiction=code)
