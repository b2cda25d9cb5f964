"""Moments and spans of time, in the zone of the health authority."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.objectives import Counts
from app.domain.status import ObjectiveRecord
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


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.57, "57.00%"), (0.29, "29.00%"), (0.99999, "99.99%"), (1439 / 1440, "99.93%"), (1.0, "100%"), (0.0, "0.00%")],
)
def test_a_share_is_cut_and_never_loses_a_hundredth(share: float, expected: str) -> None:
    assert Formats(load_catalogue("status", "en"), ZoneInfo("America/Toronto")).share(share) == expected


def test_the_budget_that_is_left_is_that_of_the_digest() -> None:
    record = ObjectiveRecord("codes", "issuing", {"en": "Codes", "fr": "Codes"}, 0.99, 28, Counts(496, 500))
    assert record.budget_left is not None
    formats = Formats(load_catalogue("status", "en"), ZoneInfo("America/Toronto"))
    assert formats.share_whole(record.budget_left) == "20%"
