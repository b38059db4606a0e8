"""KMS, Secrets Manager and Parameter Store."""

from __future__ import annotations

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import opened

KEY = ("kms.Key",)
SECRET = ("secretsmanager.Secret",)


def _symmetric(key: Resource) -> bool:
    return bool(key.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT")


CONTROLS = (
    Control(
        ids=("KMS.4", "CKV_AWS_7", "SEC08-BP01"),
        title="A key is changed every year",
        severity="medium",
        kinds=KEY,
        holds=lambda key, _: key.given("enableKeyRotation") or not _symmetric(key),
        remedy="Set `enableKeyRotation` of `kms.Key`.",
    ),
    Control(
        ids=("KMS.5", "CKV_AWS_33", "SEC03-BP07"),
        title="A key is not public",
        severity="critical",
        kinds=("kms.Key", "kms.KeyPolicy"),
        holds=lambda resource, _: not opened(resource.get("policy")),
        remedy="Name in the key's policy who may use it.",
    ),
    Control(
        ids=("CKV_AWS_227",),
        title="A key is enabled",
        severity="high",
        kinds=KEY,
        holds=lambda key, _: key.get("isEnabled", True) is not False,
        remedy="Leave the `isEnabled` of the `kms.Key` true.",
    ),
    Control(
        ids=("SecretsManager.1", "CKV2_AWS_57", "SEC02-BP05"),
        title="A secret is changed by itself",
        severity="medium",
        kinds=SECRET,
        beside=Link(kind="secretsmanager.SecretRotation", property="secretId"),
        holds=lambda _, rotations: bool(rotations),
        remedy="Make a `secretsmanager.SecretRotation` for it.",
    ),
    Control(
        ids=("CKV_AWS_149",),
        title="A customer managed key encrypts a secret",
        severity="low",
        kinds=SECRET,
        holds=lambda secret, _: secret.given("kmsKeyId"),
        remedy="Set `kmsKeyId` of `secretsmanager.Secret`.",
    ),
    Control(
        ids=("CKV2_AWS_34", "CKV_AWS_337"),
        title="A parameter is encrypted",
        severity="low",
        kinds=("ssm.Parameter",),
        holds=lambda parameter, _: parameter.get("type") == "SecureString",
        remedy="Set `type` of the `ssm.Parameter` to SecureString.",
    ),
)
