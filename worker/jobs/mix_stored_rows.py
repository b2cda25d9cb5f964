"""Mix stored rows, so that they do not show which keys came in one upload."""

from app.upkeep import mixing
from worker.application import context
from worker.failures import reports_failure


@reports_failure
def mix_stored_rows() -> None:
    """Rewrite the rows that were stored since the last run."""
    mixing.mix_stored_rows(context().database)
