"""Files of comma-separated values that a spreadsheet program opens without running what is in them."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

# With one of these first, spreadsheet programs take a cell for a formula (OWASP, "CSV Injection"), as they do with the
# full-width forms of some of them.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")
_MORE_FORMULA: Final = ("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")
# Without it, Excel takes UTF-8 for Windows-1252.
_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a file: a header and rows. Text that would be a formula is preceded by an apostrophe."""
    yield _MARK + _line(header)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_MINIMAL).writerow([_defused(cell) for cell in cells])
    return buffer.getvalue()


def _defused(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    return f"'{cell}" if cell.startswith(_FORMULA + _MORE_FORMULA) else cell
