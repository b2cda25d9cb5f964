"""The application on a real PostgreSQL and Redis, and the requests that tests send to it."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from nacl.public import Box, PrivateKey, PublicKey
from nacl.utils import random
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from app.database.database import Database
from app.proto import covidshield_pb2 as wire
from app.store.tables import metadata
from tests.support.clock import FakeClock
from tests.support.settings import HMAC_KEY, TOKEN


def bearer(token: str = TOKEN) -> dict[str, str]:
    """Return the Authorization header of a health authority."""
    return {"Authorization": f"Bearer {token}"}


def exposure_key(number: int = 1, **fields: Any) -> wire.TemporaryExposureKey:
    """Return a key that any server accepts; `number` is its data."""
    values: dict[str, Any] = {
        "key_data": number.to_bytes(16, "big"),
        "transmission_risk_level": 1,
        "rolling_start_interval_number": 2_957_616,
        "rolling_period": 144,
    }
    return wire.TemporaryExposureKey(**(values | fields))


@dataclass
class Phone:
    """A phone's key pair, and the server key that it received."""

    private_key: PrivateKey = field(default_factory=PrivateKey.generate)
    server_public_key: bytes = b""

    @property
    def public_key(self) -> bytes:
        """The phone's public key, 32 bytes."""
        return bytes(self.private_key.public_key)

    def box(self, plaintext: bytes, nonce: bytes) -> bytes:
        """Return the plaintext boxed for the server: tag and ciphertext, without the nonce."""
        return Box(self.private_key, PublicKey(self.server_public_key)).encrypt(plaintext, nonce).ciphertext


@dataclass
class Service:
    """An application with its clock and its settings."""

    app: Flask
    clock: FakeClock
    settings: Settings

    @property
    def client(self) -> Any:
        """A new HTTP client that calls the application directly."""
        return self.app.test_client()

    @property
    def database(self) -> Database:
        """The application's database."""
        return self.app.context.database

    # what a health authority does

    def stored_code(self, code: str) -> str:
        """Return the stored form of a code."""
        stored: str = self.app.context.submission.sealing_ring.stored_code(code)
        return stored

    def stored_hash_id(self, hash_id: str) -> str:
        """Return what the database holds of a hashID."""
        stored: str = self.app.context.submission.sealing_ring.stored_hash_id(hash_id)
        return stored

    def issue(self, token: str = TOKEN, hash_id: str | None = None) -> str:
        """Issue a code, and return it."""
        response = self.client.post("/new-key-claim" + (f"/{hash_id}" if hash_id else ""), headers=bearer(token))
        assert response.status_code == 200, response.data
        return response.text.strip()

    # what a phone does

    def claim(self, code: str, app_public_key: bytes | None = None, **request: Any) -> TestResponse:
        """Send a claim; `request` are arguments of the HTTP client."""
        key = Phone().public_key if app_public_key is None else app_public_key
        body = wire.KeyClaimRequest(one_time_code=code, app_public_key=key).SerializeToString()
        return self.client.post("/claim-key", data=body, **request)

    def pair(self, token: str = TOKEN) -> Phone:
        """Return a phone that has claimed a new code."""
        phone = Phone()
        response = self.claim(self.issue(token), phone.public_key)
        assert response.status_code == 200, response.data
        phone.server_public_key = wire.KeyClaimResponse.FromString(response.data).server_public_key
        return phone

    def upload(
        self,
        phone: Phone,
        keys: Sequence[wire.TemporaryExposureKey],
        seconds: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """Upload keys, with the present time or another one (unix seconds)."""
        message = wire.Upload(keys=keys)
        message.timestamp.seconds = int(self.clock.now.timestamp()) if seconds is None else seconds
        return self.upload_plaintext(phone, message.SerializeToString(), headers)

    def upload_plaintext(
        self, phone: Phone, plaintext: bytes, headers: dict[str, str] | None = None, **fields: bytes
    ) -> TestResponse:
        """Upload any plaintext; `fields` replace those of the envelope."""
        nonce = random(24)
        envelope = {
            "server_public_key": phone.server_public_key,
            "app_public_key": phone.public_key,
            "nonce": nonce,
            "payload": phone.box(plaintext, nonce),
        }
        body = wire.EncryptedUploadRequest(**(envelope | fields)).SerializeToString()
        return self.client.post("/upload", data=body, headers=headers)

    def fetch(self, day: int | str, kind: str = "retrieve", region: str = "302", **request: Any) -> TestResponse:
        """Fetch the archive of a day number, or of `00000`, with a valid code."""
        code = download_code(day, self.clock.now)
        return self.client.get(f"/{kind}/{region}/{int(day):05d}/{code}", **request)

    # what the operator sees

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """Return the rows of a query."""
        with self.database.autocommit() as connection:
            return list(connection.execute(text(sql), values))

    def execute(self, sql: str, **values: Any) -> None:
        """Run a statement."""
        with self.database.transaction() as connection:
            connection.execute(text(sql), values)

    @property
    def today(self) -> int:
        """The day number of the service's clock."""
        return int(self.clock.now.timestamp()) // 86400


def download_code(period: int | str, now: datetime, region: str = "302", key: str = HMAC_KEY) -> str:
    """Return the code in the path of a download, for the hour of `now`."""
    message = f"{region}:{int(period):05d}:{int(now.timestamp()) // 3600}"
    return hmac.new(bytes.fromhex(key), message.encode(), hashlib.sha256).hexdigest()


def empty(service: Service) -> None:
    """Delete everything in the database and in Redis."""
    with service.database.autocommit() as connection:
        # For nearly empty tables, DELETE takes a twentieth of the time of TRUNCATE. A replica's role runs no triggers
        # that check references or keep the audit log. Those that record changes of keys run always: in reverse order
        # keys come before the table in which they record.
        names = sorted((table.name for table in metadata.sorted_tables), reverse=True)
        deletions = "; ".join(f"DELETE FROM {name}" for name in names)  # noqa: S608
        connection.execute(text(f"BEGIN; SET LOCAL session_replication_role = replica; {deletions}; COMMIT"))
    service.app.context.redis.flushall()


def start_service(settings: Settings, clock: FakeClock | None = None) -> Service:
    """Return the application with these settings and this clock."""
    clock = clock or FakeClock()
    return Service(create_app(settings, clock), clock, settings)
