"""Files that cannot import the default ports repeat them correctly."""

import re

from app.config.default_ports import DEFAULT_PORT, SUBMISSION_PORT
from clients.environment import DEFAULT_PORT as CLIENTS_PORT
from tests.guards.source import ROOT

PORT = re.compile(r"(?<![\d.])800[01](?!\d)")


FILES = {
    "bin/healthy": {SUBMISSION_PORT, DEFAULT_PORT},
    "bin/smoke-test": {DEFAULT_PORT},
    "Dockerfile": {DEFAULT_PORT},
    ".devcontainer/devcontainer.json": {DEFAULT_PORT},
}


def ports_in(path: str) -> set[int]:
    return {int(port) for port in PORT.findall((ROOT / path).read_text(encoding="utf-8"))}


def test_other_files_agree_with_the_default_ports() -> None:
    found = {path: ports_in(path) for path in FILES}
    assert found == FILES, "write the ports of app/config/default_ports.py"


def test_clients_agree_with_the_default_port() -> None:
    assert int(CLIENTS_PORT) == DEFAULT_PORT
