"""Keep the counters' tables short."""

from app import retention
from worker.application import application


def fold_counters() -> None:
    """Replace the counters' rows by their sums."""
    retention.fold_counters(application().extensions["database"])
