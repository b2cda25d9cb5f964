"""Ledgers of figures, and daily figures, for tests."""

from datetime import date, timedelta
from itertools import product

from sqlalchemy import text

from app.domain.figures import PLACES
from app.figures.daily import DailyFigures
from tests.support.service import Service

EVENTS = """
    INSERT INTO events (source, identifier, device_type, date, count)
    VALUES (:label, :identifier, 'Server', :day, :number)
"""
DELAYS = "INSERT INTO otk_life_duration (originator, hours, date, count) VALUES (:label, :hours, :day, :number)"
UPLOADS = """
    INSERT INTO tek_upload_count (originator, date, count, first_upload, uploads)
    VALUES (:label, :day, :keys, :first, :number)
"""


def count_events(service: Service, day: date, identifier: str, number: int, label: str = "ON") -> None:
    """Add to a counter of a day."""
    service.execute(EVENTS, label=label, identifier=identifier, day=day, number=number)


def count_claims(service: Service, day: date, hours: int, number: int, label: str = "ON") -> None:
    """Add claims after so many hours."""
    count_events(service, day, "OTKClaimed", number, label)
    service.execute(DELAYS, label=label, hours=hours, day=day, number=number)


def count_uploads(service: Service, day: date, keys: int, number: int, label: str = "ON") -> None:
    """Add first uploads of so many keys each."""
    service.execute(UPLOADS, label=label, day=day, keys=keys, first=True, number=number)


def fill_ledgers(service: Service, days: int, scale: int = 1) -> date:
    """Count plausible numbers for all places on so many days until yesterday; return the first of them."""
    first = service.clock.now.date() - timedelta(days=days)
    events: list[dict[str, object]] = []
    delays: list[dict[str, object]] = []
    uploads: list[dict[str, object]] = []
    for number, (place, label) in product(range(days), enumerate(PLACES)):
        day, size = first + timedelta(days=number), scale * (place + 1) * (5 + number % 7)
        claims = {hours: size * share // 20 for share, hours in enumerate((20, 11, 6, 3, 1), start=1)}
        counted = {"OTKGenerated": size, "OTKClaimed": sum(claims.values())}
        counted |= {"OTKUnclaimed": size // 5, "OTKExpiredNoUploads": size // 8}
        own = {"label": label, "day": day}
        events += [own | {"identifier": identifier, "number": count} for identifier, count in counted.items()]
        delays += [own | {"hours": hours, "number": count} for hours, count in claims.items()]
        uploads += [own | {"keys": keys, "first": keys == 14, "number": size // 6} for keys in (1, 5, 14)]
    with service.database.transaction() as connection:
        for sql, rows in ((EVENTS, events), (DELAYS, delays), (UPLOADS, uploads)):
            connection.execute(text(sql), rows)
    return first


def compute(service: Service) -> list[date]:
    """Compute the daily figures as of now."""
    return DailyFigures(service.database).compute(service.clock.now)
