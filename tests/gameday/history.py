"""What the service has measured before: days of the same traffic, or of a share of it, without failures.

Burn rates compare a fault with the hours and days before it. A service that has run for minutes only would alert
within a minute, and stop only after hours.
"""

from typing import Final

from tests.gameday.site import Site

DAYS: Final = 3  # the longest window of an alert
MEASURED_SECONDS: Final = 20.0
_INSERT: Final = """
    INSERT INTO objective_minutes (minute, objective, good, total)
    SELECT minute, name, number, number
    FROM generate_series(date_trunc('minute', now()) - %s * interval '1 day',
                         date_trunc('minute', now()) - interval '3 minutes', interval '1 minute') AS minute,
         unnest(%s::text[], %s::int[]) AS counted (name, number)
    WHERE number > 0
    ON CONFLICT DO NOTHING
"""


def add_history(site: Site, share: float) -> None:
    """Store days of good minutes with `share` of the traffic of the last seconds."""
    counts = {name: round(number * share) for name, number in site.traffic.per_minute(MEASURED_SECONDS).items()}
    checks = {name: max(1, number) for name, number in counts.items()}
    site.query(_INSERT, DAYS, list(checks), list(checks.values()))
