"""Store archives where a CDN finds them, so that downloads never reach the service."""

from app.retrieval.download_files import open_download_files
from app.retrieval.publishing import Publisher, publish_downloads
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def publish() -> None:
    """Store what has changed since the last run."""
    place = context().settings.retrieval.download_files
    if place is not None:
        publisher = Publisher(context().retrieval.builder, open_download_files(place))
        publish_downloads(publisher, current_time(context()))
