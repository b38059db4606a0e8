"""IAM and Cognito."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..control import Control
from ..graph import Resource
from ..iam_documents import Statement, allowed, for_everybody, listed

POLICY = ("iam.RolePolicy", "iam.Policy", "iam.UserPolicy", "iam.GroupPolicy")
ATTACHMENT = (
    *("iam.RolePolicyAttachment", "iam.PolicyAttachment"),
    *("iam.UserPolicyAttachment", "iam.GroupPolicyAttachment"),
)
POOL = ("cognito.UserPool",)
TOO_MUCH = ("/AdministratorAccess", "/IAMFullAccess", "/PowerUserAccess")
EVERYWHERE = (
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:Describe",
    "ec2:UnassignPrivateIpAddresses",
    "xray:Get",
    "xray:Put",
)
"""How actions begin for which IAM knows no narrower resource than all, or Lambda needs that."""
CHARACTERS = ("Lowercase", "Uppercase", "Numbers", "Symbols")


def _allowing(resource: Resource) -> Iterator[Statement]:
    return allowed(resource.get("policy"))


def _actions(resource: Resource) -> list[str]:
    return [action for statement in _allowing(resource) for action in listed(statement.get("Action"))]


def _decrypts_with_some(resource: Resource, _: Sequence[Resource]) -> bool:
    return not any(
        "*" in listed(statement.get("Resource"))
        and {"kms:Decrypt", "kms:ReEncryptFrom", "kms:*", "*"} & {*listed(statement.get("Action"))}
        for statement in _allowing(resource)
    )


def _somewhere(resource: Resource, _: Sequence[Resource]) -> bool:
    return all(
        "*" not in listed(statement.get("Resource"))
        or all(action.startswith(EVERYWHERE) for action in listed(statement.get("Action")))
        for statement in _allowing(resource)
    )


def _strong(pool: Resource, _: Sequence[Resource]) -> bool:
    policy = "passwordPolicy"
    kinds = all(pool.given(f"{policy}.require{kind}") for kind in CHARACTERS)
    days = pool.get(f"{policy}.temporaryPasswordValidityDays", 7)
    return kinds and pool.get(f"{policy}.minimumLength", 0) >= 8 and days <= 7


CONTROLS = (
    Control(
        ids=("IAM.1", "CKV_AWS_62", "CKV_AWS_63", "CKV2_AWS_40", "SEC03-BP02"),
        title="No policy allows everything",
        severity="high",
        kinds=POLICY,
        holds=lambda resource, _: "*" not in _actions(resource),
        remedy="Name the actions.",
    ),
    Control(
        ids=("IAM.21", "SEC03-BP02"),
        title="No policy allows all that a service of AWS can do",
        severity="medium",
        kinds=POLICY,
        holds=lambda resource, _: not any(action.endswith(":*") for action in _actions(resource)),
        remedy="Name the actions.",
    ),
    Control(
        ids=("CKV_AWS_355", "SEC03-BP02"),
        title="A policy names resources wherever IAM knows any",
        severity="medium",
        kinds=POLICY,
        holds=_somewhere,
        remedy="Name the resources.",
    ),
    Control(
        ids=("KMS.2", "KMS.1", "SEC03-BP02"),
        title="No policy allows to decrypt with every key",
        severity="medium",
        kinds=POLICY,
        holds=_decrypts_with_some,
        remedy="Name the keys.",
    ),
    Control(
        ids=("CKV_AWS_60", "CKV_AWS_61", "SEC03-BP07"),
        title="Not every principal can assume a role",
        severity="critical",
        kinds=("iam.Role",),
        holds=lambda role, _: not any(map(for_everybody, allowed(role.get("assumeRolePolicy")))),
        remedy="Name in the `assumeRolePolicy` who may take the role.",
    ),
    Control(
        ids=("CKV_AWS_274", "CKV2_AWS_56"),
        title="No one has AWS's policies for administrators",
        severity="high",
        kinds=ATTACHMENT,
        holds=lambda attachment, _: not attachment.get("policyArn", "").endswith(TOO_MUCH),
        remedy="Attach a policy that names the actions.",
    ),
    Control(
        ids=("Cognito.3", "SEC02-BP01"),
        title="A user pool wants strong passwords",
        severity="medium",
        kinds=POOL,
        holds=_strong,
        remedy="Require at least 8 characters of all kinds in its `passwordPolicy`.",
    ),
    Control(
        ids=("Cognito.5", "SEC02-BP01"),
        title="A user pool knows a second factor",
        severity="medium",
        kinds=POOL,
        holds=lambda pool, _: pool.get("mfaConfiguration") in ("ON", "OPTIONAL"),
        remedy="Set `user_pool_mfa` to OPTIONAL or ON.",
    ),
    Control(
        ids=("Cognito.6",),
        title="A user pool cannot be deleted by mistake",
        severity="medium",
        kinds=POOL,
        holds=lambda pool, _: pool.get("deletionProtection") == "ACTIVE",
        remedy="Set `deletionProtection` of the `cognito.UserPool` to ACTIVE.",
    ),
    Control(
        ids=("Cognito.1",),
        title="A user pool blocks sign-ins that appear to be from another person",
        severity="medium",
        kinds=POOL,
        holds=lambda pool, _: pool.get("userPoolAddOns.advancedSecurityMode") == "ENFORCED",
        remedy="Set `advancedSecurityMode` of its `userPoolAddOns` to ENFORCED.",
    ),
    Control(
        ids=("Cognito.2", "CKV_AWS_366"),
        title="An identity pool knows no guests",
        severity="medium",
        kinds=("cognito.IdentityPool",),
        holds=lambda pool, _: not pool.given("allowUnauthenticatedIdentities"),
        remedy="Leave its `allowUnauthenticatedIdentities` false.",
    ),
)
