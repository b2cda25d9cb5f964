"""Values that stand in for what only AWS knows, such as ARNs, so that a plan has no gaps.

They follow from the arguments of a resource, so that two plans of one configuration are equal.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

# Arguments by which a resource can be recognised, the first that it has.
_NAMES: Final = (
    "name", "bucket", "family", "cluster_identifier", "identifier", "replication_group_id", "function_name",
    "alarm_name", "description", "service_name",
)  # fmt: skip
_SPECIAL: Final[Mapping[tuple[str, str], Any]] = {
    ("aws_vpc", "ipv6_cidr_block"): "2600:1f11:abc:de00::/56",
    ("aws_acm_certificate", "domain_validation_options"): [
        {
            "domain_name": "example.ca",
            "resource_record_name": "_1.example.ca",
            "resource_record_type": "CNAME",
            "resource_record_value": "_2.acm-validations.aws",
        }
    ],
    ("aws_rds_cluster", "master_user_secret"): [
        {"kms_key_id": "k", "secret_arn": "arn:rds", "secret_status": "active"}
    ],
    ("aws_ses_domain_dkim", "dkim_tokens"): ["one", "two", "three"],
    ("aws_caller_identity", "account_id"): "111111111111",
}
_BY_TYPE: Final[Mapping[Any, Any]] = {"number": 1, "bool": False}


def fill_in(resource: str, values: dict[str, Any], computed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a resource or data source, with one for each computed attribute that is not set."""
    # Names are unique in a region.
    place = values.get("region") or ""
    label = next((values[name] for name in _NAMES if isinstance(values.get(name), str)), None) or _digest(values)
    return values | {
        name: _invent(resource, name, type_, label, place)
        for name, type_ in computed.items()
        if values.get(name) is None
    }


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(values.items(), key=lambda item: item[0])).encode()).hexdigest()[:12]


def _invent(resource: str, name: str, type_: Any, label: str, region: str) -> Any:
    if (resource, name) in _SPECIAL:
        return _SPECIAL[resource, name]
    if type_ == "string":
        return f"arn:aws:{resource}:{region}::{label}" if name == "arn" else f"{resource}.{label}.{name}"
    return _BY_TYPE[type_] if isinstance(type_, str) and type_ in _BY_TYPE else None
