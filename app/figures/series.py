"""Figures of one place as series of days, for plots, tables and files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.domain.figures import Figure
from app.store.daily_figures import StoredFigures


@dataclass(frozen=True)
class FiguresOfDay:
    """The figures of a day and place; None is hidden. A figure that the day does not have is absent."""

    day: date
    counts: Mapping[Figure, int | None]

    @property
    def keys_per_upload(self) -> float | None:
        """The mean number of keys of an upload; None if it is hidden, or nothing was uploaded."""
        keys, uploads = self.counts.get(Figure.KEYS), self.counts.get(Figure.UPLOADS)
        return keys / uploads if keys is not None and uploads else None


def by_place(rows: Iterable[StoredFigures]) -> Mapping[str, list[FiguresOfDay]]:
    """Return the days of each place in the order of the rows. A day without figures is absent."""
    places: dict[str, list[FiguresOfDay]] = defaultdict(list)
    for row in rows:
        counts = {Figure(name): count for name, count in row.counts.items()}
        places[row.place].append(FiguresOfDay(row.day, counts))
    return places
