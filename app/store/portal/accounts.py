"""Accounts: people who may sign in, with their role, their rights and their second factors."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    delete,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from app.store.portal.base import BigKey, Digest, JurisdictionCode, Model, Moment


class Account(Model):
    """A person. `email` is in lower case; `disabled_at` is set instead of deleting a row that others refer to."""

    __tablename__ = "portal_accounts"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower_case"),)

    id: Mapped[BigKey]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))  # Argon2id
    language: Mapped[str] = mapped_column(String(2))
    jurisdiction: Mapped[JurisdictionCode] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(String(16))
    granted: Mapped[list[str]] = mapped_column(ARRAY(String(16)), server_default="{}")
    user_handle: Mapped[Digest] = mapped_column(unique=True)  # random, 32 bytes: identifies the account to passkeys
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)  # the last accepted time step, which ends a replay
    backup_codes_saved_at: Mapped[Moment | None]
    created: Mapped[Moment]
    disabled_at: Mapped[Moment | None]
    last_sign_in: Mapped[Moment | None]

    passkeys: Mapped[list["Passkey"]] = relationship(lazy="raise", back_populates="account")


class Passkey(Model):
    """A WebAuthn credential of an account."""

    __tablename__ = "portal_passkeys"

    id: Mapped[BigKey]
    account_id: Mapped[int] = mapped_column(ForeignKey("portal_accounts.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    created: Mapped[Moment]
    last_used: Mapped[Moment | None]

    account: Mapped[Account] = relationship(lazy="raise", back_populates="passkeys")


class BackupCode(Model):
    """A single-use code in place of the second factor; it is deleted when it is used.

    `expires` is set for a code that an administrator gave to a person whom they identified.
    """

    __tablename__ = "portal_backup_codes"

    id: Mapped[BigKey]
    account_id: Mapped[int] = mapped_column(ForeignKey("portal_accounts.id", ondelete="CASCADE"), index=True)
    code_digest: Mapped[Digest] = mapped_column(unique=True)
    expires: Mapped[Moment | None]


def find(session: Session, account_id: int) -> Account | None:
    """Return an account by its identifier."""
    return session.get(Account, account_id)


def find_by_email(session: Session, email: str) -> Account | None:
    """Return the account of an address, which is compared in lower case."""
    return session.scalar(select(Account).where(Account.email == email.lower()))


def lock(session: Session, account_id: int) -> Account | None:
    """Return an account, locked until the end of the transaction."""
    return session.get(Account, account_id, with_for_update=True, populate_existing=True)


def find_with_passkeys(session: Session, account_id: int) -> Account | None:
    """Return an account with its passkeys."""
    return session.scalar(select(Account).options(selectinload(Account.passkeys)).where(Account.id == account_id))


def lock_superusers(session: Session) -> list[Account]:
    """Return the superusers who are not disabled, locked until the end of the transaction.

    Lock them before another account, so that two transactions never wait for each other.
    """
    is_active = (Account.role == "superuser") & Account.disabled_at.is_(None)
    statement = select(Account).where(is_active).order_by(Account.id).with_for_update()
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def page(session: Session, jurisdiction: str | None, after: int, count: int, *, superusers: bool) -> list[Account]:
    """Return accounts by name, those after the account `after` (0: the first), of a jurisdiction or of all."""
    statement = select(Account).options(selectinload(Account.passkeys)).order_by(Account.name, Account.id).limit(count)
    if jurisdiction:
        statement = statement.where(Account.jurisdiction == jurisdiction)
    if not superusers:
        statement = statement.where(Account.role != "superuser")
    if after:
        last = select(Account.name, Account.id).where(Account.id == after)
        statement = statement.where(tuple_(Account.name, Account.id) > last.scalar_subquery())
    return list(session.scalars(statement))


def count_own_backup_codes(session: Session, account_id: int) -> int:
    """Return how many codes are left of those that the person made, not of those that an administrator gave."""
    own = (BackupCode.account_id == account_id) & BackupCode.expires.is_(None)
    return session.scalar(select(func.count()).select_from(BackupCode).where(own)) or 0


def remove_second_factors(session: Session, account: Account) -> None:
    """Delete the passkeys, the authenticator and all codes of an account."""
    account.totp_secret = account.totp_last_step = account.backup_codes_saved_at = None
    session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    session.execute(delete(BackupCode).where(BackupCode.account_id == account.id))


def record_sign_in(account: Account, now: datetime) -> None:
    """Record when an account was last used to sign in."""
    account.last_sign_in = now
