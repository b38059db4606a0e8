"""A KMS key of one's own, and its replicas in other regions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...settings import EncryptionSettings, invalid_value, merge
from ...settings.environments import BASIS
from ..derived import derive
from ..lookup.provider_info import ProviderInfo

USERS = frozenset((*iam.KEY_VIA, *iam.KEY_USERS))
"""The AWS services that a key can be for."""


@dataclass(frozen=True, kw_only=True)
class KeyArgs:
    """What a `Key` is made from."""

    name: str
    """Of its alias in AWS: what comes after `alias/`."""
    users: Collection[str]
    """The AWS services that use it, of `USERS`."""
    description: str = ""
    replica_regions: Sequence[str] = ()
    """Other regions with a replica of it, which is a key by itself with the same material and the same users."""
    settings: EncryptionSettings = field(default_factory=EncryptionSettings)
    """How it rotates and goes; what is not said here is as in `dev`."""
    retain_on_delete: bool = False
    """`pulumi destroy` forgets the key and leaves it in the account, as what it encrypted is lost without it."""
    import_id: str = ""
    """Id of an existing key that this deployment imports into the state; empty: the key is created."""
    import_replica_ids: Mapping[str, str] = field(default_factory=dict)
    """Ids of its existing replicas, by region."""
    provider_info: ProviderInfo | None = None
    """Account, region and partition of the key. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := sorted({*self.users} - USERS):
            raise invalid_value("users", unknown, f"among {', '.join(sorted(USERS))}")


class Key(pulumi.ComponentResource):
    """A symmetric key that rotates by itself, under an alias; AWS services use it, and nobody else."""

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Key", name, None, opts)
        self._prefix, self._args = name, args
        self.settings = merge(BASIS.encryption, args.settings)
        self._info = args.provider_info or ProviderInfo(self)
        self.resource = self._key()
        # It goes with the stack even where the key stays: a later key gets it.
        self.alias = aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{args.name}",
            target_key_id=self.resource.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.replicas = {region: self._replica(region) for region in args.replica_regions}
        self.id = self.resource.id
        self.arn = self.resource.arn
        self.replica_arns = {region: replica.arn for region, replica in self.replicas.items()}
        self.register_outputs({"id": self.id, "arn": self.arn, "replica_arns": self.replica_arns})

    def _key(self) -> aws.kms.Key:
        return aws.kms.Key(
            f"{self._prefix}-key",
            description=self._args.description or None,
            enable_key_rotation=True,
            rotation_period_in_days=self.settings.rotation_days,
            deletion_window_in_days=self.settings.deletion_window_days,
            # Always, for it cannot be changed: so a table that gets a replica in another region keeps its key.
            multi_region=True,
            policy=self._policy(self._info.region),
            tags=self._args.tags,
            opts=self._options(self._args.import_id),
        )

    def _replica(self, region: str) -> aws.kms.ReplicaKey:
        return aws.kms.ReplicaKey(
            f"{self._prefix}-{region}-replica",
            region=region,
            primary_key_arn=self.resource.arn,
            description=self._args.description or None,
            deletion_window_in_days=self.settings.deletion_window_days,
            policy=self._policy(region),
            tags=self._args.tags,
            opts=self._options(self._args.import_replica_ids.get(region, "")),
        )

    def _options(self, import_id: str) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self,
            retain_on_delete=self._args.retain_on_delete,
            import_=import_id or None,
            # AWS does not return it, so an imported key would differ in it.
            ignore_changes=["deletionWindowInDays"] if import_id else None,
        )

    def _policy(self, region: pulumi.Input[str]) -> pulumi.Output[str]:
        info, users = self._info, self._args.users
        return pulumi.Output.json_dumps(
            derive(iam.key_document, info.account, region, users, info.partition, info.dns_suffix)
        )
