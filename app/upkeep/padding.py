"""Padding keys, so that an archive does not reveal how few people tested positive (EXPORT_MINIMUM_KEYS).

They are stored like diagnosis keys, once for all instances, shortly before an hour ends, and are never removed early,
so that the archive of a past day does not change. The dates and levels of padding come from a real key of the last two
weeks, moved by whole days, and archives sort keys by their data, so that padding cannot be distinguished.
"""

import logging
from datetime import datetime, timedelta
from itertools import cycle
from typing import Final

from nacl.utils import random

from app.config import RetrievalSettings
from app.database.database import Database
from app.domain.limits import KEY_DATA_BYTES
from app.domain.padding import plausible_keys, share_of_day
from app.domain.timeline import HOURS_PER_DAY, day_number, hour_number
from app.domain.uploads import DiagnosisKey
from app.store import diagnosis_keys, export_archives, padding_keys

_logger = logging.getLogger(__name__)

# The job runs every minute. In the last minutes of an hour it knows how many real keys the hour has.
_LAST_MINUTES: Final = timedelta(minutes=5)
_TEMPLATES: Final = 500


def pad_archives(database: Database, settings: RetrievalSettings, now: datetime) -> int:
    """Store the keys that the day needs by the end of this hour to reach its minimum; return how many.

    Does nothing before the last minutes of the hour, or while another process builds or pads.
    """
    hour = hour_number(now)
    if not settings.export_minimum_keys or hour_number(now + _LAST_MINUTES) == hour:
        return 0
    region = settings.region_code
    with database.transaction() as connection:
        if not export_archives.lock_builder(connection, wait=False):
            return 0
        published = padding_keys.count_hours(connection, day_number(now) * HOURS_PER_DAY, hour, region)
        missing = share_of_day(settings.export_minimum_keys, hour) - published
        if missing <= 0:
            return 0
        templates = padding_keys.templates(connection, random(KEY_DATA_BYTES), region, _TEMPLATES)
        shapes = cycle(plausible_keys(templates, hour, publish_active_keys=settings.publish_active_keys))
        keys = [
            DiagnosisKey(
                key_data=random(KEY_DATA_BYTES),
                rolling_start_interval_number=shape.rolling_start_interval_number,
                rolling_period=shape.rolling_period,
                transmission_risk_level=shape.transmission_risk_level,
                report_type=shape.report_type,
                days_since_onset_of_symptoms=shape.days_since_onset_of_symptoms,
            )
            for shape, _ in zip(shapes, range(missing), strict=False)
        ]
        diagnosis_keys.add(connection, keys, [hour] * missing, region)
    _logger.info("padding keys added", extra={"hour": hour})
    return missing
