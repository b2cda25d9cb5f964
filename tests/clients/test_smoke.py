"""What the smoke test of the terminal prints when something is wrong. tests/browser shows that it passes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from app.domain.timeline import midnight
from clients import smoke
from tests.support.service import Service
from tests.support.serving import serve_in_thread

URL = "https://pr-0012.review.test"
UP = '{"postgresql": "up", "redis": "up"}'


class Instance:
    """Stands where the network is: answers by path, and keeps the headers of every request."""

    def __init__(self, answers: dict[str, tuple[int, str]]) -> None:
        self.answers = answers
        self.headers: list[Any] = []

    def __call__(self, session: requests.Session, method: str, url: str, **_: Any) -> requests.Response:
        self.headers.append(session.headers)
        answer = requests.Response()
        answer.status_code, text = self.answers[url.removeprefix(URL)]
        answer._content = text.encode()
        return answer


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, tuple[int, str]]], Instance]:
    """Put an instance with some answers where the network is."""

    def make(answers: dict[str, tuple[int, str]]) -> Instance:
        made = Instance(answers)
        monkeypatch.setattr(requests.Session, "request", lambda *given, **named: made(*given, **named))
        return made

    return make


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"/services/ready": (401, "")}, "FAILED  PostgreSQL and Redis answer: the instance asks for a password"),
        ({"/services/ready": (503, '{"redis": "down"}')}, 'answered HTTP 503: {"redis": "down"}'),
        ({"/services/ready": (200, UP), "/review/facts.json": (404, "")}, "does it run with REVIEW_TOOLS=true?"),
        ({"/services/ready": (200, UP), "/review/facts.json": (200, "[]")}, "FAILED  the review tools answer: "),
        ({"/services/ready": (200, UP), "/review/facts.json": (200, "{}")}, "facts.json lacks exportMaxAgeSeconds"),
        ({"/services/ready": (200, UP), "/review/facts.json": (200, "<html>")}, "FAILED  the review tools answer: "),
    ],
)
def test_the_first_step_that_fails_is_named_with_its_reason(instance, capsys, answers, said) -> None:
    instance(answers)
    assert smoke.main([URL]) == 1
    assert said in capsys.readouterr().out


def test_a_server_that_does_not_answer_is_named(capsys) -> None:
    assert smoke.main(["http://127.0.0.1:1"]) == 1
    assert "the server did not answer: " in capsys.readouterr().out


def test_the_password_is_sent_and_not_printed(instance, capsys, monkeypatch) -> None:
    monkeypatch.setenv("REVIEW_PASSWORD", "the-password-of-the-door")
    answering = instance({"/services/ready": (401, "")})
    smoke.main([URL])
    assert [headers["X-Review-Password"] for headers in answering.headers] == ["the-password-of-the-door"]
    assert "the-password" not in capsys.readouterr().out


def test_an_address_without_its_scheme_is_refused(capsys) -> None:
    with pytest.raises(SystemExit):
        smoke.main(["pr-0012.review.test"])
    assert "starts with http:// or https://" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["/phone/code", "/upload", "/phone/archive-address"])
def test_the_key_is_found_if_midnight_falls_into_the_test(
    make_service: Callable[..., Service], capsys: pytest.CaptureFixture[str], path: str
) -> None:
    """The first answer to a request whose path begins with `path` arrives on the next day."""
    service = make_service(REVIEW_TOOLS="true", EXPORT_MAX_AGE_SECONDS="0", RELEASE_PERIOD_HOURS="0")
    tomorrow = midnight(service.clock.now) + timedelta(days=1)
    service.clock.now = tomorrow - timedelta(seconds=1)

    def pass_midnight(answer: requests.Response, **_: Any) -> None:
        if answer.request.path_url.startswith(path):
            service.clock.now = tomorrow

    session = requests.Session()
    session.hooks["response"].append(pass_midnight)
    server = make_server("127.0.0.1", 0, service.app, threaded=True)
    with serve_in_thread(server):
        test = smoke.SmokeTest(f"http://127.0.0.1:{server.server_port}", session, lambda: service.clock.now.timestamp())
        assert smoke.run(test, print), capsys.readouterr().out
