"""Add padding to the batch that is about to be released."""

from app.upkeep import padding
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def pad_batch() -> None:
    """Add made-up uploads, as of now."""
    padding.pad_batch(context().database, context().settings.retrieval, current_time(context()))
