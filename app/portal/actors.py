"""Who acts, as their account is now: it may have changed since the request was admitted."""

from sqlalchemy.orm import Session

from app.domain.errors import NotPermittedError
from app.domain.portal.people import Person
from app.domain.portal.rights import Right
from app.portal.sessions import person_of
from app.store.portal import accounts
from app.store.portal.accounts import Account


def lock_actor(session: Session, actor: Person, right: Right) -> Person:
    """Return the actor with their present rights, whose account stays locked until the end of the transaction.

    Raise NotPermittedError if the account was disabled, or has lost the right, since the request was admitted.
    """
    return present_actor(accounts.lock(session, actor.id), right)


def check_actor(session: Session, actor: str, right: Right) -> None:
    """Raise NotPermittedError as `lock_actor` does if the actor is the address of an account, which stays locked.

    Any other text, such as `command line`, has every right.
    """
    account = accounts.find_by_email(session, actor)
    if account is not None:
        present_actor(accounts.lock(session, account.id), right)


def lock_own_account(session: Session, person: Person) -> Account:
    """Return a person's account, locked until the end of the transaction; raise NotPermittedError without one."""
    account = accounts.lock(session, person.id)
    if account is None:
        raise NotPermittedError
    return account


def present_actor(account: Account | None, right: Right) -> Person:
    """Return the person of a locked account; raise NotPermittedError as `lock_actor` does."""
    if account is None or account.disabled_at is not None:
        raise NotPermittedError
    person = person_of(account)
    if right not in person.rights:
        raise NotPermittedError
    return person
