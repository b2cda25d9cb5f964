"""Test vectors of the envelope: `python -m clients.secret.vectors` renews docs/sharing-vectors.json."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key

from clients.secret import envelope
from clients.secret.content import FILE, TEXT, Content
from clients.secret.envelope import Choices
from clients.secret.links import ReceiptLink, RequestLink, SecretLink

FILE_OF_VECTORS: Final = Path(__file__).parents[2] / "docs" / "sharing-vectors.json"

# Keys for tests alone.
SERVICE: Final = "https://share.example.org"
SECRET: Final = bytes(range(32))
RECEIPT: Final = bytes(range(32, 64))
REQUEST: Final = bytes(range(64, 96))
PASSPHRASE: Final = "café à la crème"  # noqa: S105 - of the vectors alone
CHOICES: Final = Choices(3600, bytes(range(96, 112)), bytes(range(112, 124)))
TEXT_CONTENT: Final = Content(TEXT, "", "Pass the salt – « sel ».".encode())
FILE_CONTENT: Final = Content(FILE, "clé.bin", bytes(range(256)) * 2)


def main() -> int:
    """Renew the file; return the exit status."""
    FILE_OF_VECTORS.write_text(json.dumps(vectors(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE_OF_VECTORS.name} is written\n")
    return 0


def vectors() -> dict[str, Any]:
    """Return every vector; bytes are in lower-case hexadecimal."""
    return {
        "secret": SECRET.hex(),
        "locator": envelope.locator(SECRET).hex(),
        "digest": envelope.digest(envelope.locator(SECRET)).hex(),
        "receipt_token": RECEIPT.hex(),
        "receipt_digest": envelope.digest(RECEIPT).hex(),
        "links": {
            "secret": str(SecretLink(SERVICE, SECRET, has_passphrase=False)),
            "secret_with_passphrase": str(SecretLink(SERVICE, SECRET, has_passphrase=True)),
            "receipt": str(ReceiptLink(SERVICE, RECEIPT)),
            "request": str(RequestLink(SERVICE, envelope.digest(REQUEST), own_key(2).public_key())),
        },
        "envelopes": [_text(), _file(), _with_passphrase(), _answer()],
    }


def own_key(number: int) -> EllipticCurvePrivateKey:
    """Return the private key whose value is a small number repeated, for tests alone."""
    return derive_private_key(int.from_bytes(bytes([number]) * 32, "big"), SECP256R1())


def _described(content: Content, sealed: bytes) -> dict[str, Any]:
    return {
        "kind": content.kind,
        "name": content.name,
        "data": content.data.hex(),
        "lifetime": CHOICES.lifetime,
        "envelope": sealed.hex(),
    }


def _text() -> dict[str, Any]:
    return {"protection": "link"} | _described(TEXT_CONTENT, envelope.seal(TEXT_CONTENT, SECRET, CHOICES))


def _file() -> dict[str, Any]:
    return {"protection": "link"} | _described(FILE_CONTENT, envelope.seal(FILE_CONTENT, SECRET, CHOICES))


def _with_passphrase() -> dict[str, Any]:
    sealed = envelope.seal(TEXT_CONTENT, SECRET, CHOICES, PASSPHRASE)
    return {"protection": "passphrase", "passphrase": PASSPHRASE} | _described(TEXT_CONTENT, sealed)


def _answer() -> dict[str, Any]:
    sender, receiver = own_key(1), own_key(2)
    sealed = envelope.seal_for(TEXT_CONTENT, receiver.public_key(), CHOICES, sender)
    keys = {
        "locator": REQUEST.hex(),
        "receiver_private_key": f"{receiver.private_numbers().private_value:064x}",
        "receiver_public_key": envelope.public_bytes(receiver.public_key()).hex(),
        "sender_private_key": f"{sender.private_numbers().private_value:064x}",
    }
    return {"protection": "request"} | keys | _described(TEXT_CONTENT, sealed)


if __name__ == "__main__":
    sys.exit(main())
