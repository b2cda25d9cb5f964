"""The firewalls admit the routes of the OpenAPI document and of the pages, each with its methods, and nothing else."""

import re
from functools import cache
from typing import Any

import pytest

from infra.routes import ROUTES_FILE, application, as_text, generate
from tests.infra.plans import ENVIRONMENTS, Plan, plan

HASH_ID = "a" * 128
CODE = "0123456789abcdef" * 4
SURFACES = ("submission", "retrieval", "portal", "sharing", "status")
ADMITTED = [
    ("submission", "POST", "/claim-key"),
    ("submission", "POST", "/upload"),
    ("submission", "OPTIONS", "/new-key-claim"),
    ("submission", "POST", f"/new-key-claim/{HASH_ID}"),
    ("submission", "GET", "/services/ping"),
    ("codes", "POST", f"/new-key-claim/{HASH_ID}"),
    ("retrieval", "GET", f"/retrieve/302/00000/{CODE}"),
    ("retrieval", "GET", f"/qr/302/18500/{CODE}"),
    ("retrieval", "GET", "/exposure-configuration/CA.json"),
    ("retrieval", "GET", "/events/uploads/2021-01-31"),
    ("portal", "GET", "/fr/sign-in"),
    ("portal", "POST", "/en/code"),
    ("portal", "GET", "/en/"),
    ("portal", "HEAD", "/static/0123456789abcdef/portal/code.js"),
    ("sharing", "POST", "/share/secrets"),
    ("sharing", "GET", "/share/open/fr"),
    ("status", "GET", "/status/fr"),
    ("status", "GET", "/status.json"),
    ("status", "POST", "/status/notes"),
]
REFUSED = [
    ("submission", "GET", "/claim-key"),
    ("submission", "POST", "/claim-key/"),
    ("submission", "POST", "/services/ping"),
    ("submission", "GET", "/services/ready"),
    ("submission", "POST", "/clear-diagnosis-keys"),
    ("submission", "POST", f"/new-key-claim/{HASH_ID}0"),
    ("submission", "GET", f"/retrieve/302/00000/{CODE}"),
    ("codes", "POST", "/upload"),
    ("codes", "POST", "/claim-key"),
    ("retrieval", "HEAD", f"/retrieve/302/00000/{CODE}"),
    ("retrieval", "GET", f"/retrieve/310/00000/{CODE}"),
    ("retrieval", "GET", f"/retrieve/302/00000/{CODE.upper()}"),
    ("retrieval", "GET", "/events/uploads/2021-01-31/"),
    ("retrieval", "POST", "/upload"),
    ("portal", "GET", "/de/sign-in"),
    ("portal", "GET", "/review/en"),
    ("portal", "POST", "/share/secrets"),
    ("sharing", "GET", "/share/secrets"),
    ("sharing", "GET", "/en/sign-in"),
    ("status", "POST", "/status/fr"),
    ("status", "GET", "/metrics"),
]


@cache
def routes() -> dict[str, list[dict[str, Any]]]:
    return generate()


def admitting(surface: str, method: str, path: str) -> list[str]:
    """Return the names of the routes that admit a request."""
    return [
        each["name"]
        for each in routes()[surface]
        if re.search(each["path"], path) and re.search(f"^({'|'.join(each['methods'])})$", method)
    ]


def test_routes_are_those_of_the_application() -> None:
    assert ROUTES_FILE.read_text(encoding="utf-8") == as_text(), "run python -m infra.routes"


@pytest.mark.parametrize(("surface", "method", "path"), ADMITTED)
def test_requests_to_routes_are_admitted_by_one_rule(surface: str, method: str, path: str) -> None:
    assert len(admitting(surface, method, path)) == 1


@pytest.mark.parametrize(("surface", "method", "path"), REFUSED)
def test_other_requests_are_refused(surface: str, method: str, path: str) -> None:
    assert admitting(surface, method, path) == []


# What an address of a page may hold in the places of its variables.
EXAMPLES = {"int:number": "17", "any(en, fr):language": "fr", "token": "abcDEF-_1", "reference": "A1B2", "name": "CA"}
EXAMPLES |= {"place": "ON"}
EXAMPLES |= {"digits(3):region": "302", "digits(5):day": "18500", "anything:auth": CODE, "date:date": "2021-01-31"}
EXAMPLES |= {"hash_id:hash_id": HASH_ID, "place": "ON"}


@pytest.mark.parametrize("surface", SURFACES)
def test_every_route_of_the_application_is_admitted(surface: str) -> None:
    rules = [rule.rule for rule in application(surface).url_map.iter_rules()]
    rules = [rule for rule in rules if "<path:" not in rule and "<anything:rest>" not in rule]
    paths = [re.sub("<([^>]+)>", lambda match: EXAMPLES[match[1]], rule) for rule in rules]
    methods = ("GET", "POST")
    refused = {path for path in paths if not any(admitting(surface, method, path) for method in methods)}
    assert refused == {"/services/ready", "/metrics"}  # neither is for the internet


def rules(service: Plan, firewall: str) -> dict[str, dict[str, Any]]:
    (found,) = [
        each for each in service.of("aws_wafv2_web_acl") if each.address == f"{firewall}.aws_wafv2_web_acl.this"
    ]
    assert found.values["default_action"][0]["block"], "what no rule admits is blocked"
    return {rule["name"]: rule for rule in found.values["rule"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("surface", [*SURFACES, "codes"])
def test_firewalls_have_a_rule_for_each_route_and_no_other(environment: str, surface: str) -> None:
    found = rules(plan(environment), f'module.firewall["{surface}"]')
    allowing = {name for name, rule in found.items() if rule["action"] and rule["action"][0]["allow"]}
    assert allowing == {f"allow-{each['name']}" for each in routes()[surface]} | {"deployment-check"}
    assert len({rule["priority"] for rule in found.values()}) == len(found)
    for each in routes()[surface]:
        path, method = (
            statement["regex_match_statement"][0]["regex_string"]
            for statement in found[f"allow-{each['name']}"]["statement"][0]["and_statement"][0]["statement"]
        )
        assert (path, method) == (each["path"], f"^({'|'.join(each['methods'])})$")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_route_has_a_rate_and_every_body_a_size(environment: str) -> None:
    service = plan(environment)
    for surface, module in [
        *((name, f'module.firewall["{name}"]') for name in SURFACES),
        ("retrieval", "module.cdn_firewall"),
    ]:
        found = rules(service, module)
        rates = {name for name in found if name.startswith("rate-")}
        sizes = {name for name in found if name.startswith("size-")}
        # All addresses behind the CDN are CloudFront's, and a promotion has one for a thousand people.
        uncounted = environment == "staging" or module == 'module.firewall["retrieval"]'
        assert rates == (set() if uncounted else {f"rate-{each['name']}" for each in routes()[surface]})
        assert sizes == {f"size-{each['name']}" for each in routes()[surface] if each["body"]}
        # Rates and sizes are checked before anything is admitted.
        first = min(rule["priority"] for name, rule in found.items() if name.startswith("allow-"))
        assert all(found[name]["priority"] < first for name in rates | sizes)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_load_balancer_and_the_cdn_have_a_firewall_that_logs_no_credentials(environment: str) -> None:
    service = plan(environment)
    protected = {each.values["resource_arn"] for each in service.of("aws_wafv2_web_acl_association")}
    assert protected == {each.values["arn"] for each in service.of("aws_lb")}
    (cdn,) = service.of("aws_cloudfront_distribution")
    assert cdn.values["web_acl_id"]
    logging = service.of("aws_wafv2_web_acl_logging_configuration")
    assert len(logging) == len(service.of("aws_wafv2_web_acl"))
    for each in logging:
        redacted = {field["single_header"][0]["name"] for field in each.values["redacted_fields"]}
        assert redacted == {"authorization", "cookie", "x-origin-secret"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_path_alone_is_the_key_of_the_cdn(environment: str) -> None:
    service = plan(environment)
    (policy,) = service.of("aws_cloudfront_cache_policy")
    key = policy.values["parameters_in_cache_key_and_forwarded_to_origin"][0]
    assert key["cookies_config"][0]["cookie_behavior"] == "none"
    assert key["headers_config"][0]["header_behavior"] == "none"
    assert key["query_strings_config"][0]["query_string_behavior"] == "none"
    assert (policy.values["min_ttl"], policy.values["default_ttl"], policy.values["max_ttl"]) == (0, 0, 3600)
    (cdn,) = service.of("aws_cloudfront_distribution")
    kept = {each["error_code"]: each["error_caching_min_ttl"] for each in cdn.values["custom_error_response"]}
    assert {404, 403, 500, 503} <= set(kept)
    assert set(kept.values()) == {0}, "errors are not kept"
    cached = [each for each in cdn.values["ordered_cache_behavior"] if each["cache_policy_id"] == policy.values["id"]]
    patterns = ["/retrieve/*", "/qr/*", "/exposure-configuration/*"]
    # A promotion must see at once what was uploaded.
    assert [each["path_pattern"] for each in cached] == (patterns if environment == "production" else [])
    (logs,) = service.of("aws_cloudwatch_log_delivery")
    assert not {"cs-uri-query", "cs(Cookie)", "cs(Referer)"} & set(logs.values["record_fields"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_archives_come_from_the_bucket_and_otherwise_from_the_service(environment: str) -> None:
    (cdn,) = plan(environment).of("aws_cloudfront_distribution")
    (group,) = cdn.values["origin_group"]
    assert [member["origin_id"] for member in group["member"]] == ["downloads", "retrieval"]
    assert {403, 404} <= set(group["failover_criteria"][0]["status_codes"])
    targets = {each["path_pattern"]: each["target_origin_id"] for each in cdn.values["ordered_cache_behavior"]}
    assert targets == {
        "/retrieve/*": group["origin_id"],
        "/qr/*": group["origin_id"],
        "/exposure-configuration/*": "retrieval",
    }
