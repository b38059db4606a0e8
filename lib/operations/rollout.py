"""The versions of deployed functions: shift aliases to the newest with CodeDeploy, roll them back, delete old ones."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ..client.outputs_file import ALL, Outputs, OutputsError, read_stacks
from ..program import project

PAUSE_SECONDS = 10
ENDED = {"Succeeded", "Failed", "Stopped"}

Log = Callable[[str], None]
Client = Callable[[str], Any]
"""Creates a client of an AWS service by its name, for one stack."""


class Shift(NamedTuple):
    """A function whose callers are to be led to another version."""

    name: str
    """The function's, in AWS, which its deployment group has, too."""
    alias: str
    current: str
    target: str


def _aliases(outputs: Outputs) -> dict[str, tuple[str, str]]:
    """The ARN of each function that is called by an alias, and the alias.

    An ARN contains the account, so outputs of a local run change nothing on AWS.
    """
    split = {function: arn.rpartition(":") for function, arn in outputs["alias_arns"].items()}
    return {function: (arn, alias) for function, (arn, _, alias) in split.items()}


def due(outputs: Outputs, aws: Any) -> Iterator[Shift]:
    """Each function of a stack whose alias is not at the version published last; `aws` is a client of Lambda."""
    for function, (arn, alias) in _aliases(outputs).items():
        name = outputs["function_names"][function]
        current = aws.get_alias(FunctionName=arn, Name=alias)["FunctionVersion"]
        target = outputs["function_versions"][function]
        if current != target:
            yield Shift(name, alias, current, target)


def start(application: str, shift: Shift, aws: Any) -> str:
    """Begin a deployment, and return its id; `aws` is a client of CodeDeploy."""
    properties = {
        "Name": shift.name,
        "Alias": shift.alias,
        "CurrentVersion": shift.current,
        "TargetVersion": shift.target,
    }
    spec = {"version": 0.0, "Resources": [{shift.name: {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
    made = aws.create_deployment(
        applicationName=application,
        deploymentGroupName=shift.name,
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}},
    )
    return str(made["deploymentId"])


def follow(deployments: Mapping[str, Shift], aws: Any, log: Log, pause: Callable[[float], None]) -> list[str]:
    """Wait for the end of deployments by their ids, telling each step; returns what failed, and why."""
    states: dict[str, str] = {}
    failed = []
    while left := [one for one in deployments if states.get(one) not in ENDED]:
        for one in left:
            shift, info = deployments[one], aws.get_deployment(deploymentId=one)["deploymentInfo"]
            if info["status"] != states.get(one):
                log(f"{shift.name}: {shift.current} to {shift.target}: {info['status']}")
            states[one] = info["status"]
            if info["status"] in ENDED - {"Succeeded"}:
                failed.append(f"{shift.name} stays at {shift.current}: {_reason(info)}")
        if any(states[one] not in ENDED for one in left):
            pause(PAUSE_SECONDS)
    return failed


def _reason(info: Mapping[str, Any]) -> str:
    error = info.get("errorInformation") or {}
    return str(error.get("message") or info["status"])


def back(outputs: Outputs, aws: Any, log: Log) -> bool:
    """Put each alias at the version before its own. Return whether any alias had such a version."""
    has_moved = False
    if not outputs["alias_arns"]:
        log(f"{outputs['service']}: no function has an alias")
    for function, (arn, alias) in _aliases(outputs).items():
        name = outputs["function_names"][function]
        current = int(aws.get_alias(FunctionName=arn, Name=alias)["FunctionVersion"])
        before = max((version for version in _versions(arn, aws) if version < current), default=None)
        if before is None:
            log(f"{name}: stays at {current}, there is none before it")
            continue
        aws.update_alias(FunctionName=arn, Name=alias, FunctionVersion=str(before), RoutingConfig={})
        log(f"{name}: {current} to {before}")
        has_moved = True
    return has_moved


def prune(outputs: Outputs, aws: Any, log: Log) -> None:
    """Delete every version of each function that no alias calls, but the newest, to which nothing is deployed yet.

    A version keeps the network interfaces of its VPC, without which its subnets cannot be deleted, and counts towards
    the 75 GB of code that Lambda stores.
    """
    for function, arn in outputs["function_arns"].items():
        versions = _versions(arn, aws)
        aliases = aws.get_paginator("list_aliases").paginate(FunctionName=arn)
        called = {
            version
            for page in aliases
            for alias in page["Aliases"]
            for version in (
                alias["FunctionVersion"],
                *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
            )
        }
        unused = [version for version in sorted(versions)[:-1] if str(version) not in called]
        for version in unused:
            aws.delete_function(FunctionName=arn, Qualifier=str(version))
        log(f"{outputs['function_names'][function]}: {len(unused)} of {len(versions)} versions deleted")


def _versions(arn: str, aws: Any) -> list[int]:
    pages = aws.get_paginator("list_versions_by_function").paginate(FunctionName=arn)
    return [int(one["Version"]) for page in pages for one in page["Versions"] if one["Version"].isdigit()]


def in_region(service: str, outputs: Outputs, profile: str | None = None) -> Any:
    """A client in the region of a stack, with the credentials of a profile or, without one, of the environment."""
    region = outputs["lambda_function_arn"].split(":")[3]
    return boto3.Session(profile_name=profile).client(service, region_name=region)


class Selection(NamedTuple):
    """Stacks in a file of outputs, by default all of them."""

    service: str | None = None
    environment: str | None = None

    def read(self, path: Path) -> dict[str, Outputs]:
        """Return the outputs of the selected stacks, by stack. Raise `OutputsError` without any."""
        if not path.exists():
            raise OutputsError(f"no {path}: deploy first, with make up")
        stacks = read_stacks(path)
        names = {"service": self.service, "environment": self.environment}
        fields = {field: value for field, value in names.items() if value}
        selected = {stack: outputs for stack, outputs in stacks.items() if fields.items() <= outputs.items()}
        if fields and not selected:
            named = f"{self.service or 'any service'} in {self.environment or 'any environment'}"
            raise OutputsError(
                f"{path} must have the outputs of {named}, got those of {', '.join(stacks)}. Run make outputs with "
                "SERVICE and ENV."
            )
        return selected


def shift_stacks(folder: Path, selection: Selection, log: Log) -> list[str]:
    """Shift the functions of the selected stacks with outputs in a folder to the version published last, and wait.

    Return what failed.
    """

    def shift(outputs: Outputs, client: Client) -> list[str]:
        if "rollout_application" not in outputs:
            return []
        codedeploy = client("codedeploy")
        shifts = list(due(outputs, client("lambda")))
        if not shifts:
            log(f"{outputs['service']}: callers are at the newest versions")
        started = {start(outputs["rollout_application"], shift, codedeploy): shift for shift in shifts}
        return follow(started, codedeploy, log, time.sleep)

    return _for_each_stack(folder, selection, shift)


def roll_back_stacks(folder: Path, selection: Selection, log: Log) -> list[str]:
    """Put the aliases of the selected stacks with outputs in a folder at the previous version. Return what failed."""
    moved = []

    def roll_back(outputs: Outputs, client: Client) -> list[str]:
        moved.append(back(outputs, client("lambda"), log))
        return []

    failed = _for_each_stack(folder, selection, roll_back)
    if any(moved) or failed:
        return failed
    return [f"nothing to roll back: {folder / ALL} has no function with an alias that has an earlier version"]


def prune_stacks(folder: Path, selection: Selection, log: Log) -> list[str]:
    """Delete unused versions of the functions of the selected stacks with outputs in a folder. Return what failed."""

    def prune_functions(outputs: Outputs, client: Client) -> list[str]:
        prune(outputs, client("lambda"), log)
        return []

    return _for_each_stack(folder, selection, prune_functions)


def _for_each_stack(folder: Path, selection: Selection, action: Callable[[Outputs, Client], list[str]]) -> list[str]:
    failed = []
    for stack, outputs in selection.read(folder / ALL).items():
        profile = project.aws_profile(folder.parent, stack)
        try:
            failed += action(outputs, partial(in_region, outputs=outputs, profile=profile))
        except (BotoCoreError, ClientError) as error:
            failed.append(f"{stack}: {error}")
    return failed
