"""The cryptography of Exposure Notification, version 1.2 (April 2020): from a daily key to what a phone broadcasts.

A phone makes a temporary exposure key (TEK) a day. From it follow, by HKDF, the key of its rolling proximity
identifiers (RPI) and the key of their associated encrypted metadata (AEM). An identifier lives for one interval.

Units: an interval is 10 minutes; an interval number is unix time / 600 s; a key lives for at most 144 of them.
"""

import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

INTERVAL_SECONDS = 600
DAY_INTERVALS = 144
KEY_BYTES = 16
_METADATA_VERSION_1_0 = 0x40  # major version in the two highest bits, minor version in the next two


@dataclass(frozen=True, slots=True)
class DailyKey:
    """A temporary exposure key: 16 bytes, its first interval and how many intervals it lives."""

    key_data: bytes
    start: int
    period: int = DAY_INTERVALS

    @property
    def end(self) -> int:
        """The first interval after its life."""
        return self.start + self.period


def interval_of(unix_seconds: int) -> int:
    """Return the interval number of a moment."""
    return unix_seconds // INTERVAL_SECONDS


def new_key(start: int, period: int = DAY_INTERVALS) -> DailyKey:
    """Make a key from the system's randomness: nothing about its owner is in it."""
    return DailyKey(secrets.token_bytes(KEY_BYTES), start, period)


def identifier_key(key_data: bytes) -> bytes:
    """RPIK = HKDF(TEK, no salt, "EN-RPIK", 16 bytes)."""
    return HKDF(SHA256(), KEY_BYTES, None, b"EN-RPIK").derive(key_data)


def metadata_key(key_data: bytes) -> bytes:
    """AEMK = HKDF(TEK, no salt, "EN-AEMK", 16 bytes)."""
    return HKDF(SHA256(), KEY_BYTES, None, b"EN-AEMK").derive(key_data)


def identifiers(key: DailyKey) -> list[bytes]:
    """Return the RPI of every interval of a key's life, in order.

    RPI = AES-128(RPIK, "EN-RPI" ‖ six zero bytes ‖ interval number as 4 bytes, little-endian). The blocks are
    independent, so one call encrypts the day: matching derives this for every published key.
    """
    blocks = b"".join(
        b"EN-RPI\0\0\0\0\0\0" + (interval & 0xFFFFFFFF).to_bytes(4, "little") for interval in range(key.start, key.end)
    )
    # A permutation of single distinct blocks is what the specification asks for; no text is hidden by the mode.
    encryptor = Cipher(AES(identifier_key(key.key_data)), ECB()).encryptor()  # noqa: S305
    day = encryptor.update(blocks) + encryptor.finalize()
    return [day[at : at + 16] for at in range(0, len(day), 16)]


def identifier(key: DailyKey, interval: int) -> bytes:
    """Return the RPI of one interval of a key's life."""
    return identifiers(DailyKey(key.key_data, interval, 1))[0]


def crypt_metadata(key_data: bytes, rpi: bytes, metadata: bytes) -> bytes:
    """AEM = AES-128-CTR(AEMK, initial counter = RPI, metadata). Encrypting and decrypting are the same."""
    return crypt_metadata_with(metadata_key(key_data), rpi, metadata)


def crypt_metadata_with(aemk: bytes, rpi: bytes, metadata: bytes) -> bytes:
    """Encrypt or decrypt with a key that is derived already, as for the many identifiers of a day."""
    encryptor = Cipher(AES(aemk), CTR(rpi)).encryptor()
    return encryptor.update(metadata) + encryptor.finalize()


def metadata(transmit_power: int) -> bytes:
    """Return version 1.0 of the 4 bytes of metadata; `transmit_power` is in dBm, −128 to 127."""
    return bytes([_METADATA_VERSION_1_0, transmit_power & 0xFF, 0, 0])


def transmit_power(metadata: bytes) -> int:
    """Read the transmit power, in dBm, back from the metadata."""
    return int.from_bytes(metadata[1:2], "big", signed=True)
