"""Roles and what they may do."""

from __future__ import annotations

import json
from typing import Any

from ..emulator import Place
from .base import Inputs, Made, Row, provisions, rows, tag_list


@provisions("aws:iam/role:Role")
def role(place: Place, inputs: Inputs) -> Made:
    """A role."""
    made = place.client("iam").create_role(
        RoleName=inputs["name"], AssumeRolePolicyDocument=inputs["assumeRolePolicy"], Tags=tag_list(inputs)
    )["Role"]
    return Made(inputs["name"], {"arn": made["Arn"], "uniqueId": made["RoleId"]})


@provisions("aws:iam/rolePolicy:RolePolicy")
def role_policy(place: Place, inputs: Inputs) -> Made:
    """An inline policy of a role."""
    place.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=_with_batch_actions(inputs["policy"])
    )
    return Made(f"{inputs['role']}:{inputs['name']}", {})


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


rows(
    "iam",
    {
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Row(
            "attach_role_policy", "RoleName=role PolicyArn=policyArn", "{role}/{policyArn}"
        ),
    },
)
