"""Statistics of codes: plots, a table, and a CSV file."""

from datetime import date
from typing import Final

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from flask import Response, request

from app.domain.portal.jurisdictions import JURISDICTIONS
from app.domain.portal.plots import bar_chart
from app.domain.portal.rights import Right
from app.domain.portal.suppression import THRESHOLD
from app.portal.statistics import ALL, MEASURES
from app.portal.views import pages
from app.portal.views.blueprint import PortalBlueprint
from app.portal.views.people import current_person
from app.portal.views.people_forms import jurisdiction_choices
from app.web.context import current_context, current_time
from app.web.spreadsheets import csv_lines

statistics = PortalBlueprint("statistics")

_HIDDEN: Final = f"<{THRESHOLD}"


@statistics.page("/statistics", right=Right.STATISTICS)
def code_statistics() -> Response:
    """Show the last 30 days of a jurisdiction, or of all."""
    person, texts = current_person(), pages.texts()
    jurisdiction = request.args.get("jurisdiction") or person.jurisdiction.code
    days = current_context().portal.statistics.days(person, jurisdiction, current_time())
    plots = {
        measure: bar_chart([(each.day, each.figures[measure]) for each in days], THRESHOLD) for measure in MEASURES
    }
    return pages.render(
        "statistics/statistics.html",
        days=days,
        plots=plots,
        outbreaks=current_context().portal.statistics.outbreaks(person, jurisdiction, current_time()),
        threshold=THRESHOLD,
        sees_figures=person.may(Right.FIGURES),
        jurisdiction=jurisdiction,
        name=texts("statistics.all") if jurisdiction == ALL else JURISDICTIONS[jurisdiction].names[texts.language],
        choices=_choices() if person.may(Right.EVERYWHERE) else [],
        medium_day=lambda day: format_date(day, "medium", locale=texts.cldr_locale),
        short_day=_short_day,
        number=lambda count: format_decimal(count, locale=texts.cldr_locale),
    )


@statistics.page("/statistics/codes.csv", right=Right.STATISTICS)
def statistics_file() -> Response:
    """Return the same figures as CSV, of every jurisdiction that the person may see."""
    figures = current_context().portal.statistics.by_jurisdiction(current_person(), current_time())
    rows = (
        [each.day, code, *(_written(each.figures[measure]) for measure in MEASURES)]
        for code, days in figures.items()
        for each in days
    )
    lines = csv_lines(["date", "jurisdiction", *MEASURES], rows)
    response = Response(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="codes.csv"'
    return response


def _written(count: int | None) -> str:
    return _HIDDEN if count is None else str(count)


def _short_day(day: date) -> str:
    return format_skeleton("MMMd", day, locale=pages.texts().cldr_locale)


def _choices() -> list[tuple[str, str]]:
    return [(ALL, pages.texts()("statistics.all")), *jurisdiction_choices()]
