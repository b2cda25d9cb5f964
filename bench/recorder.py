"""The exact statements of app/store, to run or explain them without the service."""

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


class _Recorded(Exception):  # noqa: N818 - not an error
    def __init__(self, sent: Sent) -> None:
        super().__init__()
        self.sent = sent


class _Recorder:
    """Replaces the database for functions of the store, and raises _Recorded at the first execution."""

    def execute(self, statement: Statement, values: Mapping[str, Any]) -> None:
        raise _Recorded(Sent(statement, values))


def recorded(call: Callable[[PreparedExecutor], object]) -> Sent:
    """Return the first statement that a function of the store executes."""
    try:
        call(_Recorder())  # type: ignore[arg-type]
    except _Recorded as end:
        return end.sent
    raise ValueError("the function executed nothing")
