"""An authenticator of passkeys in software, with real keys and signatures (Web Authentication, level 3)."""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_ES256 = -7


@dataclass
class Authenticator:
    """Holds one passkey.

    `flags` are those that it reports; `counts` whether it has a counter of signatures; `key_fields` how many
    of the five fields its public key has (RFC 9053, section 7.1.1).
    """

    origin: str = "http://localhost"
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user_handle: bytes = b""
    key_fields: int = 5

    def create(self, options: str) -> str:
        """Return the answer to the options of a registration, as JSON."""
        wanted = json.loads(options)
        self.user_handle = base64url_to_bytes(wanted["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        fields = [(1, 2), (3, _ES256), (-1, 1), (-2, x), (-3, y)]
        public_key = cbor2.dumps(dict(fields[: self.key_fields]))
        credential = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + public_key
        data = self._data(wanted["rp"]["id"], self.flags | ATTESTED) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", wanted["challenge"])
        return self._answer(clientDataJSON=client_data, attestationObject=attestation)

    def get(self, options: str) -> str:
        """Return the answer to the options of a sign-in, as JSON."""
        wanted = json.loads(options)
        data = self._data(wanted["rpId"], self.flags)
        client_data = self._client_data("webauthn.get", wanted["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=client_data, authenticatorData=data, signature=signature, userHandle=self.user_handle
        )

    def _data(self, relying_party: str, flags: int) -> bytes:
        if self.counts:
            self.count += 1
        return hashlib.sha256(relying_party.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, **response: bytes) -> str:
        identifier = bytes_to_base64url(self.credential_id)
        fields: dict[str, Any] = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": identifier, "rawId": identifier, "type": "public-key", "response": fields})
