"""AWS Identity and Access Management."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    "aws:iam/role:Role": ResourceType(
        source="internal/service/iam/role.go",
        id="{name}",
        identity="{name}",
        scope="account",
        force_new=frozenset({"name", "namePrefix", "path"}),
        auto_name="name",
        name_prefix="namePrefix",
        defaults={"description": "", "forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
        computed={
            "arn": "arn:{partition}:iam::{account}:role{path}{name}",
            "createDate": "2024-01-01T00:00:00Z",
            "uniqueId": "AROA0000000{unique}",
        },
    ),
    # A role with policies cannot be deleted, unless its `forceDetachPolicies` is set.
    "aws:iam/rolePolicy:RolePolicy": ResourceType(
        source="internal/service/iam/role_policy.go",
        id="{role}:{name}",
        identity="{role}:{name}",
        scope="account",
        upsert=True,
        force_new=frozenset({"name", "namePrefix", "role"}),
        auto_name="name",
        name_prefix="namePrefix",
        references={"role": "aws:iam/role:Role"},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ResourceType(
        source="internal/service/iam/role_policy_attachment.go",
        id="{role}/{policyArn}",
        identity="{role}/{policyArn}",
        scope="account",
        upsert=True,
        force_new=frozenset({"policyArn", "role"}),
        references={"role": "aws:iam/role:Role"},
    ),
}
