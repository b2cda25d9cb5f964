"""Check a new release behind the test listener before it gets traffic. CodeDeploy calls it with AfterAllowTestTraffic.

The load balancer of a public surface has public addresses, which cannot be reached from a VPC without egress. Its
network interfaces also have private ones: these are looked up, and TLS is verified for the public host name.
"""

import os
import socket
import ssl
from http.client import HTTPResponse
from typing import Any

import boto3

# /services/ready also finds a release that cannot reach PostgreSQL or Redis, or whose migrations are missing.
EXPECTED = {"/services/ping": b"OK", "/services/ready": b""}
TIMEOUT_SECONDS = 10


def handler(event: dict[str, str], _context: Any) -> None:
    """Report to CodeDeploy whether every network interface of the load balancer serves the new release."""
    status = "Failed"
    try:
        for address in private_addresses(os.environ["LOAD_BALANCER"]):
            for path, body in EXPECTED.items():
                check(address, path, body)
        status = "Succeeded"
    finally:
        boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status=status,
        )


def private_addresses(load_balancer: str) -> list[str]:
    """Return the private addresses of a load balancer, given as in `app/name/0123456789abcdef`."""
    described = boto3.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "description", "Values": [f"ELB {load_balancer}"]}]
    )
    addresses = [each["PrivateIpAddress"] for each in described["NetworkInterfaces"]]
    if not addresses:
        raise LookupError(f"{load_balancer} has no network interfaces")
    return addresses


def check(address: str, path: str, expected: bytes) -> None:
    """Raise ConnectionError unless a GET of the path answers 200 with the expected body."""
    host, port = os.environ["HOST"], int(os.environ["PORT"])
    with (
        socket.create_connection((address, port), TIMEOUT_SECONDS) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        response = HTTPResponse(connection)
        response.begin()
        body = response.read().strip()
    if response.status != 200 or (expected and body != expected):
        raise ConnectionError(f"{path} of {address} answered {response.status}")
