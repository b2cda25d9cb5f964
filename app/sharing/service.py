"""The service of sharing: what is stored, read once, withdrawn and requested."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.config import SharingSettings
from app.database.database import Database
from app.domain.errors import MalformedEnvelopeError, NoRoomError, NothingSharedError, RequestClosedError
from app.domain.networks import network_identifiers
from app.domain.sharing import (
    MAX_LIFETIME,
    TOKEN_BYTES,
    Outcome,
    Protection,
    Receipt,
    check_lifetime,
    read_header,
)
from app.domain.timeline import CLOCK_TOLERANCE, day_number
from app.store import shared_secrets
from app.store.shared_secrets import ROW_BYTES, Quota, SharedSecret, SharedSecretReceipt


@dataclass(frozen=True)
class Offer:
    """What a sender's browser stores: an envelope, and the digests of the reader's and the sender's tokens."""

    digest: bytes
    receipt_digest: bytes
    envelope: bytes


@dataclass(frozen=True)
class Sharing:
    """Stores, reads and withdraws secrets. `network` is that of the client, as text."""

    database: Database
    settings: SharingSettings

    def create(self, offer: Offer, network: str, now: datetime) -> datetime:
        """Store a secret, and return until when it can be read.

        Raises MalformedEnvelopeError, NoRoomError, or RequestClosedError if its digest is in use.
        """
        secret = self._secret(offer, network, now, is_answer=False)
        with self._storing(secret.size, network, now) as session:
            _add_receipt(session, secret)
            if not shared_secrets.add(session, secret):
                raise RequestClosedError
        return secret.expires

    def request(self, digest: bytes, lifetime_seconds: int, network: str, now: datetime) -> datetime:
        """Store a request for a secret, and return until when it can be answered."""
        expires = now + check_lifetime(lifetime_seconds)
        _check_token(digest)
        with self._storing(ROW_BYTES, network, now) as session:
            identifier = self._identifiers(network, now)[0]
            row = SharedSecret(digest=digest, size=ROW_BYTES, network=identifier, created=now, expires=expires)
            if not shared_secrets.add(session, row):
                raise RequestClosedError
        return expires

    def answer(self, offer: Offer, network: str, now: datetime) -> datetime:
        """Store the answer to a request, and return until when it can be read.

        Anyone may answer: who requested a secret was permitted to. Raises the errors of `create`, and
        RequestClosedError if the request was answered or has expired.
        """
        secret = self._secret(offer, network, now, is_answer=True)
        with self._storing(secret.size, network, now) as session:
            _add_receipt(session, secret)
            if not shared_secrets.answer(session, secret):
                raise RequestClosedError
        return secret.expires

    def read(self, locator: bytes, now: datetime) -> bytes | None:
        """Delete a secret and return its envelope: one of all readers receives it.

        Returns None for a request that was not answered yet, which only its receiver can ask about. Raises
        NothingSharedError if there is nothing to read, whatever the reason.
        """
        _check_token(locator)
        digest = hashlib.sha256(locator).digest()
        with self.database.session() as session:
            found = shared_secrets.take(session, digest, now, now + CLOCK_TOLERANCE)
        # Raised only now: an error in the transaction would restore what has expired.
        if not found:
            raise NothingSharedError
        return found[0]

    def status(self, token: bytes, now: datetime) -> Receipt:
        """Return what became of a secret, for the token of its receipt; raise NothingSharedError."""
        _check_token(token)
        with self.database.session() as session:
            return _receipt(shared_secrets.find_receipt(session, hashlib.sha256(token).digest()), now)

    def withdraw(self, token: bytes, now: datetime) -> Receipt:
        """Delete a secret that was not read, and return what became of it; raise NothingSharedError."""
        _check_token(token)
        receipt_digest = hashlib.sha256(token).digest()
        with self.database.session() as session:
            shared_secrets.withdraw(session, receipt_digest, now)
            return _receipt(shared_secrets.find_receipt(session, receipt_digest), now)

    def _secret(self, offer: Offer, network: str, now: datetime, *, is_answer: bool) -> SharedSecret:
        """Return the row of an offer, whose envelope must be of the right kind."""
        _check_token(offer.digest)
        _check_token(offer.receipt_digest)
        header = read_header(offer.envelope)
        if (header.protection is Protection.REQUEST) != is_answer:
            raise MalformedEnvelopeError
        return SharedSecret(
            digest=offer.digest,
            receipt_digest=offer.receipt_digest,
            envelope=offer.envelope,
            size=len(offer.envelope) + ROW_BYTES,
            network=self._identifiers(network, now)[0],
            created=now,
            expires=now + header.lifetime,
        )

    @contextmanager
    def _storing(self, size: int, network: str, now: datetime) -> Iterator[Session]:
        """Yield a transaction in which so many bytes may be stored; raise NoRoomError."""
        quota = Quota(
            self._identifiers(network, now), self.settings.sharing_network_bytes, self.settings.sharing_total_bytes
        )
        with self.database.session() as session:
            if not shared_secrets.has_room(session, size, quota):
                raise NoRoomError
            yield session

    def _identifiers(self, network: str, now: datetime) -> list[str]:
        """Return the identifiers of a network, today's first, for each day on which a stored secret may be created."""
        today = day_number(now)
        return network_identifiers(
            network, range(today, today - MAX_LIFETIME.days - 1, -1), self.settings.sharing_secret_key
        )


def _check_token(token: bytes) -> None:
    if len(token) != TOKEN_BYTES:
        raise MalformedEnvelopeError


def _add_receipt(session: Session, secret: SharedSecret) -> None:
    if secret.receipt_digest is None or not shared_secrets.add_receipt(session, secret.receipt_digest, secret.expires):
        raise RequestClosedError


def _receipt(found: SharedSecretReceipt | None, now: datetime) -> Receipt:
    if found is None:
        raise NothingSharedError
    if found.outcome is not None:
        return Receipt(Outcome(found.outcome), found.expires, found.hour)
    return Receipt(Outcome.WAITING if now < found.expires else Outcome.EXPIRED, found.expires, None)
