"""The default ports are written once, and where that cannot be imported, they are the same."""

import re

import pytest

from app.config.default_ports import DEFAULT_PORT, SUBMISSION_PORT
from clients.environment import DEFAULT_PORT as CLIENTS_PORT
from tests.guards.source import ROOT

PORT = re.compile(r"(?<![\d.])800[01](?!\d)")


@pytest.mark.parametrize(
    ("path", "ports"),
    [
        ("bin/healthy", {SUBMISSION_PORT, DEFAULT_PORT}),
        ("bin/smoke-test", {DEFAULT_PORT}),
        ("Dockerfile", {DEFAULT_PORT}),
        (".devcontainer/devcontainer.json", {DEFAULT_PORT}),
    ],
)
def test_files_that_cannot_import_the_default_ports_agree_with_them(path: str, ports: set[int]) -> None:
    assert {int(port) for port in PORT.findall((ROOT / path).read_text(encoding="utf-8"))} == ports


def test_the_clients_which_share_no_code_with_the_service_agree_with_them() -> None:
    assert int(CLIENTS_PORT) == DEFAULT_PORT
