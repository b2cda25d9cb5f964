"""Trade a one-time code for a server key (protocol sections E and F)."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.config import Settings
from app.crypto.sealing import SealingRing
from app.domain.claims import ClaimError, ClaimRefused, ClaimRequest, Standing, can_be_code, has_valid_key
from app.domain.codes import normalise_code
from app.domain.networks import network_identifiers, network_lock
from app.domain.timeline import day_number
from app.store import claims
from app.database.database import Database, is_outage, is_violation_of
from app.store.tables import encryption_keys

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Granted:
    """A claim that succeeded: the server's public key (32 bytes) and the tries that the network has (all of them)."""

    server_public_key: bytes
    tries_remaining: int


def claim_key(
    database: Database, settings: Settings, ring: SealingRing, request: ClaimRequest, network: str, now: datetime
) -> Granted:
    """Claim the code for the phone's key, or raise ClaimRefused.

    The ban, the code and the count are decided in one step of the database, so no number of parallel requests tries
    more codes than the ban allows (D3). A failing database raises DBAPIError and counts against nobody (D7).
    """
    if not has_valid_key(request):
        raise refuse_malformed(database, settings, network, now, ClaimError.INVALID_KEY)
    try:
        decision = _decide(database, attempt_of(settings, ring, request, network, now))
    except IntegrityError:  # the same key claimed another code a moment ago (D20)
        raise ClaimRefused(ClaimError.INVALID_KEY, _standing(database, settings, network, now)) from None
    if decision.was_banned:
        raise ClaimRefused(ClaimError.TEMPORARY_BAN, decision.standing)
    if decision.key_was_registered:
        raise ClaimRefused(ClaimError.INVALID_KEY, decision.standing)
    if decision.server_public_key is None:
        raise ClaimRefused(ClaimError.INVALID_ONE_TIME_CODE, decision.standing)
    return Granted(decision.server_public_key, Standing().tries_remaining(settings.ban_policy))


def attempt_of(
    settings: Settings, ring: SealingRing, request: ClaimRequest, network: str, now: datetime
) -> claims.ClaimAttempt:
    """Return what the store needs to know of a claim."""
    code = normalise_code(request.one_time_code)
    return claims.ClaimAttempt(
        stored_codes=ring.stored_codes(code) if can_be_code(code) else [],
        app_public_key=request.app_public_key,
        networks=_identifiers(settings, network, now),
        network_lock=network_lock(network, settings.secret_key),
        now=now,
        oldest_code=now - settings.code_lifetime,
        policy=settings.ban_policy,
    )


def refuse_malformed(
    database: Database, settings: Settings, network: str, now: datetime, error: ClaimError
) -> ClaimRefused:
    """Return the refusal of a request that names no code to try: for the ban, if there is one, else for `error`."""
    standing = _standing(database, settings, network, now)
    if standing.is_banned(settings.ban_policy):
        return ClaimRefused(ClaimError.TEMPORARY_BAN, standing)
    return ClaimRefused(error, standing, is_malformed=True)


def _standing(database: Database, settings: Settings, network: str, now: datetime) -> Standing:
    return claims.standing(database.direct, _identifiers(settings, network, now), settings.ban_policy, now)


def _identifiers(settings: Settings, network: str, now: datetime) -> list[str]:
    today = day_number(now)
    return network_identifiers(network, (today, today - 1), settings.secret_key)


def _decide(database: Database, attempt: claims.ClaimAttempt) -> claims.ClaimDecision:
    """Decide and keep the books in one step; if the books are what fails, decide all the same (rules 41, 42, T6)."""
    try:
        return claims.claim(database.direct, attempt)
    except DBAPIError as error:
        if is_violation_of(error, encryption_keys.name) or is_outage(error):
            raise
        _logger.exception("the books of a claim could not be kept")
    return claims.claim(database.direct, attempt, keep_books=False)


def remaining_ban(settings: Settings, refused: ClaimRefused, now: datetime) -> timedelta | None:
    """Return the ban that the phone is told; None for refusals that never mention one (rule 35)."""
    if refused.error in (ClaimError.INVALID_ONE_TIME_CODE, ClaimError.TEMPORARY_BAN):
        return refused.standing.remaining_ban(settings.ban_policy, now)
    return None
