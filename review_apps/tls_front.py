"""TLS in front of the embedded PostgreSQL, which is built without it: `python -m review_apps.tls_front PORT TO FOLDER`.

Heroku's databases require TLS, with a self-signed certificate, and its apps ask for `sslmode=require`.
The request for TLS is the first message of a connection (https://www.postgresql.org/docs/current/protocol-flow.html,
"SSL Session Encryption"). Connections without it are passed on as they are.
"""

import asyncio
import contextlib
import ctypes
import os
import pwd
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from processes.ports import LOOPBACK

_REQUEST_BYTES: Final = 8
_TLS: Final = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_GSS: Final = (8).to_bytes(4, "big") + (80877104).to_bytes(4, "big")
_CHUNK: Final = 1 << 16
_YEARS: Final = 20
_SET_PARENT_DEATH_SIGNAL: Final = 1


def context_of(folder: Path) -> ssl.SSLContext:
    """Return a context with a self-signed certificate, which is made once."""
    path = folder / "certificate.pem"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_make_certificate())
        draft.replace(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _make_certificate() -> bytes:
    """Return a key and its certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem + certificate.public_bytes(encoding)


class Front:
    """The server: a connection to `backend`, a port of this host, for each of its own."""

    def __init__(self, backend: int, context: ssl.SSLContext) -> None:
        self._backend, self._context = backend, context

    async def serve(self, port: int) -> None:
        """Serve until this process ends."""
        server = await asyncio.start_server(self._connected, LOOPBACK, port)
        _stop_being_root()
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
            first = await self._negotiated(reader, writer)
            try:
                server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._backend)
            except OSError:
                writer.close()
                return
            server_writer.write(first)
            await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))

    async def _negotiated(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Answer requests for encryption; return the beginning of the first message after them."""
        while True:
            first = await reader.readexactly(_REQUEST_BYTES)
            if first == _TLS:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._context)
            elif first == _GSS:
                writer.write(b"N")
            else:
                return first


def _stop_being_root() -> None:
    """Continue as `nobody`, with the key in memory: root should not parse what apps send."""
    if os.geteuid() != 0:
        return
    account = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    # The change cancels the request to end with the parent: see processes/pdeathsig.py.
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until one side closes, and then close the other."""
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(Front(int(sys.argv[2]), context_of(Path(sys.argv[3]))).serve(int(sys.argv[1])))
