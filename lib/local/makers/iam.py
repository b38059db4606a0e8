"""Roles and what they may do."""

from __future__ import annotations

from ..emulator import Place
from .making import Inputs, Made, Row, makes, rows, tag_list


@makes("aws:iam/role:Role")
def role(place: Place, inputs: Inputs) -> Made:
    """A role."""
    made = place.client("iam").create_role(
        RoleName=inputs["name"], AssumeRolePolicyDocument=inputs["assumeRolePolicy"], Tags=tag_list(inputs)
    )["Role"]
    return Made(inputs["name"], {"arn": made["Arn"], "uniqueId": made["RoleId"]})


rows(
    "iam",
    {
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Row(
            "attach_role_policy", "RoleName=role PolicyArn=policyArn", "{role}/{policyArn}"
        ),
        "aws:iam/rolePolicy:RolePolicy": Row(
            "put_role_policy", "RoleName=role PolicyName=name PolicyDocument=policy", "{role}:{name}"
        ),
    },
)
