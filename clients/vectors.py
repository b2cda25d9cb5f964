"""Test vectors for authors of clients: `python -m clients.vectors` renews docs/test-vectors.json.

Every value follows from the constants below by the reference phone's code, except the archive: a server made and
signed it once, and signatures differ every time, so it is kept as it is.
"""

import hmac
import json
import sys
from pathlib import Path
from typing import Any

from nacl.public import PrivateKey

from clients.phone import schedule
from clients.phone.crypto import DailyKey
from clients.phone.protocol import claim_message, sealed_upload, upload_message
from clients.phone.state import KeyPair

FILE = Path(__file__).parents[1] / "docs" / "test-vectors.json"

# Keys for tests alone.
APP_PRIVATE_KEY = PrivateKey(bytes(range(32)))
SERVER_PRIVATE_KEY = PrivateKey(bytes(range(32, 64)))
NONCE = bytes(range(64, 88))
HMAC_KEY = bytes.fromhex("aa" * 32)
HASH_ID_KEY, CASE = "a secret of the laboratory", "Fall 17/ß"
CODE = "AEF2456JKL"
NOW = 1_594_764_059  # 2020-07-14 22:00:59 UTC
TODAY = NOW // schedule.DAY_SECONDS
KEYS = [
    DailyKey(bytes(range(16)), (TODAY - 1) * 144, 144),
    DailyKey(bytes(range(16, 32)), TODAY * 144, 96),
]


def main() -> int:
    """Renew the file; return the exit status."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))["archive"]
    FILE.write_text(json.dumps({**vectors(), "archive": kept}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE.name} is written\n")
    return 0


def vectors() -> dict[str, Any]:
    """Return everything but the archive; bytes are in lower-case hexadecimal."""
    return {"hash_id": _hash_id(), "claim": _claim(), "upload": _upload(), "retrieval": _retrieval()}


def _hash_id() -> dict[str, str]:
    digest = hmac.new(HASH_ID_KEY.encode(), CASE.encode(), "sha512").hexdigest()
    return {"key": HASH_ID_KEY, "case": CASE, "hash_id": digest}


def _claim() -> dict[str, Any]:
    server_public_key = bytes(SERVER_PRIVATE_KEY.public_key)
    return {
        "one_time_code": CODE,
        "app_private_key": bytes(APP_PRIVATE_KEY).hex(),
        "app_public_key": bytes(APP_PRIVATE_KEY.public_key).hex(),
        "request": claim_message(CODE, bytes(APP_PRIVATE_KEY.public_key)).hex(),
        "answers": [
            {
                "status": 200,
                "body": (b"\x12\x20" + server_public_key + b"\x18\x32").hex(),
                "meaning": "claimed; 50 tries left",
            },
            {"status": 401, "body": "080218312200", "meaning": "INVALID_ONE_TIME_CODE, 49 tries left"},
            {"status": 401, "body": "08041832", "meaning": "INVALID_KEY, 50 tries left"},
            {"status": 429, "body": "080518002203088f1c", "meaning": "TEMPORARY_BAN, for 3599 seconds"},
        ],
    }


def _upload() -> dict[str, Any]:
    pair = KeyPair(bytes(APP_PRIVATE_KEY), bytes(APP_PRIVATE_KEY.public_key), bytes(SERVER_PRIVATE_KEY.public_key))
    plaintext = upload_message(KEYS, NOW)
    return {
        "timestamp": NOW,
        "keys": [
            {
                "key_data": key.key_data.hex(),
                "rolling_start_interval_number": key.start,
                "rolling_period": key.period,
                "transmission_risk_level": 1,
            }
            for key in KEYS
        ],
        "app_private_key": bytes(APP_PRIVATE_KEY).hex(),
        "server_private_key": bytes(SERVER_PRIVATE_KEY).hex(),
        "server_public_key": pair.server_public_key.hex(),
        "nonce": NONCE.hex(),
        "plaintext": plaintext.hex(),
        "request": sealed_upload(pair, plaintext, NONCE).hex(),
        "answers": [
            {"status": 200, "body": "0800", "meaning": "NONE: accepted"},
            {"status": 401, "body": "0802", "meaning": "INVALID_KEYPAIR"},
            {"status": 400, "body": "0808", "meaning": "INVALID_TIMESTAMP"},
        ],
    }


def _retrieval() -> dict[str, Any]:
    return {
        "hmac_key": HMAC_KEY.hex(),
        "now": NOW,
        "paths": [{"period": period, "path": schedule.retrieval_path(period, NOW, HMAC_KEY)} for period in (0, TODAY)],
    }


if __name__ == "__main__":
    sys.exit(main())
