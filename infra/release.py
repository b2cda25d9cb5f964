"""Replace processes that Terraform has described: `python -m infra.release OUTPUTS [--image TAG | --only-migrations]`.

OUTPUTS is what `terraform output -json` prints. With --image, as in a promotion, every process gets a revision of its
task definition with that image; migrations run first, then workers and clocks are replaced, then CodeDeploy switches
the web processes of each surface. Without it, as after a change of the infrastructure, no image changes, and only
processes whose task definition differs from the one that runs are replaced. Anything that fails ends it with an error.
--ignore-alarms also deploys while an alarm is raised: for the first release, and to replace one that does not work.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3


class ReleaseFailedError(Exception):
    """A step of a release failed; its message names the step."""


def _content(ecs: Any, task_definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task definition without what AWS adds when it is registered."""
    arguments = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
    return {name: value for name, value in task_definition.items() if name in arguments}


def with_image(content: Mapping[str, Any], tag: str) -> dict[str, Any]:
    """Return a task definition whose container has another image, and the setting that names it."""
    (container,) = content["containerDefinitions"]
    repository = container["image"].rpartition(":")[0]
    settings = {each["name"]: each["value"] for each in container["environment"]} | {"REVISION": tag}
    environment = [{"name": name, "value": settings[name]} for name in sorted(settings)]
    return {
        **content,
        "containerDefinitions": [{**container, "image": f"{repository}:{tag}", "environment": environment}],
    }


def register_image(ecs: Any, families: Mapping[str, str], tag: str) -> dict[str, str]:
    """Register a revision with an image for each process, unless its newest one has that; return their ARNs."""
    return {process: _register(ecs, family, tag) for process, family in families.items()}


def _register(ecs: Any, family: str, tag: str) -> str:
    described = ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
    content = _content(ecs, described["taskDefinition"])
    if with_image(content, tag) == content:
        return str(described["taskDefinition"]["taskDefinitionArn"])
    made = ecs.register_task_definition(**with_image(content, tag), tags=described["tags"])
    return str(made["taskDefinition"]["taskDefinitionArn"])


def running_definitions(ecs: Any, release: Mapping[str, Any]) -> dict[str, str]:
    """Return the task definition that each service runs, by process."""
    services = dict(release["background"]) | {process: web["service"] for process, web in release["web"].items()}
    found = {}
    for process, service in services.items():
        (described,) = ecs.describe_services(cluster=release["cluster"], services=[service])["services"]
        # CodeDeploy's services have sets of tasks, of which one serves.
        sets = [each for each in described.get("taskSets", []) if each["status"] == "PRIMARY"]
        found[process] = (sets or [described])[0]["taskDefinition"]
    return found


def changed_processes(ecs: Any, release: Mapping[str, Any], definitions: Mapping[str, str]) -> set[str]:
    """Return the processes whose task definition has another content than the one that runs."""

    def content(arn: str) -> dict[str, Any]:
        return _content(ecs, ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"])

    return {
        process
        for process, running in running_definitions(ecs, release).items()
        if running != definitions[process] and content(running) != content(definitions[process])
    }


def run_migrations(ecs: Any, release: Mapping[str, Any], task_definition: str) -> None:
    """Run the task `release`, and wait until it ends; raise ReleaseFailedError unless it succeeds."""
    network = {
        "subnets": release["subnets"],
        "securityGroups": [release["security_group"]],
        "assignPublicIp": "DISABLED",
    }
    started = ecs.run_task(
        cluster=release["cluster"],
        taskDefinition=task_definition,
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


def replace_background(
    ecs: Any, release: Mapping[str, Any], definitions: Mapping[str, str], processes: Iterable[str]
) -> None:
    """Replace workers and clocks, and wait until the new ones run; raise ReleaseFailedError if ECS went back."""
    started = {}
    for process in processes:
        updated = ecs.update_service(
            cluster=release["cluster"],
            service=release["background"][process],
            taskDefinition=definitions[process],
            forceNewDeployment=True,  # also if only the value of a secret has changed
        )
        started[process] = _primary_deployment(updated["service"])
    waiter = ecs.get_waiter("services_stable")
    for process, deployment in started.items():  # one at a time, because a request names at most ten
        named = {"cluster": release["cluster"], "services": [release["background"][process]]}
        waiter.wait(**named)
        (service,) = ecs.describe_services(**named)["services"]
        # A service is also stable after its circuit breaker has restored the previous release.
        if _primary_deployment(service) != deployment:
            raise ReleaseFailedError(f"the new {process} did not keep running: the previous release was restored")


def _primary_deployment(service: Mapping[str, Any]) -> str:
    return next(str(each["id"]) for each in service["deployments"] if each["status"] == "PRIMARY")


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


def switch_web(
    codedeploy: Any,
    release: Mapping[str, Any],
    definitions: Mapping[str, str],
    surfaces: Iterable[str],
    *,
    ignores_alarms: bool = False,
) -> None:
    """Start a deployment for each surface, and wait until all traffic has moved.

    Alarms that are raised stop a deployment, also one that would end them.
    """
    deployments = {}
    without_alarms = {"overrideAlarmConfiguration": {"enabled": False}} if ignores_alarms else {}
    for surface in surfaces:
        web = release["web"][surface]
        content = specification(definitions[surface], web["port"], web["check"])
        created = codedeploy.create_deployment(
            applicationName=web["deployment_group"]["application"],
            deploymentGroupName=web["deployment_group"]["group"],
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
            **without_alarms,
        )
        deployments[surface] = created["deploymentId"]
    waiter = codedeploy.get_waiter("deployment_successful")
    for surface, deployment in deployments.items():
        print(f"waiting for {surface}: {deployment}", flush=True)
        # A canary of ten minutes, and thirty minutes for which the previous release stays.
        waiter.wait(deploymentId=deployment, WaiterConfig={"Delay": 15, "MaxAttempts": 240})


def main() -> None:
    """Run all steps."""
    parser = argparse.ArgumentParser(prog="python -m infra.release", description=__doc__)
    parser.add_argument("outputs", type=Path)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--image", metavar="TAG")
    what.add_argument("--only-migrations", action="store_true")
    parser.add_argument("--ignore-alarms", action="store_true")
    options = parser.parse_args()
    release = json.loads(options.outputs.read_text(encoding="utf-8"))["release"]["value"]
    ecs, definitions = boto3.client("ecs"), release["task_definitions"]
    if options.only_migrations:
        run_migrations(ecs, release, definitions["release"])
        return
    if options.image:
        definitions = register_image(ecs, release["families"], options.image)
        run_migrations(ecs, release, definitions["release"])
        replaced = set(release["background"]) | set(release["web"])
    else:
        replaced = changed_processes(ecs, release, definitions)
    print(f"replaced: {', '.join(sorted(replaced)) or 'nothing'}", flush=True)
    replace_background(ecs, release, definitions, sorted(replaced & set(release["background"])))
    surfaces, codedeploy = sorted(replaced & set(release["web"])), boto3.client("codedeploy")
    switch_web(codedeploy, release, definitions, surfaces, ignores_alarms=options.ignore_alarms)


if __name__ == "__main__":
    main()
