"""Figures of the service for the team: plots, tables, a CSV file, and alarms."""

from typing import Final
from urllib.parse import urlencode

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from flask import Response, request

from app.domain.figures import DELAY_FIGURES, SIZE_FIGURES
from app.domain.portal.rights import Right
from app.figures.presentation import TEAM_COLUMNS, distribution, file_rows, place_name, place_names, sections
from app.portal.figures import Period, period_of
from app.portal.views import pages
from app.portal.views.arguments import day_argument
from app.portal.views.blueprint import PortalBlueprint
from app.portal.views.people import current_person
from app.web.context import current_context, current_time
from app.web.dates import duration
from app.web.i18n import load_catalogue
from app.web.spreadsheets import csv_lines

figures = PortalBlueprint("figures")

_GROUP: Final = "figures"
_SECONDS_PER_MINUTE: Final = 60


@figures.page("/statistics/figures", right=Right.FIGURES)
def team_figures() -> Response:
    """Show the figures of a place and period, and alarms."""
    service, person, t = current_context().portal.figures, current_person(), pages.texts()
    f, period, allowed = load_catalogue(_GROUP, t.language), _period(), service.places(person)
    place = request.args.get("place") or allowed[0]
    days = service.days(person, place, period)
    return pages.render(
        "statistics/figures.html",
        f=f,
        place=place,
        name=place_name(place, f),
        choices=[each for each in place_names(f) if each[0] in allowed],
        period=period,
        query=urlencode({"from": period.first, "to": period.last}),
        sections=sections(days, hides=False),
        delays=distribution("delays", DELAY_FIGURES, days, hides=False),
        sizes=distribution("sizes", SIZE_FIGURES, days, hides=False),
        alarms=service.alarms(person, current_time()),
        window=lambda seconds: duration(t, seconds // _SECONDS_PER_MINUTE),
        medium_day=lambda day: format_date(day, "medium", locale=t.cldr_locale),
        short_day=lambda day: format_skeleton("MMMd", day, locale=t.cldr_locale),
        number=lambda count: format_decimal(count, locale=t.cldr_locale),
        mean=lambda value: format_decimal(value, "#,##0.0", locale=t.cldr_locale),
    )


@figures.page("/statistics/figures.csv", right=Right.FIGURES)
def team_figures_file() -> Response:
    """Return the figures of a period as CSV, of every place that the person may see."""
    places = current_context().portal.figures.by_place(current_person(), _period())
    lines = csv_lines(["date", "place", *TEAM_COLUMNS], file_rows(places, TEAM_COLUMNS, hides=False))
    response = Response(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="figures.csv"'
    return response


def _period() -> Period:
    return period_of(day_argument("from"), day_argument("to"), current_time())
