"""Decoy requests, which phones send so that an observer of their traffic learns nothing.

An observer of the network can see when a phone contacts /claim-key and /upload, for how long, and how many bytes are
sent. Without decoys, that would reveal a positive test. A decoy is answered like a successful request, takes as long,
and stores nothing. It is refused during a ban, and is never counted as a failed claim.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from nacl.utils import random

from app.config import SubmissionSettings
from app.crypto.box import generate_key_pair, seal_box
from app.crypto.sealing import SealingRing
from app.database.database import Database
from app.domain.claims import ClaimErrorCode, ClaimRequest
from app.domain.errors import ClaimError
from app.domain.limits import KEY_DATA_BYTES, NONCE_BYTES, PUBLIC_KEY_BYTES
from app.domain.uploads import DiagnosisKey, EncryptedUpload, Upload, validate_upload
from app.proto.codec import encode_upload
from app.store import decoys
from app.submission.claims import Claims, ClaimSuccess
from app.submission.uploads import Uploads

# How many digests the database computes instead of the work of a claim, and of an upload of two weeks of keys. Measured
# by tests/app/submission/test_decoys.py.
_CLAIM_WORK_FACTOR: Final = 700
_UPLOAD_WORK_FACTOR: Final = 1000
_KEYS: Final = 14

_SAMPLE_TIME: Final = datetime(2020, 7, 31, tzinfo=UTC)
_SAMPLE_START: Final = 2_660_000


@dataclass(frozen=True)
class _Sample:
    """An upload that was never sent, which is decrypted and validated for the time that this takes."""

    sealed_private_key: bytes
    upload: EncryptedUpload


class Decoys:
    """Answers decoy requests."""

    def __init__(
        self, database: Database, ring: SealingRing, settings: SubmissionSettings, claims: Claims, uploads: Uploads
    ) -> None:
        self._database = database
        self._settings = settings
        self._claims = claims
        self._uploads = uploads
        self._sample = _make_sample(ring)

    def claim(self, network: str, now: datetime) -> ClaimSuccess:
        """Return a result like that of a successful claim; raise ClaimError during a ban."""
        attempt = self._claims.attempt(ClaimRequest("", random(PUBLIC_KEY_BYTES)), network, now)
        is_banned, ban_status = decoys.claim(self._database.prepared, attempt, _CLAIM_WORK_FACTOR)
        if is_banned:
            raise ClaimError(ClaimErrorCode.TEMPORARY_BAN, ban_status)
        return self._claims.success(random(PUBLIC_KEY_BYTES))

    def upload(self, now: datetime) -> None:
        """Do the work of an upload of two weeks of keys, for a key pair that does not exist."""
        unknown = random(PUBLIC_KEY_BYTES)
        self._uploads.find_pair(unknown, now)
        decrypted = self._uploads.decrypt(self._sample.upload, self._sample.sealed_private_key)
        validate_upload(decrypted, _SAMPLE_TIME)
        self._uploads.keys_to_store(self._sample.upload, decrypted, now)
        decoys.upload(self._database.prepared, unknown, _UPLOAD_WORK_FACTOR)


def _make_sample(ring: SealingRing) -> _Sample:
    """Return an upload of two weeks of keys, with its sealed private key."""
    private_key, server_public_key = generate_key_pair()
    phone_private_key, app_public_key = generate_key_pair()
    keys = [DiagnosisKey(random(KEY_DATA_BYTES), _SAMPLE_START + day * 144, 144, 1) for day in range(_KEYS)]
    plaintext = encode_upload(Upload(int(_SAMPLE_TIME.timestamp()), keys))
    nonce = random(NONCE_BYTES)
    payload = seal_box(plaintext, nonce, private_key=phone_private_key, receiver_public_key=server_public_key)
    return _Sample(
        ring.seal(private_key, server_public_key), EncryptedUpload(server_public_key, app_public_key, nonce, payload)
    )
