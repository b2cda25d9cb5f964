"""Claiming a code: one round trip that checks the ban, claims the code, and records the outcome.

The public server did this in separate steps, so that parallel requests could try more codes than the ban allows (D3).
Here claims from one network are serialized by an advisory lock. The deciding statement starts after the lock has been
acquired, so that it sees the effects of all earlier claims.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement
from app.domain.claims import BanPolicy, BanStatus
from app.domain.timeline import hour_number, minute_number


@dataclass(frozen=True)
class ClaimAttempt:
    """A claim to be decided.

    `stored_codes` are the stored forms of the typed code; none if it cannot be a code. `networks` are today's and
    yesterday's identifier of the client's network.
    """

    stored_codes: Sequence[str]
    app_public_key: bytes
    networks: Sequence[str]
    network_lock: int
    now: datetime
    oldest_code: datetime  # a claimable code is strictly newer
    policy: BanPolicy


@dataclass(frozen=True)
class ClaimDecision:
    """The decision: the server's public key (32 bytes) if the code was claimed, else None and the reason."""

    server_public_key: bytes | None
    key_was_registered: bool
    was_banned: bool
    ban_status: BanStatus
    originator: str | None  # of the code that was claimed


# Yesterday's identifier counts as well until its failures expire, so that midnight does not grant new tries.
# `ban_hour` is the most recent hour since which there were too many failures: the ban lasts until that hour expires.
# `next_ban_hour` is what `ban_hour` becomes with one more failure.
BAN_STATUS = """
    SELECT recent.failures, recent.last_failure, daily.failures AS daily_failures, daily.ban_hour, daily.next_ban_hour,
           recent.failures >= :max_failures OR daily.failures >= :max_daily_failures AS is_banned
    FROM (
        SELECT coalesce(sum(failures), 0)::integer AS failures, max(last_failure) AS last_failure
        FROM failed_key_claim_attempts
        WHERE identifier IN (:network, :network_yesterday) AND last_failure >= :window_start
    ) AS recent, (
        SELECT coalesce(max(since), 0)::integer AS failures,
               max(hour) FILTER (WHERE since >= :max_daily_failures) AS ban_hour,
               max(hour) FILTER (WHERE since >= :max_daily_failures - 1) AS next_ban_hour
        FROM (
            SELECT hour, sum(failures) OVER (ORDER BY hour DESC) AS since FROM failed_key_claim_hours
            WHERE identifier IN (:network, :network_yesterday) AND hour >= :first_hour
        ) AS hours
    ) AS daily
"""

NETWORK_LOCK = "SELECT pg_advisory_xact_lock(:network_lock)"
_LOCKS = (
    NETWORK_LOCK,
    "SELECT FROM encryption_keys WHERE one_time_code = ANY (:stored_codes ::text[]) FOR UPDATE",
)

_DECIDE = f"""
    WITH ban AS MATERIALIZED ({BAN_STATUS}),
    registered AS MATERIALIZED (
        SELECT EXISTS (SELECT FROM encryption_keys WHERE app_public_key = :app_public_key) AS yes
    ),
    code AS MATERIALIZED (
        SELECT server_public_key, coalesce(originator, region) AS originator, created
        FROM encryption_keys, ban, registered
        WHERE one_time_code = ANY (:stored_codes ::text[]) AND app_public_key IS NULL AND created > :oldest_code
          AND NOT ban.is_banned AND NOT registered.yes
          AND date_trunc('day', created, 'UTC') > 'epoch'  -- rule 40
    ),
    claimed AS (
        -- From now on only the day on which the code was issued is stored (rule 39).
        UPDATE encryption_keys AS pair
        SET one_time_code = NULL, app_public_key = :app_public_key, created = date_trunc('day', code.created, 'UTC')
        FROM code WHERE pair.server_public_key = code.server_public_key
        RETURNING pair.server_public_key
    ),
    failed AS (
        INSERT INTO failed_key_claim_attempts (identifier, failures, last_failure)
        SELECT :network, ban.failures + 1, :now FROM ban, registered
        WHERE NOT ban.is_banned AND NOT registered.yes AND NOT EXISTS (SELECT FROM code)
        ON CONFLICT (identifier) DO UPDATE
        SET failures = excluded.failures, last_failure = excluded.last_failure
        RETURNING failures, last_failure
    ),
    failed_in_hour AS (
        -- Not cleared by a successful claim: a client with valid codes could otherwise go on guessing.
        INSERT INTO failed_key_claim_hours AS ledger (identifier, hour, failures)
        SELECT :network, :hour, 1 FROM failed
        ON CONFLICT (identifier, hour) DO UPDATE SET failures = ledger.failures + 1
    ),
    failed_in_minute AS (
        INSERT INTO failed_key_claim_minutes AS total (minute, connection, failures)
        SELECT :minute, pg_backend_pid(), 1 FROM failed
        ON CONFLICT (minute, connection) DO UPDATE SET failures = total.failures + 1
    )
"""  # noqa: S608 - all parts are constants

# Events, on which a claim does not depend (rules 41 and 42).
_RECORD_EVENTS = """
    , cleared AS (
        -- A successful claim clears the network's failures (rule 46); a failed one has carried over yesterday's.
        DELETE FROM failed_key_claim_attempts
        WHERE identifier IN (:network_yesterday, CASE WHEN EXISTS (SELECT FROM code) THEN :network END)
          AND (EXISTS (SELECT FROM code) OR EXISTS (SELECT FROM failed))
    ),
    counted AS (
        INSERT INTO events (source, identifier, device_type, date, count)
        SELECT originator, 'OTKClaimed', 'Server', :date, 1 FROM code
    ),
    timed AS (
        INSERT INTO otk_life_duration (originator, hours, date, count)
        SELECT originator, ceil(extract(epoch FROM :now - created) / 3600), :date, 1 FROM code
    )
"""

_RESULT = """
    SELECT (SELECT server_public_key FROM claimed) AS server_public_key,
           registered.yes AS key_was_registered,
           ban.is_banned AS was_banned,
           coalesce((SELECT failures FROM failed), ban.failures) AS failures,
           coalesce((SELECT last_failure FROM failed), ban.last_failure) AS last_failure,
           coalesce((SELECT ban.daily_failures + 1 FROM failed), ban.daily_failures) AS daily_failures,
           CASE WHEN EXISTS (SELECT FROM failed) AND ban.daily_failures + 1 >= :max_daily_failures
                THEN coalesce(ban.next_ban_hour, :hour) ELSE ban.ban_hour END AS ban_hour,
           (SELECT originator FROM code) AS originator
    FROM ban, registered
"""

_CLAIM = Statement(*_LOCKS, _DECIDE + _RESULT)
_CLAIM_AND_RECORD = Statement(*_LOCKS, _DECIDE + _RECORD_EVENTS + _RESULT)
_READ_BAN_STATUS = Statement(f"SELECT failures, last_failure, daily_failures, ban_hour FROM ({BAN_STATUS}) AS ban")  # noqa: S608 - a constant


def claim(executor: PreparedExecutor, attempt: ClaimAttempt, *, record_events: bool = True) -> ClaimDecision:
    """Decide a claim, in one transaction.

    With `record_events`, a successful claim is also counted, and clears the network's failures.
    Raises IntegrityError if another code is being claimed for the same app key at this moment (D20).
    """
    values = ban_values(attempt.networks, attempt.policy, attempt.now) | {
        "stored_codes": list(attempt.stored_codes),
        "app_public_key": attempt.app_public_key,
        "network_lock": attempt.network_lock,
        "now": attempt.now,
        "date": attempt.now.date(),
        "hour": hour_number(attempt.now),
        "minute": minute_number(attempt.now),
        "oldest_code": attempt.oldest_code,
    }
    ((server_key, was_registered, was_banned, *ban, originator),) = executor.execute(
        _CLAIM_AND_RECORD if record_events else _CLAIM, values
    )
    return ClaimDecision(
        server_public_key=bytes(server_key) if server_key is not None else None,
        key_was_registered=was_registered,
        was_banned=was_banned,
        ban_status=BanStatus(*ban),
        originator=originator,
    )


def read_ban_status(executor: PreparedExecutor, networks: Sequence[str], policy: BanPolicy, now: datetime) -> BanStatus:
    """Return the failed claims of a network that still count."""
    (row,) = executor.execute(_READ_BAN_STATUS, ban_values(networks, policy, now))
    return BanStatus(*row)


def ban_values(networks: Sequence[str], policy: BanPolicy, now: datetime) -> dict[str, object]:
    """Return the parameters of BAN_STATUS."""
    today, yesterday = networks
    return {
        "network": today,
        "network_yesterday": yesterday,
        "window_start": policy.window_start(now),
        "first_hour": policy.first_hour(now),
        "max_failures": policy.max_failures,
        "max_daily_failures": policy.max_daily_failures,
    }
