"""What a phone must know of the service, from the same environment variables as the sample scripts."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from clients.phone.archive import load_public_key


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the service is, the key of its downloads' MAC, and the key that verifies its archives."""

    submission_url: str
    retrieval_url: str
    hmac_key: bytes
    public_key: EllipticCurvePublicKey

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings, or raise ValueError with the name of the one that is missing or malformed."""
        return cls(
            submission_url=_read(environ, "SUBMISSION_URL").rstrip("/"),
            retrieval_url=_read(environ, "RETRIEVAL_URL").rstrip("/"),
            hmac_key=_hex(environ, "RETRIEVE_HMAC_KEY"),
            public_key=_public_key(environ, "EXPORT_PUBLIC_KEY"),
        )


def _read(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise ValueError(f"{name} is not set")
    return value


def _hex(environ: Mapping[str, str], name: str) -> bytes:
    try:
        return bytes.fromhex(_read(environ, name))
    except ValueError as error:
        raise ValueError(f"{name} is not hexadecimal, or is not set") from error


def _public_key(environ: Mapping[str, str], name: str) -> EllipticCurvePublicKey:
    try:
        return load_public_key(_read(environ, name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
