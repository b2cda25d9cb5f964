"""Inviting people: an e-mail with a link that is valid for a day."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.database.database import Database
from app.domain.errors import ActionRefusedError, NotPermittedError, PortalPageMissingError
from app.domain.portal.addresses import is_of_domain, normalize_address
from app.domain.portal.jurisdictions import JURISDICTIONS, Jurisdiction
from app.domain.portal.people import Person
from app.domain.portal.rights import Right, Role, may_grant
from app.portal.actors import lock_actor
from app.portal.audit import AuditLog
from app.portal.mail import MailQueue
from app.portal.sessions import person_of
from app.store.portal import accounts, audit_entries, invitations
from app.store.portal.accounts import Account
from app.store.portal.invitations import Invitation

VALIDITY: Final = timedelta(days=1)
# Bounds the harm that a stolen account of an administrator can do to the reputation of the mail server.
LIMIT: Final = 200
LIMIT_PERIOD: Final = timedelta(hours=1)
PURPOSE: Final = "invitation"
LISTED: Final = 25
_TOKEN_BYTES: Final = 32
_SENDING: Final = ("invite", "resend-invitation")


@dataclass(frozen=True)
class Invitee:
    """Who is invited, and to what."""

    email: str
    language: str
    jurisdiction: Jurisdiction
    role: Role
    granted: frozenset[Right]


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that was not accepted."""

    id: int
    invitee: Invitee
    created: datetime
    expires: datetime


@dataclass(frozen=True)
class Invitations:
    """Sends, lists and withdraws invitations. `domains` are those whose addresses may be invited."""

    database: Database
    keys: PortalKeys
    mail: MailQueue
    audit: AuditLog
    domains: Sequence[str]

    def open(self, viewer: Person, jurisdiction: str | None) -> tuple[Sequence[OpenInvitation], bool]:
        """Return the newest invitations, and whether there are more.

        Only superusers choose a jurisdiction; None means all.
        """
        is_everywhere = Right.EVERYWHERE in viewer.rights
        with self.database.session() as session:
            found = invitations.of_jurisdiction(
                session, viewer.scope or jurisdiction, LISTED + 1, superusers=is_everywhere
            )
            listed = [OpenInvitation(each.id, _invitee(each), each.created, each.expires) for each in found[:LISTED]]
        return listed, len(found) > LISTED

    def invite(self, actor: Person, invitee: Invitee, portal_address: str, now: datetime) -> None:
        """Store an invitation and its e-mail. Raise ActionRefusedError or NotPermittedError if that is not permitted.

        The invitee's address may be as it was typed. `portal_address`: where the portal is, for the link.
        """
        email = normalize_address(invitee.email)
        if email is None:
            raise ActionRefusedError("people.invite.error.address")
        if not is_of_domain(email, self.domains):
            raise ActionRefusedError("people.invite.error.domain")
        with self.database.session() as session:
            _check_grant(self._lock_sender(session, actor, now), invitee)
            token, digest = self._new_token()
            number = None
            if accounts.find_by_email(session, email) is None:
                number = invitations.add(
                    session,
                    now,
                    email=email,
                    language=invitee.language,
                    jurisdiction=invitee.jurisdiction.code,
                    role=invitee.role.value,
                    granted=_names(invitee.granted),
                    token_digest=digest,
                    invited_by=actor.id,
                    expires=now + VALIDITY,
                )
            if number is None:
                raise ActionRefusedError("people.invite.error.taken")
            self._send(session, actor, email, invitee, f"{portal_address}/{invitee.language}/invitation/{token}", now)
            _record(self.audit, session, actor, "invite", email, invitee, now)
        self.mail.send_soon()

    def resend(self, actor: Person, number: int, portal_address: str, now: datetime) -> str:
        """Send an invitation again with another link, and return the address. The earlier link is no longer valid."""
        with self.database.session() as session:
            actor = self._lock_sender(session, actor, now)
            token, digest = self._new_token()
            found = invitations.renew(session, number, actor.scope, digest, actor.id, now + VALIDITY)
            if found is None or not _is_visible(actor, found):
                raise PortalPageMissingError
            invitee = _invitee(found)
            _check_grant(actor, invitee)
            self._send(
                session, actor, found.email, invitee, f"{portal_address}/{found.language}/invitation/{token}", now
            )
            _record(self.audit, session, actor, "resend-invitation", found.email, invitee, now)
        self.mail.send_soon()
        return invitee.email

    def withdraw(self, actor: Person, number: int, now: datetime) -> str:
        """Delete an invitation, and return its address. Its link is no longer valid."""
        with self.database.session() as session:
            found = invitations.withdraw(session, number, actor.scope)
            if found is None or not _is_visible(actor, found):
                raise PortalPageMissingError
            invitee = _invitee(found)
            _record(self.audit, session, actor, "withdraw-invitation", found.email, invitee, now)
            return found.email

    def _lock_sender(self, session: Session, actor: Person, now: datetime) -> Person:
        """Return the actor with their present rights; raise NotPermittedError as `lock_actor` does.

        The lock lets an actor's invitations, and what ends their right to send any, wait for each other. Raise
        ActionRefusedError if the actor has sent as many invitations as an hour permits. They are counted in the audit
        log, because an invitation that was withdrawn or accepted leaves no row.
        """
        actor = lock_actor(session, actor, Right.MANAGE_PEOPLE)
        if audit_entries.count(session, actor.email, _SENDING, now - LIMIT_PERIOD) >= LIMIT:
            raise ActionRefusedError("people.invite.error.limit")
        return actor

    def _new_token(self) -> tuple[str, bytes]:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        return token, self.keys.digest(PURPOSE, token)

    def _send(self, session: Session, actor: Person, email: str, invitee: Invitee, link: str, now: datetime) -> None:
        self.mail.queue(
            session,
            to=email,
            language=invitee.language,
            message="invitation",
            now=now,
            inviter=actor.name,
            jurisdiction=invitee.jurisdiction.names[invitee.language],
            link=link,
        )


def withdraw_unpermitted(
    session: Session, audit: AuditLog, actor: Person | str, account: Account, now: datetime
) -> None:
    """Withdraw the open invitations that a person, whose account was changed, may no longer send.

    Call it before an entry of the audit log is recorded: who accepts an invitation locks it, and then the log.
    """
    session.flush()
    sender, is_disabled = person_of(account), account.disabled_at is not None
    sent = invitations.lock_sent_by(session, account.id, now)
    withdrawn = [each for each in sent if is_disabled or not _may_send(sender, _invitee(each))]
    for each in withdrawn:
        session.delete(each)
    for each in withdrawn:
        _record(audit, session, actor, "withdraw-invitation", each.email, _invitee(each), now)


def _check_grant(actor: Person, invitee: Invitee) -> None:
    if not _may_send(actor, invitee):
        raise NotPermittedError


def _may_send(sender: Person, invitee: Invitee) -> bool:
    is_permitted = sender.may(Right.MANAGE_PEOPLE, invitee.jurisdiction.code)
    return is_permitted and may_grant(sender.rights, invitee.role, invitee.granted)


def _record(
    audit: AuditLog,
    session: Session,
    actor: Person | str,
    action: str,
    email: str,
    invitee: Invitee,
    now: datetime,
) -> None:
    after = {"role": invitee.role.value, "granted": _names(invitee.granted)}
    audit.record(session, actor, action, email, now, jurisdiction=invitee.jurisdiction.code, after=after)


def _is_visible(viewer: Person, invitation: Invitation) -> bool:
    """Return whether a person may know of an invitation: those of superusers are hidden, as superusers are."""
    return Right.EVERYWHERE in viewer.rights or invitation.role != Role.SUPERUSER


def _names(rights: Iterable[Right]) -> list[str]:
    return sorted(right.value for right in rights)


def _invitee(row: Invitation) -> Invitee:
    return Invitee(
        email=row.email,
        language=row.language,
        jurisdiction=JURISDICTIONS[row.jurisdiction],
        role=Role(row.role),
        granted=frozenset(Right(each) for each in row.granted),
    )
