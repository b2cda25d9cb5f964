"""Registering and finding the places of a jurisdiction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from app.database.database import Database
from app.domain.errors import NoFreeCodeError, NotPermittedError, PortalPageMissingError
from app.domain.portal.jurisdictions import JURISDICTIONS, Jurisdiction
from app.domain.portal.people import Person
from app.domain.portal.places import LOCATION_ID_ALPHABET, LOCATION_ID_CHARACTERS, PlaceDetails
from app.domain.portal.rights import Right
from app.portal.audit import AuditLog
from app.portal.switches import Switches
from app.store.portal import places
from app.store.portal.places import Place

LISTED: Final = 50
_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class RegisteredPlace:
    """A place and its numbers: that of its pages, and that of its poster."""

    id: int
    location_id: str
    jurisdiction: Jurisdiction
    details: PlaceDetails
    created: datetime


@dataclass(frozen=True)
class Places:
    """Registers and finds places, for people with the right, in jurisdictions whose switch is on."""

    database: Database
    audit: AuditLog
    switches: Switches

    def is_open_to(self, person: Person) -> bool:
        """Return whether outbreaks are switched on for a person's jurisdiction. They always are for superusers."""
        return Right.EVERYWHERE in person.rights or self.switches.of(person.jurisdiction.code).outbreaks

    def may_act(self, person: Person, jurisdiction: str) -> bool:
        """Return whether a person may act in a jurisdiction, and outbreaks are switched on there."""
        return person.may(Right.OUTBREAKS, jurisdiction) and self.switches.of(jurisdiction).outbreaks

    def check(self, person: Person, jurisdiction: str) -> None:
        """Raise NotPermittedError unless a person may act in a jurisdiction, and outbreaks are switched on there."""
        if not self.may_act(person, jurisdiction):
            raise NotPermittedError

    def search(self, viewer: Person, text: str) -> tuple[Sequence[RegisteredPlace], bool]:
        """Return places in whose name, address or city the words of a text occur, and whether there are more."""
        with self.database.session() as session:
            found = places.search(session, text.split(), viewer.scope, LISTED + 1)
            return [registered(row) for row in found[:LISTED]], len(found) > LISTED

    def find(self, viewer: Person, number: int) -> RegisteredPlace:
        """Return a place; raise PortalPageMissingError if there is none that the viewer may see."""
        with self.database.session() as session:
            row = places.find(session, number, viewer.scope)
            if row is None:
                raise PortalPageMissingError
            return registered(row)

    def register(self, actor: Person, details: PlaceDetails, now: datetime) -> tuple[int, bool]:
        """Return the number of a place of the actor's jurisdiction, and whether it is new.

        A place with the same name, address and city is not registered again, so that posters on its walls stay right.
        """
        code = actor.jurisdiction.code
        self.check(actor, code)
        with self.database.session() as session:
            for _ in range(_ATTEMPTS):
                row = places.add(session, _new_location_id(), code, details, now)
                if row is not None:
                    self.audit.record(session, actor, "register-place", f"{details.name} ({row.location_id})", now)
                    return row.id, True
                same = places.find_same(session, code, details)
                if same is not None:
                    return same.id, False
        raise NoFreeCodeError


def registered(row: Place) -> RegisteredPlace:
    """Return the place of a row."""
    details = PlaceDetails(**{field.name: getattr(row, field.name) for field in fields(PlaceDetails)})
    return RegisteredPlace(row.id, row.location_id, JURISDICTIONS[row.jurisdiction], details, row.created)


def _new_location_id() -> str:
    return "".join(secrets.choice(LOCATION_ID_ALPHABET) for _ in range(LOCATION_ID_CHARACTERS))
