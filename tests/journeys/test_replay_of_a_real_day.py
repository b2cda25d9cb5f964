"""503 real keys go through the public API of a running server, by the documented command, and come back."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from app.domain.timeline import midnight
from app.replay.day import read_day
from app.replay.patient import ReplayFailed, Server
from app.replay.run import check_archive, replay
from app.retrieval.archive_reader import read_archive
from tests.support.service import Service
from tests.support.settings import HMAC_KEY, TOKEN

FILE = Path(__file__).parents[1] / "data" / "published_keys_2020-06-23.csv"


class QuietHandler(WSGIRequestHandler):
    """Leaves the log of requests to the application."""

    def log(self, *_: object) -> None:  # type: ignore[override]
        """Say nothing."""


@pytest.fixture
def running(make_service: Callable[..., Service]) -> Iterator[tuple[Service, str]]:
    """A service at the real time, listening on a free port, and its address."""
    service = make_service(EXPORT_MAX_AGE_SECONDS="1")
    service.clock.runs = True
    server = make_server("127.0.0.1", 0, service.app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield service, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_day_is_replayed_twice_and_joins_the_bundle_when_the_day_turns(
    running: tuple[Service, str], tmp_path: Path
) -> None:
    service, address = running
    for _ in range(2):
        result = service.app.test_cli_runner().invoke(args=["replay", str(FILE), "--url", address])
        assert result.exit_code == 0, result.output
        assert "90 patients sent 503 keys." in result.output
        assert "holds each of them once, in order." in result.output
    assert service.rows("SELECT count(*) AS keys FROM diagnosis_keys")[0].keys == 503

    service.clock.runs = False
    service.clock.now = midnight(datetime.now(UTC)) + timedelta(days=1)
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(service.fetch("00000").data)
    sent = {key.key_data for key in read_day(FILE)}
    found = [key.key_data for key in read_archive(bundle).keys]
    assert found == sorted(sent)


def test_a_server_that_refuses_fails_the_replay_in_one_line(running: tuple[Service, str]) -> None:
    _, address = running
    server = Server(address, address, "not-a-token", bytes.fromhex(HMAC_KEY), "302")
    with pytest.raises(ReplayFailed, match=re.escape("/new-key-claim answered 401")):
        server.issue_code()
    with pytest.raises(ReplayFailed, match="neither http"):
        Server("file:///etc", address, TOKEN, b"", "302").issue_code()
    with pytest.raises(ReplayFailed, match="/retrieve answered 401"):
        Server(address, address, TOKEN, b"wrong", "302").fetch(0, 0)
    with pytest.raises(ReplayFailed, match="did not answer"):
        Server("http://127.0.0.1:1", address, TOKEN, b"", "302").issue_code()


def test_a_lost_key_fails_the_replay(running: tuple[Service, str]) -> None:
    service, address = running
    public_key = service.settings.retrieval.ecdsa_key.public_key()
    server = Server(address, address, TOKEN, bytes.fromhex(HMAC_KEY), "302")
    assert replay(server, [], public_key).keys == 0
    with pytest.raises(ReplayFailed, match="503 of 503 keys are missing"):
        check_archive(server.fetch(0, int(datetime.now(UTC).timestamp()) // 3600), read_day(FILE), set())
