"""Single-use codes that replace a second factor: those that a person saved, and one that an administrator gave."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.domain.portal.lock_outs import SECOND_FACTORS
from app.portal.lockout import failure_identifier
from app.store.portal import accounts, failures
from app.store.portal.accounts import BackupCode

PURPOSE: Final = "backup code"
GIVEN_CODE_VALIDITY: Final = timedelta(hours=24)
# No character looks or sounds like another one: ten of 29 are 48 bits, and attempts are limited.
_CHARACTERS: Final = "ACDEFGHJKLMNPQRSTUVWXYZ234679"  # pragma: allowlist secret
_LENGTH: Final = 10  # in the groups of a one-time code: 3, 3 and 4
_SEPARATORS: Final = re.compile(r"[\s\u2010-\u2015.-]+")


def new_code() -> str:
    """Return a random code."""
    return "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))


def normalize(typed: str) -> str:
    """Return a code without spaces and dashes, in upper case."""
    return _SEPARATORS.sub("", typed).upper()


def give_code(session: Session, keys: PortalKeys, account_id: int, now: datetime) -> str:
    """Store a code for a person whom an administrator identified, in place of an earlier one, and return it.

    It also unlocks the second factor: the person may have entered too many wrong codes.
    """
    code = new_code()
    failures.forget(session, [failure_identifier(keys, SECOND_FACTORS, str(account_id))])
    accounts.delete_backup_codes(session, account_id, given=True)
    session.add(
        BackupCode(account_id=account_id, code_digest=keys.digest(PURPOSE, code), expires=now + GIVEN_CODE_VALIDITY)
    )
    return code
