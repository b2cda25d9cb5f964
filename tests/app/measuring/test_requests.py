"""Requests are counted once each, under routes and methods of a fixed number (app/measuring/requests.py)."""

from collections.abc import Callable

import pytest

from app.config import STATUS
from app.measuring.instruments import MAX_JURISDICTIONS, OTHER, Instruments
from tests.support.service import Service
from tests.support.settings import LABEL

REQUESTS = "exposure_alert_requests_total"
DURATIONS = "exposure_alert_request_duration_seconds_count"
SECONDS = "exposure_alert_request_duration_seconds_sum"


def counted(service: Service, name: str) -> dict[tuple[str, ...], float]:
    """Return the values of a metric, by the values of its labels in the order of the labels' names."""
    totals = service.app.context.instruments.totals()
    found = {tuple(value for _, value in labels): total for (metric, labels), total in totals.items() if metric == name}
    return {labels: total for labels, total in found.items() if total}


def test_a_request_is_counted_under_its_route(service: Service) -> None:
    service.issue(hash_id="a" * 128)
    service.issue(hash_id="b" * 128)
    assert counted(service, REQUESTS) == {("POST", "/new-key-claim/<hash_id:hash_id>", "2xx", "submission"): 2}
    assert counted(service, DURATIONS) == {("/new-key-claim/<hash_id:hash_id>", "submission"): 2}


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/services/ping", ("GET", "/services/ping", "2xx", "common")),
        ("GET", "/claim-key", ("GET", "/claim-key", "4xx", "submission")),
        ("GET", "/a-path-that-holds-a-secret", ("GET", "unmatched", "4xx", "common")),
        ("GET", "/a//b", ("GET", "unmatched", "3xx", "common")),
        ("CANARY", "/services/ping", (OTHER, "/services/ping", "2xx", "common")),
        ("POST", "/new-key-claim", ("POST", "/new-key-claim", "4xx", "submission")),
    ],
)
def test_what_a_client_chooses_is_no_label(service: Service, method: str, path: str, labels: tuple[str, ...]) -> None:
    service.client.open(path, method=method)
    assert counted(service, REQUESTS) == {labels: 1}


@pytest.mark.parametrize("status", [200, 304])
def test_a_download_from_memory_is_counted_once(make_service: Callable[..., Service], status: int) -> None:
    service = make_service(EXPORT_MAX_AGE_SECONDS="60")
    etag = service.fetch(service.today).headers["ETag"]
    answer = service.fetch(service.today, headers={"If-None-Match": etag} if status == 304 else {})
    assert answer.status_code == status
    route, status_class = "/retrieve/<digits(3):region>/<digits(5):day>/<anything:auth>", f"{status // 100}xx"
    assert counted(service, DURATIONS) == {(route, "retrieval"): 2}
    assert counted(service, REQUESTS)[("GET", route, status_class, "retrieval")] == (2 if status == 200 else 1)
    assert counted(service, SECONDS)[(route, "retrieval")] < 240, "longer than a test may last"


def test_a_refused_host_name_is_counted(make_service: Callable[..., Service]) -> None:
    service = make_service(BIND_ADDR="127.0.0.1:8000")
    assert service.client.get("/services/ping", headers={"Host": "example.org"}).status_code == 421
    assert counted(service, REQUESTS) == {("GET", "unmatched", "4xx", "common"): 1}


def test_a_static_file_is_counted_without_its_name(make_service: Callable[..., Service]) -> None:
    service = make_service(REVIEW_TOOLS="true")
    assert service.client.get("/static/design/base.css", buffered=True).status_code == 200
    assert service.client.get("/static/nothing").status_code == 404
    assert counted(service, REQUESTS) == {
        ("GET", "/static/", "2xx", "common"): 1,
        ("GET", "unmatched", "4xx", "common"): 1,
    }


def test_a_failing_request_is_a_server_error(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.app.context, "served_submission", None)
    assert service.client.post("/claim-key").status_code == 500
    assert counted(service, REQUESTS) == {("POST", "/claim-key", "5xx", "submission"): 1}
    assert counted(service, "exposure_alert_claims_total") == {("failed",): 1}


def test_claims_are_counted_by_their_result(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="2")
    service.pair()
    answers = [service.claim("WRONGWRONG").status_code for _ in range(3)]
    assert answers == [401, 401, 429]
    service.client.post("/claim-key", data=b"malformed")
    assert counted(service, "exposure_alert_claims_total") == {("claimed",): 1, ("refused",): 2, ("banned",): 2}
    assert counted(service, "exposure_alert_codes_issued_total") == {(LABEL,): 1}
    assert counted(service, "exposure_alert_codes_claimed_total") == {(LABEL,): 1}


def test_decoys_are_no_claims(make_service: Callable[..., Service]) -> None:
    service = make_service(MAX_CONSECUTIVE_CLAIM_KEY_FAILURES="1")
    decoy = {"X-Decoy": "1"}
    assert service.client.post("/claim-key", headers=decoy).status_code == 200
    service.claim("WRONGWRONG")
    assert service.client.post("/claim-key", headers=decoy).status_code == 429
    assert counted(service, "exposure_alert_claims_total") == {("refused",): 1}


def test_the_number_of_jurisdictions_is_limited() -> None:
    instruments = Instruments()
    for number in range(MAX_JURISDICTIONS + 5):
        instruments.count_issued_code(f"label-{number}")
    instruments.count_issued_code("label-0")
    issued = {labels: total for (name, labels), total in instruments.totals().items() if "codes_issued" in name}
    assert len(issued) == MAX_JURISDICTIONS + 1
    assert issued[(("jurisdiction", OTHER),)] == 5
    assert issued[(("jurisdiction", "label-0"),)] == 2


def test_every_route_belongs_to_a_surface_or_to_all(make_service: Callable[..., Service]) -> None:
    service = make_service(METRICS_TOKEN="m" * 32, SURFACES=f"submission,retrieval,{STATUS}")
    for rule in ("/upload", "/qr/new-event", "/exposure-configuration/CA.json", "/metrics", "/services/ready"):
        service.client.get(rule)
    found = {labels[1]: labels[3] for labels in counted(service, REQUESTS)}
    assert found == {
        "/upload": "submission",
        "/qr/new-event": "submission",
        "/exposure-configuration/<name>.json": "retrieval",
        "/metrics": "common",
        "/services/ready": "common",
    }
