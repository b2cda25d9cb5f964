"""The requests of a phone, and what it makes of every answer.

A real phone takes any answer with a 2xx status for a success, and any body for a message. So an error inside a 200, an
empty 200 or a page of HTML do it lasting harm (it keeps a key pair that never works, or believes that keys are
uploaded). This client names each of them and stops.
"""

import json
import secrets
from typing import Any, TypeVar

import requests
from google.protobuf.message import DecodeError
from nacl.public import Box, PrivateKey, PublicKey

from clients.phone import configuration, schedule
from clients.phone import exposure_pb2 as pb
from clients.phone.crypto import DailyKey
from clients.phone.errors import (
    ClaimRefusedError,
    DownloadRefusedError,
    MalformedError,
    UnreachableError,
    UploadRefusedError,
)
from clients.phone.settings import Settings
from clients.phone.state import KeyPair

TIMEOUT_SECONDS = (5, 30)  # to connect; between two bytes of the answer
MOST_KEYS = 28
NONCE_BYTES = 24
PUBLIC_KEY_BYTES = 32
RISK_LEVEL = 1  # the public app sends 1 for every key
_PROTOBUF = {"Content-Type": "application/x-protobuf", "Cache-Control": "no-store"}

Answer = TypeVar("Answer", pb.KeyClaimResponse, pb.EncryptedUploadResponse)


class Server:
    """The service, as a phone sees it. One per thread: it keeps a connection open."""

    def __init__(self, settings: Settings, session: requests.Session | None = None) -> None:
        """Talk to the service of `settings`; a session of one's own may retry or count."""
        self.settings = settings
        self._session = session or requests.Session()

    def claim(self, code: str) -> KeyPair:
        """Trade a one-time code for a key pair."""
        private = PrivateKey.generate()
        public = bytes(private.public_key)
        status, body = self._post("/claim-key", claim_message(code, public))
        answer = _parse(pb.KeyClaimResponse, "claim", status, body)
        error = pb.KeyClaimResponse.ErrorCode.Name(answer.error)
        if status != 200:
            raise ClaimRefusedError(error, status, answer.tries_remaining, _seconds(answer))
        if answer.error:
            raise MalformedError(
                f"the claim's answer has status 200 and the error {error}: a phone takes it for a success"
            )
        if len(answer.server_public_key) != PUBLIC_KEY_BYTES:
            raise MalformedError(f"the server's public key has {len(answer.server_public_key)} bytes, not 32")
        return KeyPair(bytes(private), public, answer.server_public_key)

    def upload(self, pair: KeyPair, keys: list[DailyKey], now: int) -> None:
        """Send keys, encrypted for the server alone; `now` (unix seconds) must be within an hour of its clock."""
        request = sealed_upload(pair, upload_message(keys, now), secrets.token_bytes(NONCE_BYTES))
        status, body = self._post("/upload", request)
        answer = _parse(pb.EncryptedUploadResponse, "upload", status, body)
        error = pb.EncryptedUploadResponse.ErrorCode.Name(answer.error)
        if status != 200:
            raise UploadRefusedError(error, status)
        if answer.error:
            raise MalformedError(
                f"the upload's answer has status 200 and the error {error}: a phone takes it for a success"
            )
        if not answer.HasField("error"):
            raise MalformedError("the upload's answer is an empty 200: a phone takes it for a success")

    def archive(self, period: int, now: int) -> bytes:
        """Download the archive of a period, unverified; a real phone uses nothing but an exact 200."""
        path = schedule.retrieval_path(period, now, self.settings.hmac_key)
        return self._get(path, f"the archive of {schedule.period_text(period)}")

    def configuration(self) -> dict[str, Any]:
        """Download the exposure configuration, unchecked but for being a JSON object."""
        try:
            raw = json.loads(self._get(configuration.PATH, "the exposure configuration"))
        except ValueError as error:
            raise MalformedError("the exposure configuration is not JSON") from error
        if not isinstance(raw, dict):
            raise MalformedError("the exposure configuration is not a JSON object")
        return raw

    def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        return self._send("POST", self.settings.submission_url + path, body)

    def _get(self, path: str, what: str) -> bytes:
        status, body = self._send("GET", self.settings.retrieval_url + path, None)
        if status != 200:
            reason = body.decode(errors="replace").splitlines()[:1]
            raise DownloadRefusedError(what, status, reason[0] if reason else "")
        return body

    def _send(self, method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
        """Send one request. A redirect is not followed: it would turn a POST into a GET without a body."""
        headers = _PROTOBUF if body is not None else None
        try:
            answer = self._session.request(
                method, url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise UnreachableError(f"the server did not answer: {type(error).__name__}") from error
        return answer.status_code, answer.content


def claim_message(code: str, public_key: bytes) -> bytes:
    """Return the body of a claim."""
    return pb.KeyClaimRequest(one_time_code=code, app_public_key=public_key).SerializeToString()


def upload_message(keys: list[DailyKey], now: int) -> bytes:
    """Return the plaintext of an upload: only what the public app sends, so that 28 keys fit in its 1,024 bytes."""
    message = pb.Upload()
    message.timestamp.seconds = now
    for key in keys:
        message.keys.add(
            key_data=key.key_data,
            transmission_risk_level=RISK_LEVEL,
            rolling_start_interval_number=key.start,
            rolling_period=key.period,
        )
    return message.SerializeToString()


def sealed_upload(pair: KeyPair, plaintext: bytes, nonce: bytes) -> bytes:
    """Return the body of an upload: the plaintext in a NaCl box for the server, and what it needs to open it."""
    box = Box(PrivateKey(pair.private_key), PublicKey(pair.server_public_key))
    request = pb.EncryptedUploadRequest(
        server_public_key=pair.server_public_key,
        app_public_key=pair.public_key,
        nonce=nonce,
        payload=box.encrypt(plaintext, nonce).ciphertext,
    )
    return request.SerializeToString()


def _parse(kind: type[Answer], what: str, status: int, body: bytes) -> Answer:
    """Parse an answer; an error must be a message too, for the app shows the error that it finds in it."""
    if body.lstrip()[:1] == b"<":
        raise MalformedError(f"the {what}'s answer (HTTP {status}) is a page of HTML, not a message")
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise MalformedError(f"the {what}'s answer (HTTP {status}) is not a message") from error


def _seconds(answer: pb.KeyClaimResponse) -> float:
    return answer.remaining_ban_duration.seconds + answer.remaining_ban_duration.nanos / 1e9
