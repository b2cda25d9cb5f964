"""The published figures of the service: plots, tables, and a CSV file."""

from datetime import date
from typing import Any, Final

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from flask import Response, request

from app.domain.errors import FiguresUnavailableError
from app.domain.figures import ALL, DELAY_FIGURES
from app.domain.portal.suppression import THRESHOLD
from app.figures.presentation import (
    PUBLIC_COLUMNS,
    SUPPRESSED,
    distribution,
    file_rows,
    place_name,
    place_names,
    sections,
)
from app.figures.series import FiguresOfDay
from app.status.views.respond import (
    CACHE_CONTROL,
    accept_only_reading,
    formats_of,
    missing,
    protect,
    render_page,
    send,
    unavailable,
)
from app.web.blueprints import Blueprint
from app.web.context import current_context, current_time
from app.web.i18n import load_catalogue
from app.web.languages import LANGUAGE
from app.web.responses import conditional
from app.web.spreadsheets import csv_lines

_PATH: Final = "/figures"
_DAYS: Final = 90
_FIRST_COLUMNS: Final = ("date", "place")

figures = Blueprint("status_figures", __name__)
figures.before_request(accept_only_reading)
figures.after_request(protect)


@figures.route(f"/status/{LANGUAGE}{_PATH}")
def all_places(language: str) -> Response:
    """Show the figures of all places together."""
    return _show(language, ALL)


@figures.route(f"/status/{LANGUAGE}{_PATH}/<place>")
def one_place(language: str, place: str) -> Response:
    """Show the figures of a place."""
    return _show(language, place)


@figures.route(f"/status/{LANGUAGE}{_PATH}.csv")
def figures_file(language: str) -> Response:
    """Return the figures of every place and day that is kept as CSV. It is the same in every language."""
    now = current_time()
    try:
        places = current_context().status.figures.places(now)
    except FiguresUnavailableError:
        return unavailable(language)

    def render() -> bytes:
        rows = file_rows(places, PUBLIC_COLUMNS, hides=True)
        return "".join(csv_lines((*_FIRST_COLUMNS, *PUBLIC_COLUMNS), rows)).encode()

    page = current_context().status.rendered_figures.get(current_context().status.figures.read_at, "csv", render)
    response = Response(page.body, headers={"Cache-Control": CACHE_CONTROL}, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="figures.csv"'
    return conditional(response, page.etag)


def _show(language: str, place: str) -> Response:
    texts, now = load_catalogue("figures", language), current_time()
    path = _path_of(place)
    if place not in dict(place_names(texts)) or (place == ALL and request.path != f"/status/{language}{_PATH}"):
        return missing(language)
    try:
        days = current_context().status.figures.places(now).get(place, [])[-_DAYS:]
    except FiguresUnavailableError:
        return unavailable(language)

    def render() -> bytes:
        return render_page(language, path, "status/figures.html", _values(language, place, days)).encode()

    page = current_context().status.rendered_figures.get(
        current_context().status.figures.read_at, (language, place), render
    )
    return send(page, language)


def _values(language: str, place: str, days: list[FiguresOfDay]) -> dict[str, Any]:
    texts, locale = load_catalogue("figures", language), formats_of(language).texts.cldr_locale

    def short_day(day: date) -> str:
        return format_skeleton("MMMd", day, locale=locale)

    return {
        "g": texts,
        "place": place,
        "place_name": place_name(place, texts),
        "places": [(code, name, _path_of(code)) for code, name in place_names(texts)],
        "days": days,
        "sections": sections(days, hides=True),
        "delays": distribution("delays", DELAY_FIGURES, days[-1:], hides=True) if place == ALL else None,
        "threshold": THRESHOLD,
        "suppressed": SUPPRESSED,
        "plot_day": short_day,
        "mean": lambda value: format_decimal(value, "#,##0.0", locale=locale),
    }


def _path_of(place: str) -> str:
    return _PATH if place == ALL else f"{_PATH}/{place}"
