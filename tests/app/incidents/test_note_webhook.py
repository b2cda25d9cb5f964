"""`POST /status/notes`: who may add notes, which, and what becomes of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.incidents.service import Opening
from tests.support.incidents import AUTHOR
from tests.support.service import Service, bearer

NOTE_TOKEN = "a-token-of-the-hosting-01"


@pytest.fixture
def status(make_service: Callable[..., Service]) -> Service:
    """The application with a token for notes."""
    return make_service(SURFACES="submission,status", STATUS_NOTE_TOKENS=f"{NOTE_TOKEN}=hosting")


def send(status: Service, content: Any, token: str = NOTE_TOKEN) -> TestResponse:
    """Send a note; `content` is JSON, or bytes as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    response: TestResponse = status.client.post("/status/notes", data=body, headers=bearer(token))
    return response


def test_a_note_reaches_the_timeline_with_the_label_of_its_token(status: Service) -> None:
    incidents, now = status.app.context.incidents, status.clock.now
    number = incidents.open(Opening("Claims fail"), AUTHOR, now)
    assert send(status, {"text": " The disk was replaced ", "incident": number}).status_code == 204
    assert send(status, {"text": "The network was repaired"}).status_code == 204
    found = [(event.author, event.text) for event in incidents.find(number, now).events if event.kind == "note"]
    assert found == [("hosting", "The disk was replaced"), ("hosting", "The network was repaired")]
    assert "disk" not in repr(incidents.public(now)), "not published"


@pytest.mark.parametrize("token", ["", "x" * 25, "a-token-of-ontario-000001"])
def test_only_a_token_for_notes_is_accepted(status: Service, token: str) -> None:
    assert send(status, {"text": "x"}, token).status_code == 401
    assert status.client.get("/status/notes", headers=bearer(NOTE_TOKEN)).status_code == 401
    assert status.rows("SELECT 1 FROM incident_events") == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"text": ""}, 400),
        ({"text": " "}, 400),
        ({"text": "x" * 2001}, 400),
        ({"text": 1}, 400),
        ({"text": "\0"}, 400),
        ({"text": "\ud800"}, 400),
        ({"text": "x", "incident": "1"}, 400),
        ({"text": "x", "incident": True}, 400),
        ({"text": "x", "incident": 2**63}, 400),
        ({"text": "x", "incident": 0}, 400),
        ({"text": "x", "incident": 999}, 404),
        ({"text": "x", "is_public": True}, 400),
        ({}, 400),
        ([], 400),
        (b"", 400),
        (b"\xff", 400),
        (b"[" * 16_000, 400),
        (b'"' + b"x" * 20_000, 400),
    ],
)
def test_an_impossible_note_is_refused(status: Service, content: Any, expected: int) -> None:
    response = send(status, content)
    assert response.status_code == expected
    assert set(response.json or {}) == {"error"}
    assert status.rows("SELECT 1 FROM incident_events") == []


def test_notes_of_one_token_are_limited(make_service: Callable[..., Service]) -> None:
    own = {"SURFACES": "submission,status", "STATUS_NOTE_TOKENS": f"{NOTE_TOKEN}=hosting", "RATE_LIMITS": "on"}
    limited = make_service(**own)
    answers = [send(limited, {"text": "x"}).status_code for _ in range(70)]
    assert answers.count(204) == 60
    assert set(answers[60:]) == {429}
    assert send(make_service(**own, REDIS_URL="redis://127.0.0.1:1/0"), {"text": "x"}).status_code == 204
