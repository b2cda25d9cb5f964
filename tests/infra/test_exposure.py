"""What the internet reaches: port 443 of three load balancers and of the CDN. What leaves the VPC: nothing."""

import pytest

from tests.infra.plans import ENVIRONMENTS, Plan, plan

pytestmark = pytest.mark.parametrize("environment", ENVIRONMENTS)

PUBLIC = ("submission", "portal", "sharing", "status")


def group_ids(plan: Plan, kind: str) -> dict[str, str]:
    """Return the names of security groups of a kind by their identifiers."""
    found = [each for each in plan.of("aws_security_group") if each.address.startswith(f"aws_security_group.{kind}")]
    return {each.values["id"]: each.address.partition('"')[2].rstrip('"]') for each in found}


def test_only_https_of_public_load_balancers_is_open_to_the_world(environment: str) -> None:
    service = plan(environment)
    balancers = group_ids(service, "load_balancer")
    open_rules = [
        (balancers.get(each.values["security_group_id"]), each.values["from_port"], each.values["to_port"])
        for each in service.of("aws_vpc_security_group_ingress_rule")
        if each.values["cidr_ipv4"] or each.values["cidr_ipv6"]
    ]
    assert sorted(open_rules) == sorted([(name, 443, 443) for name in PUBLIC] * 2)


def test_no_security_group_lets_anything_leave_the_vpc(environment: str) -> None:
    rules = plan(environment).of("aws_vpc_security_group_egress_rule")
    assert [each.address for each in rules if each.values["cidr_ipv4"] or each.values["cidr_ipv6"]] == []


def test_security_groups_have_no_rules_of_their_own(environment: str) -> None:
    groups = plan(environment).of("aws_security_group", "aws_default_security_group")
    assert [each.address for each in groups if each.values.get("ingress") or each.values.get("egress")] == []


def test_every_rule_names_one_port(environment: str) -> None:
    rules = plan(environment).of("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
    wide = [each.address for each in rules if each.values["from_port"] != each.values["to_port"]]
    assert wide == []
    assert {each.values["ip_protocol"] for each in rules} == {"tcp"}


def test_connections_have_a_rule_at_both_ends(environment: str) -> None:
    service = plan(environment)

    def ends(type_: str, first: str, second: str) -> set[tuple[str, str, int]]:
        rules = [each.values for each in service.of(type_) if each.values["referenced_security_group_id"]]
        return {(rule[first], rule[second], rule["from_port"]) for rule in rules}

    accepted = ends("aws_vpc_security_group_ingress_rule", "referenced_security_group_id", "security_group_id")
    opened = ends("aws_vpc_security_group_egress_rule", "security_group_id", "referenced_security_group_id")
    assert accepted == opened


def test_connections_are_those_that_processes_need(environment: str) -> None:
    service = plan(environment)
    processes = set(group_ids(service, "process").values())
    opened: dict[int, set[str]] = {}
    for each in service.of("aws_vpc_security_group_egress_rule"):
        name = group_ids(service, "process").get(each.values["security_group_id"])
        if name and each.values["referenced_security_group_id"]:
            opened.setdefault(each.values["from_port"], set()).add(name)
    assert opened == {
        443: processes,
        587: {"worker-portal", "worker-status", "clock-status"},  # e-mail
        5432: {name for name in processes if not name.startswith("clock-") or name == "clock-status"},
        6379: processes,
    }
    (codes,) = [key for key, name in group_ids(service, "load_balancer").items() if name == "codes"]
    clients = {
        group_ids(service, "process").get(each.values["referenced_security_group_id"])
        for each in service.of("aws_vpc_security_group_ingress_rule")
        if each.values["security_group_id"] == codes and each.values["from_port"] == 443
    }
    assert clients == {"portal"}


def test_metrics_are_reached_from_inside_the_vpc_alone(environment: str) -> None:
    service = plan(environment)
    (prometheus,) = group_ids(service, "prometheus")
    processes = group_ids(service, "process")
    reached = {
        processes[each.values["referenced_security_group_id"]]
        for each in service.of("aws_vpc_security_group_egress_rule")
        if each.values["security_group_id"] == prometheus
    }
    assert reached == {"submission", "retrieval", "portal", "sharing", "status", "codes"}


def test_test_listeners_are_reached_by_the_check_of_deployments_alone(environment: str) -> None:
    service = plan(environment)
    ports = {
        each.values["port"]
        for each in service.of("aws_lb_listener")
        if each.address.endswith('aws_lb_listener.this["test"]')
    }
    (check,) = group_ids(service, "check")
    rules = [each for each in service.of("aws_vpc_security_group_ingress_rule") if each.values["from_port"] in ports]
    assert len(rules) == 6
    assert {each.values["referenced_security_group_id"] for each in rules} == {check}


def test_the_load_balancer_of_retrieval_admits_cloudfront_and_the_check_alone(environment: str) -> None:
    service = plan(environment)
    (group,) = [key for key, name in group_ids(service, "load_balancer").items() if name == "retrieval"]
    rules = [
        (each.values["from_port"], each.values["prefix_list_id"] is not None)
        for each in service.of("aws_vpc_security_group_ingress_rule")
        if each.values["security_group_id"] == group
    ]
    assert sorted(rules) == [(443, True), (8443, False)]


def test_private_subnets_have_no_way_out(environment: str) -> None:
    service = plan(environment)
    kinds = {each.type for each in service.resources}
    assert not kinds & {"aws_nat_gateway", "aws_eip", "aws_egress_only_internet_gateway"}
    (private,) = [each for each in service.of("aws_route_table") if each.address.endswith(".private")]
    assert [
        each.address for each in service.of("aws_route") if each.values["route_table_id"] == private.values["id"]
    ] == []


def test_processes_and_data_are_in_private_subnets(environment: str) -> None:
    service = plan(environment)
    private = {each.values["id"] for each in service.of("aws_subnet") if ".private[" in each.address}
    assert len(private) == 3
    networks = [each.values["network_configuration"][0] for each in service.of("aws_ecs_service")]
    assert {each["assign_public_ip"] for each in networks} == {False}
    subnets = [set(each["subnets"]) for each in networks]
    subnets += [
        set(each.values["subnet_ids"]) for each in service.of("aws_db_subnet_group", "aws_elasticache_subnet_group")
    ]
    subnets += [set(each.values["vpc_config"][0]["subnet_ids"]) for each in service.of("aws_lambda_function")]
    assert all(each == private for each in subnets)
    assert not any(each.values["publicly_accessible"] for each in service.of("aws_rds_cluster_instance"))
    assert not any(each.values["map_public_ip_on_launch"] for each in service.of("aws_subnet"))


def test_endpoints_are_in_every_zone(environment: str) -> None:
    endpoints = [
        each for each in plan(environment).of("aws_vpc_endpoint") if each.values["vpc_endpoint_type"] == "Interface"
    ]
    assert len(endpoints) == 8
    fewer = [each.values["service_name"] for each in endpoints if len(each.values["subnet_ids"]) != 3]
    assert fewer == ["com.amazonaws.ca-central-1.email-smtp"], "SES has none in the third zone; e-mail is retried"


def test_buckets_are_private(environment: str) -> None:
    service = plan(environment)
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    blocks = service.of("aws_s3_bucket_public_access_block")
    assert len(blocks) == len(service.of("aws_s3_bucket"))
    assert all(each.values[switch] for each in blocks for switch in switches)
