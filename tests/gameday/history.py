"""What the service has measured before: days of the same traffic, or of a share of it, without failures.

Burn rates compare a fault with the hours and days before it. A service that has run for minutes only would alert
within a minute, and stop only after hours.
"""

from typing import Final

import psycopg2

from tests.gameday.traffic import PER_MINUTE

DAYS: Final = 3  # the longest window of an alert
_INSERT: Final = """
    INSERT INTO objective_minutes (minute, objective, good, total)
    SELECT minute, name, number, number
    FROM generate_series(date_trunc('minute', now()) - %s * interval '1 day',
                         date_trunc('minute', now()) - interval '1 minute', interval '1 minute') AS minute,
         unnest(%s::text[], %s::int[]) AS counted (name, number)
"""


def add_history(database_url: str, share: float) -> None:
    """Store days of good minutes with `share` of the traffic, in a new database."""
    counts = [max(1, round(number * share)) for number in PER_MINUTE.values()]
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_INSERT, (DAYS, list(PER_MINUTE), counts))
    finally:
        connection.close()
