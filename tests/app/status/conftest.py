"""A service that serves status, whose document tests write."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.status import reader
from app.status.carriers import FileCarrier
from app.status.document import StatusDocument, to_json
from tests.support.service import Service
from tests.support.status import NOW


@dataclass
class Site:
    """A service that serves status from a folder."""

    service: Service
    folder: Path

    def publish(self, document: StatusDocument) -> None:
        """Write a document to the folder, and let the service read it."""
        FileCarrier(self.folder).write(document.written_at, to_json(document))
        self.service.clock.now = max(self.service.clock.now, document.written_at)
        self.service.clock.advance(seconds=15)

    def get(self, path: str, **headers: str) -> Any:
        """Return the response to a path below /status."""
        return self.service.client.get(f"/status{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture
def site(make_service: Callable[..., Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site of status, without a document. Its first request after INTERVAL waits until the folder was read."""
    monkeypatch.setattr(reader, "_WAIT_SECONDS", 60.0)
    service = make_service(SURFACES="status", STATUS_FOLDER=str(tmp_path / "status"))
    service.clock.now = NOW
    return Site(service, tmp_path / "status")
