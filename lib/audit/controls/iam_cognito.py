"""Controls of IAM and Cognito."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..control import Control
from ..graph import Resource
from ..iam_documents import Statement, allow_statements, as_list, is_public

POLICY = ("iam.RolePolicy", "iam.Policy", "iam.UserPolicy", "iam.GroupPolicy")
ATTACHMENT = (
    *("iam.RolePolicyAttachment", "iam.PolicyAttachment"),
    *("iam.UserPolicyAttachment", "iam.GroupPolicyAttachment"),
)
POOL = ("cognito.UserPool",)
ADMINISTRATOR_POLICIES = ("/AdministratorAccess", "/IAMFullAccess", "/PowerUserAccess")
UNRESTRICTABLE_ACTIONS = (
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:Describe",
    "ec2:UnassignPrivateIpAddresses",
    "xray:Get",
    "xray:Put",
)
"""Prefixes of actions that do not support resource-level permissions, or that Lambda requires on all resources."""
CHARACTERS = ("Lowercase", "Uppercase", "Numbers", "Symbols")


def _allow_statements(resource: Resource) -> Iterator[Statement]:
    return allow_statements(resource.get("policy"))


def _actions(resource: Resource) -> list[str]:
    return [action for statement in _allow_statements(resource) for action in as_list(statement.get("Action"))]


def _restricts_decryption(resource: Resource, _: Sequence[Resource]) -> bool:
    return not any(
        "*" in as_list(statement.get("Resource"))
        and {"kms:Decrypt", "kms:ReEncryptFrom", "kms:*", "*"} & {*as_list(statement.get("Action"))}
        for statement in _allow_statements(resource)
    )


def _restricts_resources(resource: Resource, _: Sequence[Resource]) -> bool:
    return all(
        "*" not in as_list(statement.get("Resource"))
        or all(action.startswith(UNRESTRICTABLE_ACTIONS) for action in as_list(statement.get("Action")))
        for statement in _allow_statements(resource)
    )


def _has_strong_passwords(pool: Resource, _: Sequence[Resource]) -> bool:
    policy = "passwordPolicy"
    has_all_kinds = all(pool.is_set(f"{policy}.require{kind}") for kind in CHARACTERS)
    days = pool.get(f"{policy}.temporaryPasswordValidityDays", 7)
    return has_all_kinds and pool.get(f"{policy}.minimumLength", 0) >= 8 and days <= 7


CONTROLS = (
    Control(
        ids=("IAM.1", "CKV_AWS_62", "CKV_AWS_63", "CKV2_AWS_40", "SEC03-BP02"),
        title="IAM policies should not allow all actions",
        severity="high",
        kinds=POLICY,
        is_compliant=lambda resource, _: "*" not in _actions(resource),
        remediation="List the required actions in the policy.",
    ),
    Control(
        ids=("IAM.21", "SEC03-BP02"),
        title="IAM policies should not allow all actions of an AWS service",
        severity="medium",
        kinds=POLICY,
        is_compliant=lambda resource, _: not any(action.endswith(":*") for action in _actions(resource)),
        remediation="List the required actions in the policy.",
    ),
    Control(
        ids=("CKV_AWS_355", "SEC03-BP02"),
        title="IAM policies should restrict actions that support resource-level permissions",
        severity="medium",
        kinds=POLICY,
        is_compliant=_restricts_resources,
        remediation="List the required resources in the policy.",
    ),
    Control(
        ids=("KMS.2", "KMS.1", "SEC03-BP02"),
        title="IAM policies should not allow decryption with all KMS keys",
        severity="medium",
        kinds=POLICY,
        is_compliant=_restricts_decryption,
        remediation="List the ARNs of the required keys in the policy.",
    ),
    Control(
        ids=("CKV_AWS_60", "CKV_AWS_61", "SEC03-BP07"),
        title="IAM roles should not be assumable by all principals",
        severity="critical",
        kinds=("iam.Role",),
        is_compliant=lambda role, _: not any(map(is_public, allow_statements(role.get("assumeRolePolicy")))),
        remediation="List the required principals in the `assumeRolePolicy`.",
    ),
    Control(
        ids=("CKV_AWS_274", "CKV2_AWS_56"),
        title="IAM identities should not have AWS managed administrator policies",
        severity="high",
        kinds=ATTACHMENT,
        is_compliant=lambda attachment, _: not attachment.get("policyArn", "").endswith(ADMINISTRATOR_POLICIES),
        remediation="Attach a policy that lists the required actions.",
    ),
    Control(
        ids=("Cognito.3", "SEC02-BP01"),
        title="Cognito user pools should require strong passwords",
        severity="medium",
        kinds=POOL,
        is_compliant=_has_strong_passwords,
        remediation="In the `passwordPolicy`, require at least 8 characters and all character types, and limit the "
        "validity of temporary passwords to 7 days.",
    ),
    Control(
        ids=("Cognito.5", "SEC02-BP01"),
        title="Cognito user pools should have MFA enabled",
        severity="medium",
        kinds=POOL,
        is_compliant=lambda pool, _: pool.get("mfaConfiguration") in ("ON", "OPTIONAL"),
        remediation="Set `user_pool_mfa` to OPTIONAL or ON.",
        other_remediation="Set `mfaConfiguration` of the `cognito.UserPool` to OPTIONAL or ON.",
    ),
    Control(
        ids=("Cognito.6",),
        title="Cognito user pools should have deletion protection enabled",
        severity="medium",
        kinds=POOL,
        is_compliant=lambda pool, _: pool.get("deletionProtection") == "ACTIVE",
        remediation="Enable `deletion_protection`.",
        other_remediation="Set `deletionProtection` of the `cognito.UserPool` to ACTIVE.",
    ),
    Control(
        ids=("Cognito.1",),
        title="Cognito user pools should have threat protection in full-function mode",
        severity="medium",
        kinds=POOL,
        is_compliant=lambda pool, _: pool.get("userPoolAddOns.advancedSecurityMode") == "ENFORCED",
        remediation="Set `advancedSecurityMode` in the `userPoolAddOns` to ENFORCED.",
    ),
    Control(
        ids=("Cognito.2", "CKV_AWS_366"),
        title="Cognito identity pools should not allow unauthenticated identities",
        severity="medium",
        kinds=("cognito.IdentityPool",),
        is_compliant=lambda pool, _: not pool.is_set("allowUnauthenticatedIdentities"),
        remediation="Set `allowUnauthenticatedIdentities` of the `cognito.IdentityPool` to false.",
    ),
)
