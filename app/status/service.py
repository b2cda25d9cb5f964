"""The service of the status page: the newest document, and what was rendered of it."""

from dataclasses import dataclass, field
from datetime import datetime

from redis import Redis

from app.config import StatusSettings
from app.database.database import Database
from app.database.redis_connections import redis_client
from app.figures.published import PublishedFigures
from app.status.carriers import REDIS_SECONDS, Carrier, DatabaseCarrier, FileCarrier, RedisCarrier
from app.status.document import StatusDocument
from app.status.planned import PlannedWorkRegister
from app.status.reader import DocumentReader
from app.status.rendered import RenderedPages


@dataclass(frozen=True)
class Status:
    """Shows the newest document, and stores planned work."""

    settings: StatusSettings
    database: Database
    carriers: tuple[Carrier, ...]
    reader: DocumentReader
    planned_work: PlannedWorkRegister
    figures: PublishedFigures
    rendered: RenderedPages = field(default_factory=RenderedPages)
    rendered_figures: RenderedPages = field(default_factory=RenderedPages)
    rendered_information: RenderedPages = field(default_factory=RenderedPages)

    def document(self, now: datetime) -> StatusDocument | None:
        """Return the newest document, or None if none could be read since the process started."""
        return self.reader.newest(now)


def make_status(database: Database, settings: StatusSettings, redis: Redis | None = None) -> Status:
    """Return the service. `redis` should wait no longer than REDIS_SECONDS; without it, a client is made."""
    redis = redis or redis_client(settings.redis_url, REDIS_SECONDS, retries=0)
    # Written in this order: without PostgreSQL, the others get another document.
    carriers: tuple[Carrier, ...] = (DatabaseCarrier(database), RedisCarrier(redis))
    if settings.status_folder is not None:
        carriers = (*carriers, FileCarrier(settings.status_folder))
    planned_work, figures = PlannedWorkRegister(database), PublishedFigures(database)
    return Status(settings, database, carriers, DocumentReader(carriers), planned_work, figures)
