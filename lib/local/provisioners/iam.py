"""IAM roles and policies."""

from __future__ import annotations

import json
from typing import Any

from ..emulator import RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations

register_creations(
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
    """Return a policy with `sns:PublishBatch` next to each `sns:Publish`.

    On AWS, `sns:Publish` authorizes both operations. The emulator requires an action per operation.
    """
    document = json.loads(policy)
    for statement in _as_list(document.get("Statement")):
        for element in ("Action", "NotAction"):
            actions = _as_list(statement.get(element))
            if "sns:Publish" in actions:
                statement[element] = [*actions, "sns:PublishBatch"]
    return json.dumps(document)


def _as_list(value: Any) -> list[Any]:
    """Return the values of a policy element, which can be a single value or a list."""
    return value if isinstance(value, list) else [] if value is None else [value]
