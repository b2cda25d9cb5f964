"""Add padding keys to archives with few keys."""

from app.upkeep import padding
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def pad_archives() -> None:
    """Add the missing keys, as of now."""
    padding.pad_archives(context().database, context().settings.retrieval, current_time(context()))
