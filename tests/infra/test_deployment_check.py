"""What CodeDeploy asks before a release gets traffic (infra/aws/modules/deployment_check)."""

import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import boto3
import pytest

from infra.aws.modules.deployment_check import check
from tests.support.programs import require_program
from tests.support.serving import serve_in_thread

HOST = "api.example.org"
EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "h-1"}


class Release(BaseHTTPRequestHandler):
    """A release behind the test listener."""

    answers: dict[str, tuple[int, bytes]]

    def do_GET(self) -> None:
        status, body = self.answers[self.path] if self.headers["Host"] == HOST else (404, b"")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    command = [require_program("openssl"), "req", "-x509", "-nodes", "-newkey", "ec", "-days", "2"]
    command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=test", "-addext", f"subjectAltName=DNS:{HOST}"]
    command += ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path / "certificate"


@pytest.fixture
def codedeploy(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """CodeDeploy, and a release that serves at an address of the load balancer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Release)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    default = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: default(cafile=str(certificate)))
    monkeypatch.setattr(
        Release, "answers", {"/services/ping": (200, b"OK\n"), "/services/ready": (200, b"{}")}, raising=False
    )
    monkeypatch.setattr(check, "private_addresses", lambda _: ["127.0.0.1"])
    for name, value in {"HOST": HOST, "PORT": str(server.server_port), "LOAD_BALANCER": "app/a/1"}.items():
        monkeypatch.setenv(name, value)
    client = Mock()
    monkeypatch.setattr(boto3, "client", lambda _: client)
    with serve_in_thread(server):
        yield client


def reported(codedeploy: Mock) -> str:
    arguments = codedeploy.put_lifecycle_event_hook_execution_status.call_args.kwargs
    assert (arguments["deploymentId"], arguments["lifecycleEventHookExecutionId"]) == ("d-1", "h-1")
    return str(arguments["status"])


def test_a_release_that_serves_may_get_traffic(codedeploy: Mock) -> None:
    check.handler(EVENT, None)
    assert reported(codedeploy) == "Succeeded"


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/services/ping", (503, b"OK")), ("/services/ping", (200, b"a proxy")), ("/services/ready", (503, b"{}"))],
)
def test_a_release_that_does_not_serve_gets_none(codedeploy: Mock, path: str, answer: tuple[int, bytes]) -> None:
    Release.answers[path] = answer
    with pytest.raises(ConnectionError, match=path):
        check.handler(EVENT, None)
    assert reported(codedeploy) == "Failed"


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_release_with_the_certificate_of_another_gets_none(
    codedeploy: Mock, is_trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_trusted:
        monkeypatch.setenv("HOST", "other.example.org")
    else:
        monkeypatch.setattr(ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with pytest.raises(ssl.SSLCertVerificationError):
        check.handler(EVENT, None)
    assert reported(codedeploy) == "Failed"


def test_every_private_address_of_the_load_balancer_is_asked(clients: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = clients("ec2")
    monkeypatch.setattr(boto3, "client", lambda _: ec2.client)
    asked = {"Filters": [{"Name": "description", "Values": ["ELB app/a/1"]}]}
    found = {"NetworkInterfaces": [{"PrivateIpAddress": address} for address in ("10.0.0.1", "10.0.1.1")]}
    ec2.add_response("describe_network_interfaces", found, asked)
    assert check.private_addresses("app/a/1") == ["10.0.0.1", "10.0.1.1"]
    ec2.add_response("describe_network_interfaces", {"NetworkInterfaces": []}, asked)
    with pytest.raises(LookupError, match="no network interfaces"):
        check.private_addresses("app/a/1")
