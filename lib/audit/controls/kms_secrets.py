"""Controls of KMS, Secrets Manager and Parameter Store."""

from __future__ import annotations

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import allows_public_access

KEY = ("kms.Key",)
SECRET = ("secretsmanager.Secret",)


def _is_symmetric(key: Resource) -> bool:
    return bool(key.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT")


CONTROLS = (
    Control(
        ids=("KMS.4", "CKV_AWS_7", "SEC08-BP01"),
        title="KMS keys should have rotation enabled",
        severity="medium",
        kinds=KEY,
        is_compliant=lambda key, _: key.is_set("enableKeyRotation") or not _is_symmetric(key),
        remediation="Set `enableKeyRotation` of the `kms.Key` to true.",
    ),
    Control(
        ids=("KMS.5", "CKV_AWS_33", "SEC03-BP07"),
        title="KMS keys should not be public",
        severity="critical",
        kinds=("kms.Key", "kms.KeyPolicy"),
        is_compliant=lambda resource, _: not allows_public_access(resource.get("policy")),
        remediation="List the required principals in the key policy.",
    ),
    Control(
        ids=("CKV_AWS_227",),
        title="KMS keys should be enabled",
        severity="high",
        kinds=KEY,
        is_compliant=lambda key, _: key.get("isEnabled", True) is not False,
        remediation="Set `isEnabled` of the `kms.Key` to true.",
    ),
    Control(
        ids=("SecretsManager.1", "CKV2_AWS_57", "SEC02-BP05"),
        title="Secrets Manager secrets should have automatic rotation enabled",
        severity="medium",
        kinds=SECRET,
        related=Link(kind="secretsmanager.SecretRotation", property="secretId"),
        is_compliant=lambda _, rotations: bool(rotations),
        remediation="Create a `secretsmanager.SecretRotation` for the secret.",
    ),
    Control(
        ids=("CKV_AWS_149",),
        title="Secrets Manager secrets should be encrypted with a customer managed key",
        severity="low",
        kinds=SECRET,
        is_compliant=lambda secret, _: secret.is_set("kmsKeyId"),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsKeyId` of the `secretsmanager.Secret`.",
    ),
    Control(
        ids=("CKV2_AWS_34", "CKV_AWS_337"),
        title="Systems Manager parameters should be encrypted",
        severity="low",
        kinds=("ssm.Parameter",),
        is_compliant=lambda parameter, _: parameter.get("type") == "SecureString",
        remediation="Set `type` of the `ssm.Parameter` to SecureString.",
    ),
)
