"""What the provider double must know about a resource type to treat it as AWS and the Pulumi AWS provider do.

The files in `resource_types` describe each type that the project uses, by its Pulumi token. They were written after
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
    """Template of the resource id, e.g. `{name}` or `{restApi}/{stageName}`."""
    identity: str = ""
    """Template of what AWS requires to be unique in an account and region, e.g. `{name}`.  Empty: nothing is."""
    scope: str = "region"
    """Where `identity` must be unique: `region`, `account` (IAM, CloudFront, Budgets) or `global` (S3 buckets)."""
    upsert: bool = False
    """Whether creating a resource whose identity exists overwrites it without an error (e.g. a topic policy, PutRule)
    instead of being rejected."""
    force_new: frozenset[str] = frozenset()
    """Paths of inputs whose change replaces the resource (`ForceNew`, `RequiresReplace`)."""
    delete_before_replace: bool = False
    """Whether the Pulumi provider always deletes the old resource before it creates the new one."""
    auto_name: str = ""
    """Property that is generated from the logical name if the program does not set it."""
    name_prefix: str = ""
    """Property from which the provider generates `auto_name` if it is set, e.g. `namePrefix`, `bucketPrefix`."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Outputs of properties that the program did not set: provider defaults and values that AWS chooses."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Templates of the outputs that AWS decides, e.g. `{"arn": "arn:{partition}:sqs:{region}:{account}:{name}"}`."""
    volatile: frozenset[str] = frozenset()
    """Outputs that every update changes, so that they are unknown in its preview, e.g. a function's `version`."""
    sticky: frozenset[str] = frozenset()
    """Paths of inputs that keep their value if the program only removes them (`Optional` and `Computed`)."""
    secret: frozenset[str] = frozenset()
    """Properties that the provider marks as secret."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Inputs that refer to another resource, which AWS does not delete while this one exists, with the token of that
    resource's type: `{"vpcId": "aws:ec2/vpc:Vpc"}`."""
    locked: Mapping[str, str] = field(default_factory=dict)
    """Inputs that AWS does not change while a resource of a type refers to this one by its ARN: the type by path."""
    protection: str = ""
    """Boolean input, or input whose value `ACTIVE` or True means it, that makes AWS reject a deletion."""
    deletable: bool = True
    """Whether anything in AWS is deleted when the resource is destroyed."""
    unreadable: frozenset[str] = frozenset()
    """Inputs that AWS does not return, so that an import does not find them."""


def _from_file(fields: Mapping[str, Any]) -> ResourceType:
    """Return a resource type from its fields in a file: sets are lists, and `empty` are the `computed` without a value.

    The default of `identity` is the id, unless it contains a generated token.
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
"""Every known resource type by its Pulumi token."""
