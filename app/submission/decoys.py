"""Decoy requests: a phone that has nothing to say sends them, so that an observer of its traffic learns nothing.

Whoever watches the network sees when a phone speaks to /claim-key and /upload, for how long, and how many bytes; were
there no decoys, that would mean a positive test. A decoy is answered as a good request is, takes as long, and leaves
nothing behind. It passes the ban, and never counts towards one.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from nacl.utils import random

from app.config import Settings
from app.crypto.box import generate_key_pair, seal_box
from app.crypto.sealing import SealingRing
from app.domain.claims import ClaimError, ClaimRefused, ClaimRequest, Standing
from app.domain.limits import KEY_DATA_BYTES, NONCE_BYTES, PUBLIC_KEY_BYTES
from app.domain.timeline import oldest_usable_pair
from app.domain.uploads import EncryptedUpload, ExposureKey, Upload, judge_upload
from app.proto.codec import encode_upload
from app.store import claims, uploads
from app.database.database import Database
from app.submission.claims import Granted, attempt_of
from app.submission.uploads import open_upload, to_store

# How many digests the database computes in the place of what a claim, and an upload of a fortnight, would do: as many
# as take as long, measured by the long half of tests/app/submission/test_decoys.py.
_DIGESTS_OF_CLAIM: Final = 150
_DIGESTS_OF_UPLOAD: Final = 400
_KEYS: Final = 14

_SAMPLE_TIME: Final = datetime(2020, 7, 31, tzinfo=UTC)
_SAMPLE_START: Final = 2_660_000


@dataclass(frozen=True)
class Sample:
    """An upload that nobody sent, to be opened and judged for the time that this takes, and its sealed private key."""

    sealed_private_key: bytes
    upload: EncryptedUpload


def make_sample(ring: SealingRing) -> Sample:
    """Make the upload of a fortnight that decoys stand for."""
    private_key, server_public_key = generate_key_pair()
    phone_private_key, app_public_key = generate_key_pair()
    keys = [ExposureKey(random(KEY_DATA_BYTES), _SAMPLE_START + day * 144, 144, 1) for day in range(_KEYS)]
    plaintext = encode_upload(Upload(int(_SAMPLE_TIME.timestamp()), keys))
    nonce = random(NONCE_BYTES)
    payload = seal_box(plaintext, nonce, private_key=phone_private_key, receiver_public_key=server_public_key)
    return Sample(
        ring.seal(private_key, server_public_key), EncryptedUpload(server_public_key, app_public_key, nonce, payload)
    )


def claim_decoy(database: Database, settings: Settings, ring: SealingRing, network: str, now: datetime) -> Granted:
    """Answer as if a code had been claimed; raise ClaimRefused when the network is banned."""
    nobody = ClaimRequest("", random(PUBLIC_KEY_BYTES))
    attempt = replace(attempt_of(settings, ring, nobody, network, now), noise=_DIGESTS_OF_CLAIM)
    decision = claims.claim(database.direct, attempt)
    if decision.was_banned:
        raise ClaimRefused(ClaimError.TEMPORARY_BAN, decision.standing)
    return Granted(random(PUBLIC_KEY_BYTES), Standing().tries_remaining(settings.ban_policy))


def accept_decoy(database: Database, settings: Settings, ring: SealingRing, sample: Sample, now: datetime) -> None:
    """Do what an upload of a fortnight's keys costs, for a pair that does not exist."""
    nobody = EncryptedUpload(random(PUBLIC_KEY_BYTES), random(PUBLIC_KEY_BYTES), b"", b"")
    oldest_pair = oldest_usable_pair(now, settings.encryption_key_validity_days)
    uploads.find_pair(database.direct, nobody.server_public_key, oldest_pair)
    opened = open_upload(sample.upload, sample.sealed_private_key, ring)
    judge_upload(opened, _SAMPLE_TIME)
    pretended = replace(to_store(settings, nobody, opened, now), noise=_DIGESTS_OF_UPLOAD)
    uploads.store(database.direct, pretended)
