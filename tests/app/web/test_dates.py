"""Dates and durations as a reader in Canada expects them. An update of Babel may change them: then decide."""

from datetime import UTC, date, datetime

import pytest

from app.web.dates import duration, long_date, long_moment
from app.web.i18n import load_catalogue

ENGLISH = load_catalogue("front", "en")
FRENCH = load_catalogue("front", "fr")
NO_BREAK = "\N{NO-BREAK SPACE}"


def test_a_date_is_written_in_full_in_both_languages() -> None:
    assert long_date(ENGLISH, date(2026, 11, 20)) == "November 20, 2026"
    assert long_date(FRENCH, date(2026, 11, 20)) == "20 novembre 2026"
    assert long_date(FRENCH, date(2026, 11, 1)) == "1er novembre 2026"


def test_a_moment_ends_in_minutes_and_its_time_zone() -> None:
    moment = datetime(2026, 11, 20, 13, 45, tzinfo=UTC)
    assert long_moment(ENGLISH, moment) == "November 20, 2026, 13:45\N{NO-BREAK SPACE}UTC"
    assert long_moment(FRENCH, moment) == "20 novembre 2026, " + NO_BREAK.join(("13", "h", "45", "UTC"))


@pytest.mark.parametrize(
    ("minutes", "english", "french"),
    [
        (1440, "24 hours", "24 heures"),
        (60, "1 hour", "1 heure"),
        (90, "90 minutes", "90 minutes"),
        (0, "0 minutes", "0 minute"),
    ],
)
def test_a_duration_is_in_hours_if_they_are_whole(minutes: int, english: str, french: str) -> None:
    assert duration(ENGLISH, minutes).replace("\N{NO-BREAK SPACE}", " ") == english
    assert duration(FRENCH, minutes).replace("\N{NO-BREAK SPACE}", " ") == french
