"""Demonstration keys, so that a new instance has archives to download."""

import hashlib
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from app.config import CommonSettings
from app.database.database import Database
from app.domain.errors import SeedingForbiddenError
from app.domain.limits import SERVED_DAYS
from app.domain.timeline import HOURS_PER_DAY, INTERVALS_PER_DAY, INTERVALS_PER_HOUR, day_number
from app.domain.uploads import DiagnosisKey
from app.store import diagnosis_keys, export_archives

KEYS_PER_DAY: Final = 20

_CONFIRMED_TEST: Final = 1
_CLINICAL_DIAGNOSIS: Final = 2


def seed(database: Database, settings: CommonSettings, now: datetime) -> int:
    """Store the missing demonstration keys of the last days; return how many. Raises SeedingForbiddenError."""
    if settings.is_production:
        raise SeedingForbiddenError
    with database.transaction() as connection:
        # Archives of past days that were built without these keys must be rebuilt, and none may be built meanwhile.
        export_archives.lock_builder(connection, wait=True)
        keys, hours = zip(*demonstration_keys(now), strict=True)
        added = diagnosis_keys.add(connection, keys, hours, settings.region_code)
        if added:
            export_archives.clear(connection)
        return added


def demonstration_keys(now: datetime) -> Iterator[tuple[DiagnosisKey, int]]:
    """Yield keys of each of the last days, with the hour in which each becomes public, on the following day.

    They depend on the day alone, so that a second run adds nothing and two instances can be compared.
    """
    today = day_number(now)
    for day in range(today - SERVED_DAYS, today):
        for number in range(KEYS_PER_DAY):
            source = hashlib.sha256(f"exposure-alert demonstration {day} {number}".encode()).digest()
            generator = random.Random(source)  # noqa: S311 - nothing depends on these keys being secret
            yield _demonstration_key(day, source[:16], generator), _publication_hour(day, generator)


def _demonstration_key(day: int, key_data: bytes, generator: random.Random) -> DiagnosisKey:
    return DiagnosisKey(
        key_data=key_data,
        rolling_start_interval_number=day * INTERVALS_PER_DAY,
        rolling_period=generator.choice(
            (INTERVALS_PER_DAY, INTERVALS_PER_DAY, generator.randrange(1, INTERVALS_PER_DAY))
        ),
        transmission_risk_level=generator.randint(1, 8),
        report_type=generator.choice((_CONFIRMED_TEST, _CONFIRMED_TEST, _CLINICAL_DIAGNOSIS)),
        days_since_onset_of_symptoms=generator.randint(-2, 10),
    )


def _publication_hour(day: int, generator: random.Random) -> int:
    end_of_validity = (day + 1) * INTERVALS_PER_DAY // INTERVALS_PER_HOUR
    return end_of_validity + generator.randrange(3, HOURS_PER_DAY)
