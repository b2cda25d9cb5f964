"""Estimate the cost of production: `python -m infra.cost` prints the table of docs/infrastructure.md.

Prices are list prices of ca-central-1 in US dollars, noted by hand in 2025, without taxes, discounts and free tiers.
They change: the order of magnitude and the largest lines are what the table is for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

AWS: Final = Path(__file__).parent / "aws"
_HOURS: Final = 730  # of a month
_DAYS: Final = 30

# Assumptions about traffic, for docs/infrastructure.md.
BYTES_OF_A_DOWNLOAD: Final = 40_000  # two thousand keys of 20 bytes, compressed
BYTES_OF_A_CDN_LINE: Final = 350
UPLOADS_PER_DOWNLOAD: Final = 1 / 2000  # claims, uploads and decoys
BYTES_OF_LOG_LINES: Final = 800  # of a request that reaches a process

# Dollars.
_CPU_HOUR, _GIB_HOUR = 0.04456, 0.004865
_CAPACITY_HOUR, _REDIS_HOUR = 0.14, {"cache.t4g.micro": 0.018, "cache.t4g.small": 0.035}
_LOAD_BALANCER_HOUR, _ENDPOINT_HOUR = 0.02475, 0.011
_CDN_REQUEST, _FUNCTION_CALL, _STORE_READ, _FIREWALL_REQUEST = 1e-6, 1e-7, 3e-8, 6e-7
_FIREWALL, _FIREWALL_RULE = 5.0, 1.0
_LOG_GB, _DELIVERED_GB = 0.55, 0.25
_KEY, _SECRET, _ALARM, _HEALTH_CHECK = 1.0, 0.40, 0.10, 2.0
_TRANSFER_TIERS: Final = ((10_000, 0.085), (40_000, 0.080), (100_000, 0.060), (350_000, 0.040), (float("inf"), 0.030))


@dataclass(frozen=True)
class Sizes:
    """Numbers of what is paid for by the piece, and sizes of processes: CPUs, GiB, tasks."""

    processes: Mapping[str, tuple[float, float, int]]
    capacity: int
    instances: int
    node_type: str
    nodes: int
    # tests/infra/test_deployment.py compares these with the plan of production.
    load_balancers: int = 6
    endpoints: int = 7 * 3 + 2
    firewalls: int = 7
    firewall_rules: int = 155
    keys: int = 13
    secrets: int = 26
    alarms: int = 139
    health_checks: int = 7


def read_sizes(environment: str) -> Sizes:
    """Return the sizes in environment.tfvars."""
    text = (AWS / environment / "environment.tfvars").read_text(encoding="utf-8")
    row = r"^  ([\w-]+) += \{ cpu = (\d+), memory = (\d+), minimum = (\d+), maximum = \d+ \}"
    processes = {
        name: (int(cpu) / 1024, int(memory) / 1024, int(tasks))
        for name, cpu, memory, tasks in re.findall(row, text, re.MULTILINE)
    }
    number = {
        name: int(value) for name, value in re.findall(r"^  (instances|minimum|nodes) += (\d+)$", text, re.MULTILINE)
    }
    (node_type,) = re.findall(r'node_type = "([\w.]+)"', text)
    return Sizes(processes, number["minimum"], number["instances"], node_type, number["nodes"])


def transfer(gigabytes: float) -> float:
    """Return the cost of sending so many gigabytes from the CDN, whose price falls in steps."""
    cost, left = 0.0, gigabytes
    for size, price in _TRANSFER_TIERS:
        step = min(left, size)
        cost, left = cost + step * price, left - step
    return cost


def monthly_cost(sizes: Sizes, downloads_a_day: float) -> dict[str, float]:
    """Return dollars a month by what they are paid for."""
    downloads = downloads_a_day * _DAYS
    requests = downloads * UPLOADS_PER_DOWNLOAD
    # Retrieval is answered by the CDN. A tenfold number of patients would double the processes of submission.
    growth = 1 if downloads_a_day <= 50e6 else 2
    tasks = sum(
        (cpu * _CPU_HOUR + gib * _GIB_HOUR) * count * (growth if name in ("submission", "codes") else 1)
        for name, (cpu, gib, count) in sizes.processes.items()
    )
    return {
        "CDN: bytes": transfer(downloads * BYTES_OF_A_DOWNLOAD / 1e9),
        "CDN: requests": downloads * _CDN_REQUEST,
        "CDN: function and its store": downloads * (_FUNCTION_CALL + _STORE_READ),
        "CDN: logs": downloads * BYTES_OF_A_CDN_LINE / 1e9 * _DELIVERED_GB,
        "firewalls": (downloads + requests) * _FIREWALL_REQUEST
        + sizes.firewalls * _FIREWALL
        + sizes.firewall_rules * _FIREWALL_RULE,
        "processes": tasks * _HOURS,
        "database": sizes.capacity * growth * sizes.instances * _CAPACITY_HOUR * _HOURS,
        "Redis": sizes.nodes * _REDIS_HOUR[sizes.node_type] * _HOURS,
        "load balancers and endpoints": (sizes.load_balancers * _LOAD_BALANCER_HOUR + sizes.endpoints * _ENDPOINT_HOUR)
        * _HOURS,
        "logs of processes": requests * BYTES_OF_LOG_LINES / 1e9 * _LOG_GB,
        "keys, secrets, alarms, checks": sizes.keys * _KEY
        + sizes.secrets * _SECRET
        + sizes.alarms * _ALARM
        + sizes.health_checks * _HEALTH_CHECK,
    }


def table() -> str:
    """Return the table in Markdown: production with 20 and 200 million downloads a day."""
    sizes = read_sizes("production")
    small, large = monthly_cost(sizes, 20e6), monthly_cost(sizes, 200e6)
    lines = ["| what | 20 million downloads a day | 200 million |", "|---|---|---|"]
    lines += [f"| {name} | {small[name]:,.0f} | {large[name]:,.0f} |" for name in small]
    lines.append(f"| **all** | **{sum(small.values()):,.0f}** | **{sum(large.values()):,.0f}** |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
