"""Figures as plots, tables and files, for the status page and for the portal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.figures import (
    ALL,
    DELAY_FIGURES,
    OTHERS,
    PUBLIC_FIGURES,
    SIZE_FIGURES,
    Figure,
)
from app.domain.portal.jurisdictions import JURISDICTIONS, jurisdiction_names
from app.domain.portal.plots import BarChart, RowChart, bar_chart, row_chart
from app.domain.portal.suppression import THRESHOLD
from app.figures.series import FiguresOfDay
from app.web.i18n import Catalogue

# As in publications of Statistics Canada: "suppressed to meet the confidentiality requirements".
SUPPRESSED: Final = "x"
PUBLIC_COLUMNS: Final = (*PUBLIC_FIGURES, *DELAY_FIGURES)
TEAM_COLUMNS: Final = (*PUBLIC_COLUMNS, *SIZE_FIGURES)


@dataclass(frozen=True)
class Section:
    """A figure of several days: its plot, and its days from the newest for the table."""

    figure: Figure
    plot: BarChart
    days: Sequence[FiguresOfDay]


@dataclass(frozen=True)
class Distribution:
    """How a figure of one day, or of several, is distributed."""

    name: str
    first: date
    last: date
    plot: RowChart

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted."""
        return all(row.count == 0 for row in self.plot.rows)


def sections(days: Sequence[FiguresOfDay], *, hides: bool) -> list[Section]:
    """Return a section for each figure that some day has. `hides`: small counts of it are hidden."""
    found = []
    for figure in PUBLIC_FIGURES:
        own = [each for each in days if figure in each.counts]
        if own:
            plot = bar_chart([(each.day, each.counts[figure]) for each in own], THRESHOLD if hides else 1)
            found.append(Section(figure, plot, own[::-1]))
    return found


def distribution(
    name: str, figures: Sequence[Figure], days: Sequence[FiguresOfDay], *, hides: bool
) -> Distribution | None:
    """Return the sums of figures over days, or None without days. A figure that is hidden on one day is hidden."""
    if not days:
        return None
    sums: list[tuple[str, int | None]] = []
    for figure in figures:
        counts = [each.counts.get(figure) for each in days]
        known = [count for count in counts if count is not None]
        sums.append((figure.value, sum(known) if len(known) == len(counts) else None))
    return Distribution(name, days[0].day, days[-1].day, row_chart(sums, THRESHOLD if hides else 1))


def place_name(place: str, texts: Catalogue) -> str:
    """Return the name of a place in the language of the texts."""
    if place == ALL:
        return texts("place.all")
    if place == OTHERS:
        return texts("place.others")
    return JURISDICTIONS[place].names[texts.language]


def place_names(texts: Catalogue) -> list[tuple[str, str]]:
    """Return every place and its name: all together first, then in the order of the names, and others last."""
    return [(ALL, texts("place.all")), *jurisdiction_names(texts.language), (OTHERS, texts("place.others"))]


def file_rows(
    places: Mapping[str, Iterable[FiguresOfDay]], columns: Sequence[Figure], *, hides: bool
) -> Iterator[list[object]]:
    """Yield the rows of a file: day, place, and a cell for each figure, by day and place.

    A hidden count is `x`. A figure that is published for all places only has an empty cell for one place.
    """
    rows = [(each.day, place, each) for place, days in places.items() for each in days]
    for day, place, figures in sorted(rows, key=lambda row: (row[0], row[1] != ALL, row[1])):
        yield [day, place, *(_cell(figures, column, place, hides=hides) for column in columns)]


def _cell(figures: FiguresOfDay, figure: Figure, place: str, *, hides: bool) -> object:
    if figure not in figures.counts or (hides and place != ALL and figure in DELAY_FIGURES):
        return ""
    count = figures.counts[figure]
    return SUPPRESSED if count is None else count
