"""Section B: processes, routes and common properties of responses. See also test_b_connections and test_b_logs."""

import uuid
from collections.abc import Callable

import pytest

from app.web.listening import every_interface, listening_address
from tests.support.answers import CORS, NOT_FOUND, UNAUTHORIZED, Answer, plain, seen, upload_refusal
from tests.support.service import Service, bearer, download_code

EVERY_INTERFACE = every_interface()
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]


@pytest.mark.rule(1)
def test_the_submission_surface_has_no_retrieval_routes(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="submission", RETRIEVE_HMAC_KEY="", ECDSA_KEY="", METRICS_USERNAME="")

    assert service.client.get("/services/ping").status_code == 200
    assert service.client.post("/upload").status_code == 400
    assert service.client.post("/claim-key").status_code == 400
    assert len(service.issue()) == 10
    for path in (f"/retrieve/302/00000/{'0' * 64}", "/events/2026-03-18", f"/qr/302/00000/{'0' * 64}"):
        assert seen(service.client.get(path)) == NOT_FOUND


@pytest.mark.rule(1)
def test_the_retrieval_surface_has_no_submission_routes(make_service: Callable[..., Service]) -> None:
    service = make_service(SURFACES="retrieval", KEY_CLAIM_TOKEN="", SEALING_KEYS="", SECRET_KEY="")

    assert service.client.get("/services/ping").status_code == 200
    assert service.fetch(service.today).status_code == 200
    assert service.client.get("/events/2026-03-18").status_code == 401
    for path in ("/upload", "/claim-key", "/new-key-claim", "/qr/new-event", "/clear-diagnosis-keys"):
        assert seen(service.client.post(path, headers=bearer())) == NOT_FOUND


@pytest.mark.rule(2)
@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, (EVERY_INTERFACE, 8001)),
        ({"SURFACES": "submission"}, (EVERY_INTERFACE, 8000)),
        ({"SURFACES": "retrieval"}, (EVERY_INTERFACE, 8001)),
        ({"PORT": "9000"}, (EVERY_INTERFACE, 9000)),
        ({"PORT": "9000", "BIND_ADDR": "127.0.0.1:9001"}, ("127.0.0.1", 9001)),
        ({"BIND_ADDR": ":9001"}, (EVERY_INTERFACE, 9001)),
        ({"BIND_ADDR": "[::1]:9001"}, ("::1", 9001)),
    ],
)
def test_bind_address_comes_from_bind_addr_then_port_then_the_surface(
    environment: dict[str, str], address: tuple[str, int]
) -> None:
    assert listening_address(environment) == address


@pytest.mark.rule(3, "T1")
@pytest.mark.parametrize("method", METHODS)
def test_an_unmatched_path_is_not_found_for_any_method(service: Service, method: str) -> None:
    for path in ("/", "/nope", "/services/nope", "/retrieve/302/18444", "/events/2026-3-18"):
        response = service.client.open(path, method=method, headers=bearer())

        assert seen(response) == (NOT_FOUND if method != "HEAD" else Answer(404, NOT_FOUND.headers, b""))
        assert "X-Request-Id" not in response.headers


@pytest.mark.rule(4, "T1")
def test_paths_are_case_sensitive_and_exact_about_trailing_slashes(service: Service) -> None:
    for path in (
        "/upload/",
        "/claim-key/",
        "/new-key-claim/",
        f"/new-key-claim/{'a' * 128}/",
        "/services",
        "/services/",
        "/services/ping/",
        "/events/2026-03-18/",
        "/qr/new-event/",
        "/Upload",
    ):
        assert seen(service.client.post(path, headers=bearer())) == NOT_FOUND, path


@pytest.mark.rule(4, "T1")
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_an_unclean_path_redirects_to_the_clean_one(service: Service, method: str) -> None:
    for path, clean in {
        "/services//ping": "/services/ping",
        "//upload": "/upload",
        "/services/../upload": "/upload",
        "/services/./ping": "/services/ping",
        "/../../claim-key": "/claim-key",
        "/services//ping/": "/services/ping/",
        "/upload/..": "/",
        "/retrieve//302/18444/00": "/retrieve/302/18444/00",
    }.items():
        # Set PATH_INFO directly: an HTTP client would clean the path or parse `//upload` as a host.
        response = service.client.open("/", method=method, environ_overrides={"PATH_INFO": path})

        assert seen(response) == Answer(301, {"Location": clean, "Cache-Control": "no-store"}, b""), path
        assert "X-Request-Id" not in response.headers


@pytest.mark.rule(4)
def test_a_redirect_to_the_clean_path_keeps_the_query(service: Service) -> None:
    response = service.client.get("/", query_string="a=1&b=%20", environ_overrides={"PATH_INFO": "//services/ping"})

    assert response.headers["Location"] == "/services/ping?a=1&b=%20"


@pytest.mark.rule(4)
def test_query_strings_are_ignored(service: Service) -> None:
    path = f"/retrieve/302/{service.today}/{download_code(service.today, service.clock.now)}"

    assert service.client.get("/services/ping?x=/../&y=//").status_code == 200
    assert service.client.get(f"{path}?cache=buster", follow_redirects=True).status_code == 200
    assert service.client.post("/new-key-claim?token=x", headers=bearer()).status_code == 200


@pytest.mark.rule(3, 5)
@pytest.mark.parametrize(
    "header",
    [
        {"Connection": "Upgrade", "Upgrade": "websocket"},
        {"Host": "x..y"},
        {"Host": "."},
        {"Host": "x" * 64},
        {"Host": "[::1"},
    ],
    ids=str,
)
def test_host_and_upgrade_do_not_affect_routing(service: Service, header: dict[str, str]) -> None:
    def seen_with(method: str, path: str) -> Answer:
        return seen(service.client.open(path, method=method, headers=bearer() | header))

    assert seen_with("GET", "/services/ping").status == 200
    assert seen_with("POST", "/new-key-claim").status == 200
    assert seen_with("POST", "/upload") == upload_refusal(400, "INVALID_CRYPTO_PARAMETERS")
    assert (
        seen_with("GET", f"/retrieve/302/{service.today}/{download_code(service.today, service.clock.now)}").status
        == 200
    )
    assert seen_with("GET", "/nope") == NOT_FOUND


@pytest.mark.rule(5)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_every_matched_response_has_a_request_id(service: Service, method: str) -> None:
    for path in (
        "/services/ping",
        "/services/present",
        "/upload",
        "/claim-key",
        "/new-key-claim",
        "/retrieve/302/18444/",
        "/events/2026-03-18",
        "/qr/new-event",
    ):
        echoed = service.client.open(path, method=method, headers={"x-request-id": "Root=1-abc"})
        made = service.client.open(path, method=method).headers["X-Request-Id"]

        assert echoed.headers.getlist("X-Request-Id") == ["Root=1-abc"]
        assert str(uuid.UUID(made)) == made
        assert uuid.UUID(made).version == 4


@pytest.mark.rule(7)
def test_head_runs_the_get_handler_without_a_body(service: Service) -> None:
    head = service.client.head("/services/ping")
    upload = service.client.head("/upload")

    assert seen(head) == plain(200, "", {"Cache-Control": "no-store"})
    assert (upload.status_code, upload.content_type, upload.data) == (400, "application/x-protobuf", b"")
    assert seen(service.client.head("/new-key-claim", headers=bearer())) == Answer(
        401, UNAUTHORIZED.headers | CORS | {"Allow": "POST, OPTIONS"}, b""
    )


@pytest.mark.rule(7)
def test_the_content_type_of_a_request_is_not_checked(service: Service) -> None:
    for content_type in ("", "nonsense", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        claimed = service.claim(service.issue(), content_type=content_type)
        code = service.client.post("/new-key-claim", data=b"x=1", content_type=content_type, headers=bearer())

        assert (claimed.status_code, code.status_code) == (200, 200), content_type


@pytest.mark.rule(8)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_errors_are_not_sniffed_or_cached(service: Service, method: str) -> None:
    code = download_code(18444, service.clock.now)
    for path in (
        "/nope",
        "/new-key-claim",
        "/upload",
        "/claim-key",
        "/retrieve/302/18444/x",
        f"/retrieve/302/18444/{code}",
        "/qr/302/18444/x",
        f"/qr/302/18444/{code}",
        "/qr/new-event",
        "/events/2026-03-18",
    ):
        response = service.client.open(path, method=method)

        assert response.status_code >= 400, path
        assert response.headers["X-Content-Type-Options"] == "nosniff", path
        assert "Cache-Control" not in response.headers, path
        assert response.content_type == "application/x-protobuf" or response.data.endswith(b"\n"), path
