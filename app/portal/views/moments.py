"""Fields for a date and a time of day, in a jurisdiction's time zone."""

from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from wtforms import DateField, SelectField
from wtforms.validators import InputRequired, ValidationError

from app.domain.portal.local_times import TIMES, instant_of
from app.portal.views import pages
from app.web.dates import time_of_day

_YEARS: Final = range(2020, 2100)


def date_field(missing: str) -> Any:
    """Return a field for a date of these decades, which is required; `missing` is the key of the error."""

    def is_plausible(_: Any, field: Any) -> None:
        if field.data is not None and field.data.year not in _YEARS:
            raise ValidationError(missing)

    return DateField(validators=[InputRequired(missing), is_plausible])


def time_field() -> Any:
    """Return a field for a time of day, in steps of half an hour."""
    return SelectField()


def offer_times(*fields: Any) -> None:
    """Set the choices of fields for a time of day."""
    for field in fields:
        field.choices = [(f"{each:%H:%M}", time_of_day(pages.texts(), each)) for each in TIMES]


def instant_from(day: Any, clock: Any, zone: ZoneInfo, *, is_end: bool = False) -> datetime | None:
    """Return the instant that two fields name; None, with an error at the time, if clocks skip it."""
    instant = instant_of(day.data, time.fromisoformat(clock.data), zone, is_end=is_end)
    if instant is None:
        clock.errors = ["moment.error.skipped"]
    return instant


def field_values(instant: datetime, zone: ZoneInfo) -> tuple[date, str]:
    """Return the values of both fields for an instant."""
    local = instant.astimezone(zone)
    return local.date(), f"{local:%H:%M}"
