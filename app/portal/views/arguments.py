"""Numbers of rows, and days, in addresses."""

from datetime import date
from typing import Final

from flask import request

MAX_NUMBER: Final = 2**63 - 1  # of PostgreSQL's bigint


def number_argument(name: str) -> int | None:
    """Return the number of a row after `?` in the address; None if there is none, or it can be that of no row."""
    number = request.args.get(name, type=int)
    return number if number is not None and 0 <= number <= MAX_NUMBER else None


def day_argument(name: str) -> date | None:
    """Return the day after `?` in the address; None if there is none, or it is malformed."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def can_be_rows(arguments: dict[str, object]) -> bool:
    """Return whether each number in a path can be that of a row."""
    return all(value <= MAX_NUMBER for value in arguments.values() if isinstance(value, int))
