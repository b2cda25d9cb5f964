"""The statements of app/store exactly as the service sends them, to run or to explain without the service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement


@dataclass(frozen=True)
class Sent:
    """A statement of the store, and its values."""

    statement: Statement
    values: Mapping[str, Any]


class _Recorded(Exception):  # noqa: N818 - it is no error
    def __init__(self, sent: Sent) -> None:
        super().__init__()
        self.sent = sent


class _Recorder:
    """Stands in for the database: all of it that the store uses. It goes no further than the first execution."""

    def execute(self, statement: Statement, values: Mapping[str, Any]) -> None:
        raise _Recorded(Sent(statement, values))


def recorded(call: Callable[[PreparedExecutor], object]) -> Sent:
    """Return the first statement that a function of the store executes on the database that it is given."""
    try:
        call(_Recorder())  # type: ignore[arg-type]
    except _Recorded as end:
        return end.sent
    raise ValueError("the function executed nothing")
