"""Values for the parameters of the statements of the store, by name: see bench/plans.py."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.domain.limits import KEY_DATA_BYTES
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_DAY
from bench import millions
from bench.target import today

MINUTES_PER_HOUR: Final = 60
_OF_STATUS: Final = ("daily_digests", "daily_figures", "figure_readings", "objective_minutes")


def common_values() -> dict[str, Any]:
    """Return a value for every parameter of the statements of the store, by name."""
    day, now = today(), datetime.now(UTC)
    return {
        # a claimed key pair, and an unclaimed code: see `millions`
        "server_public_key": hashlib.sha256(b"server12").digest(),
        "app_public_key": hashlib.sha256(b"phone12").digest(),
        "sealed_private_key": b"sealed",
        "after": b"\x80" * 32,
        "one_time_code": "0000000020",
        "stored_codes": ["~000000020", "0000000020"],
        **{"hash_id": "~bench", "hash_ids": ["~bench", "bench"], "locks": [1, 2]},
        "region": "302",
        "originator": "bench",
        **dict.fromkeys(("remaining_keys", "initial_remaining_keys"), 43),
        # limits in time
        "now": now,
        "date": now.date(),
        "oldest_code": now - timedelta(days=1),
        "oldest_pair": now - timedelta(days=15),
        "window_start": now - timedelta(hours=1),
        "before": now - timedelta(days=14, hours=1),
        "first": now - timedelta(days=1),
        "end": now,
        "last": now.date(),
        "batch": 5000,
        **{"rows": 20_000, "group": 20},
        **_values_of_networks(day),
        # the keys of an upload
        "key_data": [bytes([number]) * KEY_DATA_BYTES for number in range(millions.KEYS_PER_PAIR)],
        "starts": [(day - number) * INTERVALS_PER_DAY for number in range(millions.KEYS_PER_PAIR)],
        **dict.fromkeys(("periods", "levels", "hours", "report_types", "onsets"), [1] * millions.KEYS_PER_PAIR),
        **_values_of_tokens(),
        # the archive of yesterday
        "first_hour": (day - 1) * HOURS_PER_DAY,
        "last_hour": day * HOURS_PER_DAY - 1,
        "published_before_hour": day * HOURS_PER_DAY,
        "before_hour": (day - millions.DAYS + 1) * HOURS_PER_DAY,
        "after_start": (day - 14) * INTERVALS_PER_DAY,
        "before_start": day * INTERVALS_PER_DAY,
        **dict.fromkeys(("kind", "location_id"), "keys"),
        "period": day - 1,
        **dict.fromkeys(("name", "export_digest"), "0" * 64),
        "signer": "0" * 32,
        "names": ["0" * 64],
        **dict.fromkeys(("size", "source_version", "built_for_day", "severity", "part", "lock", "network_lock"), 1),
        **dict.fromkeys(("created", "checked_at", "fresh_until", "start_time", "end_time"), now),
        "content": b"content",
    }


def _values_of_tokens() -> dict[str, Any]:
    """Return the values of a token that was made in the portal."""
    digests = {"token_digest": hashlib.sha256(b"token").digest(), "kept": [hashlib.sha256(b"other").digest()]}
    return {**digests, "label": "bench", "first_characters": "abcdef", "is_portal": False, "id": 1}


def _values_of_sharing() -> dict[str, Any]:
    """Return the values of a secret that is shared, and of the limits on all."""
    now = datetime.now(UTC)
    return {
        **{"digest": hashlib.sha256(b"secret").digest(), "receipt_digest": hashlib.sha256(b"receipt").digest()},
        **{"envelope": b"envelope", "size": 264, "network": "bench", "networks": ["bench"], "lock": 1},
        **{"network_bytes": 10_000_000, "total_bytes": 100_000_000},
        **{"expires": now + timedelta(hours=1), "due": now, "latest_creation": now, "created": now},
        **{"max_lifetime": timedelta(days=7), "receipts_before": now - timedelta(days=7)},
    }


def _values_of_networks(day: int) -> dict[str, Any]:
    return {
        "network": "0" * 32,
        "network_yesterday": "1" * 32,
        **dict.fromkeys(("max_failures", "max_daily_failures"), 50),
        "hour": day * HOURS_PER_DAY,
        **dict.fromkeys(("minute", "first_minute"), day * HOURS_PER_DAY * MINUTES_PER_HOUR),
        "decoy_work_factor": 1,
    }


def _values_of_status() -> dict[str, Any]:
    """Return the values of objectives and figures. Their days are dates, and their minutes timestamps."""
    now, day = datetime.now(UTC), datetime.now(UTC).date()
    minute = now.replace(second=0, microsecond=0)
    return {
        **{"identifier": "bench", "objectives": ["bench"], "good": [1], "total": [1]},
        **{"minute": minute, "begin": minute - timedelta(hours=1), "begins": [minute - timedelta(hours=1)], "end": now},
        **{"day": day, "first": day - timedelta(days=28), "last": day},
        **{"places": ["CA"], "figures": ["issued"], "counts": [1], "published": [None]},
    }


def other_values(module: str) -> Mapping[str, Any]:
    """Return values for a module's statements that replace those of `_values`."""
    if module == "codes":  # a new code must not exist yet
        return {"server_public_key": b"\x01" * 32, "one_time_code": "NEWCODE222"}
    if module == "claims":  # nor may the phone that claims one
        return {"app_public_key": b"\x01" * 32}
    if module == "shared_secrets":
        return _values_of_sharing()
    if module == "api_tokens":
        return {"name": "bench"}
    if module in _OF_STATUS:
        return _values_of_status()
    if module == "key_changes":
        day = today()
        return {"first_day": day - 14, "end_day": day, "before_day": day - millions.DAYS}
    if module == "padding_keys":
        return {"start": b"\x80" * KEY_DATA_BYTES, "number": 100, "hour": (today() - 1) * HOURS_PER_DAY + 12}
    if module == "diagnosis_keys":  # what the stored keys differ in, but for their data
        shapes = [(start, level) for start in millions.start_intervals() for level in millions.RISK_LEVELS]
        return {
            "starts": [start for start, _ in shapes],
            "levels": [level for _, level in shapes],
            "periods": [INTERVALS_PER_DAY] * len(shapes),
            "key_data": [number.to_bytes(KEY_DATA_BYTES, "big") for number in range(len(shapes))],
            "hours": [1] * len(shapes),
            **dict.fromkeys(("report_types", "onsets"), [None] * len(shapes)),
            **dict.fromkeys(("befores", "afters"), [b"12345678"] * len(shapes)),
        }
    return {}
