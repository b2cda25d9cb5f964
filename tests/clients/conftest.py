"""What the clients' tests share: recorded data, archives signed here, canned answers, samples, and a real server."""

import base64
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clients.environment import clients_environment
from clients.phone import exposure_pb2 as pb
from clients.phone.archive import ECDSA_P256_SHA256, HEADER
from clients.phone.crypto import DailyKey
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from processes.ports import reserve_port
from tests.clients.sample_runs import Copies, Outcome, surroundings
from tests.support.settings import SECRETS

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
HMAC_KEY = bytes.fromhex("aa" * 32)


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """The test vectors of the Exposure Notification cryptography specification 1.2."""
    return json.loads((DATA / "gaen_crypto_vectors.json").read_text())


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], bytes]:
    """Return the bytes of a recorded archive."""
    return lambda name: (DATA / name).read_bytes()


@pytest.fixture(scope="session")
def sample_public_keys() -> dict[str, str]:
    """The base64 DER keys of the two recorded archives, by file name."""
    return json.loads((DATA / "sample_export_public_keys.json").read_text())


class Signer:
    """Makes export archives as a server does, with a key of its own."""

    def __init__(self) -> None:
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self.private_key.public_key()

    @property
    def public_key_text(self) -> str:
        der = self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def export(self, keys: Iterable[DailyKey], start: int = 0, end: int = 86_400) -> bytes:
        message = pb.TemporaryExposureKeyExport(
            start_timestamp=start, end_timestamp=end, region="CA", batch_num=1, batch_size=1
        )
        for key in keys:
            message.keys.add(
                key_data=key.key_data,
                transmission_risk_level=1,
                rolling_start_interval_number=key.start,
                rolling_period=key.period,
            )
        return HEADER + message.SerializeToString()

    def signature(self, export: bytes, **changes: Any) -> bytes:
        values = {"batch_num": 1, "batch_size": 1, "signature": self.private_key.sign(export, ec.ECDSA(SHA256()))}
        info = pb.SignatureInfo(signature_algorithm=ECDSA_P256_SHA256)
        one = pb.TEKSignature(signature_info=info, **{**values, **changes})
        return pb.TEKSignatureList(signatures=[one]).SerializeToString()

    def archive(self, keys: Iterable[DailyKey] = (), start: int = 0, end: int = 86_400) -> bytes:
        export = self.export(keys, start, end)
        return self.zipped({"export.bin": export, "export.sig": self.signature(export)})

    @staticmethod
    def zipped(files: dict[str, bytes]) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in files.items():
                file.writestr(name, content)
        return target.getvalue()


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


Answer = tuple[int, bytes] | Exception
Respond = Callable[[requests.PreparedRequest], Answer]


class Canned(requests.adapters.BaseAdapter):
    """A transport that answers by a function and keeps what it was sent: no socket, but all of `requests`."""

    def __init__(self, respond: Respond) -> None:
        super().__init__()
        self.respond = respond
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.requests.append(request)
        answer = self.respond(request)
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code, response._content = answer
        response.url = request.url or ""
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def canned(signer: Signer) -> Callable[[Respond], tuple[Server, Canned]]:
    """Return a maker of servers that answer by a function, and of the record of what was asked."""

    def make(respond: Respond) -> tuple[Server, Canned]:
        transport = Canned(respond)
        session = requests.Session()
        session.mount("https://", transport)
        settings = Settings("https://submit.test", "https://retrieve.test", HMAC_KEY, signer.public_key)
        return Server(settings, session), transport

    return make


@pytest.fixture(scope="session")
def live(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server as in production, in processes of its own; yields what an integrator is given to talk to it."""
    address = f"127.0.0.1:{reserve_port()}"
    environment = {**os.environ, **SECRETS, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    log = tmp_path_factory.mktemp("live") / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "app.web.server"],
            cwd=ROOT,
            env={
                **environment,
                "BIND_ADDR": address,
                "RATE_LIMITS": "off",
                "EXPORT_MAX_AGE_SECONDS": "0",
                "RELEASE_PERIOD_HOURS": "0",
                "WEB_CONCURRENCY": "1",
            },
            stderr=output,
        )
    try:
        wait_for(f"http://{address}/services/ping", server, log)
        yield clients_environment(SECRETS, f"http://{address}")
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    patience = time.monotonic() + 90  # a machine that is busy with other tests is slow, not broken
    while time.monotonic() < patience:
        assert server.poll() is None, log.read_text()
        try:
            if requests.get(url, timeout=30).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def issue(live: dict[str, str]) -> Callable[[], str]:
    """Return what a professional does: ask for a code."""

    def ask() -> str:
        headers = {"Authorization": f"Bearer {live['KEY_CLAIM_TOKEN']}"}
        answer = requests.post(f"{live['SUBMISSION_URL']}/new-key-claim", headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.text.strip()

    return ask


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Copies of the samples' folders, outside of the project."""
    return Copies(tmp_path_factory.mktemp("samples"), surroundings())


@pytest.fixture
def sample(live: dict[str, str], copies: Copies) -> Callable[..., Outcome]:
    """Return a function that runs a sample against the real server, with some variables changed."""

    def start(language: str, name: str, *arguments: str, **changes: str) -> Outcome:
        return copies.run(language, name, surroundings(**(live | changes)), *arguments)

    return start
