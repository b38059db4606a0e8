"""Definitions of resource types, with which the provider double behaves like AWS and the Pulumi AWS provider.

The files in `resource_types` define each type that the project uses, by its Pulumi token. They follow
`internal/service` of hashicorp/terraform-provider-aws and the documentation of version 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """Behavior of one resource type.

    Property names are Pulumi's (camelCase).  Paths use dots for nested objects and omit list indexes:
    `vpcConfig.subnetIds`, `attributes.type`.  Templates are `str.format` strings over the inputs and the reserved
    names `region`, `account`, `partition`, `unique` (a generated token that is different for every resource) and the
    values computed so far; a dotted path reads a nested value (`{endpointConfiguration.types}`).
    """

    id: str
    """Template of the resource ID, e.g. `{name}` or `{restApi}/{stageName}`."""
    identity: str = ""
    """Template of the value that must be unique, e.g. `{name}`. Empty if AWS requires no unique value."""
    scope: str = "region"
    """Scope in which `identity` is unique: `region`, `account` (IAM, CloudFront, Budgets) or `global` (S3 buckets)."""
    upsert: bool = False
    """Whether a creation with an existing identity overwrites the resource (e.g. a topic policy, PutRule) instead of
    being rejected."""
    force_new: frozenset[str] = frozenset()
    """Paths of inputs that replace the resource if they change (`ForceNew`, `RequiresReplace`)."""
    delete_before_replace: bool = False
    """Whether the Pulumi provider always deletes the old resource before it creates the new one."""
    auto_name: str = ""
    """Property that Pulumi generates from the logical name if the program does not set it."""
    name_prefix: str = ""
    """Property from which the provider generates `auto_name`, e.g. `namePrefix`, `bucketPrefix`."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Outputs of properties that the program does not set: defaults of the provider and of AWS."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Templates of computed outputs, e.g. `{"arn": "arn:{partition}:sqs:{region}:{account}:{name}"}`."""
    volatile: frozenset[str] = frozenset()
    """Outputs that every update changes, e.g. `version` of a function. They are unknown in the preview of an update."""
    sticky: frozenset[str] = frozenset()
    """Paths of inputs that retain their value if the program removes them (`Optional` and `Computed`)."""
    secret: frozenset[str] = frozenset()
    """Properties that the provider marks as secret."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Type of the resource to which an input refers, by path: `{"vpcId": "aws:ec2/vpc:Vpc"}`. AWS does not delete the
    referenced resource while this one exists."""
    locked: Mapping[str, str] = field(default_factory=dict)
    """Inputs that AWS does not change while a resource of a type refers to the ARN of this one: the type by path."""
    protection: str = ""
    """Input that enables deletion protection with the value True or `ACTIVE`."""
    deletable: bool = True
    """Whether the deletion of the resource changes anything in AWS."""
    unreadable: frozenset[str] = frozenset()
    """Inputs that AWS does not return. An import does not contain them."""


def _from_file(fields: Mapping[str, Any]) -> ResourceType:
    """Return a resource type from its fields in a file.

    Lists in the file are sets. `empty` lists computed outputs with an empty value. `identity` defaults to the ID,
    unless the ID contains a generated token.
    """
    values: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    computed = {**dict.fromkeys(values.pop("empty", ()), ""), **values.pop("computed", {})}
    identity = values.pop("identity", "" if "{unique" in fields["id"] else fields["id"])
    return ResourceType(identity=identity, computed=computed, **values)


TYPES: dict[str, ResourceType] = {
    token: _from_file(fields)
    for path in (Path(__file__).parent / "resource_types").glob("*.yaml")
    for token, fields in yaml.load(path.read_bytes(), yaml.CSafeLoader).items()
}
"""Resource types by Pulumi token."""
