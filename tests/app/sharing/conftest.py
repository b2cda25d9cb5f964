"""A service that serves sharing alone, and what its users do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import pytest
from werkzeug.test import TestResponse

from clients.secret import envelope
from clients.secret.content import TEXT, Content
from clients.secret.envelope import Choices
from clients.secret.links import decode, encode
from tests.support.service import Service


@dataclass
class SharedText:
    """A text that a sender shares."""

    text: str = "correct horse battery staple"
    lifetime: int = 3600
    secret: bytes = field(default_factory=lambda: token_bytes(32))
    receipt: bytes = field(default_factory=lambda: token_bytes(32))

    @property
    def locator(self) -> bytes:
        """What the reader sends."""
        return envelope.locator(self.secret)

    @property
    def sealed(self) -> bytes:
        """A new envelope."""
        return envelope.seal(Content(TEXT, "", self.text.encode()), self.secret, Choices(self.lifetime))

    def fields(self, **changed: object) -> dict[str, object]:
        """Return the fields of the request that stores it."""
        digests = {"digest": envelope.digest(self.locator), "receipt": envelope.digest(self.receipt)}
        return {**{name: encode(value) for name, value in digests.items()}, "envelope": encode(self.sealed), **changed}

    def opened(self, response: TestResponse) -> str:
        """Return the text in the envelope of a response."""
        assert response.status_code == 200, response.data
        return envelope.open_envelope(decode(response.json["envelope"]), self.secret).data.decode()


@dataclass
class Sharer:
    """Sends the requests of the pages' scripts."""

    service: Service

    def post(self, path: str, fields: Any, **request: Any) -> TestResponse:
        """Send a request."""
        return self.service.client.post(f"/share/{path}", json=fields, **request)

    def share(self, secret: SharedText | None = None) -> SharedText:
        """Store a text."""
        secret = secret or SharedText()
        response = self.post("secrets", secret.fields())
        assert response.status_code == 201, response.data
        return secret

    def read(self, secret: SharedText, **request: Any) -> TestResponse:
        """Read a text."""
        return self.post("read", {"locator": encode(secret.locator)}, **request)

    def outcome(self, secret: SharedText) -> str:
        """Return what the receipt shows."""
        response = self.post("status", {"receipt": encode(secret.receipt)})
        assert response.status_code == 200, response.data
        outcome: str = response.json["outcome"]
        return outcome


@pytest.fixture
def sharing(make_service: Callable[..., Service]) -> Service:
    """The application with sharing alone, where anyone may create."""
    return make_service(SURFACES="sharing", SHARING_CREATORS="anyone")


@pytest.fixture
def sharer(sharing: Service) -> Sharer:
    """A client of that application."""
    return Sharer(sharing)
