"""A folder of dumps as a source: a file for each table, with a header row, bytes in hexadecimal, times in UTC.

`table.tsv` is what `mysql --batch` prints: tabs between the values, backslash escapes, and NULL as a word.
`table.csv` has commas, and quotes where they are needed; NULL is `NULL`, `\\N` or nothing.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from app.importing.errors import SourceError
from app.importing.tables import Row, SourceTable

_NULLS: Final = {".tsv": ("NULL", r"\N"), ".csv": ("NULL", r"\N", "")}
_ESCAPES: Final = {"0": "\0", "t": "\t", "n": "\n", "r": "\r"}


class DumpSource:
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, table: SourceTable) -> bool:
        """Return whether the table has a file."""
        return self._file(table) is not None

    def originators(self, table: SourceTable) -> Iterator[tuple[str | None, int]]:
        """Yield each originator once; the file is read as a whole."""
        yield from Counter(row[table.originator] for row in self.rows(table)).items()

    def rows(self, table: SourceTable) -> Iterator[Row]:
        """Yield the rows of a file. Columns that are not moved are ignored."""
        path = self._file(table)
        if path is None:
            raise SourceError(f"{table.name}: there is no {table.name}.tsv or {table.name}.csv")
        nulls = _NULLS[path.suffix]
        try:
            with path.open(encoding="utf-8", newline="") as file:
                lines = _tab_separated(file) if path.suffix == ".tsv" else csv.reader(file)
                header = next(lines, [])
                missing = sorted(set(table.columns) - set(header))
                if missing:
                    raise SourceError(f"{path.name}: the header row lacks {', '.join(missing)}")
                for number, values in enumerate(lines, start=2):
                    if values in ([], [""]):
                        continue
                    if len(values) != len(header):
                        raise SourceError(f"{path.name}: row {number} has {len(values)} values, not {len(header)}")
                    yield {
                        name: None if value in nulls else _unescape(value, path)
                        for name, value in zip(header, values, strict=True)
                        if name in table.columns
                    }
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SourceError(f"{path.name}: {error}") from None

    def _file(self, table: SourceTable) -> Path | None:
        paths = [self._folder / f"{table.name}{suffix}" for suffix in _NULLS]
        return next((path for path in paths if path.is_file()), None)


@contextmanager
def open_folder(folder: Path) -> Iterator[DumpSource]:
    """Return the source of a folder."""
    yield DumpSource(folder)


def _tab_separated(file: TextIO) -> Iterator[list[str]]:
    for number, line in enumerate(file, start=1):
        if not line.endswith("\n"):
            raise SourceError(f"{Path(file.name).name}: row {number} does not end: the file was cut off")
        yield line.rstrip("\r\n").split("\t")


def _unescape(value: str, path: Path) -> str:
    if path.suffix == ".csv" or "\\" not in value:
        return value
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), value)
