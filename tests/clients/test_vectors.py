"""The published test vectors: the phone makes them, the server accepts them, and a sample makes the same hash."""

import base64
import json

import pytest
from nacl.public import Box, PrivateKey, PublicKey

from app.proto import covidshield_pb2 as wire
from clients import vectors
from clients.phone import archive, schedule
from tests.clients.sample_runs import REQUEST, surroundings
from tests.clients.scripted import Reply, scripted

PUBLISHED = json.loads(vectors.FILE.read_text())
CLAIM, UPLOAD, ARCHIVE = PUBLISHED["claim"], PUBLISHED["upload"], PUBLISHED["archive"]


def test_the_published_file_is_what_the_reference_phone_makes():
    assert {name: part for name, part in PUBLISHED.items() if name != "archive"} == vectors.vectors()


def test_the_servers_schema_reads_the_claim():
    request = wire.KeyClaimRequest.FromString(bytes.fromhex(CLAIM["request"]))

    assert request.one_time_code == CLAIM["one_time_code"]
    assert request.app_public_key.hex() == CLAIM["app_public_key"]


@pytest.mark.parametrize("answer", CLAIM["answers"], ids=lambda answer: answer["meaning"])
def test_the_servers_schema_writes_the_claims_answers(answer):
    body = bytes.fromhex(answer["body"])
    message = wire.KeyClaimResponse.FromString(body)

    assert message.SerializeToString() == body
    assert message.HasField("error") == (answer["status"] != 200)
    assert (wire.KeyClaimResponse.ErrorCode.Name(message.error) in answer["meaning"]) == (answer["status"] != 200)


def test_the_server_can_open_the_upload():
    request = wire.EncryptedUploadRequest.FromString(bytes.fromhex(UPLOAD["request"]))
    box = Box(PrivateKey(bytes.fromhex(UPLOAD["server_private_key"])), PublicKey(request.app_public_key))

    plaintext = box.decrypt(request.payload, request.nonce)
    upload = wire.Upload.FromString(plaintext)

    assert plaintext.hex() == UPLOAD["plaintext"]
    assert request.nonce.hex() == UPLOAD["nonce"]
    assert upload.timestamp.seconds == UPLOAD["timestamp"]
    assert [key.key_data.hex() for key in upload.keys] == [key["key_data"] for key in UPLOAD["keys"]]


@pytest.mark.parametrize("answer", UPLOAD["answers"], ids=lambda answer: answer["meaning"])
def test_the_servers_schema_writes_the_uploads_answers(answer):
    body = bytes.fromhex(answer["body"])
    message = wire.EncryptedUploadResponse.FromString(body)

    assert message.SerializeToString() == body
    assert wire.EncryptedUploadResponse.ErrorCode.Name(message.error) in answer["meaning"]


def test_the_archive_verifies_with_its_key_and_holds_what_is_said():
    opened = archive.read(base64.b64decode(ARCHIVE["zip"]), archive.load_public_key(ARCHIVE["public_key"]))

    assert [published.key.key_data.hex() for published in opened.keys] == ARCHIVE["keys"]
    assert (opened.start, opened.end, opened.region) == (
        ARCHIVE["start_timestamp"],
        ARCHIVE["end_timestamp"],
        ARCHIVE["region"],
    )
    assert (opened.start, opened.end) == schedule.expected_bounds(ARCHIVE["period"], vectors.TODAY)


def test_a_sample_makes_the_published_hash(copies):
    published = PUBLISHED["hash_id"]
    with scripted(Reply(body=b"AEFHJKLQRS\n")) as server:
        settings = {"SUBMISSION_URL": server.url, "KEY_CLAIM_TOKEN": "token", "HASH_ID_KEY": published["key"]}
        copies.run("python", REQUEST, surroundings() | settings, published["case"])

    assert server.asked == [f"/new-key-claim/{published['hash_id']}"]
