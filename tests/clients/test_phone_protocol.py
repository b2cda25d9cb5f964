"""The phone's requests, byte by byte, and the answers that stop it."""

import pytest
from nacl.public import Box, PrivateKey, PublicKey

from clients.phone import exposure_pb2 as pb
from clients.phone.crypto import DailyKey, new_key
from clients.phone.errors import (
    ClaimRefusedError,
    DownloadRefusedError,
    MalformedError,
    UploadRefusedError,
)
from clients.phone.protocol import upload_message
from clients.phone.state import KeyPair

NOW = 1_594_771_200


@pytest.fixture
def server_key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture
def pair(server_key) -> KeyPair:
    own = PrivateKey.generate()
    return KeyPair(bytes(own), bytes(own.public_key), bytes(server_key.public_key))


def claim_answer(**fields: object) -> bytes:
    return pb.KeyClaimResponse(**fields).SerializeToString()


def upload_answer(**fields: object) -> bytes:
    return pb.EncryptedUploadResponse(**fields).SerializeToString()


def test_a_claim_is_the_46_bytes_that_the_public_app_sends(canned, server_key):
    server, record = canned(lambda _: (200, claim_answer(server_public_key=bytes(server_key.public_key))))

    pair = server.claim("AEFHJKLQRS")

    [request] = record.requests
    assert request.url == "https://submit.test/claim-key"
    assert request.headers["Content-Type"] == "application/x-protobuf"
    assert request.body == b"\x0a\x0aAEFHJKLQRS\x12\x20" + pair.public_key
    assert len(request.body) == 46
    assert bytes(PrivateKey(pair.private_key).public_key) == pair.public_key
    assert pair.server_public_key == bytes(server_key.public_key)


def test_the_success_of_the_public_server_is_understood_byte_by_byte(canned):
    server, _ = canned(lambda _: (200, b"\x12\x20" + b"s" * 32 + b"\x18\x32"))

    assert server.claim("AEFHJKLQRS").server_public_key == b"s" * 32


def test_a_wrong_code_is_refused_with_the_tries_left(canned):
    server, _ = canned(lambda _: (401, bytes.fromhex("080218312200")))

    with pytest.raises(ClaimRefusedError) as refusal:
        server.claim("AEFHJKLQRS")

    assert (refusal.value.error, refusal.value.tries_remaining, refusal.value.ban_seconds) == (
        "INVALID_ONE_TIME_CODE",
        49,
        0,
    )


def test_a_ban_names_its_length(canned):
    answer = pb.KeyClaimResponse(error="TEMPORARY_BAN", tries_remaining=0)
    answer.remaining_ban_duration.seconds = 3_599
    answer.remaining_ban_duration.nanos = 500_000_000
    server, _ = canned(lambda _: (429, answer.SerializeToString()))

    with pytest.raises(ClaimRefusedError, match="banned for 3600 s") as refusal:
        server.claim("AEFHJKLQRS")

    assert refusal.value.ban_seconds == 3_599.5


def test_an_upload_can_be_opened_by_the_server_alone(canned, pair, server_key):
    server, record = canned(lambda _: (200, b"\x08\x00"))
    key = DailyKey(b"k" * 16, 2_650_000, 100)

    server.upload(pair, [key], NOW)

    [request] = record.requests
    sent = pb.EncryptedUploadRequest.FromString(request.body)
    plain = Box(server_key, PublicKey(sent.app_public_key)).decrypt(sent.payload, sent.nonce)
    upload = pb.Upload.FromString(plain)
    assert request.url == "https://submit.test/upload"
    assert (sent.server_public_key, sent.app_public_key) == (pair.server_public_key, pair.public_key)
    assert (upload.timestamp.seconds, upload.timestamp.nanos) == (NOW, 0)
    [row] = upload.keys
    assert (row.key_data, row.transmission_risk_level) == (b"k" * 16, 1)
    assert (row.rolling_start_interval_number, row.rolling_period) == (2_650_000, 100)
    assert not row.HasField("report_type")


def test_28_keys_are_848_bytes_plain_and_961_sent_as_from_the_public_app(canned, pair):
    server, record = canned(lambda _: (200, b"\x08\x00"))
    keys = [new_key(2_650_000 - 144 * day) for day in range(28)]

    server.upload(pair, keys, NOW)

    assert len(upload_message(keys, NOW)) == 848
    assert len(record.requests[0].body) == 961


def test_no_nonce_is_used_twice(canned, pair):
    server, record = canned(lambda _: (200, b"\x08\x00"))

    for _ in range(20):
        server.upload(pair, [new_key(2_650_000)], NOW)

    nonces = {pb.EncryptedUploadRequest.FromString(request.body).nonce for request in record.requests}
    assert len(nonces) == 20
    assert {len(nonce) for nonce in nonces} == {24}


def test_a_refused_upload_names_the_error(canned, pair):
    server, _ = canned(lambda _: (400, upload_answer(error="INVALID_TIMESTAMP")))

    with pytest.raises(UploadRefusedError, match=r"INVALID_TIMESTAMP \(HTTP 400\)"):
        server.upload(pair, [new_key(2_650_000)], NOW)


@pytest.mark.parametrize("status", [401, 404, 410, 500])
def test_a_download_that_is_refused_names_the_status_and_the_reason(canned, status):
    server, _ = canned(lambda _: (status, b"requested data no longer valid\n"))

    with pytest.raises(DownloadRefusedError, match=f"18458 is missing: HTTP {status}, requested data"):
        server.archive(18_458, NOW)


@pytest.mark.parametrize("body", [b"[1]", b"nothing", b"\xff"])
def test_a_configuration_that_is_not_a_json_object_is_malformed(canned, body):
    server, _ = canned(lambda _: (200, body))

    with pytest.raises(MalformedError, match="is not"):
        server.configuration()
