"""Accounts: people who may sign in, with their role, their rights and their second factors."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
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


def accept_totp_step(session: Session, account_id: int, step: int) -> bool:
    """Store the time step of an accepted code; return False if that step, or a later one, was accepted before."""
    is_new = or_(Account.totp_last_step.is_(None), Account.totp_last_step < step)
    statement = update(Account).where(Account.id == account_id, is_new).values(totp_last_step=step)
    return session.scalar(statement.returning(Account.id)) is not None


def passkeys_of(session: Session, account_id: int) -> Sequence[Passkey]:
    """Return an account's passkeys, in the order in which they were added."""
    return session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)).all()


def find_passkey(session: Session, credential_id: bytes) -> Passkey | None:
    """Return a passkey by its credential identifier."""
    return session.scalar(select(Passkey).where(Passkey.credential_id == credential_id))


def record_passkey_use(session: Session, passkey_id: int, sign_count: int, now: datetime) -> bool:
    """Store the counter of an authenticator; return False if it did not increase, as that of a copy would not.

    Authenticators without a counter always report 0.
    """
    increased = or_(Passkey.sign_count < sign_count, (Passkey.sign_count == 0) & (sign_count == 0))
    statement = update(Passkey).where(Passkey.id == passkey_id, increased).values(sign_count=sign_count, last_used=now)
    return session.scalar(statement.returning(Passkey.id)) is not None


def has_second_factor(session: Session, account: Account) -> bool:
    """Return whether an account has a passkey or an authenticator app."""
    passkey = select(Passkey.id).where(Passkey.account_id == account.id).limit(1)
    return account.totp_secret is not None or session.scalar(passkey) is not None


def take_backup_code(session: Session, account_id: int, digests: list[bytes], now: datetime) -> BackupCode | None:
    """Delete and return a code that has not expired, or None. Of two requests at once, one receives it."""
    is_valid = or_(BackupCode.expires.is_(None), BackupCode.expires > now)
    statement = delete(BackupCode).where(
        BackupCode.account_id == account_id, BackupCode.code_digest.in_(digests), is_valid
    )
    return session.scalar(statement.returning(BackupCode))


def delete_backup_codes(session: Session, account_id: int, *, given: bool) -> None:
    """Delete the codes that an administrator gave to a person, or those that the person saved."""
    kind = BackupCode.expires.is_not(None) if given else BackupCode.expires.is_(None)
    session.execute(delete(BackupCode).where(BackupCode.account_id == account_id, kind))
