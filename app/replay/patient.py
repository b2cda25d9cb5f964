"""A server as a patient's phone and a health authority see it, over HTTP."""

import hashlib
import hmac
import io
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nacl.public import Box, PrivateKey, PublicKey
from nacl.utils import random

from app.domain.errors import InvalidArchiveError
from app.domain.limits import NONCE_BYTES
from app.domain.uploads import DiagnosisKey
from app.proto import covidshield_pb2 as wire
from app.retrieval.archive_reader import ReadArchive, read_archive

_TIMEOUT_SECONDS: Final = 30


class ReplayFailed(Exception):  # noqa: N818 - the name says it
    """The server answered something that it should not have, or not at all."""


@dataclass(frozen=True)
class Server:
    """A running server, and what an authority and a phone know of it."""

    submission_url: str
    retrieval_url: str
    token: str
    hmac_key: bytes
    region: str

    def issue_code(self) -> str:
        """Ask for a one-time code."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._request(f"{self.submission_url}/new-key-claim", b"", headers).decode().strip()

    def claim(self, code: str, phone: PrivateKey) -> bytes:
        """Trade a code for the server's public key."""
        body = wire.KeyClaimRequest(one_time_code=code, app_public_key=bytes(phone.public_key)).SerializeToString()
        answer = wire.KeyClaimResponse.FromString(self._request(f"{self.submission_url}/claim-key", body))
        return answer.server_public_key

    def upload(self, phone: PrivateKey, server_public_key: bytes, keys: Sequence[DiagnosisKey], seconds: int) -> None:
        """Send keys in a box, as of a moment in unix seconds."""
        message = wire.Upload()
        message.timestamp.seconds = seconds
        for key in keys:
            message.keys.add(
                key_data=key.key_data,
                transmission_risk_level=key.transmission_risk_level,
                rolling_start_interval_number=key.rolling_start_interval_number,
                rolling_period=key.rolling_period,
            )
        nonce = random(NONCE_BYTES)
        boxed = Box(phone, PublicKey(server_public_key)).encrypt(message.SerializeToString(), nonce).ciphertext
        envelope = wire.EncryptedUploadRequest(
            server_public_key=server_public_key, app_public_key=bytes(phone.public_key), nonce=nonce, payload=boxed
        )
        self._request(f"{self.submission_url}/upload", envelope.SerializeToString())

    def fetch(self, period: int, hour: int) -> ReadArchive:
        """Fetch and read the archive of a period, in an hour number of the server's clock."""
        message = f"{self.region}:{period:05d}:{hour}".encode()
        code = hmac.new(self.hmac_key, message, hashlib.sha256).hexdigest()
        body = self._request(f"{self.retrieval_url}/retrieve/{self.region}/{period:05d}/{code}")
        try:
            return read_archive(io.BytesIO(body))
        except InvalidArchiveError as error:
            raise ReplayFailed(f"the archive of {period:05d} cannot be read: {error}") from None

    def _request(self, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        """Send a request, and return the body of a 200; raise ReplayFailed for anything else."""
        # An error names the route only: what follows `/retrieve` holds a download code.
        route = "retrieve" if "/retrieve/" in url else url.rpartition("/")[2]
        if not url.startswith(("http://", "https://")):
            raise ReplayFailed(f"{url} is neither http:// nor https://")
        request = urllib.request.Request(url, body, headers or {})  # noqa: S310 - the scheme was checked
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            raise ReplayFailed(f"/{route} answered {error.code}") from None
        except OSError as error:
            raise ReplayFailed(f"/{route} did not answer: {error}") from None
