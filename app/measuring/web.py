"""Measuring in a web process."""

import atexit

from app.measuring.flush import Flusher, start_flushing
from app.measuring.folder import inherited
from app.web.context import Context


def start_measuring(context: Context) -> Flusher:
    """Flush what a web process counts, and keep the gauges of its connections current. Call it once in a process."""

    def measure_pool() -> None:
        context.instruments.set_pool_connections(context.database.pool_connections())

    if context.tracing is not None:
        atexit.register(context.tracing.flush)
    return start_flushing(
        context.settings, context.instruments, add_to_totals=False, inherited=inherited(), prepare=measure_pool
    )
