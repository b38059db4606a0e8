"""Roles of IAM and their policies."""

from __future__ import annotations

import json
from typing import Any

from ..emulator import RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, creations, provisions

creations(
    "iam",
    {
        "iam.Role": Creation(
            "create_role",
            "{name}",
            {"arn": "{Role[Arn]}", "uniqueId": "{Role[RoleId]}"},
            "RoleName=name AssumeRolePolicyDocument=assumeRolePolicy",
        ),
        "iam.RolePolicyAttachment": Creation("attach_role_policy", "{role}/{policyArn}", names="RoleName=role"),
    },
)


@provisions("iam.RolePolicy")
def role_policy(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create an inline policy of a role."""
    policy = _with_batch_actions(inputs["policy"])
    names = "RoleName=role PolicyName=name PolicyDocument=policy"
    call(aws, "iam", "put_role_policy", {**inputs, "policy": policy}, names)
    return CreatedResource(f"{inputs['role']}:{inputs['name']}", {})


def _with_batch_actions(policy: str) -> str:
    """Return a policy that names `sns:PublishBatch` wherever it names `sns:Publish`.

    AWS authorizes both operations by `sns:Publish`; the emulator authorizes each by its own name.
    """
    document = json.loads(policy)
    for statement in _listed(document.get("Statement")):
        for element in ("Action", "NotAction"):
            actions = _listed(statement.get(element))
            if "sns:Publish" in actions:
                statement[element] = [*actions, "sns:PublishBatch"]
    return json.dumps(document)


def _listed(value: Any) -> list[Any]:
    """Return the value of a policy element that can be one value or a list."""
    return value if isinstance(value, list) else [] if value is None else [value]
