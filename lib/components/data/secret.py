"""A secret in Parameter Store or in Secrets Manager, and the permissions it can hand out."""

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
"""How much randomness is in a value that is made up."""
PARAMETER_STORES_KEY = "alias/aws/ssm"
"""AWS's own.  Always said: where nothing is, the provider leaves a parameter with the key it has."""


@dataclass(frozen=True, kw_only=True)
class SecretArgs:
    """What a `Secret` is made from."""

    name: str
    """Its name in AWS: a path, e.g. `/shop/dev/token`, or in Secrets Manager `shop/dev/token`."""
    store: model.Store = "ssm"
    value: pulumi.Input[str] | None = field(default=None, repr=False)
    """None: one is made up when the secret is made, and stays."""
    description: str = ""
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts it; None: the store's own."""
    retain_on_delete: bool = False
    """`pulumi destroy` forgets the secret and leaves it in the account."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Secret(pulumi.ComponentResource):
    """A secret whose value is written when it is made and when another is given, and never read back.

    What somebody else writes meanwhile, to rotate it, stays.
    """

    def __init__(self, name: str, args: SecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Secret", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain_on_delete)
        self._value = _generated() if args.value is None else pulumi.Output.secret(args.value)
        self.resource = self._parameter() if args.store == "ssm" else self._entry()
        self.version = self._written() if isinstance(self.resource, aws.secretsmanager.Secret) else None
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """A statement that allows `actions`, e.g. `["GetParameter"]`, on this secret."""
        return derive(lambda arn: iam.allow(self._args.store, actions, [arn]), self.arn)

    def _parameter(self) -> aws.ssm.Parameter:
        args = self._args
        key = PARAMETER_STORES_KEY if args.kms_key_arn is None else args.kms_key_arn
        return aws.ssm.Parameter(
            f"{self._prefix}-parameter",
            name=args.name,
            type="SecureString",
            value_wo=self._value,
            # Of all that can change: the provider would write an empty value with anything but another version.
            value_wo_version=self._fingerprint(key, args.description),
            key_id=key,
            description=args.description or None,
            tags=args.tags,
            opts=self._unless_made_up("valueWo"),
        )

    def _entry(self) -> aws.secretsmanager.Secret:
        args = self._args
        return aws.secretsmanager.Secret(
            f"{self._prefix}-secret",
            name=args.name,
            kms_key_id=args.kms_key_arn,
            description=args.description or None,
            # A name that waits for its deletion cannot be used again.
            recovery_window_in_days=0,
            tags=args.tags,
            opts=self._child,
        )

    def _written(self) -> aws.secretsmanager.SecretVersion:
        return aws.secretsmanager.SecretVersion(
            f"{self._prefix}-version",
            secret_id=self.resource.id,
            secret_string_wo=self._value,
            secret_string_wo_version=self._fingerprint(),
            opts=self._unless_made_up("secretStringWo"),
        )

    def _fingerprint(self, *parts: pulumi.Input[str]) -> pulumi.Output[int]:
        """A number that is another when one of `parts` is, or the value that was given."""
        given = [] if self._args.value is None else [self._value]
        return derive(lambda *values: fingerprint(values), *given, *parts)

    def _unless_made_up(self, value: str) -> pulumi.ResourceOptions:
        """What is made up anew with every run counts only when the secret is made."""
        return pulumi.ResourceOptions(
            parent=self,
            retain_on_delete=self._args.retain_on_delete,
            ignore_changes=[value] if self._args.value is None else None,
        )


def _generated() -> pulumi.Output[str]:
    """Return a generated value, unknown in a preview: a saved plan would allow no other value than the preview's."""
    if not pulumi.runtime.is_dry_run():
        return pulumi.Output.secret(secrets.token_urlsafe(GENERATED_BYTES))
    return pulumi.Output.secret(cast(str, pulumi.UNKNOWN))


def fingerprint(parts: Sequence[str]) -> int:
    """A positive number of 31 bits for some texts."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:4]) >> 1 | 1
