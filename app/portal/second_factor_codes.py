"""Single-use codes that replace a second factor."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.crypto.portal_keys import PortalKeys
from app.store.portal.accounts import BackupCode

PURPOSE: Final = "backup code"
GIVEN_CODE_VALIDITY: Final = timedelta(hours=24)
# No character looks or sounds like another one: ten of 29 are 48 bits, and attempts are limited.
_CHARACTERS: Final = "ACDEFGHJKLMNPQRSTUVWXYZ234679"
_LENGTH: Final = 10  # in the groups of a one-time code: 3, 3 and 4


def give_code(session: Session, keys: PortalKeys, account_id: int, now: datetime) -> str:
    """Store a code for a person whom an administrator identified, in place of an earlier one, and return it."""
    code = "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))
    given = (BackupCode.account_id == account_id) & BackupCode.expires.is_not(None)
    session.execute(delete(BackupCode).where(given))
    session.add(
        BackupCode(account_id=account_id, code_digest=keys.digest(PURPOSE, code), expires=now + GIVEN_CODE_VALIDITY)
    )
    return code
