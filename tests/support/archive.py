"""A reader of export archives that uses only a zip reader and the wire schema."""

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.crypto.signing import load_signing_key
from app.proto import covidshield_pb2 as wire
from tests.support.settings import SIGNING_KEY

HEADER: Final = b"EK Export v1    "
PUBLIC_KEY: Final = load_signing_key(bytes.fromhex(SIGNING_KEY)).public_key()


@dataclass(frozen=True)
class Archive:
    """The two files of an archive, as bytes."""

    export_bin: bytes
    export_sig: bytes

    @property
    def export(self) -> wire.TemporaryExposureKeyExport:
        """The message with the keys, without its header."""
        assert self.export_bin.startswith(HEADER)
        return wire.TemporaryExposureKeyExport.FromString(self.export_bin[len(HEADER) :])

    @property
    def numbers(self) -> list[int]:
        """The numbers of the keys (see `exposure_key`), in the order of the file."""
        return [int.from_bytes(key.key_data, "big") for key in self.export.keys]

    @property
    def outbreaks(self) -> wire.OutbreakEventExport:
        """The message with the outbreak events, which has no header."""
        return wire.OutbreakEventExport.FromString(self.export_bin)

    @property
    def signature(self) -> wire.TEKSignature:
        """The only signature."""
        signatures = wire.TEKSignatureList.FromString(self.export_sig).signatures
        assert len(signatures) == 1
        return signatures[0]


def archive_in(response: Any) -> Archive:
    """Return the archive of a successful response."""
    assert response.status_code == 200, response.data
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        return Archive(archive.read("export.bin"), archive.read("export.sig"))


def verify(signature: bytes, message: bytes) -> None:
    """Raise unless the signing key of the tests signed the message."""
    PUBLIC_KEY.verify(signature, message, ec.ECDSA(hashes.SHA256()))
