"""Claim a one-time code and upload keys:  python -m clients.samples.python.claim_and_upload CODE

The keys are invented, one for each of the last 14 days: an app would send those of its phone.

Environment: SUBMISSION_URL.
Needs: requests, pynacl, protobuf, and exposure_pb2.py, which `protoc --python_out=. exposure.proto` makes.
"""

import secrets
import sys
import time
from typing import TypeVar

import requests
from google.protobuf.message import DecodeError, Message
from nacl.public import Box, PrivateKey, PublicKey

from clients.phone import exposure_pb2 as pb
from clients.samples.python.service import TIMEOUT, session, setting, stop

HEADERS = {"Content-Type": "application/x-protobuf"}
DAY = 144  # intervals of 10 minutes
Answer = TypeVar("Answer", pb.KeyClaimResponse, pb.EncryptedUploadResponse)


def main() -> None:
    """Claim the code, then upload."""
    if len(sys.argv) != 2:
        stop("usage: claim_and_upload CODE")
    app_key = PrivateKey.generate()
    upload(app_key, claim(sys.argv[1], app_key))
    print("14 keys accepted")


def claim(code: str, app_key: PrivateKey) -> PublicKey:
    """Return the server's public key. A code can be claimed once, so a lost answer needs a new code: no other try."""
    request = pb.KeyClaimRequest(one_time_code=code, app_public_key=bytes(app_key.public_key))
    status, answer = post("/claim-key", request, pb.KeyClaimResponse, requests.Session())
    if answer.error == pb.KeyClaimResponse.TEMPORARY_BAN:  # status 429, after too many wrong codes
        stop(f"too many wrong codes: try again in {answer.remaining_ban_duration.seconds // 60 + 1} minutes")
    if answer.error == pb.KeyClaimResponse.INVALID_ONE_TIME_CODE:  # status 401
        stop(f"the code is wrong, used or older than a day; {answer.tries_remaining} tries left")
    if status != 200 or len(answer.server_public_key) != 32:
        stop(f"the code was not accepted: {status} {pb.KeyClaimResponse.ErrorCode.Name(answer.error)}")
    return PublicKey(answer.server_public_key)


def upload(app_key: PrivateKey, server_key: PublicKey) -> None:
    """Send keys. The server skips those it has, so trying again after a lost answer is harmless."""
    plain = pb.Upload()
    plain.timestamp.seconds = int(time.time())  # the server allows an hour of difference
    today = int(time.time()) // 600 // DAY * DAY
    for age in range(1, 15):
        key = plain.keys.add(key_data=secrets.token_bytes(16), rolling_start_interval_number=today - age * DAY)
        key.rolling_period, key.transmission_risk_level = DAY, 1
    sealed = Box(app_key, server_key).encrypt(plain.SerializeToString())  # with a fresh random nonce of 24 bytes
    request = pb.EncryptedUploadRequest(nonce=sealed.nonce, payload=sealed.ciphertext)
    request.server_public_key, request.app_public_key = bytes(server_key), bytes(app_key.public_key)
    status, answer = post("/upload", request, pb.EncryptedUploadResponse, session())
    if status != 200 or answer.error:
        stop(f"the keys were not accepted: {status} {pb.EncryptedUploadResponse.ErrorCode.Name(answer.error)}")


def post(path: str, message: Message, kind: type[Answer], http: requests.Session) -> tuple[int, Answer]:
    """Return the status and the message of an answer, or stop."""
    url = setting("SUBMISSION_URL").rstrip("/") + path
    try:
        answer = http.post(url, message.SerializeToString(), headers=HEADERS, timeout=TIMEOUT, allow_redirects=False)
        return answer.status_code, kind.FromString(answer.content)
    except (requests.RequestException, DecodeError) as error:  # a page of HTML is no message
        stop(f"the server did not answer as it should: {type(error).__name__}")


if __name__ == "__main__":
    main()
