"""What the views of an application work with: its settings, clock, connections and services, in one typed object."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

from flask import current_app
from redis import Redis

from app.config import PORTAL, RETRIEVAL, SHARING, STATUS, SUBMISSION, Settings
from app.database.database import Database
from app.database.redis_connections import check_writable
from app.database.schema import Schema
from app.domain.errors import SurfaceNotServedError

if TYPE_CHECKING:
    from app.incidents.service import Incidents
    from app.measuring.instruments import Instruments
    from app.measuring.tracing import Tracing
    from app.portal.service import Portal
    from app.retrieval.service import Retrieval
    from app.review.service import Review
    from app.sharing.service import Sharing
    from app.status.service import Status
    from app.submission.service import Submission
    from app.web.rate_limits import RateLimiter
    from app.web.routing import Application

Clock = Callable[[], datetime]
T = TypeVar("T")


@dataclass(kw_only=True)
class Context:
    """The parts of a running application. A surface that the process does not serve has no service."""

    settings: Settings
    clock: Clock
    database: Database
    schema: Schema
    redis: Redis
    instruments: "Instruments"
    rate_limiter: "RateLimiter | None"  # None if RATE_LIMITS is off
    tracing: "Tracing | None" = None
    served_submission: "Submission | None" = None
    served_retrieval: "Retrieval | None" = None
    served_portal: "Portal | None" = None
    served_sharing: "Sharing | None" = None
    served_status: "Status | None" = None
    served_review: "Review | None" = None
    served_incidents: "Incidents | None" = None  # where status or the portal is served

    def check_redis(self) -> None:
        """Raise RedisError if Redis does not respond or refuses to store anything."""
        check_writable(self.redis)

    @property
    def submission(self) -> "Submission":
        """The service of submission; raises SurfaceNotServedError if the process does not serve it."""
        return _require(self.served_submission, SUBMISSION)

    @property
    def retrieval(self) -> "Retrieval":
        """The service of retrieval; raises SurfaceNotServedError if the process does not serve it."""
        return _require(self.served_retrieval, RETRIEVAL)

    @property
    def portal(self) -> "Portal":
        """The services of the portal; raises SurfaceNotServedError if the process does not serve it."""
        return _require(self.served_portal, PORTAL)

    @property
    def sharing(self) -> "Sharing":
        """The service of sharing; raises SurfaceNotServedError if the process does not serve it."""
        return _require(self.served_sharing, SHARING)

    @property
    def status(self) -> "Status":
        """The service of status; raises SurfaceNotServedError if the process does not serve it."""
        return _require(self.served_status, STATUS)

    @property
    def incidents(self) -> "Incidents":
        """The incidents; raises SurfaceNotServedError if the process serves neither status nor the portal."""
        return _require(self.served_incidents, STATUS)

    @property
    def review(self) -> "Review":
        """The service of the pages for reviewers; raises SurfaceNotServedError if they do not exist."""
        return _require(self.served_review, "review")


def _require(service: T | None, surface: str) -> T:
    if service is None:
        raise SurfaceNotServedError(surface)
    return service


def current_context() -> Context:
    """Return the context of the application that handles the request."""
    return cast("Application", current_app).context


def current_settings() -> Settings:
    """Return the settings of the application that handles the request."""
    return current_context().settings


def current_time() -> datetime:
    """Return the current time in UTC. Only views call this: below them, time is an argument."""
    return current_context().clock()
