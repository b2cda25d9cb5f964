"""The script that makes the secrets of an environment."""

import base64
import re
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.config.settings import describe_settings, parse_setting
from clients.phone.settings import Settings
from infra.store_secrets import makers, store_origin_secret, store_public_key, store_redis_url, store_settings

STORE = "arn:aws:cloudfront::111111111111:key-value-store/a"
PATTERN_SET = {"Summary": {"ARN": "arn:set:of:the:patterns"}}


def test_the_public_key_is_stored_in_the_form_that_clients_read(clients: Any) -> None:
    key = generate_private_key(SECP256R1()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    kms, store = clients("kms"), clients("secretsmanager")
    kms.add_response("get_public_key", {"PublicKey": der}, {"KeyId": "arn:key"})
    text = base64.b64encode(der).decode()
    store.add_response("put_secret_value", {}, {"SecretId": "arn:public", "SecretString": text})
    data = {"signing_key_arn": "arn:key", "settings": {"EXPORT_PUBLIC_KEY": "arn:public"}}
    store_public_key(store.client, kms.client, data)
    others = {"SUBMISSION_URL": "https://s", "RETRIEVAL_URL": "https://r", "RETRIEVE_HMAC_KEY": "ab" * 32}
    assert Settings.from_environ({**others, "EXPORT_PUBLIC_KEY": text}).public_key == key


@dataclass(frozen=True)
class Cdn:
    """The services that hold the secret of the CDN."""

    values: Stubber
    firewall: Stubber


@pytest.fixture
def cdn(clients: Any, monkeypatch: pytest.MonkeyPatch) -> Cdn:
    """Services whose responses must all be used."""
    cdn = Cdn(clients("cloudfront-keyvaluestore"), clients("wafv2"))
    both = {"cloudfront-keyvaluestore": cdn.values.client, "wafv2": cdn.firewall.client}
    monkeypatch.setattr(boto3, "client", both.__getitem__)
    return cdn


def pattern_of(secret: str) -> dict[str, Any]:
    return {"Name": "alert-origin", "Scope": "REGIONAL", "RegularExpressionList": [{"RegexString": f"^{secret}$"}]}


def test_the_secret_of_the_cdn_is_completed_after_an_interruption(cdn: Cdn) -> None:
    key = {"Key": "origin-secret", "Value": "made-before", "ItemCount": 1, "TotalSizeInBytes": 20}
    for _ in range(2):
        cdn.values.add_response("get_key", key, {"KvsARN": STORE, "Key": "origin-secret"})
    cdn.firewall.add_response("create_regex_pattern_set", PATTERN_SET, pattern_of("made-before"))
    cdn.firewall.add_client_error("create_regex_pattern_set", "WAFDuplicateItemException")
    for _ in range(2):
        store_origin_secret({"cdn_secret_store": STORE}, "alert")


def test_the_secret_of_the_cdn_is_made_once_and_by_an_error_not_again(
    cdn: Cdn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: "made-now")
    asked = {"KvsARN": STORE, "Key": "origin-secret"}
    cdn.values.add_client_error("get_key", "AccessDeniedException", expected_params=asked)
    with pytest.raises(ClientError, match="AccessDenied"):
        store_origin_secret({"cdn_secret_store": STORE}, "alert")
    cdn.values.add_client_error("get_key", "ResourceNotFoundException", expected_params=asked)
    facts = {"ItemCount": 0, "TotalSizeInBytes": 0}
    described = facts | {"ETag": "e", "KvsARN": STORE, "Created": 0}
    cdn.values.add_response("describe_key_value_store", described, {"KvsARN": STORE})
    cdn.values.add_response("put_key", facts | {"ETag": "f"}, asked | {"Value": "made-now", "IfMatch": "e"})
    cdn.firewall.add_response("create_regex_pattern_set", PATTERN_SET, pattern_of("made-now"))
    store_origin_secret({"cdn_secret_store": STORE}, "alert")


class Text:
    """Equal to each text of a pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None

    __hash__ = None  # type: ignore[assignment]


# ElastiCache accepts 16 to 128 characters, of which few are not alphanumeric.
TOKEN = r"[A-Za-z0-9!&#$^<>-]{16,128}"
VERIFIED_URL = rf"rediss://:{TOKEN}@master\.example\.org:6379/0\?ssl_cert_reqs=required&ssl_ca_certs=/etc/ssl/certs/.*"


def renew_token(clients: Any, monkeypatch: pytest.MonkeyPatch, described: dict[str, Any], *, renews: bool) -> None:
    redis, store = clients("elasticache"), clients("secretsmanager")
    monkeypatch.setattr(boto3, "client", {"elasticache": redis.client}.__getitem__)
    # In base64, these bytes have every character but letters and digits.
    monkeypatch.setattr("secrets.token_bytes", lambda count: (b"\xfb\xef\xff" * count)[:count])
    store.add_response("describe_secret", described, {"SecretId": "arn:redis"})
    available = {"ReplicationGroups": [{"ReplicationGroupId": "alert", "Status": "available"}]}
    for strategy in ("ROTATE", "SET"):
        expected = {"ReplicationGroupId": "alert", "AuthTokenUpdateStrategy": strategy, "ApplyImmediately": True}
        redis.add_response("modify_replication_group", {}, expected | {"AuthToken": Text(TOKEN)})
        redis.add_response("describe_replication_groups", available, {"ReplicationGroupId": "alert"})
    store.add_response("put_secret_value", {}, {"SecretId": "arn:redis", "SecretString": Text(VERIFIED_URL)})
    data = {"redis_url_arn": "arn:redis", "redis_name": "alert", "redis_host": "master.example.org"}
    store_redis_url(store.client, data, renews=renews)


def test_the_token_of_redis_is_one_that_elasticache_accepts(clients: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    renew_token(clients, monkeypatch, {}, renews=False)


def test_the_token_of_redis_is_renewed_on_request_alone(clients: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with_value = {"VersionIdsToStages": {"v" * 32: ["AWSCURRENT"]}}
    store = clients("secretsmanager")
    store.add_response("describe_secret", with_value, {"SecretId": "arn:redis"})
    store_redis_url(store.client, {"redis_url_arn": "arn:redis"})
    renew_token(clients, monkeypatch, with_value, renews=True)


def test_made_up_secrets_are_ones_that_processes_accept() -> None:
    for name, make in makers("ON").items():
        parse_setting(name, make())
    secret = {each.name for each in describe_settings() if each.is_secret and each.required_by}
    assert secret - set(makers("ON")) == {"DATABASE_URL", "REDIS_URL"}


def test_secrets_with_a_value_are_left_alone(clients: Any) -> None:
    store = clients("secretsmanager")
    store.add_response("describe_secret", {"VersionIdsToStages": {"v" * 32: ["AWSCURRENT"]}}, {"SecretId": "arn:old"})
    store.add_response("describe_secret", {}, {"SecretId": "arn:mail"})
    store.add_response("describe_secret", {}, {"SecretId": "arn:new"})
    store.add_response("put_secret_value", {}, {"SecretId": "arn:new", "SecretString": ANY})
    settings = {"KEY_CLAIM_TOKEN": "arn:old", "MAIL_URL": "arn:mail", "SECRET_KEY": "arn:new"}
    assert store_settings(store.client, settings, "ON") == ["MAIL_URL"]
