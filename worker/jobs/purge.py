"""Delete what has outlived its purpose."""

from app.upkeep import retention
from app.domain.timeline import utc_now
from worker.application import application
from worker.failures import reports_failure


@reports_failure
def purge() -> None:
    """Run one purge, as of now."""
    extensions = application().extensions
    retention.purge(extensions["database"], extensions["settings"], utc_now())
