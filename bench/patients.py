"""Raw requests of authorities and phones, prepared before the measurement and sent once each."""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar
from urllib.parse import urlsplit

from nacl.public import PrivateKey

from bench import target as http
from bench.target import Answer, Target, today
from clients.phone import exposure_pb2 as pb
from clients.phone.crypto import DAY_INTERVALS, new_key
from clients.phone.protocol import NONCE_BYTES, claim_message, sealed_upload, upload_message
from clients.phone.state import KeyPair

S = TypeVar("S")
T = TypeVar("T")

_PREPARING_THREADS: Final = 8
# Keys of the day before yesterday and older: old enough to be published at once by any server, and not too old for
# archives.
_NEWEST_DAY: Final = 2
_DAYS_OF_A_PATIENT: Final = 12
_OK: Final = 200


class PreparationFailedError(Exception):
    """A server refused a request that prepares a measurement."""


def raw(base_url: str, method: str, path: str, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(base_url).netloc}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def random_network() -> tuple[str, str]:
    """Return the X-Forwarded-For header of a random network.

    Claims from one network are serialised to count failures, and real patients use different networks.
    """
    numbers = secrets.token_bytes(3)
    return "X-Forwarded-For", f"10.{numbers[0]}.{numbers[1]}.{numbers[2]}"


def code_requests(target: Target, count: int) -> list[bytes]:
    """Return requests for codes."""
    token = ("Authorization", f"Bearer {target.token}")
    return [
        raw(target.submission_url, "POST", "/new-key-claim", headers=(token, random_network())) for _ in range(count)
    ]


def claim_requests(target: Target, codes: Sequence[str]) -> list[bytes]:
    """Return claims of codes, each for another phone. Any 32 bytes are a public key."""
    return [
        raw(
            target.submission_url,
            "POST",
            "/claim-key",
            claim_message(code, secrets.token_bytes(32)),
            (random_network(),),
        )
        for code in codes
    ]


def upload_requests(target: Target, pairs: Sequence[KeyPair], keys: int) -> list[bytes]:
    """Return uploads of `keys` keys with each pair."""
    return [
        raw(target.submission_url, "POST", "/upload", upload_body(pair, keys), (random_network(),)) for pair in pairs
    ]


def start_intervals(keys: int) -> list[int]:
    """Return rolling starts of a patient's keys: one for each of the past days, then a second for each, and so on."""
    newest = today() - _NEWEST_DAY
    return [(newest - number % _DAYS_OF_A_PATIENT) * DAY_INTERVALS for number in range(keys)]


def upload_body(pair: KeyPair, keys: int) -> bytes:
    """Return an EncryptedUploadRequest with `keys` keys and the present time."""
    made = [new_key(start) for start in start_intervals(keys)]
    plaintext = upload_message(made, int(time.time()), (1 + number % 8 for number in range(keys)))
    return sealed_upload(pair, plaintext, secrets.token_bytes(NONCE_BYTES))


def new_pairs(count: int) -> tuple[list[KeyPair], list[bytes]]:
    """Return new key pairs, and the private keys of the server for them."""
    pairs, server_private_keys = [], []
    for _ in range(count):
        phone, server = PrivateKey.generate(), PrivateKey.generate()
        pairs.append(KeyPair(bytes(phone), bytes(phone.public_key), bytes(server.public_key)))
        server_private_keys.append(bytes(server))
    return pairs, server_private_keys


def issue_codes(target: Target, count: int) -> list[str]:
    """Issue codes through the API."""

    def ask(_: int) -> str:
        headers = dict([("Authorization", f"Bearer {target.token}"), random_network()])
        return _send(target, "/new-key-claim", b"", headers).body.decode().strip()

    return _in_parallel(ask, range(count))


def claim_pairs(target: Target, count: int) -> list[KeyPair]:
    """Return claimed key pairs, made through the API."""

    def claim(code: str) -> KeyPair:
        phone = PrivateKey.generate()
        public_key = bytes(phone.public_key)
        answer = _send(target, "/claim-key", claim_message(code, public_key), dict([random_network()]))
        return KeyPair(bytes(phone), public_key, pb.KeyClaimResponse.FromString(answer.body).server_public_key)

    return _in_parallel(claim, issue_codes(target, count))


def send_uploads(target: Target, pairs: Sequence[KeyPair], keys: int) -> None:
    """Upload `keys` keys with each pair."""
    _in_parallel(lambda pair: _send(target, "/upload", upload_body(pair, keys), dict([random_network()])), pairs)


def _send(target: Target, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    answer = http.request(target.submission_url, "POST", path, body, headers)
    if answer.status != _OK:
        raise PreparationFailedError(f"{target.name}: {path} answered {answer.status}")
    return answer


def _in_parallel(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    with ThreadPoolExecutor(_PREPARING_THREADS) as pool:
        return list(pool.map(work, items))
