"""Issue a one-time code for a patient (protocol section D)."""

import logging
from datetime import datetime

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.config import Settings
from app.crypto.box import generate_key_pair
from app.crypto.sealing import SealingRing
from app.domain.codes import generate_code
from app.domain.limits import MAX_CODE_ATTEMPTS
from app.store import codes
from app.database.database import Database, is_outage, is_violation_of
from app.store.tables import encryption_keys

_logger = logging.getLogger(__name__)


class HashIdClaimed(Exception):  # noqa: N818 - it is an answer, not a fault
    """The code of this hashID was claimed already, and its key pair still stands (rule 21)."""


class NoFreeCode(Exception):  # noqa: N818 - the name says it
    """No unused code was found in MAX_CODE_ATTEMPTS tries (rule 24, defect D8)."""


def issue_code(
    database: Database, settings: Settings, ring: SealingRing, originator: str, hash_id: str | None, now: datetime
) -> str:
    """Make a code with its server key pair, and return the code.

    An unclaimed code of the same originator and hashID is replaced. Raises HashIdClaimed or NoFreeCode.
    """
    for _ in range(MAX_CODE_ATTEMPTS):
        private_key, public_key = generate_key_pair()
        code = generate_code()
        row = codes.NewCode(
            one_time_code=ring.stored_code(code),
            server_public_key=public_key,
            sealed_private_key=ring.seal(private_key, public_key),
            hash_id=hash_id,
            remaining_keys=settings.initial_remaining_keys,
            created=now,
            region=settings.region_code,
            originator=originator,
        )
        try:
            outcome = _store(database, row)
        except IntegrityError:
            continue  # the code is in use
        if outcome is codes.Issued.ALREADY_CLAIMED:
            raise HashIdClaimed
        return code
    raise NoFreeCode


def _store(database: Database, row: codes.NewCode) -> codes.Issued:
    """Store and count in one statement; if counting is what fails, store all the same (rule 25)."""
    try:
        return codes.issue(database.direct, row)
    except DBAPIError as error:
        if is_violation_of(error, encryption_keys.name) or is_outage(error):
            raise
        _logger.exception("a new code could not be counted")
    return codes.issue(database.direct, row, count=False)
