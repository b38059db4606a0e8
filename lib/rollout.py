"""Brings the newest code of deployed functions to their callers as CodeDeploy shifts them, or takes it back.

`python -m lib.rollout` shifts every alias that is not at the version published last, and waits; exit code 1 if an alarm
or anything else made CodeDeploy roll one back.  `--back` puts every alias where it was one version before, at once;
exit code 1 if no alias has an earlier version.
`--prune` deletes the versions that no alias calls, but the newest.
`--service` and `--env` select stacks; without them, all stacks in the outputs are selected.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .local import project
from .outputs import ALL, FOLDER, Outputs

PAUSE_SECONDS = 10
ENDED = {"Succeeded", "Failed", "Stopped"}

Tell = Callable[[str], None]
Client = Callable[..., Any]
"""Creates a client of an AWS service: takes its name, and by keyword `outputs` of a stack and the AWS `profile` that
the config of the stack names, or None."""


class Shift(NamedTuple):
    """A function whose callers are to be led to another version."""

    name: str
    """The function's, in AWS, which its deployment group has, too."""
    alias: str
    current: str
    target: str


def _aliases(outputs: Outputs) -> dict[str, tuple[str, str]]:
    """The ARN of each function that is called by an alias, and the alias.

    By its ARN a function is asked for in its account: outputs of an embedded run move nothing on AWS.
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


def follow(deployments: Mapping[str, Shift], aws: Any, tell: Tell, pause: Callable[[float], None]) -> list[str]:
    """Wait for the end of deployments by their ids, telling each step; returns what failed, and why."""
    states: dict[str, str] = {}
    failed = []
    while left := [one for one in deployments if states.get(one) not in ENDED]:
        for one in left:
            shift, info = deployments[one], aws.get_deployment(deploymentId=one)["deploymentInfo"]
            if info["status"] != states.get(one):
                tell(f"{shift.name}: {shift.current} to {shift.target}: {info['status']}")
            states[one] = info["status"]
            if info["status"] in ENDED - {"Succeeded"}:
                failed.append(f"{shift.name} stays at {shift.current}: {_reason(info)}")
        if any(states[one] not in ENDED for one in left):
            pause(PAUSE_SECONDS)
    return failed


def _reason(info: Mapping[str, Any]) -> str:
    error = info.get("errorInformation") or {}
    return str(error.get("message") or info["status"])


def back(outputs: Outputs, aws: Any, tell: Tell) -> bool:
    """Put each alias at the version before its own. Return whether any alias had such a version."""
    has_moved = False
    if not outputs["alias_arns"]:
        tell(f"{outputs['service']}: no function has an alias")
    for function, (arn, alias) in _aliases(outputs).items():
        name = outputs["function_names"][function]
        current = int(aws.get_alias(FunctionName=arn, Name=alias)["FunctionVersion"])
        before = max((version for version in _versions(arn, aws) if version < current), default=None)
        if before is None:
            tell(f"{name}: stays at {current}, there is none before it")
            continue
        aws.update_alias(FunctionName=arn, Name=alias, FunctionVersion=str(before), RoutingConfig={})
        tell(f"{name}: {current} to {before}")
        has_moved = True
    return has_moved


def prune(outputs: Outputs, aws: Any, log: Tell) -> None:
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


def main(arguments: Sequence[str], folder: Path = FOLDER, client: Client = in_region) -> int:
    """Shift, or put back, the functions of every stack that outputs tell of; the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m lib.rollout", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--back", action="store_true", help="put every alias where it was one version before")
    parser.add_argument("--prune", action="store_true", help="delete the versions that no alias calls")
    parser.add_argument("--service", help="only stacks of this service (default: any)")
    parser.add_argument("--env", help="only stacks of this environment suffix (default: any)")
    options = parser.parse_args(arguments)
    path = folder / ALL
    if not path.exists():
        sys.exit(f"error: no {path}: deploy first, with make up")
    failed = []
    has_moved = False
    for stack, outputs in _selected(path, options).items():
        profile = project.aws_profile(folder.parent, stack)
        try:
            client_of_stack = partial(client, outputs=outputs, profile=profile)
            if options.back:
                has_moved |= back(outputs, client_of_stack("lambda"), print)
            else:
                failed += _run(options, outputs, client_of_stack)
        except (BotoCoreError, ClientError) as error:
            failed.append(f"{stack}: {error}")
    if options.back and not has_moved and not failed:
        failed.append(f"nothing to roll back: {path} has no function with an alias that has an earlier version")
    for line in failed:
        print(f"error: {line}", file=sys.stderr)
    return int(bool(failed))


def _selected(path: Path, options: argparse.Namespace) -> dict[str, Outputs]:
    """Return the outputs of the selected stacks, by stack. Exit if a selection matches none."""
    stacks: dict[str, Outputs] = json.loads(path.read_text(encoding="utf-8"))
    selection = {"service": options.service, "environment": options.env}
    fields = {field: value for field, value in selection.items() if value}
    selected = {stack: outputs for stack, outputs in stacks.items() if fields.items() <= outputs.items()}
    if fields and not selected:
        named = f"{options.service or 'any service'} in {options.env or 'any environment'}"
        sys.exit(
            f"error: {path} must have the outputs of {named}, got those of {', '.join(stacks)}. Run make outputs with "
            "SERVICE and ENV."
        )
    return selected


def _run(options: argparse.Namespace, outputs: Outputs, client: Callable[[str], Any]) -> list[str]:
    """Do what the arguments say with one stack; returns what failed, and why."""
    if options.prune:
        prune(outputs, client("lambda"), print)
    elif "rollout_application" in outputs:
        return _shift(outputs, client)
    return []


def _shift(outputs: Outputs, client: Callable[[str], Any]) -> list[str]:
    codedeploy = client("codedeploy")
    shifts = list(due(outputs, client("lambda")))
    if not shifts:
        print(f"{outputs['service']}: callers are at the newest versions")
    begun = {start(outputs["rollout_application"], shift, codedeploy): shift for shift in shifts}
    return follow(begun, codedeploy, print, time.sleep)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
