"""Bring a release to an environment that Terraform has prepared: `python -m infra.release OUTPUTS [migrations]`.

OUTPUTS is what `terraform output -json` prints. Migrations run first, then workers and clocks are replaced, then
CodeDeploy switches the web processes of each surface. Anything that fails ends it with an error. With `migrations`, it
ends after them.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3


class ReleaseFailedError(Exception):
    """A step of a release failed; its message names the step."""


def run_migrations(ecs: Any, release: Mapping[str, Any]) -> None:
    """Run the task `release`, and wait until it ends; raise ReleaseFailedError unless it succeeds."""
    network = {
        "subnets": release["subnets"],
        "securityGroups": [release["security_group"]],
        "assignPublicIp": "DISABLED",
    }
    started = ecs.run_task(
        cluster=release["cluster"],
        taskDefinition=release["task_definitions"]["release"],
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )
    if started["failures"]:
        raise ReleaseFailedError(f"migrations did not start: {started['failures']}")
    tasks = [task["taskArn"] for task in started["tasks"]]
    ecs.get_waiter("tasks_stopped").wait(cluster=release["cluster"], tasks=tasks)
    (task,) = ecs.describe_tasks(cluster=release["cluster"], tasks=tasks)["tasks"]
    codes = [container.get("exitCode") for container in task["containers"]]
    if codes != [0]:
        raise ReleaseFailedError(
            f"migrations ended with {codes}: {task.get('stoppedReason', 'see the log of release')}"
        )


def replace_background(ecs: Any, release: Mapping[str, Any]) -> None:
    """Replace workers and clocks, and wait until the new ones run."""
    for process, service in release["background"].items():
        ecs.update_service(
            cluster=release["cluster"], service=service, taskDefinition=release["task_definitions"][process]
        )
    services = list(release["background"].values())
    ecs.get_waiter("services_stable").wait(cluster=release["cluster"], services=services)


def specification(task_definition: str, port: int, check: str) -> str:
    """Return the file with which CodeDeploy replaces the web processes of a surface."""
    balancer = {"ContainerName": "process", "ContainerPort": port}
    properties = {"TaskDefinition": task_definition, "LoadBalancerInfo": balancer, "PlatformVersion": "LATEST"}
    return json.dumps(
        {
            "version": 0.0,
            "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
            "Hooks": [{"AfterAllowTestTraffic": check}],
        }
    )


def switch_web(codedeploy: Any, release: Mapping[str, Any]) -> None:
    """Start a deployment for each surface, and wait until all traffic has moved."""
    deployments = {}
    for surface, web in release["web"].items():
        content = specification(release["task_definitions"][surface], web["port"], web["check"])
        created = codedeploy.create_deployment(
            applicationName=web["deployment_group"]["application"],
            deploymentGroupName=web["deployment_group"]["group"],
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
        )
        deployments[surface] = created["deploymentId"]
    waiter = codedeploy.get_waiter("deployment_successful")
    for surface, deployment in deployments.items():
        print(f"waiting for {surface}: {deployment}", flush=True)
        # A canary of ten minutes, and thirty minutes for which the previous release stays.
        waiter.wait(deploymentId=deployment, WaiterConfig={"Delay": 15, "MaxAttempts": 240})


def main() -> None:
    """Run all steps."""
    outputs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    release = outputs["release"]["value"]
    ecs = boto3.client("ecs")
    run_migrations(ecs, release)
    if sys.argv[2:] == ["migrations"]:
        return
    replace_background(ecs, release)
    switch_web(boto3.client("codedeploy"), release)


if __name__ == "__main__":
    main()
