"""Answers that the protocol does not have: each ends the phone's command with a line and an exit status of its own."""

import socket
from collections.abc import Callable

import pytest
import requests
from nacl.public import PrivateKey

from clients.phone import exposure_pb2 as pb
from clients.phone import protocol, state
from clients.phone.__main__ import main
from clients.phone.crypto import new_key
from clients.phone.errors import ExitStatus, UnreachableError
from clients.phone.state import KeyPair
from tests.clients.scripted import DROP, Reply, scripted

HTML = b"<!doctype html>\n<title>502 Bad Gateway</title>"
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
PAGE = {"Content-Type": "text/html"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
GOOD_KEY = bytes(PrivateKey.generate().public_key)
# The points of small order of curve25519, and two that equal some of them beyond the field's prime.
LOW_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
]


def claimed(key: bytes) -> bytes:
    return pb.KeyClaimResponse(server_public_key=key).SerializeToString()


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, signer) -> Run:
    """Return a function that runs a command against an address, and returns its exit status and standard error."""
    file = tmp_path / "phone.json"
    own = PrivateKey.generate()
    pair = KeyPair(bytes(own), bytes(own.public_key), GOOD_KEY)
    state.save(state.State(keys=[new_key(2_650_000)], key_pair=pair), file)

    def command(url: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv("SUBMISSION_URL", url)
        monkeypatch.setenv("RETRIEVAL_URL", url)
        monkeypatch.setenv("RETRIEVE_HMAC_KEY", "aa" * 32)
        monkeypatch.setenv("EXPORT_PUBLIC_KEY", signer.public_key_text)
        monkeypatch.setenv("NO_PROXY", "*")
        status = main(["--state", str(file), *words])
        return status, capsys.readouterr().err

    return command


def is_one_line(error: str) -> bool:
    return error.startswith("phone: ") and error.count("\n") == 1 and error.endswith("\n")


CLAIM, UPLOAD = ("claim", "AEFHJKLQRS"), ("upload",)


@pytest.mark.parametrize(
    ("words", "reply", "status", "reason"),
    [
        (words, *case)
        for words in (CLAIM, UPLOAD)
        for case in [
            (Reply(302, headers={"Location": "/elsewhere"}), ExitStatus.REDIRECTED, "is a redirect (HTTP 302)"),
            (Reply(304), ExitStatus.REDIRECTED, "is a redirect (HTTP 304)"),
            (Reply(204), ExitStatus.NOT_200, "has status 204, where only 200 is a success"),
            (Reply(201, b"\x08\x00"), ExitStatus.NOT_200, "has status 201"),
            (Reply(200, b"", PROTOBUF), ExitStatus.EMPTY, "is an empty 200"),
            (Reply(500, b""), ExitStatus.EMPTY, "(HTTP 500) is empty"),
            (Reply(200, HTML, PAGE), ExitStatus.HTML, "is a page of HTML"),
            (Reply(502, HTML), ExitStatus.HTML, "(HTTP 502) is a page of HTML"),
            (Reply(200, b"OK", PLAIN), ExitStatus.CONTENT_TYPE, "is text/plain, not application/x-protobuf"),
            (Reply(503, b"down", PLAIN), ExitStatus.CONTENT_TYPE, "(HTTP 503) is text/plain"),
            (Reply(200, b"\x12\x20abc", PROTOBUF), ExitStatus.NOT_A_MESSAGE, "not a message, or a truncated one"),
            (Reply(400, b"\xff\xff", PROTOBUF), ExitStatus.NOT_A_MESSAGE, "(HTTP 400) is not a message"),
            (Reply(400, b"\x08\x00", PROTOBUF), ExitStatus.NO_ERROR_NAMED, "status 400, but its message names no"),
            (Reply(200, b"\x08\x02", PROTOBUF), ExitStatus.ERROR_IN_SUCCESS, "a phone takes it for a success"),
            (Reply(200, b"\x08\x63", PROTOBUF), ExitStatus.ERROR_IN_SUCCESS, "the error 99: a phone takes it"),
            (DROP, ExitStatus.NOT_CONNECTED, "closed the connection before its answer was complete"),
        ]
    ],
)
def test_an_answer_that_is_not_of_the_protocol_is_one_line_and_one_exit_status(run, words, reply, status, reason):
    with scripted(reply) as server:
        ended, error = run(server.url, *words)

    assert (ended, is_one_line(error)) == (status, True), error
    assert reason in error


@pytest.mark.parametrize(("words", "status"), [(CLAIM, ExitStatus.CLAIM_REFUSED), (UPLOAD, ExitStatus.UPLOAD_REFUSED)])
def test_an_error_that_this_client_does_not_know_is_a_refusal_with_its_number(run, words, status):
    with scripted(Reply(400, b"\x08\x63", PROTOBUF)) as server:
        ended, error = run(server.url, *words)

    assert (ended, is_one_line(error)) == (status, True), error
    assert ": 99 (HTTP 400)" in error


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33])
def test_a_key_of_another_length_is_refused(run, key):
    with scripted(Reply(200, claimed(key) + b"\x18\x32", PROTOBUF)) as server:
        ended, error = run(server.url, *CLAIM)

    assert (ended, is_one_line(error)) == (ExitStatus.KEY_LENGTH, True)
    assert f"has {len(key)} bytes, not 32" in error


@pytest.mark.parametrize("key", LOW_ORDER)
def test_a_key_that_protects_nothing_is_refused_before_it_is_kept(run, tmp_path, key):
    kept = state.load(tmp_path / "phone.json").key_pair
    with scripted(Reply(200, claimed(bytes.fromhex(key)), PROTOBUF)) as server:
        ended, error = run(server.url, *CLAIM)

    assert (ended, is_one_line(error)) == (ExitStatus.WEAK_KEY, True)
    assert "point of low order" in error
    assert state.load(tmp_path / "phone.json").key_pair == kept


def test_a_weak_key_in_an_old_file_is_refused_too(run, tmp_path):
    file = tmp_path / "phone.json"
    owner = state.load(file)
    owner.key_pair = KeyPair(b"a" * 32, b"b" * 32, bytes(32))
    state.save(owner, file)

    ended, error = run("http://127.0.0.1:9", *UPLOAD)

    assert (ended, is_one_line(error)) == (ExitStatus.WEAK_KEY, True)


@pytest.mark.parametrize(
    ("reply", "status", "reason"),
    [
        (Reply(302, headers={"Location": "/"}), ExitStatus.REDIRECTED, "the archive of 00000 is a redirect (HTTP 302)"),
        (Reply(204), ExitStatus.NOT_200, "has status 204"),
        (Reply(206, b"PK"), ExitStatus.NOT_200, "has status 206"),
        (Reply(200, b""), ExitStatus.EMPTY, "is an empty 200"),
        (Reply(200, HTML, PAGE), ExitStatus.HTML, "is a page of HTML"),
        (Reply(200, b"PK", PLAIN), ExitStatus.CONTENT_TYPE, "is text/plain, not application/zip"),
        (Reply(200, b"PK\x03\x04"), ExitStatus.BAD_ARCHIVE, "is not a zip file"),
        (Reply(404, b"404 page not found\n", PLAIN), ExitStatus.DOWNLOAD_REFUSED, "HTTP 404, 404 page not found"),
        (Reply(503, HTML, PAGE), ExitStatus.DOWNLOAD_REFUSED, "the archive of 00000 is missing: HTTP 503\n"),
    ],
)
def test_a_download_that_is_not_of_the_protocol_is_a_line_and_an_exit_status(run, reply, status, reason):
    with scripted(reply) as server:
        ended, error = run(server.url, "check")

    warning, line = error.splitlines(keepends=True)  # the configuration gets the same answer, which is only a warning
    assert "the built-in default is used" in warning
    assert (ended, is_one_line(line)) == (status, True)
    assert reason in line


def test_a_refused_connection_is_named(run):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"

    ended, error = run(url, *CLAIM)

    assert (ended, error) == (ExitStatus.NOT_CONNECTED, f"phone: {url} refused the connection\n")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://127.0.0.1", "ftp://127.0.0.1 is not an address that begins with http:// or https://"),
        ("127.0.0.1:8001", "is not an address that begins with http:// or https://"),
        ("http://", " is not an address"),
        ("http://name.invalid", "the name of http://name.invalid is not known"),
    ],
)
def test_a_wrong_address_is_named(run, url, reason):
    ended, error = run(url, *CLAIM)

    assert (ended, is_one_line(error)) == (ExitStatus.NOT_CONNECTED, True)
    assert reason in error


def test_a_server_that_does_not_answer_in_time_is_named(run, monkeypatch):
    monkeypatch.setattr(protocol, "TIMEOUT_SECONDS", (5, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ended, error = run(url, *CLAIM)

    assert (ended, error) == (
        ExitStatus.TIMED_OUT,
        f"phone: {url} accepted the request, but did not answer in time\n",
    )


def test_an_answer_that_stalls_is_a_time_out(run, monkeypatch):
    monkeypatch.setattr(protocol, "TIMEOUT_SECONDS", (5, 0.2))
    with scripted(Reply(200, b"\x08", PROTOBUF, missing_bytes=9)) as server:
        ended, error = run(server.url, *UPLOAD)

    assert (ended, is_one_line(error)) == (ExitStatus.TIMED_OUT, True)


def test_a_connection_that_cannot_be_made_in_time_is_named(canned):
    server, _ = canned(lambda _: requests.ConnectTimeout())

    with pytest.raises(UnreachableError, match=r"no connection to https://submit\.test within") as stop:
        server.claim("AEFHJKLQRS")

    assert stop.value.exit_status == ExitStatus.TIMED_OUT


def test_no_two_reasons_share_an_exit_status():
    assert len({status.value for status in ExitStatus}) == len(ExitStatus.__members__)
