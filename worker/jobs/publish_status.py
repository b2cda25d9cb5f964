"""Publish the status of the service."""

from sqlalchemy.exc import DBAPIError

from app.objectives import load_objectives
from app.upkeep.status_publication import Publication
from worker.application import context
from worker.clock_skew import current_time
from worker.failures import reports_failure


@reports_failure
def publish_status() -> None:
    """Write the document of this moment to every carrier."""
    publication = Publication(context().status, context().incidents, load_objectives())
    try:
        now = current_time(context())
    except DBAPIError:
        publication.publish_without_database(context().clock())
    else:
        publication.publish(now)
