"""The requests of a phone. Which answers to them it may use is in `answers`.

A real phone takes any answer with a 2xx status for a success, and any body for a message. So an error inside a 200, an
empty 200 or a page of HTML does it lasting harm: it keeps a key pair that never works, or believes that its keys are
uploaded. This client names each of them and stops.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import requests
from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey

from clients.localhost import new_session
from clients.phone import configuration, schedule
from clients.phone import exposure_pb2 as pb
from clients.phone.answers import JSON, ZIP, check_download, check_message, unreachable
from clients.phone.crypto import DailyKey
from clients.phone.errors import ClaimRefusedError, ExitStatus, MalformedError, UploadRefusedError
from clients.phone.settings import Settings
from clients.phone.state import KeyPair

TIMEOUT_SECONDS = (5, 30)  # to connect; between two bytes of the answer
MOST_KEYS = 28
NONCE_BYTES = 24
PUBLIC_KEY_BYTES = 32
RISK_LEVEL = 1  # the public app sends 1 for every key
_PROTOBUF = {"Content-Type": "application/x-protobuf", "Cache-Control": "no-store"}


class Server:
    """The service, as a phone sees it. One per thread: it keeps a connection open."""

    def __init__(self, settings: Settings, session: requests.Session | None = None) -> None:
        """Use the service of `settings`; a session that the caller passes may retry or count."""
        self.settings = settings
        self._session = session or new_session()

    def claim(self, code: str) -> KeyPair:
        """Exchange a one-time code for a key pair."""
        private = PrivateKey.generate()
        public = bytes(private.public_key)
        answer = self._post("/claim-key", claim_message(code, public))
        error, message = check_message(answer, "the answer to the claim", pb.KeyClaimResponse)
        if error != "NONE":
            raise ClaimRefusedError(error, answer.status_code, message.tries_remaining, _seconds(message))
        pair = KeyPair(bytes(private), public, message.server_public_key)
        box_of(pair)
        return pair

    def upload(
        self, pair: KeyPair, keys: Sequence[DailyKey], now: int, risk_levels: Iterable[int] = repeat(RISK_LEVEL)
    ) -> None:
        """Send keys, encrypted for the server alone; `now` (unix seconds) must be within an hour of its clock."""
        request = sealed_upload(pair, upload_message(keys, now, risk_levels), secrets.token_bytes(NONCE_BYTES))
        answer = self._post("/upload", request)
        error, _ = check_message(answer, "the answer to the upload", pb.EncryptedUploadResponse)
        if error != "NONE":
            raise UploadRefusedError(error, answer.status_code)

    def archive(self, period: int, now: int) -> bytes:
        """Download the archive of a period, unverified."""
        path = schedule.retrieval_path(period, now, self.settings.hmac_key)
        return self._get(path, f"the archive of {schedule.period_text(period)}", ZIP)

    def outbreaks(self, period: int, now: int) -> bytes:
        """Download the archive of the outbreaks of a period, unverified."""
        path = schedule.retrieval_path(period, now, self.settings.hmac_key, schedule.OUTBREAKS)
        return self._get(path, f"the outbreaks of {schedule.period_text(period)}", ZIP)

    def configuration(self) -> dict[str, Any]:
        """Download the exposure configuration; only that it is a JSON object is checked."""
        try:
            raw = json.loads(self._get(configuration.PATH, configuration.NAME, JSON))
        except ValueError:
            raise MalformedError(ExitStatus.NOT_JSON, f"{configuration.NAME} is not JSON") from None
        if not isinstance(raw, dict):
            raise MalformedError(ExitStatus.NOT_JSON, f"{configuration.NAME} is not a JSON object")
        return raw

    def _post(self, path: str, body: bytes) -> requests.Response:
        return self._send("POST", self.settings.submission_url + path, body)

    def _get(self, path: str, what: str, types: tuple[str, ...]) -> bytes:
        return check_download(self._send("GET", self.settings.retrieval_url + path, None), what, types)

    def _send(self, method: str, url: str, body: bytes | None) -> requests.Response:
        """Send one request. A redirect is not followed: it would turn a POST into a GET without a body."""
        headers = _PROTOBUF if body is not None else None
        try:
            return self._session.request(
                method, url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise unreachable(error, url) from error


def claim_message(code: str, public_key: bytes) -> bytes:
    """Return the body of a claim."""
    return pb.KeyClaimRequest(one_time_code=code, app_public_key=public_key).SerializeToString()


def upload_message(keys: Sequence[DailyKey], now: int, risk_levels: Iterable[int] = repeat(RISK_LEVEL)) -> bytes:
    """Return the plaintext of an upload: only what the public app sends, so that 28 keys fit in its 1,024 bytes."""
    message = pb.Upload()
    message.timestamp.seconds = now
    for key, risk_level in zip(keys, risk_levels, strict=False):
        message.keys.add(
            key_data=key.key_data,
            transmission_risk_level=risk_level,
            rolling_start_interval_number=key.start,
            rolling_period=key.period,
        )
    return message.SerializeToString()


def sealed_upload(pair: KeyPair, plaintext: bytes, nonce: bytes) -> bytes:
    """Return the body of an upload: the plaintext in a NaCl box for the server, and what it needs to open it."""
    request = pb.EncryptedUploadRequest(
        server_public_key=pair.server_public_key,
        app_public_key=pair.public_key,
        nonce=nonce,
        payload=box_of(pair).encrypt(plaintext, nonce).ciphertext,
    )
    return request.SerializeToString()


def box_of(pair: KeyPair) -> Box:
    """Return the NaCl box of a key pair; raise MalformedError if the server's key cannot keep a secret.

    With a key of low order, such as 32 zero bytes, the shared secret is the same for every phone.
    """
    key = pair.server_public_key
    if len(key) != PUBLIC_KEY_BYTES:
        raise MalformedError(
            ExitStatus.KEY_LENGTH, f"the server's public key has {len(key)} bytes, not {PUBLIC_KEY_BYTES}"
        )
    try:
        return Box(PrivateKey(pair.private_key), PublicKey(key))
    except CryptoError:
        raise MalformedError(
            ExitStatus.WEAK_KEY, "the server's public key is a point of low order, which protects nothing"
        ) from None


def _seconds(answer: pb.KeyClaimResponse) -> float:
    return answer.remaining_ban_duration.seconds + answer.remaining_ban_duration.nanos / 1e9
