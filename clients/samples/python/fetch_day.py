"""Fetch, verify and read the keys of a day:  python -m clients.samples.python.fetch_day [YYYY-MM-DD]

The day is a UTC day, today if none is given; the last 15 can be had. Prints one line for each key:
key (hexadecimal), first interval (unix time / 600 s), number of intervals, transmission risk.

Environment: RETRIEVAL_URL, RETRIEVE_HMAC_KEY (hexadecimal), EXPORT_PUBLIC_KEY (PEM, or the base64 inside it).
Needs: requests, cryptography, protobuf, and exposure_pb2.py, which `protoc --python_out=. exposure.proto` makes.
"""

import base64
import hmac
import io
import sys
import time
import zipfile
from datetime import date

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from google.protobuf.message import DecodeError

from clients.phone import exposure_pb2 as pb
from clients.samples.python.service import TIMEOUT, session, setting, stop

HEADER = b"EK Export v1    "
REASONS = {
    401: "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
    404: "the day is not published yet, or RETRIEVAL_URL is wrong",
    410: "the day is too long ago",
}


def main() -> None:
    """Print the keys of a day, or stop with the reason."""
    day = (date.fromisoformat(sys.argv[1]) - date(1970, 1, 1)).days if len(sys.argv) > 1 else int(time.time()) // 86_400
    for key in verified(download(day)).keys:
        print(key.key_data.hex(), key.rolling_start_interval_number, key.rolling_period, key.transmission_risk_level)


def download(day: int) -> bytes:
    """Return the zip file of a day. The MAC in its address covers the day and the hour, so it is made just before."""
    message = f"302:{day:05d}:{int(time.time()) // 3_600}"
    mac = hmac.new(bytes.fromhex(setting("RETRIEVE_HMAC_KEY")), message.encode(), "sha256").hexdigest()
    url = f"{setting('RETRIEVAL_URL').rstrip('/')}/retrieve/302/{day:05d}/{mac}"
    try:
        answer = session().get(url, timeout=TIMEOUT)
    except requests.RequestException as error:
        stop(f"the server did not answer: {type(error).__name__}")
    if answer.status_code != 200:
        stop(f"{answer.status_code}: {REASONS.get(answer.status_code, 'the server has a problem; try again later')}")
    return answer.content


def verified(archive: bytes) -> pb.TemporaryExposureKeyExport:
    """Return the export once its signature is verified: never use keys that the server did not sign."""
    pem = setting("EXPORT_PUBLIC_KEY").splitlines()
    public_key = load_der_public_key(base64.b64decode("".join(line for line in pem if "-----" not in line)))
    if not isinstance(public_key, EllipticCurvePublicKey):
        stop("EXPORT_PUBLIC_KEY is not a key on an elliptic curve")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            export, signatures = zipped.read("export.bin"), zipped.read("export.sig")
        [signature] = pb.TEKSignatureList.FromString(signatures).signatures
        public_key.verify(signature.signature, export, ECDSA(SHA256()))  # of the whole file, its header included
        return pb.TemporaryExposureKeyExport.FromString(export.removeprefix(HEADER))
    except (zipfile.BadZipFile, KeyError, ValueError, DecodeError, InvalidSignature) as error:
        stop(f"the archive is not genuine: {type(error).__name__}")


if __name__ == "__main__":
    main()
