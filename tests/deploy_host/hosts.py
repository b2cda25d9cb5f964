"""The settings of a host for tests, its processes without systemd, and the files of its nginx."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.host.host import Host
from deploy.host.plan import RELEASES, port
from deploy.host.proxy import FOLDER, proxy_files, proxy_values, upstreams
from deploy.host.settings import ALL_SURFACES, HostSettings, read_settings

ROOT = Path(__file__).parents[2]
OLD, NEW = "aaaaaaaaaaaa", "bbbbbbbbbbbb"

NAMES = {surface: f"{surface}.example.org" for surface in ALL_SURFACES}
LINES = {
    "SURFACES": ",".join(ALL_SURFACES),
    **{f"{surface.upper()}_NAME": name for surface, name in NAMES.items()},
    "HEALTH_AUTHORITY": "ON",
    "SOURCE": "/source.git",
    "ACME_EMAIL": "operator@example.org",
    "MAIL_URL": "smtp://127.0.0.1:1",
    "MAIL_FROM": "portal@example.org",
    "ALARM_WEBHOOK": "https://alarms.example.org/",
}


def write_settings(file: Path, **lines: str) -> Path:
    """Write a settings file of a host."""
    file.write_text("".join(f"{name}={value}\n" for name, value in (LINES | lines).items()))
    return file


def host_settings(folder: Path, **lines: str) -> HostSettings:
    """Return the settings of a host."""
    return read_settings(write_settings(folder / "host.conf", **lines))


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that has only these settings."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "HOME": os.environ.get("HOME", "/"), "PYTHONUNBUFFERED": "1", **values}


@contextmanager
def process(argv: list[str], values: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process of the service until the end of the block; its output goes to a file."""
    with log.open("ab") as out:
        running = subprocess.Popen(argv, cwd=ROOT, env=environment(values), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(60)


def write_nginx(folder: Path, settings: HostSettings, https: int, http: int, ports: Mapping[str, int]) -> None:
    """Write nginx's files of a host below `folder`, for other ports. `ports` are those of the web processes."""
    values = proxy_values(settings) | {
        "RUNTIME": str(folder / "run"),
        "CACHE": str(folder / "cache"),
        "STATUS_CACHE": str(folder / "status-cache"),
        "DOWNLOADS": str(folder / "downloads"),
        "ACCESS_LOG": str(folder / "access.log"),
        "CERTIFICATE": str(folder / "certificate.pem"),
        "CERTIFICATE_KEY": str(folder / "key.pem"),
        "FOLDER": str(folder / "conf"),
        "ACME": str(folder / "acme"),
        "HTTPS_PORT": str(https),
        "HTTP_PORT": str(http),
    }
    for name in ("run", "conf/sites", "conf/snippets"):
        (folder / name).mkdir(parents=True)
    for path, text in proxy_files(settings, values).items():
        (folder / "conf" / path).write_text(text)
    addresses = upstreams(settings, "blue")
    for surface in settings.surfaces:
        addresses = addresses.replace(f":{port(surface, 'blue')} ", f":{ports[surface]} ")
    (folder / "conf" / "upstreams.conf").write_text(addresses)
    _make_certificate(folder, settings)


def _make_certificate(folder: Path, settings: HostSettings) -> None:
    names = ",".join(f"DNS:{name}" for name in settings.names)
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-subj", "/CN=test", "-addext", f"subjectAltName={names}", "-days", "2"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)


class InterruptedHost(Host):
    """A host whose commands are only recorded, and interrupted by Ctrl-C at one of them."""

    def __init__(self, root: Path, at: str) -> None:
        super().__init__(root)
        self.at, self.commands = at, list[str]()

    def run(self, *argv: str, text: str = "", **_: object) -> str:
        line = " ".join([*argv, text]).rstrip()
        self.commands.append(line)
        if self.at and self.at in line:
            self.at = ""
            raise KeyboardInterrupt
        return ""

    def succeeds(self, *argv: str) -> bool:
        return argv[1] == "is-active"


def serving(root: Path, at: str, kind: type[InterruptedHost] = InterruptedHost) -> InterruptedHost:
    """Return a host on which the old release serves in blue."""
    host = kind(root / "host", at)
    for name in (OLD, NEW):
        host.path(f"{RELEASES}/releases/{name}").mkdir(parents=True, exist_ok=True)
    host.path(FOLDER).mkdir(parents=True, exist_ok=True)
    host.link(f"{FOLDER}/upstreams.conf", "upstreams-blue.conf")
    host.link(f"{RELEASES}/current", f"releases/{OLD}")
    return host
