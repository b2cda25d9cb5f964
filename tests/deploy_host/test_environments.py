"""The environment of each process of a host, as systemd reads it from the files that its unit names."""

import re
from pathlib import Path

import pytest

from app.config.secrets import SECRET_MAKERS, make_claim_token
from app.config.settings import Settings, setting_errors
from deploy.host import environments
from deploy.host.host import Host
from deploy.host.install import install
from deploy.host.plan import SLOTS, port, processes
from deploy.host.units import FOLDER
from tests.deploy_host.hosts import host_settings

FIGURES = {"FIGURE_THRESHOLDS": "failed_jobs=1/2", "NOTICE_EMAILS": "team@example.org"}


def make_secret(_host: Host, _release: Path, what: str, name: str) -> str:
    """Return what the release's own command prints."""
    return f"{name}={SECRET_MAKERS[name]()}\n" if what == "make" else f"{make_claim_token(name)}\n"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(environments, "_flask", make_secret)
    host = Host(tmp_path / "host")
    install(host, host_settings(tmp_path, **FIGURES), "main")
    return host


def environment(host: Host, unit: str, slot: str = "") -> dict[str, str]:
    """Return the variables of a unit."""
    text = host.path(f"{FOLDER}/exposure-alert-{unit}.service").read_text().replace("%i", slot)
    files = [file for file in re.findall(r"^EnvironmentFile=-?(\S+)$", text, re.MULTILINE) if "release.env" not in file]
    lines = [line for file in files if host.path(file).exists() for line in host.path(file).read_text().splitlines()]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_each_process_starts_with_its_own_settings(host: Host, tmp_path: Path) -> None:
    addresses = set[str]()
    for process in processes(host_settings(tmp_path)):
        for slot in SLOTS if process.kind == "web" else ("",):
            values = environment(host, process.name + ("@" if slot else ""), slot)
            assert setting_errors(values) == [], process.name
            settings = Settings.from_environment(values)
            assert settings.is_production
            assert settings.surfaces == (process.surface,)
            assert f"//{process.role}@" in settings.database_url
            assert f"//{process.name}:" in settings.redis_url
            addresses.add(values.get("BIND_ADDR", "none"))
            assert ("FIGURE_THRESHOLDS" in values, "NOTICE_EMAILS" in values) == (True, process.surface == "status")
            if process.surface in ("portal", "sharing", "status"):
                assert values[f"{process.surface.upper()}_URL"] == f"https://{process.surface}.example.org"
            if process.surface == "portal":
                own = slot or "blue"
                assert settings.portal.submission_url == f"http://127.0.0.1:{port('submission', own)}"
                assert values["MAIL_FROM"] == "portal@example.org"
    assert len(addresses) == 11
    for unit in ("clock", "migrate@"):
        assert setting_errors(environment(host, unit)) == [], unit


def test_the_first_tokens_have_the_labels_of_who_uses_them(host: Host) -> None:
    assert environment(host, "web-submission@")["KEY_CLAIM_TOKEN"].endswith("=ON")
    assert environment(host, "web-status@")["STATUS_NOTE_TOKENS"].endswith("=deployments")
