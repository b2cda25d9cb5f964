"""Padding of batches, so that an archive does not reveal how few people tested positive (RELEASE_MINIMUM_UPLOADS).

Padding is stored once for all instances, after a batch has been closed and before it is released, in the same columns
as diagnosis keys. It is never removed early, so the archive of a past day does not change.
"""

import logging
from datetime import datetime, timedelta
from random import Random, SystemRandom
from typing import Final

from app.config import RetrievalSettings
from app.database.database import Database
from app.domain.limits import KEY_DATA_BYTES, SERVED_DAYS
from app.domain.padding import UploadModel, make_up_batch
from app.domain.publication import closed_batch
from app.store import diagnosis_keys, padding_keys

_logger = logging.getLogger(__name__)

_TEMPLATES: Final = 1000
# Keys of the batch to read for each upload of the minimum. If they are of 15 days, one day has twice the minimum.
_PER_UPLOAD: Final = 2 * (SERVED_DAYS + 1)


def pad_batch(database: Database, settings: RetrievalSettings, now: datetime, random: Random | None = None) -> int:
    """Store made-up uploads for the batch that is about to be released; return how many keys they have.

    Does nothing unless a batch has been closed, or if it has padding already. `random` must be cryptographically
    secure, as the default is.
    """
    random = random or SystemRandom()
    policy, region = settings.release_policy, settings.region_code
    hour = closed_batch(now, policy)
    minimum = settings.release_minimum_uploads
    if not minimum or hour is None:
        return 0
    with database.transaction() as connection:
        if not padding_keys.mark_padded(connection, region, hour):
            return 0
        model = UploadModel(
            batch=padding_keys.templates_of_hour(connection, hour, region, _TEMPLATES + _PER_UPLOAD * minimum),
            stored=padding_keys.sample_templates(connection, random.randbytes(KEY_DATA_BYTES), region, _TEMPLATES),
            lengths=padding_keys.upload_sizes(connection, (now - timedelta(days=SERVED_DAYS)).date()),
            policy=policy,
        )
        keys, hours = zip(*make_up_batch(model, minimum, hour, random), strict=True)
        diagnosis_keys.add(connection, keys, hours, region)
    _logger.info("padding keys added", extra={"hour": hour})
    return len(keys)
