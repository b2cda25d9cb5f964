"""Keys that nobody has, published so that no archive says how few people fell ill (EXPORT_MINIMUM_KEYS).

They are stored as keys are, once for all instances, shortly before an hour ends, and never taken back: so the archive
of a past day stays as it was, whoever builds it. Padding takes its dates and levels from a real key of the last
fortnight, as many days later, and archives put keys in the order of their data, so that nothing tells them apart.
"""

import logging
from datetime import datetime, timedelta
from itertools import cycle
from typing import Final

from nacl.utils import random

from app.config import Settings
from app.domain.limits import KEY_DATA_BYTES
from app.domain.padding import plausible_keys, share_of_day
from app.domain.timeline import HOURS_PER_DAY, day_number, hour_number
from app.store import export_archives, padding_keys
from app.database.database import Database

_logger = logging.getLogger(__name__)

# The job runs each minute, and in the last ones of an hour it can tell how many real keys the hour brought.
_LAST_MINUTES: Final = timedelta(minutes=5)
_TEMPLATES: Final = 500


def pad_archives(database: Database, settings: Settings, now: datetime) -> int:
    """Store as many keys as the day lacks by the end of this hour to come to its minimum; return how many.

    Does nothing before the hour's last minutes, or while another process builds or pads.
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
        looks = cycle(plausible_keys(templates, hour, publish_active_keys=settings.publish_active_keys))
        padding_keys.add(connection, [(random(KEY_DATA_BYTES), next(looks)) for _ in range(missing)], hour, region)
    _logger.info("the archive was padded", extra={"hour": hour})
    return missing
