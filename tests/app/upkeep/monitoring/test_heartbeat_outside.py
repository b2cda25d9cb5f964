"""The request with which a service outside notices that nothing inside watches any more."""

from collections.abc import Callable

import pytest

from tests.support.black_hole import BlackHole
from tests.support.receiver import Receiver
from tests.support.watch import Watch


def test_it_is_sent_once_a_minute_also_without_redis_and_without_any_server(
    make_watch: Callable[..., Watch], receiver: Receiver, hole: BlackHole
) -> None:
    watch = make_watch(NOTICE_HEARTBEAT_URL=receiver.url, REDIS_URL="redis://127.0.0.1:1/0")
    watch.rounds(1)
    assert receiver.beats == 1
    watch.rounds(4)
    assert receiver.beats == 2
    hole.swallow(new=True)
    watch.rounds(4)
    assert receiver.beats == 3


@pytest.mark.parametrize("status", [302, 404, 500])
def test_one_that_is_refused_is_logged_without_its_address(
    make_watch: Callable[..., Watch], receiver: Receiver, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    receiver.status = status
    watch = make_watch(NOTICE_HEARTBEAT_URL=f"{receiver.url}/a-secret")
    watch.rounds(1)
    assert receiver.beats == 1, "it is not repeated, and a redirect is not followed"
    (logged,) = [record for record in caplog.records if record.message == "heartbeat not sent"]
    assert vars(logged)["reason"] == f"status {status}"
    assert "a-secret" not in caplog.text
    assert watch.rows("SELECT 1 FROM alerts") == []


def test_without_a_service_outside_nothing_is_sent(make_watch: Callable[..., Watch], receiver: Receiver) -> None:
    make_watch().rounds(4)
    assert receiver.beats == 0
