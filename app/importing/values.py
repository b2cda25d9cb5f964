"""Parsers of values, which both kinds of source provide as text, or None for NULL.

They raise ValueError with what is wrong, and never repeat a value: it may be a key, a code or a token.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

T = TypeVar("T")
Reader = Callable[[str | None], Any]

SMALLINT: Final = (-(2**15), 2**15 - 1)
INTEGER: Final = (-(2**31), 2**31 - 1)
UNSIGNED: Final = (0, 2**32 - 1)


def required(reader: Callable[[str], T]) -> Callable[[str | None], T]:
    """Return a parser that refuses NULL."""

    def read(raw: str | None) -> T:
        if raw is None:
            raise ValueError("is NULL")
        return reader(raw)

    return read


def nullable(reader: Callable[[str], T], null: Any = None) -> Callable[[str | None], Any]:
    """Return a parser that returns `null` for NULL."""
    return lambda raw: null if raw is None else reader(raw)


def binary(length: int) -> Callable[[str], bytes]:
    """Return a parser of a fixed number of bytes in hexadecimal."""

    def read(raw: str) -> bytes:
        try:
            value = bytes.fromhex(raw)
        except ValueError:
            raise ValueError("is not hexadecimal") from None
        if len(value) != length:
            raise ValueError(f"is not {length} bytes")
        return value

    return read


def text(longest: int) -> Callable[[str], str]:
    """Return a parser of texts up to a length. PostgreSQL cannot store NUL characters."""

    def read(raw: str) -> str:
        if not 0 < len(raw) <= longest or "\0" in raw:
            raise ValueError(f"is not a text of 1 to {longest} characters")
        return raw

    return read


def integer(bounds: tuple[int, int]) -> Callable[[str], int]:
    """Return a parser of integers within bounds, inclusive."""
    lowest, highest = bounds

    def read(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if not lowest <= value <= highest:
            raise ValueError(f"is not from {lowest} to {highest}")
        return value

    return read


def unix_seconds(raw: str) -> datetime:
    """Parse seconds since the epoch (INT UNSIGNED) as a time in UTC."""
    return datetime.fromtimestamp(integer(UNSIGNED)(raw), UTC)


def moment(raw: str) -> datetime:
    """Parse a TIMESTAMP or DATETIME of MySQL, which has no time zone and is in UTC."""
    try:
        return datetime.fromisoformat(raw).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("is not a date and time") from None


def day(raw: str) -> date:
    """Parse a DATE of MySQL."""
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise ValueError("is not a date") from None


def tinyint_boolean(raw: str) -> bool:
    """Parse a TINYINT that is a boolean."""
    return integer((-128, 127))(raw) != 0
