"""Statements that are observed, for traces. A process without traces uses none of this."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from sqlalchemy import Engine, event

from app.database.prepared import PreparedExecutor
from app.database.statement import Statement
from app.database.watchdog import Watchdog

# Returns the context of a statement that is about to run, from its SQL, which has no values.
Observe = Callable[[str], AbstractContextManager[object]]

_OBSERVED: Final = "observed"  # an attribute of a statement's execution context


class ObservedExecutor(PreparedExecutor):
    """Executes prepared statements, each in the context of its observer."""

    def __init__(self, engine: Engine, watchdog: Watchdog, observe: Observe) -> None:
        super().__init__(engine, watchdog)
        self._observe = observe

    def execute(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Execute a statement and return the rows of its last part. Raises DBAPIError."""
        with self._observe(statement.parts[-1].sql):
            return super().execute(statement, values)


def observe_engine(engine: Engine, observe: Observe) -> None:
    """Enter the context of each statement that SQLAlchemy executes, from its beginning to its end or failure."""

    def begin(_connection: object, _cursor: object, sql: str, _values: object, execution: Any, _many: bool) -> None:
        observed = observe(sql)
        observed.__enter__()
        setattr(execution, _OBSERVED, observed)

    def end(_connection: object, _cursor: object, _sql: str, _values: object, execution: Any, _many: bool) -> None:
        vars(execution).pop(_OBSERVED).__exit__(None, None, None)

    def fail(context: Any) -> None:
        observed = vars(context.execution_context or object).get(_OBSERVED)
        if observed is not None:
            error = context.original_exception
            try:
                observed.__exit__(type(error), error, error.__traceback__)
            except BaseException as raised:  # the observer passes it on, and so does SQLAlchemy
                if raised is not error:
                    raise

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)
