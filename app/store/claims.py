"""Claiming a code: one round trip that checks the ban, trades the code, and counts the outcome.

The public server took these steps apart, so that parallel requests could try more codes than the ban allows (D3).
Here claims from one network take turns on an advisory lock, and the deciding statement starts after the lock is
held, so that it sees everything that earlier claims did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.claims import BanPolicy, Standing
from app.domain.timeline import hour_number, minute_number
from app.database.prepared import Direct
from app.database.statement import Statement


@dataclass(frozen=True)
class ClaimAttempt:
    """A claim to be decided.

    `stored_codes` are what may be stored of the code that was typed; none, if it cannot be one. `networks` are today's
    identifier of the client's network and then yesterday's.
    """

    stored_codes: Sequence[str]
    app_public_key: bytes
    networks: Sequence[str]
    network_lock: int
    now: datetime
    oldest_code: datetime  # a code must be strictly newer
    policy: BanPolicy
    noise: int = 0  # of a decoy: how many digests take as long as what a claim does beside


@dataclass(frozen=True)
class ClaimDecision:
    """What the database decided: a server key (32 bytes) for the winner of a code, or None and why."""

    server_public_key: bytes | None
    key_was_registered: bool
    was_banned: bool
    standing: Standing


# Yesterday's identifier counts too until its failures are forgotten, so that midnight gives nobody new tries.
# `ban_hour` is the newest hour since which there were too many failures: until it is forgotten, so many there are.
# `next_ban_hour` is what one more failure would make of it.
_STANDING = """
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

_LOCKS = (
    "SELECT pg_advisory_xact_lock(:network_lock)",
    "SELECT FROM encryption_keys WHERE one_time_code = ANY (:stored_codes ::text[]) FOR UPDATE",
)

_DECIDE = f"""
    WITH standing AS MATERIALIZED ({_STANDING}),
    registered AS MATERIALIZED (
        SELECT EXISTS (SELECT FROM encryption_keys WHERE app_public_key = :app_public_key) AS yes
    ),
    code AS MATERIALIZED (
        SELECT server_public_key, coalesce(originator, region) AS originator, created
        FROM encryption_keys, standing, registered
        WHERE one_time_code = ANY (:stored_codes ::text[]) AND app_public_key IS NULL AND created > :oldest_code
          AND NOT standing.is_banned AND NOT registered.yes
          AND date_trunc('day', created, 'UTC') > 'epoch'  -- rule 40
    ),
    claimed AS (
        -- From here on only the day is known on which the code was made (rule 39).
        UPDATE encryption_keys AS pair
        SET one_time_code = NULL, app_public_key = :app_public_key, created = date_trunc('day', code.created, 'UTC')
        FROM code WHERE pair.server_public_key = code.server_public_key
        RETURNING pair.server_public_key
    ),
    failed AS (
        INSERT INTO failed_key_claim_attempts (identifier, failures, last_failure)
        SELECT :network, standing.failures + 1, :now FROM standing, registered
        WHERE NOT standing.is_banned AND NOT registered.yes AND NOT EXISTS (SELECT FROM code) AND :noise = 0
        ON CONFLICT (identifier) DO UPDATE
        SET failures = excluded.failures, last_failure = excluded.last_failure
        RETURNING failures, last_failure
    ),
    failed_in_hour AS (
        -- No good code clears this, or whoever holds good ones could guess on and on.
        INSERT INTO failed_key_claim_hours AS ledger (identifier, hour, failures)
        SELECT :network, :hour, 1 FROM failed
        ON CONFLICT (identifier, hour) DO UPDATE SET failures = ledger.failures + 1
    ),
    failed_in_minute AS (
        INSERT INTO failed_key_claim_minutes AS total (minute, connection, failures)
        SELECT :minute, pg_backend_pid(), 1 FROM failed
        ON CONFLICT (minute, connection) DO UPDATE SET failures = total.failures + 1
    ),
    pretended AS MATERIALIZED (
        -- A decoy changes nothing, but has to wait for the disk as a claim does, and to take as long: it writes as much
        -- to the log alone, and computes what nobody reads.
        SELECT count(pg_logical_emit_message(true, 'decoy', repeat('0', 900))) AS messages,
               (SELECT count(sha256(number::text::bytea)) FROM generate_series(1, :noise) AS number) AS digests
        FROM standing WHERE NOT standing.is_banned AND :noise > 0
    )
"""  # noqa: S608 - all parts are constants

# What a claim does not depend on (rules 41 and 42).
_KEEP_BOOKS = """
    , forgotten AS (
        -- A good code clears the network's failures (rule 46); a bad one has just carried yesterday's over.
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

_ANSWER = """
    SELECT (SELECT server_public_key FROM claimed) AS server_public_key,
           registered.yes AS key_was_registered,
           standing.is_banned AS was_banned,
           coalesce((SELECT failures FROM failed), standing.failures) AS failures,
           coalesce((SELECT last_failure FROM failed), standing.last_failure) AS last_failure,
           coalesce((SELECT standing.daily_failures + 1 FROM failed), standing.daily_failures) AS daily_failures,
           CASE WHEN EXISTS (SELECT FROM failed) AND standing.daily_failures + 1 >= :max_daily_failures
                THEN coalesce(standing.next_ban_hour, :hour) ELSE standing.ban_hour END AS ban_hour
    FROM standing, registered, pretended
"""

_CLAIM = Statement(*_LOCKS, _DECIDE + _ANSWER)
_CLAIM_AND_KEEP_BOOKS = Statement(*_LOCKS, _DECIDE + _KEEP_BOOKS + _ANSWER)
_READ_STANDING = Statement(f"SELECT failures, last_failure, daily_failures, ban_hour FROM ({_STANDING}) AS standing")  # noqa: S608 - a constant


def claim(database: Direct, attempt: ClaimAttempt, *, keep_books: bool = True) -> ClaimDecision:
    """Decide a claim, in one transaction.

    `keep_books` counts a success and clears the network's failures after it, in the same step.
    A decoy's code and key belong to nobody, so it is neither claimed nor counted as wrong.
    Raises IntegrityError when another code is being traded for the same app key at this moment (D20).
    """
    values = _network_values(attempt.networks, attempt.policy, attempt.now) | {
        "stored_codes": list(attempt.stored_codes),
        "app_public_key": attempt.app_public_key,
        "network_lock": attempt.network_lock,
        "now": attempt.now,
        "date": attempt.now.date(),
        "hour": hour_number(attempt.now),
        "minute": minute_number(attempt.now),
        "oldest_code": attempt.oldest_code,
        "noise": attempt.noise,
    }
    ((server_key, was_registered, was_banned, *standing),) = database.execute(
        _CLAIM_AND_KEEP_BOOKS if keep_books else _CLAIM, values
    )
    return ClaimDecision(
        server_public_key=bytes(server_key) if server_key is not None else None,
        key_was_registered=was_registered,
        was_banned=was_banned,
        standing=Standing(*standing),
    )


def standing(database: Direct, networks: Sequence[str], policy: BanPolicy, now: datetime) -> Standing:
    """Return a network's place in the ledger without changing it."""
    (row,) = database.execute(_READ_STANDING, _network_values(networks, policy, now))
    return Standing(*row)


def _network_values(networks: Sequence[str], policy: BanPolicy, now: datetime) -> dict[str, object]:
    today, yesterday = networks
    return {
        "network": today,
        "network_yesterday": yesterday,
        "window_start": policy.window_start(now),
        "first_hour": policy.first_hour(now),
        "max_failures": policy.max_failures,
        "max_daily_failures": policy.max_daily_failures,
    }
