"""The network of a host: which ports the firewall leaves open, and where nginx listens."""

import re
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from deploy.host import proxy
from deploy.host.errors import HostError
from deploy.host.host import Host
from deploy.host.plan import ETC
from deploy.host.system import configure_system
from deploy.host.templates import TEMPLATES, render
from tests.deploy_host.hosts import host_settings
from tests.support.programs import require_program

SSHD = """
LISTEN 0      128          0.0.0.0:2222      0.0.0.0:*    users:(("sshd",pid=7,fd=3))
LISTEN 0      511        127.0.0.1:22        0.0.0.0:*    users:(("other",pid=8,fd=6))
LISTEN 0      128             [::]:2222         [::]:*    users:(("sshd",pid=7,fd=4))
"""


@pytest.mark.parametrize(("port", "is_refused"), [("22", True), ("2222", False)])
def test_the_firewall_does_not_close_the_port_of_sshd(port: str, is_refused: bool, tmp_path: Path) -> None:
    class HostWithSshd(Host):
        def run(self, *argv: str, **_options: object) -> str:
            return SSHD if argv[0] == "ss" else ""

    host = HostWithSshd(tmp_path / "host")
    with pytest.raises(HostError, match="sshd listens at 2222") if is_refused else nullcontext():
        configure_system(host, host_settings(tmp_path, SSH_PORT=port))
    assert host.path(f"{ETC}/nftables.conf").exists() is not is_refused


def test_nftables_accepts_the_firewall(tmp_path: Path) -> None:
    nft = require_program("nft")
    (tmp_path / "nftables.conf").write_text(render(TEMPLATES / "nftables.conf", {"SSH_PORT": "22"}))
    namespace = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine permits no network namespace")
    for _ in range(2):  # again, with its table in place
        script = f"{nft} -c -f nftables.conf && {nft} -f nftables.conf && {nft} -f nftables.conf && {nft} list ruleset"
        done = subprocess.run([*namespace, "sh", "-euc", script], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert done.stdout.count("policy drop") == 2
    assert re.findall(r"tcp dport \{ ([\d, ]+) \} accept", done.stdout) == ["22, 80, 443"]


@pytest.mark.parametrize("has_ipv6", [True, False])
def test_nginx_starts_also_where_the_kernel_has_no_ipv6(
    has_ipv6: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "if_inet6").touch()
    monkeypatch.setattr(proxy, "_IPV6", tmp_path / ("if_inet6" if has_ipv6 else "missing"))
    host = Host(tmp_path / "host")
    proxy.write_proxy(host, host_settings(tmp_path))
    text = "".join(file.read_text() for file in host.path(proxy.FOLDER).rglob("*.conf"))
    assert len(re.findall(r"^ *listen \d+", text, re.MULTILINE)) == 3
    assert len(re.findall(r"^ *listen \[::\]:\d+", text, re.MULTILINE)) == (3 if has_ipv6 else 0)
