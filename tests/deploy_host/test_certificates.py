"""The certificate of a host: which names it has, and when it is requested again. bin/check-host runs certbot."""

import subprocess
from pathlib import Path
from unittest.mock import Mock

import pytest

from deploy.host import doctor, install, proxy
from deploy.host.errors import HostError
from deploy.host.host import Host
from deploy.host.settings import HostSettings
from tests.deploy_host.hosts import NAMES, host_settings
from tests.support.programs import require_program

HOOK = "/etc/letsencrypt/renewal-hooks/deploy/exposure-alert"
LIVE = "/etc/letsencrypt/live/exposure-alert/fullchain.pem"


class RecordingHost(Host):
    """A folder as a host, on which only openssl runs; other commands are recorded."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.commands = list[tuple[str, ...]]()
        self.runs_commands = True

    def run(self, *argv: str, **_: object) -> str:
        if argv[0] == "openssl":
            return super().run(*argv)
        self.commands.append(argv)
        return ""


def certify(host: Host, *surfaces: str, path: str = LIVE, days: int = 30) -> None:
    """Make a certificate for some surfaces: the one that certbot got, or another."""
    file = host.path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    names = ",".join(f"DNS:{NAMES[surface]}" for surface in surfaces)
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-subj", "/CN=test", "-addext", f"subjectAltName={names}", "-keyout", "/dev/null", "-out", str(file)]
    command += ["-days", str(days)]
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
        assert host.commands[-1] == (HOOK,)  # certbot runs it after a renewal only


def requested(host: RecordingHost) -> list[tuple[str, ...]]:
    """Return the requests of certificates since the last call."""
    found = [argv for argv in host.commands if argv[0] == "certbot"]
    host.commands.clear()
    return found


def test_a_certificate_is_installed_also_if_the_run_that_got_it_was_interrupted(tmp_path: Path) -> None:
    require_program("openssl")
    host, settings = RecordingHost(tmp_path / "host"), host_settings(tmp_path, SURFACES="submission")
    certify(host, "submission")
    proxy.install_certificates(host, settings)
    assert host.commands == [(HOOK,)]
    host.commands.clear()
    host.path(proxy.CERTIFICATE).parent.mkdir(parents=True)
    host.path(proxy.CERTIFICATE).write_bytes(host.path(LIVE).read_bytes())
    proxy.install_certificates(host, settings)
    assert host.commands == []


def renewed(host: Host, settings: HostSettings) -> str:
    """Return the hook of a host for which certbot has got a new pair, while nginx has an old one."""
    files = {f"{Path(LIVE).parent}/fullchain.pem": proxy.CERTIFICATE, f"{Path(LIVE).parent}/privkey.pem": proxy.KEY}
    for got, used in files.items():
        for path, text in ((got, "new"), (used, "old")):
            host.path(path).parent.mkdir(parents=True, exist_ok=True)
            host.path(path).write_text(text)
    proxy.write_proxy(host, settings)
    hook = host.path(HOOK).read_text().replace("-g ea-proxy ", "")
    for folder in ("/etc/letsencrypt", "/etc/exposure-alert"):
        hook = hook.replace(folder, str(host.path(folder)))
    return hook


def test_a_renewal_gives_nginx_the_new_pair_and_keeps_the_key_from_others(tmp_path: Path) -> None:
    host = RecordingHost(tmp_path / "host")
    hook = renewed(host, host_settings(tmp_path, SURFACES="submission"))
    systemctl = 'systemctl() { echo "$*"; }\n'
    done = subprocess.run(["sh", "-c", systemctl + hook], check=True, capture_output=True, text=True)
    assert done.stdout == "reload-or-restart exposure-alert-proxy.service\n"
    for path, mode in ((proxy.CERTIFICATE, 0o644), (proxy.KEY, 0o640)):
        assert (host.path(path).read_text(), host.path(path).stat().st_mode & 0o777) == ("new", mode)


@pytest.mark.parametrize("after", ["install", "mv"])  # the first of two files each
def test_a_renewal_that_is_interrupted_leaves_a_pair_or_is_completed(after: str, tmp_path: Path) -> None:
    host, settings = RecordingHost(tmp_path / "host"), host_settings(tmp_path, SURFACES="submission")
    lines = renewed(host, settings).splitlines()
    last = next(number for number, line in enumerate(lines) if line.startswith(after))
    subprocess.run(["sh", "-c", "\n".join(lines[: last + 1])], check=True)
    certificate, key = (host.path(path).read_text() for path in (proxy.CERTIFICATE, proxy.KEY))
    host.commands.clear()
    proxy.use_certificate(host, settings)
    assert certificate == "old"
    assert key == "old" or after == "mv"
    assert host.commands == [(HOOK,)]


def test_nginx_gets_a_whole_pair_before_it_reads_its_files_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, calls = Mock(is_real=True, changed=[]), list[str]()
    for name in ("prepare", "configure", "current", "start_timers", "database"):
        monkeypatch.setattr(install, name, Mock())
    for name in ("use_certificate", "reload_proxy", "install_certificates"):
        monkeypatch.setattr(proxy, name, lambda *_, name=name: calls.append(name))
    install.install(host, host_settings(tmp_path), "main")
    assert calls == ["use_certificate", "reload_proxy", "install_certificates"]


@pytest.mark.parametrize(
    ("surfaces", "days", "wrong"),
    [
        (("submission", "retrieval"), 30, ""),
        (("submission",), 30, f"is not for {NAMES['retrieval']}: exposure-alert install"),
        ((), 30, f"is not for {NAMES['submission']}, {NAMES['retrieval']}: exposure-alert install"),
        (("submission", "retrieval"), 13, "ends within 14 days: systemctl status certbot.timer, or TLS_CERTIFICATE"),
    ],
)
def test_the_doctor_finds_a_certificate_that_phones_do_not_accept(
    surfaces: tuple[str, ...], days: int, wrong: str, tmp_path: Path
) -> None:
    require_program("openssl")
    host, settings = RecordingHost(tmp_path / "host"), host_settings(tmp_path, SURFACES="submission,retrieval")
    if surfaces:
        certify(host, *surfaces, path=proxy.CERTIFICATE, days=days)
    else:
        proxy.write_proxy(host, settings)  # the self-signed certificate
    assert doctor.wrong_certificate(host, settings) == wrong


def test_a_failed_command_is_reported_with_both_its_outputs(tmp_path: Path) -> None:
    """certbot prints the names that failed on standard output, and only that some failed on standard error."""
    host = RecordingHost(tmp_path)
    with pytest.raises(HostError, match=r"(?s)status 1:\nDomain: a\nsome failed$"):
        Host.run(host, "sh", "-c", "echo 'Domain: a'; echo some failed >&2; exit 1")


def test_another_authority_issues_another_certificate(tmp_path: Path) -> None:
    require_program("openssl")
    host = RecordingHost(tmp_path / "host")
    certify(host, "submission")
    renewal = host.path("/etc/letsencrypt/renewal/exposure-alert.conf")
    renewal.parent.mkdir(parents=True)
    trial, production = (f"https://acme{kind}-v02.api.letsencrypt.org/directory" for kind in ("-staging", ""))
    for got_from, server, is_requested in (
        (trial, trial, False),
        (trial, "", True),
        (production, "", False),
        (production, trial, True),
    ):
        renewal.write_text(f"cert = a\n[renewalparams]\nserver = {got_from}\nkey_type = ecdsa\n")
        settings = host_settings(tmp_path, SURFACES="submission", ACME_SERVER=server)
        proxy.install_certificates(host, settings)
        found = requested(host)
        assert len(found) == is_requested, (got_from, server)
        assert all("--force-renewal" in argv for argv in found)  # which it otherwise keeps until it is due
        assert all(("--server" in argv, trial in argv) == (bool(server), bool(server)) for argv in found)


def test_a_renewal_does_not_replace_a_certificate_from_files(tmp_path: Path) -> None:
    host, files = RecordingHost(tmp_path / "host"), {"TLS_CERTIFICATE": "/a.pem", "TLS_KEY": "/b.pem"}
    for tls, has_hook in (("acme", True), ("files", False), ("acme", True)):
        proxy.write_proxy(host, host_settings(tmp_path, TLS=tls, **files))
        assert host.path(HOOK).exists() is has_hook
    host.commands.clear()
    proxy.install_certificates(host, host_settings(tmp_path, TLS="files", **files))
    assert host.commands == []  # certbot requests none


def test_a_certificate_from_files_is_copied_on_the_host_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Mock()
    monkeypatch.setattr(proxy, "copy_certificate", copy)
    settings = host_settings(tmp_path, TLS="files", TLS_CERTIFICATE="/a.pem", TLS_KEY="/b.pem")
    for is_real in (False, True):
        proxy.use_certificate(Mock(is_real=is_real, path=Path), settings)
        assert copy.called is is_real


def test_a_certificate_without_its_key_is_refused_before_nginx_gets_it(tmp_path: Path) -> None:
    require_program("openssl")
    host = RecordingHost(tmp_path / "host")
    for name in ("one", "two"):
        make_pair(tmp_path / name)
    for certificate, key, message in (("one", "two.key", "is not the key of"), ("three", "one.key", "openssl failed")):
        files = {"TLS_CERTIFICATE": str(tmp_path / certificate), "TLS_KEY": str(tmp_path / key)}
        with pytest.raises(HostError, match=message):
            proxy.copy_certificate(host, host_settings(tmp_path, TLS="files", **files))
        assert host.changed == []


def make_pair(certificate: Path, *key: str) -> None:
    """Make a certificate, for a new key unless one is given."""
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", f"{certificate}.key")
    command = ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=test", *(key or new), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)


def test_nginx_reads_a_certificate_from_files_again_whenever_it_has_changed(tmp_path: Path) -> None:
    require_program("openssl")
    host, file = RecordingHost(tmp_path / "host"), tmp_path / "one"
    settings = host_settings(tmp_path, TLS="files", TLS_CERTIFICATE=str(file), TLS_KEY=f"{file}.key")

    def changed() -> list[str]:
        host.changed.clear()
        host.commands.clear()
        proxy.copy_certificate(host, settings)
        assert host.commands == [("systemctl", "reload-or-restart", proxy.UNIT)] * bool(host.changed)
        return host.changed

    make_pair(file)
    assert changed() == [proxy.CERTIFICATE, proxy.KEY]
    assert host.path(proxy.KEY).stat().st_mode & 0o777 == 0o640
    assert changed() == []
    make_pair(file, "-key", f"{file}.key")  # renewed with the same key
    assert changed() == [proxy.CERTIFICATE]
