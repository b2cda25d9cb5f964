"""What a review instance does for a page that plays phones and a health authority."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.config import Settings
from app.crypto.sealing import SealingRing
from app.domain.timeline import hour_number
from app.retrieval.auth import download_code
from app.database.database import Database
from app.submission.codes import issue_code

# The label under which these codes are counted. No token has to exist for it.
ORIGINATOR: Final = "review"


@dataclass(frozen=True)
class ArchiveAddress:
    """Where an archive is during this hour: the path, and the text that its code authenticates."""

    message: str
    path: str


def issue_review_code(database: Database, settings: Settings, ring: SealingRing, now: datetime) -> str:
    """Issue a code as a health authority would, without one."""
    return issue_code(database, settings, ring, ORIGINATOR, None, now)


def archive_address(settings: Settings, day: str, now: datetime) -> ArchiveAddress:
    """Return where a day's archive is. An app works that out itself: RETRIEVE_HMAC_KEY is built into it."""
    region, hour = settings.region_code, hour_number(now)
    code = download_code(settings.retrieve_hmac_key, region, day, hour)
    return ArchiveAddress(f"{region}:{day}:{hour}", f"/retrieve/{region}/{day}/{code.hex()}")


def export_public_key(settings: Settings) -> str:
    """Return the key that verifies archives, as base64 of its DER form, which browsers read."""
    der = settings.ecdsa_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()
