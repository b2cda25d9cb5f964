"""Moments and spans of time, in the zone of the health authority."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.status.views.formats import Formats
from app.web.i18n import load_catalogue


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        (datetime(2026, 12, 4, 3, tzinfo=UTC), "December 3, 2026, 22:00 to 23:30 EST (UTC−05:00)"),
        (
            datetime(2026, 11, 1, 5, 15, tzinfo=UTC),  # clocks are set back at 2:00, which becomes 1:00
            "November 1, 2026, 01:15 EDT (UTC−04:00) to 01:45 EST (UTC−05:00)",
        ),
        (
            datetime(2026, 3, 8, 6, 30, tzinfo=UTC),  # clocks are set forward at 2:00, which becomes 3:00
            "March 8, 2026, 01:30 EST (UTC−05:00) to 04:00 EDT (UTC−04:00)",
        ),
    ],
)
def test_a_span_names_the_zone_of_its_beginning_only_if_clocks_change_in_it(begin: datetime, expected: str) -> None:
    formats = Formats(load_catalogue("status", "en"), ZoneInfo("America/Toronto"))
    assert formats.span(begin, begin + timedelta(minutes=90)).replace("\N{NO-BREAK SPACE}", " ") == expected
