"""Registry of provisioners, and calls of AWS operations with parameters derived from Pulumi inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from string import Formatter
from typing import Any, NamedTuple

from ..emulator import ACCOUNT, RegionalEmulator

Inputs = dict[str, Any]


class CreatedResource(NamedTuple):
    """ID of a resource, and outputs in addition to its inputs."""

    id: str
    outputs: Inputs


Provisioner = Callable[[RegionalEmulator, Inputs], CreatedResource]
Reader = Callable[[RegionalEmulator, str], CreatedResource]

PROVISIONERS: dict[str, Provisioner] = {}
"""Functions that create a resource, by type token."""

READERS: dict[str, Reader] = {}
"""Functions that look up an existing resource by ID, by type token."""

EXISTING_LAYER = "existing layers"
"""Entry of `NOT_EMULATED` for layers that functions use, but the program does not create."""
NOT_EMULATED: dict[str, str] = {
    EXISTING_LAYER: "the layer is on AWS, so functions run without it",
    "aws:acm/certificateValidation:CertificateValidation": "certificates of the emulator need no validation",
    "aws:appautoscaling/policy:Policy": "the emulator has no Application Auto Scaling",
    "aws:appautoscaling/target:Target": "the emulator has no Application Auto Scaling",
    "aws:codedeploy/application:Application": "the emulator has no CodeDeploy",
    "aws:codedeploy/deploymentGroup:DeploymentGroup": "the emulator has no CodeDeploy",
    "aws:route53/record:Record": "the hosted zone is on AWS",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "web ACLs of the emulator do not log",
}
"""Skipped resource types by type token, with the reason for the user."""

MAP_ENTRY_MEMBERS = ({"Key", "Value"}, {"Name", "Value"}, {"TagKey", "TagValue"})
"""Member names of structures that represent the entries of Pulumi maps, such as tags and dimensions, in AWS APIs."""


def token(kind: str) -> str:
    """Return the type token of a resource type, e.g. `aws:sns/topic:Topic` for `sns.Topic`."""
    module, _, name = kind.partition(".")
    return f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"


def provisions(kind: str) -> Callable[[Provisioner], Provisioner]:
    """Register a function as the provisioner of a resource type."""

    def register(provisioner: Provisioner) -> Provisioner:
        PROVISIONERS[token(kind)] = provisioner
        return provisioner

    return register


@dataclass(frozen=True)
class Creation:
    """Specification of a resource that a single operation creates.

    `id` and the strings in `outputs` are format strings with fields of the inputs, the response, `region` and
    `account`.
    """

    operation: str
    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    names: str = ""
    """Parameters whose names differ from the inputs, in the format of `call`."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Inputs that are added or override those of the program."""
    tag_resource_type: str = ""
    """Resource type in `TagSpecifications` of an EC2 operation. Empty for operations with a `Tags` parameter."""


def register_creations(service: str, kinds: Mapping[str, Creation]) -> None:
    """Register provisioners that call one operation of the boto3 client of `service`."""
    PROVISIONERS.update({token(kind): _provisioner(service, creation) for kind, creation in kinds.items()})


def _provisioner(service: str, creation: Creation) -> Provisioner:
    def provision(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
        params = {**inputs, **creation.inputs}
        if creation.tag_resource_type:
            params = with_tag_specifications(creation.tag_resource_type, params)
        response = call(aws, service, creation.operation, params, creation.names)
        values = {**params, **response, "region": aws.region, "account": ACCOUNT}
        outputs = {name: _format(template, values) for name, template in creation.outputs.items()}
        return CreatedResource(_format(creation.id, values), outputs)

    return provision


def _format(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a formatted string. If the template is a single field, return its value unchanged."""
    if not isinstance(template, str):
        return template
    only = re.fullmatch(r"{([^{}]+)}", template)
    return Formatter().get_field(only[1], (), values)[0] if only else template.format_map(values)


def call(aws: RegionalEmulator, service: str, operation: str, inputs: Inputs, names: str = "") -> Inputs:
    """Call an operation with all inputs that match its parameters, including nested ones, and return the response.

    Names match case-insensitively. `names` contains exceptions, e.g. `RoleName=name Budget=.`, where `.` means that the
    members of a structure are inputs of the parent. Unset inputs and inputs of a different type are omitted.
    """
    client = aws.client(service)
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    exceptions = dict(word.split("=") for word in names.split())
    response: Inputs = getattr(client, operation)(**_structure(model.input_shape, inputs, exceptions))
    return response


def _structure(shape: Any, inputs: Inputs, names: Mapping[str, str]) -> Inputs:
    by_lowercase_name = {name.lower(): value for name, value in inputs.items() if value is not None}
    params = {}
    for member, member_shape in shape.members.items():
        name = names.get(member, member)
        value = inputs if name == "." else by_lowercase_name.get(name.lower(), by_lowercase_name.get(member.lower()))
        param = _parameter(member_shape, value, names)
        if param is not None and (param or name != "."):
            params[member] = param
    return params


def _parameter(shape: Any, value: Any, names: Mapping[str, str]) -> Any:
    """Convert an input to the type of a parameter. Return None if the input does not match the type."""
    if value is None:
        return None
    if shape.type_name == "structure":
        if isinstance(value, list) and "Quantity" in shape.members:
            value = {"Quantity": len(value), "Items": value}
        return _structure(shape, value, names) if isinstance(value, dict) else None
    if shape.type_name == "list":
        members = [*getattr(shape.member, "members", ())]
        if isinstance(value, dict) and {*members} in MAP_ENTRY_MEMBERS:
            return [dict(zip(members, entry, strict=True)) for entry in value.items()]
        params = [_parameter(shape.member, item, names) for item in (value if isinstance(value, list) else [value])]
        return [param for param in params if param is not None]
    if shape.type_name == "map":
        is_map, convert = isinstance(value, dict), partial(_parameter, shape.value, names=names)
        return {key: convert(entry) for key, entry in value.items() if entry is not None} if is_map else None
    return None if isinstance(value, dict | list) else value


def select_inputs(inputs: Inputs, names: str) -> Inputs:
    """Return the named inputs that are set."""
    return {name: inputs[name] for name in names.split() if inputs.get(name) is not None}


def with_tag_specifications(kind: str, inputs: Inputs) -> Inputs:
    """Return inputs with the tags as `TagSpecifications` of an EC2 operation."""
    return {**inputs, "tagSpecifications": {"resourceType": kind, "tags": inputs.get("tags")}}


def without_tls(policy: str) -> str:
    """Return a resource policy without statements about `aws:SecureTransport`: the emulator does not support TLS."""
    document = json.loads(policy)
    statements = [each for each in document["Statement"] if "aws:SecureTransport" not in str(each.get("Condition"))]
    return json.dumps({**document, "Statement": statements})
