"""What the front page of a review instance shows: all that there is to try, as it stands at this moment."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.review.archives import OfferedArchive, offered_archives
from app.review.endpoints import EndpointGroup, endpoint_groups
from app.review.logs import LogLine, last_lines
from app.review.masking import Mask
from app.database.database import Database

SHOWN_COMMIT_CHARACTERS: Final = 12

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Front:
    """The page's content. `archives` is None when PostgreSQL does not answer, `log` when there is none to read."""

    archives: list[OfferedArchive] | None
    groups: tuple[EndpointGroup, ...]
    log: list[LogLine] | None


def front_page(database: Database, settings: Settings, process: str, now: datetime) -> Front:
    """Return what the page shows; of the log only the lines of a process, if one is named."""
    return Front(_archives(database, settings, now), endpoint_groups(), log_lines(settings, process))


def log_lines(settings: Settings, process: str) -> list[LogLine] | None:
    """Return the end of the review app's own log, without secrets, or None when there is none to read."""
    if not settings.review_app_log:
        return None
    return last_lines(Path(settings.review_app_log), process, Mask(settings))


def grouped(code: str) -> str:
    """Return a one-time code as people read it aloud: three, three and four characters."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def expiry(settings: Settings, now: datetime) -> datetime:
    """Return until when a code that is issued now can be claimed, in whole minutes."""
    return (now + timedelta(minutes=settings.one_time_code_expiry_minutes)).replace(second=0, microsecond=0)


def _archives(database: Database, settings: Settings, now: datetime) -> list[OfferedArchive] | None:
    try:
        return offered_archives(database, settings, now)
    except SQLAlchemyError:  # the rest of the page helps to find out why
        _logger.exception("archives cannot be listed")
        return None
