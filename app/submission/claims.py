"""Claiming a one-time code: trading it for a server key (sections E and F)."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.config import SubmissionSettings
from app.crypto.sealing import SealingRing
from app.database.database import Database
from app.database.errors import is_outage, is_violation_of
from app.domain.claims import BanStatus, ClaimErrorCode, ClaimRequest, can_be_code, has_valid_key
from app.domain.codes import normalise_code
from app.domain.errors import ClaimError
from app.domain.networks import network_identifiers, network_lock
from app.domain.timeline import day_number
from app.store import claims
from app.store.tables import encryption_keys

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClaimSuccess:
    """A successful claim: the server's public key (32 bytes), and the tries of the network (all of them).

    `originator` is the label of the token with which the code was issued, and None for a decoy.
    """

    server_public_key: bytes
    tries_remaining: int
    originator: str | None


class Claims:
    """Decides claims, and bans networks that try too many wrong codes."""

    def __init__(self, database: Database, ring: SealingRing, settings: SubmissionSettings) -> None:
        self._database = database
        self._ring = ring
        self._settings = settings

    def claim(self, request: ClaimRequest, network: str, now: datetime) -> ClaimSuccess:
        """Claim the code for the phone's key, or raise ClaimError.

        The ban, the code and the count of failures are decided in one step in the database, so that parallel requests
        cannot try more codes than the ban allows (D3). An unavailable database raises DBAPIError and is not counted as
        a failed claim (D7).
        """
        if not has_valid_key(request):
            raise self.malformed(ClaimErrorCode.INVALID_KEY, network, now)
        try:
            decision = self._decide(self.attempt(request, network, now))
        except IntegrityError:  # the same key has just claimed another code (D20)
            raise ClaimError(ClaimErrorCode.INVALID_KEY, self._ban_status(network, now)) from None
        if decision.was_banned:
            raise ClaimError(ClaimErrorCode.TEMPORARY_BAN, decision.ban_status)
        if decision.key_was_registered:
            raise ClaimError(ClaimErrorCode.INVALID_KEY, decision.ban_status)
        if decision.server_public_key is None:
            raise ClaimError(ClaimErrorCode.INVALID_ONE_TIME_CODE, decision.ban_status)
        return self.success(decision.server_public_key, decision.originator)

    def success(self, server_public_key: bytes, originator: str | None = None) -> ClaimSuccess:
        """Return the result of a successful claim, which clears the network's failures."""
        tries = BanStatus().tries_remaining(self._settings.ban_policy)
        return ClaimSuccess(server_public_key, tries, originator)

    def attempt(self, request: ClaimRequest, network: str, now: datetime) -> claims.ClaimAttempt:
        """Return what the store needs to decide a claim."""
        code = normalise_code(request.one_time_code)
        return claims.ClaimAttempt(
            stored_codes=self._ring.stored_codes(code) if can_be_code(code) else [],
            app_public_key=request.app_public_key,
            networks=self._identifiers(network, now),
            network_lock=network_lock(network, self._settings.secret_key),
            now=now,
            oldest_code=now - self._settings.code_lifetime,
            policy=self._settings.ban_policy,
        )

    def malformed(self, code: ClaimErrorCode, network: str, now: datetime) -> ClaimError:
        """Return the error for a request without a code to check: TEMPORARY_BAN during a ban, else `code`."""
        status = self._ban_status(network, now)
        if status.is_banned(self._settings.ban_policy):
            return ClaimError(ClaimErrorCode.TEMPORARY_BAN, status)
        return ClaimError(code, status, is_malformed=True)

    def tries_remaining(self, error: ClaimError) -> int:
        """Return the remaining tries that are reported to the phone."""
        return error.ban_status.tries_remaining(self._settings.ban_policy)

    def remaining_ban(self, error: ClaimError, now: datetime) -> timedelta | None:
        """Return the ban that is reported to the phone; None for errors that never report one (rule 35)."""
        if error.code in (ClaimErrorCode.INVALID_ONE_TIME_CODE, ClaimErrorCode.TEMPORARY_BAN):
            return error.ban_status.remaining_ban(self._settings.ban_policy, now)
        return None

    def _ban_status(self, network: str, now: datetime) -> BanStatus:
        networks = self._identifiers(network, now)
        return claims.read_ban_status(self._database.prepared, networks, self._settings.ban_policy, now)

    def _identifiers(self, network: str, now: datetime) -> list[str]:
        today = day_number(now)
        return network_identifiers(network, (today, today - 1), self._settings.secret_key)

    def _decide(self, attempt: claims.ClaimAttempt) -> claims.ClaimDecision:
        """Decide and record events in one step; if only recording fails, decide without it (rules 41, 42, T6)."""
        try:
            return claims.claim(self._database.prepared, attempt)
        except DBAPIError as error:
            if is_violation_of(error, encryption_keys.name) or is_outage(error):
                raise
            _logger.exception("claim could not be recorded")
        return claims.claim(self._database.prepared, attempt, record_events=False)
