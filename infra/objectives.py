"""Turn objectives into alarms: `python -m infra.objectives` writes infra/aws/service/objectives.json.

It reads objectives.yaml at the root of the repository, in the format of OpenSLO, if it exists. CloudWatch counts
responses for each load balancer, so a surface gets the strictest of its targets of availability: the share of requests
without 5xx. Each policy that pages becomes an alarm that both of its windows raise (service/objectives.tf).
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "objectives.yaml"
OBJECTIVES_FILE: Final = ROOT / "infra" / "aws" / "service" / "objectives.json"
_AVAILABILITY: Final = re.compile(r'^exposure_alert_requests_total\{surface="(\w+)".*status!="5xx"')
_SECONDS: Final = {"m": 60, "h": 3600}
# Where CloudWatch counts the requests of a surface. What the cache answers reaches no load balancer.
_SURFACES: Final = ("submission", "retrieval", "portal", "sharing")


def generate(text: str) -> list[dict[str, Any]]:
    """Return an alarm for each surface and each policy that pages, from the text of objectives.yaml."""
    documents = [each for each in yaml.safe_load_all(text) if each]
    policies = {each["metadata"]["name"]: each for each in documents if each["kind"] == "AlertPolicy"}
    strictest: dict[str, tuple[float, list[str]]] = {}
    for each in documents:
        if each["kind"] == "SLO" and (surface := _surface_of(each)):
            target = float(each["spec"]["objectives"][0]["target"])
            names = [one["alertPolicyRef"] for one in each["spec"].get("alertPolicies", [])]
            strictest[surface] = max(strictest.get(surface, (0.0, [])), (target, names))
    return [
        _alarm(surface, target, policies[name])
        for surface, (target, names) in sorted(strictest.items())
        for name in _paging(names, policies)
    ]


def _surface_of(objective: dict[str, Any]) -> str | None:
    """Return the surface whose availability an objective is about; None for other objectives."""
    ratio = objective["spec"].get("indicator", {}).get("spec", {}).get("ratioMetric", {})
    query = ratio.get("good", {}).get("metricSource", {}).get("spec", {}).get("query", "")
    found = _AVAILABILITY.match(query)
    return found[1] if found and found[1] in _SURFACES else None


def _paging(names: Iterable[str], policies: dict[str, Any]) -> list[str]:
    return [name for name in names if _condition(policies[name])["severity"] == "page"]


def _condition(policy: dict[str, Any]) -> dict[str, Any]:
    (condition,) = policy["spec"]["conditions"]
    return dict(condition["spec"])


def _alarm(surface: str, target: float, policy: dict[str, Any]) -> dict[str, Any]:
    burn = _condition(policy)["condition"]
    return {
        "surface": surface,
        "policy": policy["metadata"]["name"],
        "share": round(burn["threshold"] * (1 - target), 6),
        "windows": {
            "long": _seconds(burn["lookbackWindow"]),
            "short": _seconds(policy["metadata"]["annotations"]["short-window"]),
        },
    }


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def as_text() -> str:
    """Return the content of objectives.json: an empty list without objectives."""
    found = generate(SOURCE.read_text(encoding="utf-8")) if SOURCE.exists() else []
    return json.dumps(found, indent=2) + "\n"


if __name__ == "__main__":
    OBJECTIVES_FILE.write_text(as_text(), encoding="utf-8")
