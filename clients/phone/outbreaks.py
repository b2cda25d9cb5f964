"""Outbreaks: the archive of a day, and which of a phone's visits were during one.

The archive is a zip of `export.bin`, which has no header here, and `export.sig`. The public app only logs a signature
that does not verify; this phone refuses the archive.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from google.protobuf.message import DecodeError

from clients.phone import exposure_pb2 as pb
from clients.phone.archive import unzip
from clients.phone.errors import BadArchiveError

# The app does not know when its owner left a place.
VISIT_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Visit:
    """A scanned poster: the number of its place, and when, in unix seconds."""

    location_id: str
    scanned: int


@dataclass(frozen=True, slots=True)
class Outbreak:
    """A place and a period, in unix seconds, and what the owner of a phone should do (1 or 2)."""

    location_id: str
    start: int
    end: int
    severity: int


def read_outbreaks(body: bytes, public_key: EllipticCurvePublicKey) -> tuple[Outbreak, ...]:
    """Open, verify and parse an archive of outbreaks, or raise BadArchiveError."""
    files = unzip(body)
    try:
        signature = pb.OutbreakEventExportSignature.FromString(files["export.sig"]).signature
        public_key.verify(signature, files["export.bin"], ECDSA(SHA256()))
        message = pb.OutbreakEventExport.FromString(files["export.bin"])
    except InvalidSignature:
        raise BadArchiveError("the signature of the archive does not verify with the public key") from None
    except DecodeError as error:
        raise BadArchiveError("the archive is not an export of outbreaks") from error
    return tuple(
        Outbreak(event.location_id, event.start_time.seconds, event.end_time.seconds, event.severity)
        for event in message.locations
    )


def find_outbreaks(visits: Iterable[Visit], outbreaks: Iterable[Outbreak]) -> list[Outbreak]:
    """Return the outbreaks at places that were visited while they lasted, as the public app decides it."""
    known = list(visits)
    return [
        outbreak
        for outbreak in outbreaks
        if any(
            visit.location_id == outbreak.location_id
            and visit.scanned <= outbreak.end
            and visit.scanned + VISIT_SECONDS >= outbreak.start
            for visit in known
        )
    ]
