"""Made-up keys for demonstrations, so that a new service has archives worth downloading."""

import hashlib
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from app.config import Settings
from app.domain.limits import SERVED_DAYS
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_DAY, INTERVALS_PER_HOUR, day_number
from app.domain.uploads import ExposureKey
from app.config.parsers import DEMONSTRATION_LABEL
from app.store import export_archives, made_up_keys
from app.store import diagnosis_keys as exposure_keys
from app.database.database import Database

KEYS_PER_DAY: Final = 20

_CONFIRMED_TEST: Final = 1
_CLINICAL_DIAGNOSIS: Final = 2


class SeedingRefused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """Made-up keys would warn real people."""


def seed(database: Database, settings: Settings, now: datetime) -> int:
    """Store the made-up keys of the last days that are missing; return how many. Raises SeedingRefused."""
    if settings.env == "production":
        raise SeedingRefused
    with database.transaction() as connection:
        # The archive of a past day never gains a key, so those that were built without these have to go; and nobody
        # may be building one meanwhile.
        export_archives.lock_builder(connection, wait=True)
        before = exposure_keys.count(connection)
        made_up_keys.add(connection, keys_of_the_last_days(now), settings.region_code, DEMONSTRATION_LABEL)
        added = exposure_keys.count(connection) - before
        if added:
            export_archives.clear(connection)
        return added


def keys_of_the_last_days(now: datetime) -> Iterator[tuple[ExposureKey, int]]:
    """Yield keys of each of the last days, and the hour in which each becomes public, during the day after.

    They follow from the day alone: a second run makes the same, and two instances can be compared.
    """
    today = day_number(now)
    for day in range(today - SERVED_DAYS, today):
        for number in range(KEYS_PER_DAY):
            source = hashlib.sha256(f"exposure-alert demonstration {day} {number}".encode()).digest()
            chance = random.Random(source)  # noqa: S311 - nothing depends on these keys being secret
            yield _made_up_key(day, source[:16], chance), _publication_hour(day, chance)


def _made_up_key(day: int, key_data: bytes, chance: random.Random) -> ExposureKey:
    return ExposureKey(
        key_data=key_data,
        rolling_start_interval_number=day * INTERVALS_PER_DAY,
        rolling_period=chance.choice((INTERVALS_PER_DAY, INTERVALS_PER_DAY, chance.randrange(1, INTERVALS_PER_DAY))),
        transmission_risk_level=chance.randint(1, 8),
        report_type=chance.choice((_CONFIRMED_TEST, _CONFIRMED_TEST, _CLINICAL_DIAGNOSIS)),
        days_since_onset_of_symptoms=chance.randint(-2, 10),
    )


def _publication_hour(day: int, chance: random.Random) -> int:
    end_of_validity = (day + 1) * INTERVALS_PER_DAY // INTERVALS_PER_HOUR
    return end_of_validity + chance.randrange(3, HOURS_PER_DAY)
