"""Add padding to the batch that is about to be released."""

from app.domain.timeline import utc_now
from app.upkeep import padding
from worker.application import context
from worker.failures import reports_failure


@reports_failure
def pad_batch() -> None:
    """Add made-up uploads, as of now."""
    padding.pad_batch(context().database, context().settings.retrieval, utc_now())
