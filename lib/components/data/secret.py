"""A secret in Parameter Store or Secrets Manager."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pulumi
import pulumi_aws as aws

from ... import model
from ...documents import iam
from ..derived import derive

GENERATED_BYTES = 32
"""Random bytes of a generated value."""
PARAMETER_STORE_KEY = "alias/aws/ssm"
"""AWS managed key of Parameter Store. It is always set, because the provider does not change the key of a parameter if
none is set."""


@dataclass(frozen=True, kw_only=True)
class SecretArgs:
    """Arguments for `Secret`."""

    name: str
    """Physical name: a path in Parameter Store, e.g. `/shop/dev/token`; in Secrets Manager e.g. `shop/dev/token`."""
    store: model.Store = "ssm"
    value: pulumi.Input[str] | None = field(default=None, repr=False)
    """Value of the secret. Default (None): generated once, when the secret is created."""
    description: str = ""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the secret. Default (None): the AWS managed key of the store."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the secret."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Secret(pulumi.ComponentResource):
    """A secret that is written when it is created and when its configured value changes, and never read.

    A value written outside of Pulumi, e.g. by a rotation, is therefore preserved.
    """

    def __init__(self, name: str, args: SecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Secret", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain_on_delete)
        self._value = _generated() if args.value is None else pulumi.Output.secret(args.value)
        self.resource = self._parameter() if args.store == "ssm" else self._secret()
        self.version = self._secret_version() if isinstance(self.resource, aws.secretsmanager.Secret) else None
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["GetParameter"]`, on this secret."""
        return derive(lambda arn: iam.allow(self._args.store, actions, [arn]), self.arn)

    def _parameter(self) -> aws.ssm.Parameter:
        args = self._args
        key = PARAMETER_STORE_KEY if args.kms_key_arn is None else args.kms_key_arn
        return aws.ssm.Parameter(
            f"{self._prefix}-parameter",
            name=args.name,
            type="SecureString",
            value_wo=self._value,
            # If any property changes without a new version, the provider overwrites the value with an empty string.
            value_wo_version=self._fingerprint(key, args.description),
            key_id=key,
            description=args.description or None,
            tags=args.tags,
            opts=self._ignore_generated_value("valueWo"),
        )

    def _secret(self) -> aws.secretsmanager.Secret:
        args = self._args
        return aws.secretsmanager.Secret(
            f"{self._prefix}-secret",
            name=args.name,
            kms_key_id=args.kms_key_arn,
            description=args.description or None,
            # Delete immediately: a name cannot be reused while its secret is scheduled for deletion.
            recovery_window_in_days=0,
            tags=args.tags,
            opts=self._child,
        )

    def _secret_version(self) -> aws.secretsmanager.SecretVersion:
        return aws.secretsmanager.SecretVersion(
            f"{self._prefix}-version",
            secret_id=self.resource.id,
            secret_string_wo=self._value,
            secret_string_wo_version=self._fingerprint(),
            opts=self._ignore_generated_value("secretStringWo"),
        )

    def _fingerprint(self, *parts: pulumi.Input[str]) -> pulumi.Output[int]:
        """Return a version number that changes with `parts` and with the configured value."""
        configured = [] if self._args.value is None else [self._value]
        return derive(lambda *values: fingerprint(values), *configured, *parts)

    def _ignore_generated_value(self, property_name: str) -> pulumi.ResourceOptions:
        """Return options that ignore changes of a generated value, because every run generates another one."""
        return pulumi.ResourceOptions(
            parent=self,
            retain_on_delete=self._args.retain_on_delete,
            ignore_changes=[property_name] if self._args.value is None else None,
        )


def _generated() -> pulumi.Output[str]:
    """Return a generated value. In a preview, the value is unknown, because `pulumi up --plan` requires the values of
    the preview."""
    if not pulumi.runtime.is_dry_run():
        return pulumi.Output.secret(secrets.token_urlsafe(GENERATED_BYTES))
    return pulumi.Output.secret(cast(str, pulumi.UNKNOWN))


def fingerprint(parts: Sequence[str]) -> int:
    """Return a positive 31-bit hash of strings."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:4]) >> 1 | 1
