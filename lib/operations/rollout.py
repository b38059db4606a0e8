"""Function versions: shift aliases to the newest version with CodeDeploy, roll them back, and delete old versions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import boto3

from ..client.outputs_file import ALL, Outputs, OutputsError, read_stacks
from ..program import project
from .aws import AWS_ERRORS, region_of

POLL_SECONDS = 10
FINAL_STATUSES = {"Succeeded", "Failed", "Stopped"}

Log = Callable[[str], None]
Client = Callable[[str], Any]
"""Function that returns the client of an AWS service in the region of a stack."""


class Shift(NamedTuple):
    """Change of a function alias from one version to another, which CodeDeploy applies."""

    name: str
    """Physical name of the function, which is also the name of its deployment group."""
    alias: str
    current: str
    target: str


def _aliases(outputs: Outputs) -> dict[str, tuple[str, str]]:
    """Return the ARN and the alias name of each function with an alias.

    The ARN contains the account, so the outputs of a local deployment cannot select functions on AWS.
    """
    split = {function: arn.rpartition(":") for function, arn in outputs["alias_arns"].items()}
    return {function: (arn, alias) for function, (arn, _, alias) in split.items()}


def pending_shifts(outputs: Outputs, lambda_client: Any) -> Iterator[Shift]:
    """Yield a shift for each alias of a stack that does not point to the newest published version."""
    for function, (arn, alias) in _aliases(outputs).items():
        name = outputs["function_names"][function]
        current = lambda_client.get_alias(FunctionName=arn, Name=alias)["FunctionVersion"]
        target = outputs["function_versions"][function]
        if current != target:
            yield Shift(name, alias, current, target)


def start_deployment(application: str, shift: Shift, codedeploy: Any) -> str:
    """Start a CodeDeploy deployment, and return its ID."""
    properties = {
        "Name": shift.name,
        "Alias": shift.alias,
        "CurrentVersion": shift.current,
        "TargetVersion": shift.target,
    }
    spec = {"version": 0.0, "Resources": [{shift.name: {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
    response = codedeploy.create_deployment(
        applicationName=application,
        deploymentGroupName=shift.name,
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}},
    )
    return str(response["deploymentId"])


def wait_for_deployments(
    shifts: Mapping[str, Shift], codedeploy: Any, log: Log, sleep: Callable[[float], None]
) -> list[str]:
    """Wait until all deployments finish and log each status change. Return one message per failed deployment."""
    statuses: dict[str, str] = {}
    errors = []
    while pending := [id_ for id_ in shifts if statuses.get(id_) not in FINAL_STATUSES]:
        for id_ in pending:
            shift, info = shifts[id_], codedeploy.get_deployment(deploymentId=id_)["deploymentInfo"]
            if info["status"] != statuses.get(id_):
                log(f"{shift.name}: version {shift.current} to {shift.target}: {info['status']}")
            statuses[id_] = info["status"]
            if info["status"] in FINAL_STATUSES - {"Succeeded"}:
                errors.append(f"{shift.name} stays at version {shift.current}: {_reason(info)}")
        if any(statuses[id_] not in FINAL_STATUSES for id_ in pending):
            sleep(POLL_SECONDS)
    return errors


def _reason(info: Mapping[str, Any]) -> str:
    error = info.get("errorInformation") or {}
    return str(error.get("message") or info["status"])


def roll_back(outputs: Outputs, lambda_client: Any, log: Log) -> bool:
    """Move each alias to the previous version. Return whether any function has a previous version."""
    has_moved = False
    if not outputs["alias_arns"]:
        log(f"{outputs['service']}: no function has an alias")
    for function, (arn, alias) in _aliases(outputs).items():
        name = outputs["function_names"][function]
        current = int(lambda_client.get_alias(FunctionName=arn, Name=alias)["FunctionVersion"])
        previous = max((version for version in _versions(arn, lambda_client) if version < current), default=None)
        if previous is None:
            log(f"{name}: version {current} has no previous version")
            continue
        lambda_client.update_alias(FunctionName=arn, Name=alias, FunctionVersion=str(previous), RoutingConfig={})
        log(f"{name}: version {current} to {previous}")
        has_moved = True
    return has_moved


def prune(outputs: Outputs, lambda_client: Any, log: Log) -> None:
    """Delete the versions of each function that no alias uses, except the newest, to which the alias might shift next.

    The network interfaces of a version in a VPC prevent the deletion of the subnets, and its code counts toward the
    Lambda code storage quota of 75 GB.
    """
    for function, arn in outputs["function_arns"].items():
        versions = _versions(arn, lambda_client)
        pages = lambda_client.get_paginator("list_aliases").paginate(FunctionName=arn)
        used = {
            version
            for page in pages
            for alias in page["Aliases"]
            for version in (
                alias["FunctionVersion"],
                *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
            )
        }
        unused = [version for version in sorted(versions)[:-1] if str(version) not in used]
        for version in unused:
            lambda_client.delete_function(FunctionName=arn, Qualifier=str(version))
        log(f"{outputs['function_names'][function]}: {len(unused)} of {len(versions)} versions deleted")


def _versions(arn: str, lambda_client: Any) -> list[int]:
    pages = lambda_client.get_paginator("list_versions_by_function").paginate(FunctionName=arn)
    numbers = [version["Version"] for page in pages for version in page["Versions"]]
    return [int(number) for number in numbers if number.isdigit()]


def regional_client(service: str, outputs: Outputs, profile: str | None = None) -> Any:
    """Return a client in the region of a stack, with the credentials of an AWS profile or of the environment."""
    region = region_of(outputs["lambda_function_arn"])
    return boto3.Session(profile_name=profile).client(service, region_name=region)


class Selection(NamedTuple):
    """Filter of the stacks in an outputs file. Unset fields match every stack."""

    service: str | None = None
    environment: str | None = None

    def read(self, path: Path) -> dict[str, Outputs]:
        """Return the outputs of the selected stacks, by stack. Raise `OutputsError` if no stack matches."""
        if not path.exists():
            raise OutputsError(f"{path} does not exist. Run make up, which writes it.")
        stacks = read_stacks(path)
        names = {"service": self.service, "environment": self.environment}
        required = {field: name for field, name in names.items() if name}
        selected = {stack: outputs for stack, outputs in stacks.items() if required.items() <= outputs.items()}
        if required and not selected:
            expected = f"{self.service or 'any service'} in {self.environment or 'any environment'}"
            raise OutputsError(
                f"{path} must contain the outputs of {expected}, got those of {', '.join(stacks)}. Run make outputs "
                "with SERVICE and ENV."
            )
        return selected


def shift_stacks(folder: Path, selection: Selection, log: Log) -> list[str]:
    """Shift the aliases of the selected stacks to the newest published versions, and wait for the deployments.

    The outputs of the stacks are read from `folder`. Return one message per failure.
    """

    def shift(outputs: Outputs, client: Client) -> list[str]:
        if "rollout_application" not in outputs:
            return []
        codedeploy = client("codedeploy")
        pending = list(pending_shifts(outputs, client("lambda")))
        if not pending:
            log(f"{outputs['service']}: every alias is at the newest version")
        shifts = {start_deployment(outputs["rollout_application"], shift, codedeploy): shift for shift in pending}
        return wait_for_deployments(shifts, codedeploy, log, time.sleep)

    return _for_each_stack(folder, selection, shift)


def roll_back_stacks(folder: Path, selection: Selection, log: Log) -> list[str]:
    """Move the aliases of the selected stacks to the previous versions. Return one message per failure."""
    moved = []

    def roll_back_functions(outputs: Outputs, client: Client) -> list[str]:
        moved.append(roll_back(outputs, client("lambda"), log))
        return []

    errors = _for_each_stack(folder, selection, roll_back_functions)
    if any(moved) or errors:
        return errors
    return [f"No function in {folder / ALL} has an alias with a previous version. Deploy the previous code instead."]


def prune_stacks(folder: Path, selection: Selection, log: Log) -> list[str]:
    """Delete unused versions of the functions of the selected stacks. Return one message per failure."""

    def prune_functions(outputs: Outputs, client: Client) -> list[str]:
        prune(outputs, client("lambda"), log)
        return []

    return _for_each_stack(folder, selection, prune_functions)


def _for_each_stack(folder: Path, selection: Selection, action: Callable[[Outputs, Client], list[str]]) -> list[str]:
    errors = []
    for stack, outputs in selection.read(folder / ALL).items():
        profile = project.aws_profile(folder.parent, stack)
        try:
            errors += action(outputs, partial(regional_client, outputs=outputs, profile=profile))
        except AWS_ERRORS as exc:
            errors.append(f"{stack}: {exc}")
    return errors
