"""Accounts for trying the portal out, on development and review instances. They have no password, so the usual
page does not sign in to them: a button does, which production does not have.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.database.database import Database
from app.domain.portal.rights import Right, Role
from app.store.portal import accounts
from app.store.portal.accounts import Account
from app.store.portal.jurisdiction_switches import JurisdictionSwitches

_UNUSABLE_HASH: Final = "-"
_HANDLE_BYTES: Final = 32


@dataclass(frozen=True)
class Demonstration:
    """A person who does not exist."""

    name: str  # in addresses and translations
    full_name: str
    role: Role
    jurisdiction: str
    language: str
    granted: tuple[Right, ...] = ()

    @property
    def email(self) -> str:
        """The address of the account, which receives no mail (RFC 2606)."""
        return f"{self.name}@demonstration.example"


DEMONSTRATIONS: Final = {
    each.name: each
    for each in (
        Demonstration("nurse", "Amara Osei", Role.STAFF, "ON", "en"),
        Demonstration("infirmier", "Luc Tremblay", Role.STAFF, "QC", "fr"),
        Demonstration("epidemiologist", "Grace Yang", Role.STAFF, "ON", "en", (Right.OUTBREAKS,)),
        Demonstration("administrator", "Priya Nair", Role.ADMINISTRATOR, "ON", "en", (Right.OUTBREAKS,)),
        Demonstration("superuser", "Jean Okafor", Role.SUPERUSER, "CDS", "en"),
    )
}


@dataclass(frozen=True)
class DemonstrationAccounts:
    """Makes the accounts when they are first used."""

    database: Database

    def prepare(self, name: str, now: datetime) -> int:
        """Return the identifier of an account of DEMONSTRATIONS, which is made if it does not exist."""
        person = DEMONSTRATIONS[name]
        with self.database.session() as session:
            if session.get(JurisdictionSwitches, person.jurisdiction) is None:
                session.merge(JurisdictionSwitches(code=person.jurisdiction, text_messages=True, outbreaks=True))
            account = accounts.find_by_email(session, person.email)
            if account is None:
                account = Account(
                    email=person.email,
                    name=person.full_name,
                    password_hash=_UNUSABLE_HASH,
                    language=person.language,
                    jurisdiction=person.jurisdiction,
                    role=person.role.value,
                    granted=[right.value for right in person.granted],
                    user_handle=secrets.token_bytes(_HANDLE_BYTES),
                    backup_codes_saved_at=now,  # there are none to be saved
                    created=now,
                )
                session.add(account)
                session.flush()
            return account.id
