"""Limits: bytes for each network and in total, requests per minute, and requests that no page sends."""

import json
from collections.abc import Callable

import pytest

from clients.secret.links import encode
from tests.app.sharing.conftest import SharedText, Sharer
from tests.support.at_once import at_once
from tests.support.breakage import without_table
from tests.support.service import Service

MakeService = Callable[..., Service]
ONE = len(SharedText().sealed) + 256  # bytes of the quota
FITTING = 100_000 // ONE + 1
QUOTA = str(FITTING * ONE)


def from_network(number: int) -> dict[str, object]:
    return {"environ_overrides": {"REMOTE_ADDR": f"198.51.100.{number}"}}


def test_a_network_has_a_quota_which_reading_gives_back(make_service: MakeService) -> None:
    own = {"SURFACES": "sharing", "SHARING_CREATORS": "anyone", "SHARING_NETWORK_BYTES": QUOTA}
    sharer = Sharer(make_service(**own))
    shared = [sharer.share() for _ in range(FITTING)]
    assert sharer.post("secrets", SharedText().fields()).status_code == 507
    assert sharer.post("secrets", SharedText().fields(), **from_network(1)).status_code == 201
    sharer.service.clock.advance(minutes=1)
    sharer.read(shared[0])
    assert sharer.post("secrets", SharedText().fields()).status_code == 201


def test_the_quota_of_a_network_holds_over_midnight(make_service: MakeService) -> None:
    own = {"SURFACES": "sharing", "SHARING_CREATORS": "anyone", "SHARING_NETWORK_BYTES": QUOTA}
    sharer = Sharer(make_service(**own))
    for _ in range(FITTING):
        sharer.share(SharedText(lifetime=7 * 86400))
    sharer.service.clock.advance(days=6)
    assert sharer.post("secrets", SharedText().fields()).status_code == 507


def test_the_quota_of_all_holds_for_senders_at_once(make_service: MakeService) -> None:
    own = {"SURFACES": "sharing", "SHARING_CREATORS": "anyone", "SHARING_TOTAL_BYTES": QUOTA}
    sharer = Sharer(make_service(**own))
    for number in range(FITTING - 5):
        assert sharer.post("secrets", SharedText().fields(), **from_network(number)).status_code == 201
    last = at_once(
        lambda number: sharer.post("secrets", SharedText().fields(), **from_network(200 + number)).status_code,
        range(20),
    )
    assert sorted(last) == [201] * 5 + [507] * 15


def test_requests_count_too(make_service: MakeService) -> None:
    own = {"SURFACES": "sharing", "SHARING_CREATORS": "anyone", "SHARING_TOTAL_BYTES": "100000"}
    sharer = Sharer(make_service(**own))
    sharer.service.execute("INSERT INTO shared_secrets VALUES (sha256('x'), NULL, NULL, 99800, '', now(), now())")
    assert sharer.post("requests", {"digest": encode(bytes(32)), "lifetime": 300}).status_code == 507


def test_requests_of_a_network_in_a_minute_are_limited(make_service: MakeService) -> None:
    own = {"SURFACES": "sharing", "SHARING_CREATORS": "anyone", "RATE_LIMITS": "on", "RATE_LIMIT_SHARING": "5"}
    sharer = Sharer(make_service(**own))
    created = [sharer.post("secrets", SharedText().fields()) for _ in range(6)]
    read = [sharer.read(SharedText()) for _ in range(6)]
    assert [response.status_code for response in created] == [201] * 5 + [429]
    assert [response.status_code for response in read] == [404] * 5 + [429]
    assert int(created[-1].headers["Retry-After"]) <= 60
    assert sharer.post("secrets", SharedText().fields(), **from_network(1)).status_code == 201


def test_without_redis_nothing_is_created_or_read(make_service: MakeService) -> None:
    own = {"SURFACES": "sharing", "SHARING_CREATORS": "anyone", "RATE_LIMITS": "on"}
    sharer = Sharer(make_service(**own))
    secret = sharer.share()
    cut_off = Sharer(make_service(**own, REDIS_URL="redis://127.0.0.1:1/0"))
    responses = [cut_off.post("secrets", SharedText().fields()), cut_off.read(secret)]
    assert [response.status_code for response in responses] == [503, 503]
    assert [response.json for response in responses] == [{"error": "service unavailable"}] * 2
    assert secret.opened(sharer.read(secret)) == secret.text


@pytest.mark.parametrize(
    "changed",
    [
        {"digest": None},
        {"digest": "AA"},
        {"digest": encode(bytes(31))},
        {"digest": "+" * 43},
        {"digest": "é" * 43},
        {"receipt": 1},
        {"receipt": [encode(bytes(32))]},
        {"envelope": ""},
        {"envelope": encode(bytes(400))},
        {"envelope": encode(SharedText().sealed[:-1])},
        {"envelope": encode(SharedText().sealed + b"\0")},
        {"envelope": encode(b"\1\3" + SharedText().sealed[2:])},
        {"envelope": encode(b"\1\1\3" + SharedText().sealed[3:])},
        {"envelope": encode(b"\2" + SharedText().sealed[1:])},
    ],
)
def test_malformed_offers_are_refused(sharer: Sharer, changed: dict[str, object]) -> None:
    assert sharer.post("secrets", SharedText().fields(**changed)).status_code == 400
    assert sharer.service.rows("SELECT * FROM shared_secrets") == []


@pytest.mark.parametrize("lifetime", [None, True, "3600", 299, 604_801, -1, 10**9, 10**30, 3600.0])
def test_requests_of_other_lifetimes_are_refused(sharer: Sharer, lifetime: object) -> None:
    response = sharer.post("requests", {"digest": encode(bytes(32)), "lifetime": lifetime})
    assert (response.status_code, response.json) == (400, {"error": "malformed"})


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 900, b'"x"', b"\xff"])
def test_bodies_that_are_no_object_are_refused(sharing: Service, body: bytes) -> None:
    for path in ("secrets", "requests", "answers", "read", "status", "withdraw"):
        response = sharing.client.post(f"/share/{path}", data=body, content_type="application/json")
        assert (response.status_code, response.json) == (400, {"error": "malformed"})


def test_long_bodies_are_refused(sharing: Service) -> None:
    for path, size in (("secrets", 1_400_000), ("read", 1_001)):
        body = json.dumps({"digest": "A" * size})
        response = sharing.client.post(f"/share/{path}", data=body, content_type="application/json")
        assert response.status_code == 413


def test_requests_of_other_sites_are_refused(sharer: Sharer) -> None:
    secret = sharer.share()
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        assert sharer.read(secret, headers=header).status_code == 403
    form = sharer.service.client.post("/share/read", data={"locator": encode(secret.locator)})
    assert form.status_code == 415
    assert secret.opened(sharer.read(secret, headers={"Sec-Fetch-Site": "same-origin"})) == secret.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_a_post_reads(sharer: Sharer, method: str) -> None:
    secret = sharer.share()
    for path in ("secrets", "read", "status", "withdraw", "requests", "answers"):
        fields = {"locator": encode(secret.locator)}
        response = sharer.service.client.open(f"/share/{path}", method=method, json=fields)
        assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert sharer.outcome(secret) == "waiting"


def test_every_answer_is_json_that_is_neither_stored_nor_taken_for_a_page(sharer: Sharer) -> None:
    secret = sharer.share()
    answers = [sharer.post("secrets", SharedText().fields()), sharer.read(secret), sharer.read(secret)]
    with without_table(sharer.service, "shared_secrets"):
        answers.append(sharer.read(secret))
    assert [answer.status_code for answer in answers] == [201, 200, 404, 500]
    assert answers[-1].json == {"error": "server error"}
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
