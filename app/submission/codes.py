"""Issuing one-time codes (section D)."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.config import SubmissionSettings
from app.crypto.box import generate_key_pair
from app.crypto.sealing import SealingRing
from app.database.database import Database
from app.database.errors import is_outage, is_violation_of
from app.domain.codes import CodeStatus, generate_code
from app.domain.errors import HashIdClaimedError, NoFreeCodeError
from app.domain.limits import MAX_CODE_ATTEMPTS
from app.store import code_status, codes
from app.store.tables import encryption_keys

_logger = logging.getLogger(__name__)


class Codes:
    """Issues one-time codes."""

    def __init__(self, database: Database, ring: SealingRing, settings: SubmissionSettings) -> None:
        self._database = database
        self._ring = ring
        self._settings = settings

    def issue(self, originator: str, hash_id: str | None, now: datetime) -> str:
        """Return a new code, stored with a new server key pair.

        An unclaimed code of the same originator and hashID is replaced. Raises HashIdClaimedError or NoFreeCodeError.
        """
        stored_hash_id = self._stored_hash_id(hash_id) if hash_id is not None else None
        for _ in range(MAX_CODE_ATTEMPTS):
            private_key, public_key = generate_key_pair()
            code = generate_code()
            row = codes.NewCode(
                one_time_code=self._ring.stored_code(code),
                server_public_key=public_key,
                sealed_private_key=self._ring.seal(private_key, public_key),
                hash_id=stored_hash_id,
                remaining_keys=self._settings.initial_remaining_keys,
                created=now,
                region=self._settings.region_code,
                originator=originator,
            )
            try:
                is_stored = self._store(row)
            except IntegrityError:
                continue  # the code is in use
            if not is_stored:
                raise HashIdClaimedError
            return code
        raise NoFreeCodeError

    def statuses(self, originator: str, hash_ids: Sequence[str], now: datetime) -> dict[str, CodeStatus]:
        """Return what has become of the originator's codes, by hashID, in the order of the hashIDs."""
        forms = {form: hash_id for hash_id in hash_ids for form in self._ring.stored_hash_ids(hash_id)}
        statuses = dict.fromkeys(hash_ids, CodeStatus.UNKNOWN)
        for row in code_status.read(self._database.prepared, originator, list(forms)):
            hash_id = forms[row.stored_hash_id]
            if statuses[hash_id] is not CodeStatus.CLAIMED:
                statuses[hash_id] = self._status(row, now)
        return statuses

    def withdraw(self, originator: str, hash_id: str) -> CodeStatus:
        """Invalidate a code of the originator that has not been claimed; raise HashIdClaimedError if it has.

        Returns WITHDRAWN, or UNKNOWN if the hashID has no code, so the request can be repeated.
        """
        is_claimed, is_withdrawn = code_status.withdraw(
            self._database.prepared, originator, self._stored_hash_id(hash_id)
        )
        if is_claimed:
            raise HashIdClaimedError
        return CodeStatus.WITHDRAWN if is_withdrawn else CodeStatus.UNKNOWN

    def _status(self, row: code_status.CodeState, now: datetime) -> CodeStatus:
        if row.is_claimed:
            return CodeStatus.CLAIMED
        is_claimable = row.created > now - self._settings.code_lifetime
        return CodeStatus.WAITING if is_claimable else CodeStatus.EXPIRED

    def _stored_hash_id(self, hash_id: str) -> codes.StoredHashId:
        ring = self._ring
        return codes.StoredHashId(
            ring.stored_hash_id(hash_id), ring.stored_hash_ids(hash_id), ring.hash_id_locks(hash_id)
        )

    def _store(self, row: codes.NewCode) -> bool:
        """Store and count in one statement; if only counting fails, store without it (rule 25)."""
        try:
            return codes.issue(self._database.prepared, row)
        except DBAPIError as error:
            if is_violation_of(error, encryption_keys.name) or is_outage(error):
                raise
            _logger.exception("issued code could not be counted")
        return codes.issue(self._database.prepared, row, count=False)
