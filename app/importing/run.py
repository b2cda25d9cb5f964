"""An import from beginning to end: originators first, then table by table, then the archives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection

from app.importing import counters, key_pairs, published, tables
from app.importing.counters import Ledger
from app.importing.destination import Destination
from app.importing.errors import InvalidValueError, SourceError, UnknownOriginatorsError
from app.importing.labels import Labels
from app.importing.outcome import Outcome
from app.importing.source import Source
from app.importing.tables import SourceTable

BATCH_ROWS: Final = 2_000

Progress = Callable[[str, int], None]
_Write = Callable[[Connection, Destination, Sequence[Mapping[str, Any]], Outcome], None]

_ROWS: Final[Mapping[SourceTable, _Write]] = {
    tables.ENCRYPTION_KEYS: key_pairs.write,
    tables.DIAGNOSIS_KEYS: published.write_keys,
    tables.OUTBREAK_EVENTS: published.write_events,
}
_LEDGERS: Final[Mapping[SourceTable, Ledger]] = {
    tables.EVENTS: counters.EVENTS,
    tables.UPLOADS: counters.UPLOADS,
    tables.DURATIONS: counters.DURATIONS,
}


@dataclass(frozen=True)
class Imported:
    """The result for each table, None if the source lacks it, and whether archives were discarded."""

    outcomes: Mapping[str, Outcome | None]
    archives_are_stale: bool


def import_all(source: Source, to: Destination, labels: Labels, progress: Progress) -> Imported:
    """Import every table, and discard archives if necessary.

    Raises SourceError, DestinationError, and UnknownOriginatorsError before anything is written.
    """
    present = _present_tables(source)
    _refuse_unknown(source, present, labels)
    outcomes: dict[str, Outcome | None] = dict.fromkeys(table.name for table in tables.TABLES)
    for table in present:
        outcomes[table.name] = _import_table(source, table, to, labels, progress)
    return Imported(outcomes, to.forget_stale_archives())


def _present_tables(source: Source) -> list[SourceTable]:
    present = [table for table in tables.TABLES if source.has(table)]
    missing = [table.name for table in tables.TABLES if table.needed and table not in present]
    if missing:
        raise SourceError(f"the source lacks {', '.join(missing)}")
    return present


def _refuse_unknown(source: Source, present: Sequence[SourceTable], labels: Labels) -> None:
    lines = [line for table in present for line in labels.describe_unknown(table.name, source.originators(table))]
    if lines:
        raise UnknownOriginatorsError(lines)


def _import_table(source: Source, table: SourceTable, to: Destination, labels: Labels, progress: Progress) -> Outcome:
    outcome = Outcome()
    rows = _valid_rows(source, table, labels, outcome, progress)
    if table in _LEDGERS:
        ledger = _LEDGERS[table]
        counters.write(to, ledger, ledger.sums(rows), outcome)
    else:
        while batch := list(islice(rows, BATCH_ROWS)):
            with to.transaction() as connection:
                _ROWS[table](connection, to, batch, outcome)
    if table is tables.ENCRYPTION_KEYS:
        outcome.deleted = key_pairs.delete_expired(to)
    return outcome


def _valid_rows(
    source: Source, table: SourceTable, labels: Labels, outcome: Outcome, progress: Progress
) -> Iterator[dict[str, Any]]:
    for row in source.rows(table):
        outcome.read += 1
        if outcome.read % BATCH_ROWS == 0:
            progress(table.name, outcome.read)
        try:
            yield table.read(row, labels)
        except InvalidValueError as error:
            outcome.refuse(str(error))
