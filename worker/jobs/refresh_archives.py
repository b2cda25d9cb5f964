"""Build every archive that is stale or soon will be, so that no request has to."""

from datetime import timedelta

from app.domain.timeline import utc_now
from app.retrieval.builder import refresh_all
from worker.application import application
from worker.failures import reports_failure
from worker.schedule import archives_interval


@reports_failure
def refresh_archives() -> None:
    """Run one round, as of now. What stays fresh until after the next round but one is left alone."""
    extensions = application().extensions
    margin = timedelta(seconds=2 * archives_interval(extensions["settings"]))
    refresh_all(extensions["builder"], utc_now(), margin)
