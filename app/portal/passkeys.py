"""Passkeys: WebAuthn credentials that browsers find by themselves, and that verify the person by PIN or biometrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.database.database import Database
from app.database.errors import is_violation_of
from app.domain.errors import ActionRefusedError, NotPermittedError
from app.domain.portal.people import Person
from app.portal.actors import lock_own_account
from app.portal.second_factors import SecondFactors
from app.portal.sessions import person_of
from app.store.portal import accounts, used_challenges
from app.store.portal.accounts import Account, Passkey

CHALLENGE_VALIDITY: Final = timedelta(minutes=15)
MAX_PASSKEYS: Final = 20
# The library lets errors of base64 and of deeply nested JSON through.
_UNACCEPTABLE: Final = (WebAuthnException, ValueError, RecursionError)


@dataclass(frozen=True)
class RelyingParty:
    """The site for which passkeys are made: its host name, its origin, and its name for people."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True)
class Challenge:
    """A random value that an authenticator signs once."""

    value: bytes
    created: datetime

    @property
    def expires(self) -> datetime:
        """When the answer comes too late."""
        return self.created + CHALLENGE_VALIDITY


@dataclass(frozen=True)
class Ceremony:
    """The options for the browser as JSON, and the challenge in them."""

    options: str
    challenge: Challenge


@dataclass(frozen=True)
class Passkeys:
    """Adds, removes and checks passkeys."""

    database: Database
    second_factors: SecondFactors

    def request(self, party: RelyingParty, now: datetime) -> Ceremony:
        """Return the options with which a browser lets a person choose one of their passkeys."""
        options = generate_authentication_options(
            rp_id=party.id, user_verification=UserVerificationRequirement.REQUIRED
        )
        return Ceremony(options_to_json(options), Challenge(options.challenge, now))

    def creation(self, party: RelyingParty, person: Person, now: datetime) -> Ceremony:
        """Return the options with which a browser makes a passkey, unless the authenticator already has one."""
        with self.database.session() as session:
            account = accounts.find(session, person.id)
            if account is None:
                raise NotPermittedError
            known = [PublicKeyCredentialDescriptor(id=each.credential_id) for each in self._of(session, person)]
        options = generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=account.user_handle,
            user_name=person.email,
            user_display_name=person.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=known,
        )
        return Ceremony(options_to_json(options), Challenge(options.challenge, now))

    def add(
        self, party: RelyingParty, person: Person, challenge: Challenge | None, answer: str, name: str, now: datetime
    ) -> None:
        """Store the passkey that a browser has made; raise ActionRefusedError if its answer is not acceptable."""
        challenge = _timely(challenge, now)
        try:
            verified = verify_registration_response(
                credential=answer,
                expected_challenge=challenge.value,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                require_user_verification=True,
            )
        except (*_UNACCEPTABLE, LookupError, TypeError, AttributeError):  # of a key without a field, for example
            raise ActionRefusedError("accounts.error.passkey") from None
        passkey = Passkey(
            account_id=person.id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=name,
            created=now,
        )
        try:
            with self.database.session() as session:
                lock_own_account(session, person)
                if not used_challenges.use(session, challenge.value, challenge.expires):
                    raise ActionRefusedError("accounts.error.passkey")
                if len(self._of(session, person)) >= MAX_PASSKEYS:
                    raise ActionRefusedError("accounts.error.too_many_passkeys")
                session.add(passkey)
                self.second_factors.report_change(session, person, "add-passkey", now, name=name)
        except IntegrityError as error:
            if not is_violation_of(error, Passkey.__tablename__):
                raise
            raise ActionRefusedError("accounts.error.passkey") from None
        self.second_factors.mail.send_soon()

    def remove(self, person: Person, number: int, now: datetime) -> bool:
        """Delete one of a person's passkeys; return whether there was one. The last second factor is refused."""
        with self.database.session() as session:
            account = lock_own_account(session, person)
            own = self._of(session, person)
            passkey = next((each for each in own if each.id == number), None)
            if passkey is None:
                return False
            if len(own) == 1 and account.totp_secret is None:
                raise ActionRefusedError("accounts.error.last_factor")
            session.delete(passkey)
            self.second_factors.report_change(session, person, "remove-passkey", now, name=passkey.name)
        self.second_factors.mail.send_soon()
        return True

    def check(
        self, session: Session, party: RelyingParty, challenge: Challenge | None, answer: str, now: datetime
    ) -> Account | None:
        """Return the account whose passkey answered a challenge, locked, or None.

        A counter that did not increase shows a copy of the authenticator: it is refused, and recorded.
        """
        timely = _timely(challenge, now)
        try:
            credential = parse_authentication_credential_json(answer)
            passkey = accounts.find_passkey(session, credential.raw_id)
            account = accounts.lock(session, passkey.account_id) if passkey else None
            if passkey is None or account is None or account.disabled_at is not None:
                return None
            if credential.response.user_handle != account.user_handle:
                return None
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=timely.value,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # compared below, in one statement
                require_user_verification=True,
            )
        except _UNACCEPTABLE:
            return None
        if not used_challenges.use(session, timely.value, timely.expires):
            return None
        if not accounts.record_passkey_use(session, passkey.id, verified.new_sign_count, now):
            self.second_factors.audit.record(
                session, person_of(account), "refuse-copied-passkey", account.email, now, name=passkey.name
            )
            return None
        return account

    def _of(self, session: Session, person: Person) -> Sequence[Passkey]:
        return accounts.passkeys_of(session, person.id)


def _timely(challenge: Challenge | None, now: datetime) -> Challenge:
    """Return a challenge; raise ActionRefusedError if there is none, or if it is too old."""
    if challenge is None or now >= challenge.expires:
        raise ActionRefusedError("accounts.error.passkey_late")
    return challenge
