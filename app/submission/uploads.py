"""Open, judge and store a phone's upload (protocol sections G and H)."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.config import Settings
from app.crypto.box import BoxNotOpened, open_box
from app.crypto.sealing import PRIVATE_KEY_BYTES, SealBroken, SealingRing
from app.domain.publication import publication_hour
from app.domain.timeline import hour_number, oldest_usable_pair
from app.domain.uploads import (
    EncryptedUpload,
    Upload,
    UploadError,
    UploadRefused,
    check_box_parameters,
    check_server_key,
    judge_upload,
)
from app.proto.codec import MalformedMessage, decode_upload
from app.store import uploads
from app.database.database import Database, violated_constraint


class PrivateKeyUnusable(Exception):  # noqa: N818 - the name says it
    """The stored private key cannot be opened, or is none (rule 53)."""


def accept_upload(
    database: Database, settings: Settings, ring: SealingRing, upload: EncryptedUpload, now: datetime
) -> None:
    """Store an upload's keys, or raise UploadRefused for the first rule that it breaks (rule 47).

    Two round trips: one to find the private key, and one that locks, stores, charges and counts. A failing database
    raises DBAPIError (D7), a private key that cannot be opened PrivateKeyUnusable.
    """
    check_server_key(upload)
    oldest_pair = oldest_usable_pair(now, settings.encryption_key_validity_days)
    pair = uploads.find_pair(database.direct, upload.server_public_key, oldest_pair)
    if pair is None:
        raise UploadRefused(UploadError.INVALID_KEYPAIR, is_unauthorized=True)
    check_box_parameters(upload)
    if pair.app_public_key != upload.app_public_key:  # both keys of one pair, or none (D5, D6)
        raise UploadRefused(UploadError.INVALID_KEYPAIR, is_unauthorized=True)
    opened = open_upload(upload, pair.sealed_private_key, ring)
    judge_upload(opened, now)
    _store(database, settings, upload, opened, now)


def open_upload(upload: EncryptedUpload, sealed_private_key: bytes, ring: SealingRing) -> Upload:
    """Return what an upload's box holds; raise UploadRefused or PrivateKeyUnusable."""
    try:
        private_key = ring.open(sealed_private_key, upload.server_public_key)
    except SealBroken:
        raise PrivateKeyUnusable from None
    if len(private_key) != PRIVATE_KEY_BYTES:
        raise PrivateKeyUnusable
    try:
        plaintext = open_box(
            upload.payload, upload.nonce, private_key=private_key, sender_public_key=upload.app_public_key
        )
    except BoxNotOpened:
        raise UploadRefused(UploadError.DECRYPTION_FAILED) from None
    try:
        return decode_upload(plaintext)
    except MalformedMessage:
        raise UploadRefused(UploadError.INVALID_PAYLOAD) from None


def to_store(settings: Settings, upload: EncryptedUpload, opened: Upload, now: datetime) -> uploads.KeysToStore:
    """Return what the store needs to know of a judged upload."""
    current, at_once = hour_number(now), settings.publish_active_keys
    hours = [publication_hour(key, current, publish_active_keys=at_once) for key in opened.keys]
    return uploads.KeysToStore(
        server_public_key=upload.server_public_key,
        app_public_key=upload.app_public_key,
        keys=opened.keys,
        publication_hours=hours,
        now=now,
        oldest_pair=oldest_usable_pair(now, settings.encryption_key_validity_days),
        initial_remaining_keys=settings.initial_remaining_keys,
    )


def _store(database: Database, settings: Settings, upload: EncryptedUpload, opened: Upload, now: datetime) -> None:
    try:
        stored = uploads.store(database.direct, to_store(settings, upload, opened, now))
    except IntegrityError as error:
        if violated_constraint(error) != uploads.QUOTA_CONSTRAINT:
            raise
        raise UploadRefused(UploadError.TOO_MANY_KEYS) from None
    if stored is None:  # purged since it was found
        raise UploadRefused(UploadError.INVALID_KEYPAIR, is_unauthorized=True)
    if stored.remaining_before == 0:
        raise UploadRefused(UploadError.INVALID_KEYPAIR)
