"""Shared secrets, the requests for them, and their receipts. The server cannot open what it stores.

A row is found by the SHA-256 of a token that only its reader has, and a receipt by that of a token that only its sender
has: what a copy of the tables holds neither reads nor withdraws anything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CheckConstraint, Integer, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.portal.base import Digest, Model, Moment

_QUOTA_LOCK: Final = 0x73686172696E67  # "sharing"


class SharedSecret(Model):
    """An envelope until it is read, or a request for one: then `envelope` and `receipt_digest` are empty."""

    __tablename__ = "shared_secrets"
    __table_args__ = (
        CheckConstraint("octet_length(digest) = 32", name="digest_length"),
        CheckConstraint("(envelope IS NULL) = (receipt_digest IS NULL)", name="complete"),
    )

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    receipt_digest: Mapped[Digest | None] = mapped_column(unique=True)
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    network: Mapped[str] = mapped_column(String(32))  # a keyed hash, which differs every day
    created: Mapped[Moment]
    expires: Mapped[Moment] = mapped_column(index=True)


class SharedSecretReceipt(Model):
    """What became of a secret. `outcome` is empty as long as it can be read."""

    __tablename__ = "shared_secret_receipts"
    __table_args__ = (CheckConstraint("octet_length(receipt_digest) = 32", name="digest_length"),)

    receipt_digest: Mapped[Digest] = mapped_column(primary_key=True)
    expires: Mapped[Moment] = mapped_column(index=True)
    outcome: Mapped[str | None] = mapped_column(String(9))
    hour: Mapped[Moment | None]  # the hour in which it was read or withdrawn


@dataclass(frozen=True)
class Quota:
    """What the sums of stored bytes may not exceed: for the identifiers of one network, and in all."""

    networks: list[str]
    network_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Limits:
    """How long secrets and, after them, their receipts may be stored."""

    max_lifetime: timedelta
    receipt_retention: timedelta


@dataclass(frozen=True)
class Inventory:
    """How many rows and bytes there are, and how many rows are older than they may be, or of an unknown age."""

    secrets: int
    bytes: int
    expired: int
    from_the_future: int
    too_long: int
    old_receipts: int

    @property
    def is_right(self) -> bool:
        """Whether nothing is older than it may be."""
        return not (self.expired or self.from_the_future or self.too_long or self.old_receipts)


# The largest part of a request that is not its envelope: a request without one must not be free.
ROW_BYTES: Final = 256

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_HAS_ROOM = text("""
    SELECT coalesce(sum(size), 0) + :size <= :total_bytes
       AND coalesce(sum(size) FILTER (WHERE network = ANY(:networks)), 0) + :size <= :network_bytes
    FROM shared_secrets
""")
_ANSWER = text("""
    UPDATE shared_secrets
    SET envelope = :envelope, receipt_digest = :receipt_digest, size = :size, network = :network,
        created = :now, expires = :expires
    WHERE digest = :digest AND envelope IS NULL AND expires > :now
    RETURNING digest
""")
# One statement: of any number of readers, PostgreSQL lets one delete the row, and a request that is answered meanwhile
# is still seen as open. What has expired is deleted as well, so that a clock that is set back later does not revive it.
_TAKE = text("""
    WITH taken AS (
        DELETE FROM shared_secrets
        WHERE digest = :digest AND (envelope IS NOT NULL OR expires <= :now)
        RETURNING receipt_digest, envelope, expires > :now AND created <= :latest_creation AS is_readable
    ), noted AS (
        UPDATE shared_secret_receipts AS receipt
        SET outcome = CASE WHEN is_readable THEN 'read' ELSE 'expired' END,
            hour = CASE WHEN is_readable THEN date_trunc('hour', CAST(:now AS timestamptz), 'UTC') END
        FROM taken WHERE receipt.receipt_digest = taken.receipt_digest
    )
    SELECT envelope FROM taken WHERE is_readable
    UNION ALL
    SELECT NULL FROM shared_secrets WHERE digest = :digest AND envelope IS NULL AND expires > :now
""")
_WITHDRAW = text("""
    WITH gone AS (DELETE FROM shared_secrets WHERE receipt_digest = :receipt_digest RETURNING receipt_digest, expires)
    UPDATE shared_secret_receipts AS receipt
    SET outcome = CASE WHEN gone.expires > :now THEN 'withdrawn' ELSE 'expired' END,
        hour = CASE WHEN gone.expires > :now THEN date_trunc('hour', CAST(:now AS timestamptz), 'UTC') END
    FROM gone WHERE receipt.receipt_digest = gone.receipt_digest
""")
# Rows from the future as well: the clock was set back, and how old they are is unknown.
_PURGE = text("""
    WITH gone AS (
        DELETE FROM shared_secrets WHERE expires <= :now OR created > :latest_creation RETURNING receipt_digest
    ), noted AS (
        UPDATE shared_secret_receipts AS receipt SET outcome = 'expired'
        FROM gone WHERE receipt.receipt_digest = gone.receipt_digest
    )
    SELECT count(*) FROM gone
""")
_PURGE_RECEIPTS = text("""
    WITH gone AS (DELETE FROM shared_secret_receipts WHERE expires < :before RETURNING 1) SELECT count(*) FROM gone
""")
_INVENTORY = text("""
    SELECT count(*) FILTER (WHERE expires < :due) AS expired,
           count(*) FILTER (WHERE created > :latest_creation) AS from_the_future,
           count(*) FILTER (WHERE expires - created > :max_lifetime) AS too_long,
           count(*) AS secrets, coalesce(sum(size), 0) AS bytes,
           (SELECT count(*) FROM shared_secret_receipts WHERE expires < :receipts_before) AS old_receipts
    FROM shared_secrets
""")


def has_room(session: Session, size: int, quota: Quota) -> bool:
    """Return whether so many bytes may be stored. Until the transaction ends, no other one stores any."""
    session.execute(_LOCK, {"lock": _QUOTA_LOCK})
    return bool(session.scalar(_HAS_ROOM, {"size": size, **quota.__dict__}))


def add(session: Session, secret: SharedSecret) -> bool:
    """Store a secret or a request; return False if its digest is in use.

    A conflict is not an error of PostgreSQL, whose log would contain the row.
    """
    columns = {name: getattr(secret, name) for name in SharedSecret.__table__.columns.keys()}  # noqa: SIM118
    statement = insert(SharedSecret).values(columns).on_conflict_do_nothing().returning(SharedSecret.size)
    return session.execute(statement).first() is not None


def add_receipt(session: Session, receipt_digest: bytes, expires: datetime) -> bool:
    """Store a receipt; return False if its digest is in use."""
    columns = {"receipt_digest": receipt_digest, "expires": expires}
    statement = (
        insert(SharedSecretReceipt).values(columns).on_conflict_do_nothing().returning(SharedSecretReceipt.expires)
    )
    return session.execute(statement).first() is not None


def answer(session: Session, secret: SharedSecret) -> bool:
    """Store a secret in place of the open request for it; return False if there is none: see `_ANSWER`."""
    values = {
        "digest": secret.digest,
        "receipt_digest": secret.receipt_digest,
        "envelope": secret.envelope,
        "size": secret.size,
        "network": secret.network,
        "now": secret.created,
        "expires": secret.expires,
    }
    return session.execute(_ANSWER, values).first() is not None


def take(session: Session, digest: bytes, now: datetime, latest_creation: datetime) -> list[bytes | None]:
    """Delete a secret and return its envelope: one of several readers receives it.

    Returns None in place of the envelope of a request that waits for its answer, and nothing if there is neither.
    """
    values = {"digest": digest, "now": now, "latest_creation": latest_creation}
    return [None if envelope is None else bytes(envelope) for envelope in session.scalars(_TAKE, values)]


def withdraw(session: Session, receipt_digest: bytes, now: datetime) -> None:
    """Delete the secret of a receipt, if there is one."""
    session.execute(_WITHDRAW, {"receipt_digest": receipt_digest, "now": now})


def find_receipt(session: Session, receipt_digest: bytes) -> SharedSecretReceipt | None:
    """Return a receipt."""
    return session.get(SharedSecretReceipt, receipt_digest)


def purge(session: Session, now: datetime, latest_creation: datetime) -> int:
    """Delete the secrets and requests that have expired; return how many."""
    return int(session.scalar(_PURGE, {"now": now, "latest_creation": latest_creation}) or 0)


def purge_receipts(session: Session, before: datetime) -> int:
    """Delete the receipts of secrets that expired before; return how many."""
    return int(session.scalar(_PURGE_RECEIPTS, {"before": before}) or 0)


def take_inventory(session: Session, due: datetime, latest_creation: datetime, limits: Limits) -> Inventory:
    """Return what is stored. `due`: what expired before it should have been deleted."""
    values = {
        "due": due,
        "latest_creation": latest_creation,
        "max_lifetime": limits.max_lifetime,
        "receipts_before": due - limits.receipt_retention,
    }
    return Inventory(**session.execute(_INVENTORY, values).mappings().one())
