"""The people of a jurisdiction: who they are, and what an administrator does for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.errors import ActionRefusedError, NotPermittedError, PortalPageMissingError
from app.domain.portal.management import granted_after, may_manage, may_see
from app.domain.portal.people import Person
from app.domain.portal.rights import Right, Role, may_grant
from app.portal.actors import present_actor
from app.portal.audit import AuditLog
from app.portal.invitations import withdraw_unpermitted
from app.portal.second_factor_codes import give_code
from app.portal.sessions import person_of
from app.store.portal import accounts, sessions
from app.store.portal.accounts import Account

PAGE_SIZE: Final = 50


@dataclass(frozen=True)
class Profile:
    """A person, as administrators see them."""

    person: Person
    created: datetime
    last_sign_in: datetime | None
    disabled_at: datetime | None
    passkeys: int
    has_authenticator: bool
    backup_codes: int = 0


@dataclass(frozen=True)
class People:
    """Lists and manages accounts."""

    database: Database
    keys: PortalKeys
    audit: AuditLog

    def page(self, viewer: Person, jurisdiction: str | None, after: int) -> tuple[list[Profile], int | None]:
        """Return a page of people by name, and the account after which the next page begins.

        Only superusers choose a jurisdiction; None means all. Others see that of their own.
        """
        is_everywhere = Right.EVERYWHERE in viewer.rights
        chosen = jurisdiction if is_everywhere else viewer.jurisdiction.code
        with self.database.session() as session:
            found = accounts.page(session, chosen, after, PAGE_SIZE + 1, superusers=is_everywhere)
            shown = [_profile(account) for account in found[:PAGE_SIZE]]
        return shown, shown[-1].person.id if len(found) > PAGE_SIZE else None

    def profile(self, viewer: Person, account_id: int) -> Profile:
        """Return a person; raise PortalPageMissingError if there is none whom the viewer may see."""
        with self.database.session() as session:
            account = accounts.find_with_passkeys(session, account_id)
            if account is None or not may_see(viewer, person_of(account)):
                raise PortalPageMissingError
            return _profile(account, accounts.count_own_backup_codes(session, account_id))

    def managed(self, actor: Person, account_id: int) -> Profile:
        """Return a person whom the actor may manage; raise PortalPageMissingError or NotPermittedError otherwise."""
        profile = self.profile(actor, account_id)
        if not may_manage(actor, profile.person):
            raise NotPermittedError
        return profile

    def disable(self, actor: Person, account_id: int, now: datetime) -> None:
        """Disable an account, end its sessions and withdraw its invitations."""
        with self.database.session() as session:
            actor, account = self._managed(session, actor, account_id)
            if account.disabled_at is None:
                account.disabled_at = now
                sessions.end_all(session, account_id)
                withdraw_unpermitted(session, self.audit, actor, account, now)
                self._record(session, actor, "disable", account, now)

    def enable(self, actor: Person, account_id: int, now: datetime) -> None:
        """Enable a disabled account."""
        with self.database.session() as session:
            actor, account = self._managed(session, actor, account_id)
            if account.disabled_at is not None:
                account.disabled_at = None
                self._record(session, actor, "enable", account, now)

    def change_role(self, actor: Person, account_id: int, role: Role, chosen: Iterable[Right], now: datetime) -> None:
        """Give a person a role and rights. Raise NotPermittedError if the actor lacks one of them."""
        with self.database.session() as session:
            actor, account = self._managed(session, actor, account_id)
            wanted, before = frozenset(chosen), person_of(account)
            if not may_grant(actor.rights, role, wanted):
                raise NotPermittedError
            granted = granted_after(actor, before.granted, wanted)
            if (role, granted) == (before.role, before.granted):
                return
            account.role, account.granted = role.value, sorted(right.value for right in granted)
            withdraw_unpermitted(session, self.audit, actor, account, now)
            self._record(
                session,
                actor,
                "change-role",
                account,
                now,
                before=_role_and_rights(before.role, before.granted),
                after=_role_and_rights(role, granted),
            )

    def give_code(self, actor: Person, account_id: int, now: datetime) -> str:
        """Return a new code, good once for a day, in place of a second factor that the person does not have at hand."""
        with self.database.session() as session:
            actor, account = self._managed(session, actor, account_id)
            if account.disabled_at is not None:
                raise ActionRefusedError("people.refused.disabled")
            code = give_code(session, self.keys, account_id, now)
            self._record(session, actor, "give-code", account, now)
            return code

    def reset_second_factor(self, actor: Person, account_id: int, now: datetime) -> str:
        """Delete all second factors of a person, end their sessions, and return a code for the next sign-in.

        With the code, a password alone is never enough to set up another second factor.
        """
        with self.database.session() as session:
            actor, account = self._managed(session, actor, account_id)
            if account.disabled_at is not None:
                raise ActionRefusedError("people.refused.disabled")
            accounts.remove_second_factors(session, account)
            sessions.end_all(session, account_id)
            code = give_code(session, self.keys, account_id, now)
            self._record(session, actor, "reset-second-factor", account, now)
            return code

    def _managed(self, session: Session, actor: Person, account_id: int) -> tuple[Person, Account]:
        """Return the actor with their present rights, and the account of a person whom they may manage, both locked.

        Superusers are locked first: of two who disable each other at once, the second finds itself disabled.
        """
        if Right.EVERYWHERE in actor.rights:
            accounts.lock_superusers(session)
        locked = {number: accounts.lock(session, number) for number in sorted({actor.id, account_id})}
        actor, account = present_actor(locked[actor.id], Right.MANAGE_PEOPLE), locked[account_id]
        if account is None or not may_see(actor, person_of(account)):
            raise PortalPageMissingError
        if not may_manage(actor, person_of(account)):
            raise NotPermittedError
        return actor, account

    def _record(
        self, session: Session, actor: Person, action: str, account: Account, now: datetime, **details: object
    ) -> None:
        self.audit.record(session, actor, action, account.email, now, jurisdiction=account.jurisdiction, **details)


def _role_and_rights(role: Role, granted: Iterable[Right]) -> dict[str, object]:
    return {"role": role.value, "granted": sorted(right.value for right in granted)}


def _profile(account: Account, backup_codes: int = 0) -> Profile:
    return Profile(
        person=person_of(account),
        created=account.created,
        last_sign_in=account.last_sign_in,
        disabled_at=account.disabled_at,
        passkeys=len(account.passkeys),
        has_authenticator=account.totp_secret is not None,
        backup_codes=backup_codes,
    )
