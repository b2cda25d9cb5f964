"""Store the secrets that have no value yet: `python -m infra.store_secrets OUTPUTS LABEL [--new-redis-token]`.

OUTPUTS is what `terraform output -json` prints, LABEL that of the first health authority. Values are random, made as by
`flask secrets make`, stored in Secrets Manager and shown nowhere. Secrets that have a value are left alone. MAIL_URL
cannot be made up: it is listed at the end. The key that signs archives is in KMS; its public key is stored for
promotions. --new-redis-token replaces the token of Redis, because Secrets Manager cannot remove a value: until the
release that must follow, processes are refused by Redis.
"""

import argparse
import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from app.config.secrets import SECRET_MAKERS, make_claim_token

_PUBLIC_KEY: Final = "EXPORT_PUBLIC_KEY"
_ORIGIN_SECRET: Final = "origin-secret"  # noqa: S105 - the name of it


def makers(label: str) -> dict[str, Callable[[], str]]:
    """Return what makes the value of each secret setting that can be made up."""
    return dict(SECRET_MAKERS) | {
        "KEY_CLAIM_TOKEN": lambda: make_claim_token(label),
        "QR_SIGNATURE_KEY": lambda: secrets.token_hex(32),
        "SHARING_TOKENS": lambda: make_claim_token("team"),
        "STATUS_NOTE_TOKENS": lambda: make_claim_token("deployments"),
    }


def has_value(store: Any, arn: str) -> bool:
    """Return whether a secret has a value, without reading it."""
    return bool(store.describe_secret(SecretId=arn).get("VersionIdsToStages"))


def store_settings(store: Any, settings: dict[str, str], label: str) -> list[str]:
    """Store a value for each setting without one; return the names of those that must be entered by hand."""
    known, left = makers(label), []
    for name, arn in sorted(settings.items()):
        if has_value(store, arn):
            continue
        if name not in known:
            left.append(name)
            continue
        store.put_secret_value(SecretId=arn, SecretString=known[name]())
        print(f"stored {name}")
    return left


def store_public_key(store: Any, kms: Any, data: dict[str, Any]) -> None:
    """Store the public key that verifies archives, in the form that clients read, in place of an earlier one."""
    key = kms.get_public_key(KeyId=data["signing_key_arn"])["PublicKey"]
    store.put_secret_value(SecretId=data["settings"][_PUBLIC_KEY], SecretString=base64.b64encode(key).decode())
    print(f"stored {_PUBLIC_KEY}")


def store_redis_url(store: Any, data: dict[str, Any], *, renews: bool = False) -> None:
    """Give Redis a token, unless REDIS_URL has one that is not to be renewed, and store REDIS_URL."""
    if has_value(store, data["redis_url_arn"]) and not renews:
        return
    token = secrets.token_hex(48)  # ElastiCache accepts no underscore
    redis, name = boto3.client("elasticache"), data["redis_name"]
    for strategy in ("ROTATE", "SET"):  # accept the token too, then accept nothing else
        redis.modify_replication_group(
            ReplicationGroupId=name, AuthToken=token, AuthTokenUpdateStrategy=strategy, ApplyImmediately=True
        )
        redis.get_waiter("replication_group_available").wait(ReplicationGroupId=name)
    options = "ssl_cert_reqs=required&ssl_ca_certs=/etc/ssl/certs/ca-certificates.crt"
    value = f"rediss://:{token}@{data['redis_host']}:6379/0?{options}"
    store.put_secret_value(SecretId=data["redis_url_arn"], SecretString=value)
    print("stored REDIS_URL")


def store_origin_secret(data: dict[str, Any], name: str) -> None:
    """Make the secret between the CDN and its origin: in the store of the CDN, and in a pattern set of the firewall.

    A run that ended between the two is continued: the pattern is made from the secret that the store has.
    """
    values, firewall = boto3.client("cloudfront-keyvaluestore"), boto3.client("wafv2")
    store = data["cdn_secret_store"]
    try:
        secret = values.get_key(KvsARN=store, Key=_ORIGIN_SECRET)["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        secret = secrets.token_urlsafe(32)
        tag = values.describe_key_value_store(KvsARN=store)["ETag"]
        values.put_key(KvsARN=store, Key=_ORIGIN_SECRET, Value=secret, IfMatch=tag)
    try:
        made = firewall.create_regex_pattern_set(
            Name=f"{name}-origin", Scope="REGIONAL", RegularExpressionList=[{"RegexString": f"^{secret}$"}]
        )
    except firewall.exceptions.WAFDuplicateItemException:
        return
    print(
        f'stored the secret of the CDN; add to environment.tfvars: origin_pattern_set_arn = "{made["Summary"]["ARN"]}"'
    )


def main() -> None:
    """Store everything that is missing."""
    parser = argparse.ArgumentParser(prog="python -m infra.store_secrets", description=__doc__)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("label")
    parser.add_argument("--new-redis-token", action="store_true")
    options = parser.parse_args()
    outputs = json.loads(options.outputs.read_text(encoding="utf-8"))
    data = outputs["data"]["value"]
    store = boto3.client("secretsmanager")
    made_up = {name: arn for name, arn in data["settings"].items() if name != _PUBLIC_KEY}
    left = store_settings(store, made_up, options.label)
    store_public_key(store, boto3.client("kms"), data)
    store_redis_url(store, data, renews=options.new_redis_token)
    store_origin_secret(data, outputs["name"]["value"])
    if left:
        print(f"enter by hand: {', '.join(left)}")


if __name__ == "__main__":
    main()
