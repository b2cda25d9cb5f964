"""Clients of AWS without AWS: its own descriptions check every request."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    stubs = []

    def stubbed(service: str) -> Stubber:
        stubs.append(Stubber(boto3.client(service, region_name="ca-central-1")))
        stubs[-1].activate()
        return stubs[-1]

    yield stubbed
    for stub in stubs:
        stub.assert_no_pending_responses()
