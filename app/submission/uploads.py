"""Decrypting, validating and storing uploads (sections G and H)."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.config import SubmissionSettings
from app.crypto.box import open_box
from app.crypto.sealing import PRIVATE_KEY_BYTES, SealingRing
from app.database.database import Database
from app.database.errors import violated_constraint
from app.domain.errors import (
    BoxDecryptionError,
    MalformedMessageError,
    UnsealingError,
    UnusablePrivateKeyError,
    UploadError,
)
from app.domain.publication import publication_hour
from app.domain.timeline import oldest_usable_pair
from app.domain.uploads import (
    EncryptedUpload,
    Upload,
    UploadErrorCode,
    check_box_parameters,
    check_server_key,
    validate_upload,
)
from app.proto.codec import decode_upload
from app.store import uploads


class Uploads:
    """Accepts uploads of diagnosis keys."""

    def __init__(self, database: Database, ring: SealingRing, settings: SubmissionSettings) -> None:
        self._database = database
        self._ring = ring
        self._settings = settings

    def accept(self, upload: EncryptedUpload, now: datetime) -> None:
        """Store the keys of an upload, or raise UploadError for the first rule that it breaks (rule 47).

        Two round trips: one that reads the private key, and one that locks, stores, charges and counts. An unavailable
        database raises DBAPIError (D7), and a private key that cannot be used UnusablePrivateKeyError.
        """
        check_server_key(upload)
        pair = self.find_pair(upload.server_public_key, now)
        if pair is None:
            raise UploadError(UploadErrorCode.INVALID_KEYPAIR, is_unauthorized=True)
        check_box_parameters(upload)
        if pair.app_public_key != upload.app_public_key:  # both keys must belong to one pair (D5, D6)
            raise UploadError(UploadErrorCode.INVALID_KEYPAIR, is_unauthorized=True)
        decrypted = self.decrypt(upload, pair.sealed_private_key)
        validate_upload(decrypted, now)
        self._store(upload, decrypted, now)

    def find_pair(self, server_public_key: bytes, now: datetime) -> uploads.KeyPair | None:
        """Return the usable key pair of a server key, or None."""
        return uploads.find_pair(self._database.prepared, server_public_key, self._oldest_pair(now))

    def decrypt(self, upload: EncryptedUpload, sealed_private_key: bytes) -> Upload:
        """Return the content of an upload; raise UploadError or UnusablePrivateKeyError."""
        try:
            private_key = self._ring.open(sealed_private_key, upload.server_public_key)
        except UnsealingError:
            raise UnusablePrivateKeyError from None
        if len(private_key) != PRIVATE_KEY_BYTES:
            raise UnusablePrivateKeyError
        try:
            plaintext = open_box(
                upload.payload, upload.nonce, private_key=private_key, sender_public_key=upload.app_public_key
            )
        except BoxDecryptionError:
            raise UploadError(UploadErrorCode.DECRYPTION_FAILED) from None
        try:
            return decode_upload(plaintext)
        except MalformedMessageError:
            raise UploadError(UploadErrorCode.INVALID_PAYLOAD) from None

    def keys_to_store(self, upload: EncryptedUpload, decrypted: Upload, now: datetime) -> uploads.KeysToStore:
        """Return what the store needs to store a validated upload."""
        policy = self._settings.release_policy
        return uploads.KeysToStore(
            server_public_key=upload.server_public_key,
            app_public_key=upload.app_public_key,
            keys=decrypted.keys,
            publication_hours=[publication_hour(key, now, policy) for key in decrypted.keys],
            now=now,
            oldest_pair=self._oldest_pair(now),
            initial_remaining_keys=self._settings.initial_remaining_keys,
        )

    def _store(self, upload: EncryptedUpload, decrypted: Upload, now: datetime) -> None:
        try:
            remaining_before = uploads.store(self._database.prepared, self.keys_to_store(upload, decrypted, now))
        except IntegrityError as error:
            if violated_constraint(error) != uploads.QUOTA_CONSTRAINT:
                raise
            raise UploadError(UploadErrorCode.TOO_MANY_KEYS) from None
        if remaining_before is None:  # purged since it was read
            raise UploadError(UploadErrorCode.INVALID_KEYPAIR, is_unauthorized=True)
        if remaining_before == 0:
            raise UploadError(UploadErrorCode.INVALID_KEYPAIR)

    def _oldest_pair(self, now: datetime) -> datetime:
        return oldest_usable_pair(now, self._settings.encryption_key_validity_days)
