"""Everything is encrypted: stored with our own keys, and on its way with a modern TLS."""

import json
import re

import pytest

from tests.infra.plans import ENVIRONMENTS, ROOT, Plan, plan

pytestmark = pytest.mark.parametrize("environment", ENVIRONMENTS)

# Where the key is named, by type of resource.
KEYS = {
    "aws_cloudtrail": "kms_key_id",
    "aws_cloudwatch_log_group": "kms_key_id",
    "aws_elasticache_replication_group": "kms_key_id",
    "aws_lambda_function": "kms_key_arn",
    "aws_rds_cluster": "kms_key_id",
    "aws_secretsmanager_secret": "kms_key_id",
    "aws_sns_topic": "kms_master_key_id",
}


@pytest.mark.parametrize(("type_", "argument"), sorted(KEYS.items()))
def test_stored_data_have_a_key_of_ours(environment: str, type_: str, argument: str) -> None:
    service = plan(environment)
    keys = {each.values["arn"] for each in service.of("aws_kms_key")}
    assert [each.address for each in service.of(type_) if each.values[argument] not in keys] == []


def test_keys_are_rotated_and_have_one_purpose_each(environment: str) -> None:
    keys = plan(environment).of("aws_kms_key")
    encrypting = [each for each in keys if each.values["key_usage"] != "SIGN_VERIFY"]  # KMS rotates no others
    assert [each.address for each in encrypting if not each.values["enable_key_rotation"]] == []
    assert len(keys) - len(encrypting) == 2
    assert len({(each.values["description"], each.values["region"]) for each in keys}) == len(keys)


def test_buckets_are_encrypted_and_versioned_and_refuse_plain_http(environment: str) -> None:
    service = plan(environment)
    count = len(service.of("aws_s3_bucket"))
    assert len(service.of("aws_s3_bucket_versioning")) == count
    assert len(service.of("aws_s3_bucket_lifecycle_configuration")) == count
    algorithms = {
        each.address: rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"]
        for each in service.of("aws_s3_bucket_server_side_encryption_configuration")
        for rule in each.values["rule"]
    }
    assert len(algorithms) == count
    with_keys_of_s3 = [address for address, algorithm in algorithms.items() if algorithm != "aws:kms"]
    assert [address.partition(".aws")[0] for address in with_keys_of_s3] == ["module.logs"], (
        "load balancers write there"
    )
    assert all("aws:SecureTransport" in each.values["policy"] for each in service.of("aws_s3_bucket_policy"))


def test_the_database_and_redis_require_tls(environment: str) -> None:
    service = plan(environment)
    (group,) = service.of("aws_rds_cluster_parameter_group")
    assert {"rds.force_ssl": "1"}.items() <= {each["name"]: each["value"] for each in group.values["parameter"]}.items()
    (redis,) = service.of("aws_elasticache_replication_group")
    assert (redis.values["transit_encryption_mode"], redis.values["at_rest_encryption_enabled"]) == ("required", "true")


def test_processes_verify_the_database_with_authorities_that_the_image_contains(environment: str) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    file = re.search(r"^ADD .*https://truststore\.pki\.rds\.amazonaws\.com/\S+ (\S+)$", dockerfile, re.MULTILINE)
    assert file
    for name in ("submission", "worker-portal", "clock-status", "release"):
        settings = environment_of(plan(environment), name)
        assert (settings["PGSSLMODE"], settings["PGSSLROOTCERT"]) == ("verify-full", file[1])
        # An address with a mode of its own would take precedence.
        assert "sslmode" not in settings.get("DATABASE_URL", "")


def environment_of(service: Plan, process: str) -> dict[str, str]:
    """Return the settings of a process that are no secrets."""
    definition = service.at(f'module.process["{process}"].aws_ecs_task_definition.this')
    (container,) = json.loads(definition.values["container_definitions"])
    return {each["name"]: each["value"] for each in container["environment"]}


def test_listeners_speak_modern_tls_alone(environment: str) -> None:
    service = plan(environment)
    listeners = service.of("aws_lb_listener")
    assert {each.values["protocol"] for each in listeners} == {"HTTPS"}
    assert all("TLS13-1-2" in each.values["ssl_policy"] for each in listeners)
    assert {each.values["port"] for each in listeners} == {443, 8443}, "port 80 is closed"
    (cdn,) = service.of("aws_cloudfront_distribution")
    assert cdn.values["viewer_certificate"][0]["minimum_protocol_version"] == "TLSv1.2_2021"
    behaviours = cdn.values["default_cache_behavior"] + cdn.values["ordered_cache_behavior"]
    assert {each["viewer_protocol_policy"] for each in behaviours} == {"https-only"}
    assert cdn.values["origin"][0]["custom_origin_config"][0]["origin_protocol_policy"] == "https-only"


def test_images_are_encrypted_and_their_tags_never_move(environment: str) -> None:
    (repository,) = plan(environment).of("aws_ecr_repository")
    assert repository.values["encryption_configuration"][0]["encryption_type"] == "KMS"
    assert repository.values["image_tag_mutability"] == "IMMUTABLE"
