"""Build the archive of a period from what is stored (protocol sections I, J and rule 105)."""

import io
from datetime import UTC, datetime

from app.config import Settings
from app.domain.exports import export_window
from app.retrieval.archive import Signer, write_keys_archive, write_outbreaks_archive
from app.store import exposure_keys, outbreak_events
from app.store.database import Database


def build_keys_archive(database: Database, settings: Settings, period: int, now: datetime) -> bytes:
    """Return the zip with the exposure keys of a period (a day number, or BUNDLE_PERIOD)."""
    window = export_window(period, now, settings.export_policy)
    out = io.BytesIO()
    with database.transaction() as connection:
        keys = exposure_keys.select(connection, window, settings.region_code)
        write_keys_archive(out, window, keys, Signer(settings.ecdsa_key, settings.region_code))
    return out.getvalue()


def build_outbreaks_archive(database: Database, settings: Settings, period: int, now: datetime) -> bytes:
    """Return the zip with the outbreak events reported in a period."""
    window = export_window(period, now, settings.export_policy)
    with database.single() as connection:
        events = outbreak_events.select(
            connection,
            datetime.fromtimestamp(window.start_seconds, UTC),
            datetime.fromtimestamp(window.end_seconds, UTC),
        )
    out = io.BytesIO()
    write_outbreaks_archive(out, window, events, Signer(settings.ecdsa_key, settings.region_code))
    return out.getvalue()
