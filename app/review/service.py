"""The service of the pages for reviewers: what they need from the other surfaces."""

import base64
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.database.database import Database
from app.domain.timeline import hour_number
from app.retrieval.downloads import KEYS, download_code
from app.review.archives import OfferedArchive, offered_archives
from app.review.endpoints import EndpointGroup, endpoint_groups
from app.review.logs import LogLine, last_lines
from app.review.masking import Mask
from app.submission.codes import Codes

# The label of these codes. It needs no token.
ORIGINATOR: Final = "review"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArchiveAddress:
    """The path of an archive during this hour, and the text that its code authenticates."""

    message: str
    path: str


@dataclass(frozen=True)
class FrontPage:
    """The content of the front page. `archives` is None without PostgreSQL, `log` is None without a log file."""

    archives: list[OfferedArchive] | None
    groups: tuple[EndpointGroup, ...]
    log: list[LogLine] | None


class Review:
    """The service of the pages for reviewers."""

    def __init__(self, database: Database, codes: Codes, settings: Settings) -> None:
        self._database = database
        self._codes = codes
        self._settings = settings

    def issue_code(self, now: datetime) -> str:
        """Return a new code, as a health authority would request it, without its token."""
        return self._codes.issue(ORIGINATOR, None, now)

    def code_expiry(self, now: datetime) -> datetime:
        """Return when a code that is issued now expires, in whole minutes."""
        return (now + self._settings.submission.code_lifetime).replace(second=0, microsecond=0)

    def archive_address(self, day: str, now: datetime) -> ArchiveAddress:
        """Return the address of a day's archive. Apps compute it from RETRIEVE_HMAC_KEY, which is built into them."""
        region, hour = self._settings.region_code, hour_number(now)
        code = download_code(self._settings.retrieval.retrieve_hmac_key, region, day, hour)
        return ArchiveAddress(f"{region}:{day}:{hour}", f"/{KEYS.prefix}/{region}/{day}/{code.hex()}")

    def export_public_key(self) -> str:
        """Return the key that verifies archives as base64 DER, which browsers can import."""
        key = self._settings.retrieval.ecdsa_key.public_key()
        return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    def front_page(self, served_paths: frozenset[str], process: str, now: datetime) -> FrontPage:
        """Return the content of the front page, with the log lines of one process, or of all if it is empty.

        `served_paths` are the paths of the process's routes, as the OpenAPI document writes them.
        """
        return FrontPage(self._archives(now), endpoint_groups(served_paths), self.log_lines(process))

    def log_lines(self, process: str) -> list[LogLine] | None:
        """Return the last lines of the review app's log, without secrets, or None without a log file."""
        path = self._settings.review.review_app_log
        return last_lines(Path(path), process, Mask(self._settings)) if path else None

    def _archives(self, now: datetime) -> list[OfferedArchive] | None:
        try:
            return offered_archives(self._database, self._settings.retrieval, now)
        except SQLAlchemyError:  # the rest of the page helps to find the cause
            _logger.exception("archives could not be listed")
            return None
