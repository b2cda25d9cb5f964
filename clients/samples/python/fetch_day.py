"""Fetch, verify and read the keys of a day:  python fetch_day.py [YYYY-MM-DD]

The day is a UTC day, today if none is given; the last 15 can be fetched. Prints one line for each key:
key (hexadecimal), first interval (unix time / 600 s), number of intervals, transmission risk.

Environment: RETRIEVAL_URL, RETRIEVE_HMAC_KEY (hexadecimal), EXPORT_PUBLIC_KEY (PEM, or the base64 inside it).
"""

import base64
import hmac
import io
import sys
import time
import zipfile
import zlib
from datetime import date

import exposure_pb2 as pb
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from google.protobuf.message import DecodeError
from service import send, setting, stop, url_of

HEADER = b"EK Export v1    "
REASONS = {
    401: "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
    404: "the day is not published yet, or RETRIEVAL_URL is wrong",
    410: "the day is too long ago",
}


def main() -> None:
    """Print the keys of a day, or stop with the reason."""
    for key in verified(download(wanted_day())).keys:
        print(key.key_data.hex(), key.rolling_start_interval_number, key.rolling_period, key.transmission_risk_level)


def wanted_day() -> int:
    """Return the UTC day number of the argument, or of today."""
    if not sys.argv[1:]:
        return int(time.time()) // 86_400
    try:
        day = date.fromisoformat(sys.argv[1])
    except ValueError:
        stop("the day must be YYYY-MM-DD")
    if day.isoformat() != sys.argv[1]:  # other forms of ISO 8601, such as 2026-W01-1
        stop("the day must be YYYY-MM-DD")
    return (day - date(1970, 1, 1)).days


def download(day: int) -> bytes:
    """Return the zip file of a day. The MAC in its address covers the day and the hour, so it is made just before."""
    message = f"302:{day:05d}:{int(time.time()) // 3_600}"
    try:
        mac = hmac.new(bytes.fromhex(setting("RETRIEVE_HMAC_KEY")), message.encode(), "sha256").hexdigest()
    except ValueError:
        stop("RETRIEVE_HMAC_KEY is not hexadecimal")
    answer = send("GET", url_of("RETRIEVAL_URL", f"/retrieve/302/{day:05d}/{mac}"))
    if answer.status_code != 200:
        stop(f"{answer.status_code}: {REASONS.get(answer.status_code, 'the server has a problem; try again later')}")
    return answer.content


def public_key() -> EllipticCurvePublicKey:
    """Return the key that verifies archives."""
    pem = setting("EXPORT_PUBLIC_KEY").splitlines()
    try:
        key = load_der_public_key(base64.b64decode("".join(line for line in pem if "-----" not in line)))
    except ValueError:
        stop("EXPORT_PUBLIC_KEY is not a public key")
    return key if isinstance(key, EllipticCurvePublicKey) else stop("EXPORT_PUBLIC_KEY is not on an elliptic curve")


def verified(archive: bytes) -> pb.TemporaryExposureKeyExport:
    """Return the export once its signature is verified: never use keys that the server did not sign."""
    key = public_key()
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            export, signatures = zipped.read("export.bin"), zipped.read("export.sig")
        [signature] = pb.TEKSignatureList.FromString(signatures).signatures
        key.verify(signature.signature, export, ECDSA(SHA256()))  # of the whole file, its header included
        return pb.TemporaryExposureKeyExport.FromString(export.removeprefix(HEADER))
    # A damaged or encrypted zip file raises almost anything.
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, LookupError, ValueError) as error:
        stop(f"the archive is not genuine: {type(error).__name__}")
    except (DecodeError, InvalidSignature) as error:
        stop(f"the archive is not genuine: {type(error).__name__}")


if __name__ == "__main__":
    main()
