"""Build every archive that is stale or soon will be, so that no request has to."""

from datetime import timedelta

from app.retrieval.builder import refresh_all
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure
from worker.schedule import archives_interval


@reports_failure
def refresh_archives() -> None:
    """Refresh archives that expire within two intervals from now."""
    margin = timedelta(seconds=2 * archives_interval(context().settings))
    refresh_all(context().retrieval.builder, current_time(context()), margin)
