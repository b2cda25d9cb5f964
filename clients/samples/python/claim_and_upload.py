"""Claim a one-time code and upload keys:  python claim_and_upload.py CODE

The keys are invented, one for each of the last 14 days: an app sends those of its phone.

Environment: SUBMISSION_URL.
"""

import secrets
import sys
import time
from typing import TypeVar

import exposure_pb2 as pb
from google.protobuf.message import DecodeError, Message
from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey
from service import code_of, send, stop, url_of

TYPE = "application/x-protobuf"
DAY = 144  # intervals of 10 minutes
Answer = TypeVar("Answer", pb.KeyClaimResponse, pb.EncryptedUploadResponse)


def main() -> None:
    """Claim the code, then upload."""
    if len(sys.argv) != 2:
        stop("usage: claim_and_upload.py CODE")
    app_key = PrivateKey.generate()
    upload(app_key, claim(code_of(sys.argv[1]), app_key))
    print("14 keys accepted")


def claim(code: str, app_key: PrivateKey) -> bytes:
    """Return the server's public key. A code can be claimed once, so a lost answer needs a new code: no other try."""
    request = pb.KeyClaimRequest(one_time_code=code, app_public_key=bytes(app_key.public_key))
    status, answer = post("/claim-key", request, pb.KeyClaimResponse, ())
    if answer.error == pb.KeyClaimResponse.TEMPORARY_BAN:  # status 429, after too many wrong codes
        stop(f"too many wrong codes: try again in {answer.remaining_ban_duration.seconds // 60 + 1} minutes")
    if answer.error == pb.KeyClaimResponse.INVALID_ONE_TIME_CODE:  # status 401
        stop(f"the code is wrong, used or older than a day; {answer.tries_remaining} tries left")
    if status != 200 or answer.error or len(answer.server_public_key) != 32:
        stop(f"the code was not accepted: {status}, error {answer.error}")
    return answer.server_public_key


def upload(app_key: PrivateKey, server_key: bytes) -> None:
    """Send keys. The server skips those it has, so trying again after a lost answer does no harm."""
    plain = pb.Upload()
    plain.timestamp.seconds = int(time.time())  # the server allows an hour of difference
    today = int(time.time()) // 600 // DAY * DAY
    for age in range(1, 15):
        key = plain.keys.add(key_data=secrets.token_bytes(16), rolling_start_interval_number=today - age * DAY)
        key.rolling_period, key.transmission_risk_level = DAY, 1
    try:  # with a fresh random nonce of 24 bytes
        sealed = Box(app_key, PublicKey(server_key)).encrypt(plain.SerializeToString())
    except CryptoError:
        stop("the server's public key protects nothing; do not upload")
    request = pb.EncryptedUploadRequest(nonce=sealed.nonce, payload=sealed.ciphertext)
    request.server_public_key, request.app_public_key = server_key, bytes(app_key.public_key)
    status, answer = post("/upload", request, pb.EncryptedUploadResponse, (429, 500, 502, 503, 504))
    if status != 200 or answer.error or not answer.HasField("error"):
        stop(f"the keys were not accepted: {status}, error {answer.error}")


def post(path: str, message: Message, kind: type[Answer], retry_on: tuple[int, ...]) -> tuple[int, Answer]:
    """Return the status and the message of an answer, or stop."""
    url = url_of("SUBMISSION_URL", path)
    answer = send("POST", url, retry_on, data=message.SerializeToString(), headers={"Content-Type": TYPE})
    try:
        return answer.status_code, kind.FromString(answer.content)
    except DecodeError:  # a page of HTML, for example
        stop(f"{answer.status_code}: the server did not answer with a message")


if __name__ == "__main__":
    main()
