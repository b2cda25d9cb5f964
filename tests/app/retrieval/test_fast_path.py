"""The short way of a download (app/retrieval/fast_path.py) answers as the long one does."""

import re
from collections.abc import Callable

import pytest
from werkzeug.test import Client

from app.measuring.requests import CountRequests
from app.retrieval.fast_path import FastPathMiddleware
from tests.support.service import Service, download_code


@pytest.fixture
def warm(make_service: Callable[..., Service]) -> Service:
    """A service that holds today's archive, and serves it at both addresses."""
    service = make_service(EXPORT_MAX_AGE_SECONDS="60")
    for kind in ("retrieve", "qr"):
        service.fetch(service.today, kind)
    return service


def both_ways(service: Service, path: str, headers: dict[str, str]) -> list[tuple[int, bytes, dict[str, str]]]:
    counting: CountRequests = service.app.wsgi_app  # type: ignore[assignment]
    fast_path: FastPathMiddleware = counting._application  # type: ignore[assignment]
    alone = FastPathMiddleware(lambda *_: pytest.fail("the application was called"), fast_path._fast_path)
    answers = [Client(way).get(path, headers=headers) for way in (alone, fast_path._application)]
    return [(answer.status_code, answer.data, dict(answer.headers)) for answer in answers]


@pytest.mark.parametrize("kind", ["retrieve", "qr"])
@pytest.mark.parametrize("condition", ["none", "same", "weak", "compressed", "several", "any", "other"])
def test_both_ways_answer_alike(warm: Service, kind: str, condition: str) -> None:
    etag = warm.fetch(warm.today, kind).headers["ETag"]
    several = f'"x", {etag}'
    conditions = {
        "none": "",
        "same": etag,
        "weak": f"W/{etag}",
        "compressed": f'{etag[:-1]}-gzip"',  # as web servers that compress responses change an entity tag
        "several": several,
        "any": "*",
        "other": '"x"',
    }
    given = conditions[condition]
    headers = {"X-Request-Id": "a-request"} | ({"If-None-Match": given} if given else {})
    path = f"/{kind}/302/{warm.today}/{download_code(warm.today, warm.clock.now)}"
    short, long = both_ways(warm, path, headers)
    assert short == long
    assert short[0] == (200 if condition in ("none", "other") else 304)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/retrieve/302/{day}/" + "0" * 64, 401),
        ("GET", "/retrieve/302/{day}/{code}x", 401),
        ("GET", "/retrieve/302/{day}/", 401),
        ("GET", "/retrieve/3020/{day}/{code}", 404),
        ("POST", "/retrieve/302/{day}/{code}", 405),
        ("HEAD", "/retrieve/302/{day}/{code}", 405),
        ("GET", "/retrieve/999/{day}/{code}", 301),
        ("GET", "/retrieve/302/{day}/{code}?x", 301),
    ],
)
def test_whatever_is_not_a_download_takes_the_long_way(warm: Service, method: str, path: str, status: int) -> None:
    code = download_code(warm.today, warm.clock.now)
    answer = warm.client.open(path.format(day=warm.today, code=code), method=method)
    assert answer.status_code == status


def test_a_day_that_is_served_no_more_is_refused_though_it_is_in_memory(warm: Service) -> None:
    library = warm.app.context.retrieval.archives
    archive = library.get(next(iter(library._archives))[0], warm.today, warm.clock.now)
    library._archives[(next(iter(library._archives))[0], warm.today - 15)] = archive
    assert warm.fetch(warm.today - 15).status_code == 410


def without_times(text: str) -> list[str]:
    return [re.sub(r"time=\S+ ", "", line) for line in text.splitlines() if "logger=http" in line]


@pytest.mark.parametrize(
    "headers",
    [{"X-Request-Id": "one"}, {"X-Request-Id": "Root=1-abc"}, {"X-Request-Id": "one", "If-None-Match": "*"}],
)
def test_both_ways_log_alike(warm: Service, capfd: pytest.CaptureFixture[str], headers: dict[str, str]) -> None:
    path = f"/retrieve/302/{warm.today}/{download_code(warm.today, warm.clock.now)}"
    capfd.readouterr()
    both_ways(warm, path, headers)
    logged = capfd.readouterr().err
    lines = without_times(logged)
    assert len(lines) == 4
    assert lines[:2] == lines[2:]
    assert download_code(warm.today, warm.clock.now) not in logged
