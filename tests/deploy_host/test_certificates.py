"""The certificate of a host: which names it has, and when it is requested again. certbot itself is not run."""

import subprocess
from pathlib import Path

import pytest

from deploy.host import proxy
from deploy.host.host import Host
from tests.deploy_host.hosts import NAMES, host_settings
from tests.support.programs import require_program

LIVE = "/etc/letsencrypt/live/exposure-alert/fullchain.pem"


class RecordingHost(Host):
    """A folder as a host, on which only openssl runs; other commands are recorded."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.commands = list[tuple[str, ...]]()

    def run(self, *argv: str, **_: object) -> str:
        if argv[0] == "openssl":
            return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        self.commands.append(argv)
        return ""


def certify(host: Host, *surfaces: str) -> None:
    """Make the certificate that certbot got for some surfaces."""
    file = host.path(LIVE)
    file.parent.mkdir(parents=True)
    names = ",".join(f"DNS:{NAMES[surface]}" for surface in surfaces)
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-subj", "/CN=test", "-addext", f"subjectAltName={names}", "-keyout", "/dev/null", "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("certified", "is_requested"),
    [
        (("submission", "retrieval"), False),
        (("submission",), True),  # a surface was added
        (("submission", "retrieval", "portal"), True),  # one was removed, whose name may lead elsewhere now
        ((), True),
    ],
)
def test_a_certificate_is_requested_whenever_the_names_of_the_surfaces_have_changed(
    certified: tuple[str, ...], is_requested: bool, tmp_path: Path
) -> None:
    require_program("openssl")
    host = RecordingHost(tmp_path / "host")
    if certified:
        certify(host, *certified)
    proxy.install_certificates(host, host_settings(tmp_path, SURFACES="submission,retrieval"))
    requests = [argv for argv in host.commands if argv[0] == "certbot"]
    assert len(requests) == is_requested
    for argv in requests:
        asked = {argv[place + 1] for place, word in enumerate(argv) if word == "--domain"}
        assert asked == {NAMES["submission"], NAMES["retrieval"]}
        assert "--renew-with-new-domains" in argv  # which otherwise keeps the names of the one before
