"""A customer managed KMS key and its replicas in other regions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import key_policies
from ...settings import EncryptionSettings, invalid_value, merge
from ...settings.environments import BASIS
from ..derived import derive
from ..lookup.provider_info import ProviderInfo

KEY_SERVICES = frozenset((*key_policies.KEY_VIA_SERVICES, *key_policies.KEY_SERVICE_PRINCIPALS))
"""AWS services that can use a key."""


@dataclass(frozen=True, kw_only=True)
class KeyArgs:
    """Arguments for `Key`."""

    name: str
    """Name of the alias, without the prefix `alias/`."""
    services: Collection[str]
    """AWS services that can use the key. Allowed values: `KEY_SERVICES`."""
    description: str = ""
    replica_regions: Sequence[str] = ()
    """Other regions in which a replica key is created, with the same key material and for the same services."""
    settings: EncryptionSettings = field(default_factory=EncryptionSettings)
    """Rotation and deletion of the key. Unset fields use the `dev` defaults."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the key. Data that a deleted key encrypted is lost."""
    import_id: str = ""
    """ID of an existing key that this deployment imports into the state. Default (empty): a key is created."""
    import_replica_ids: Mapping[str, str] = field(default_factory=dict)
    """IDs of existing replica keys to import, by region."""
    provider_info: ProviderInfo | None = None
    """Account, region and partition of the key. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := sorted({*self.services} - KEY_SERVICES):
            raise invalid_value("services", unknown, f"among {', '.join(sorted(KEY_SERVICES))}")


class Key(pulumi.ComponentResource):
    """A symmetric KMS key with automatic rotation and an alias. Only AWS services of its account can use it."""

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Key", name, None, opts)
        self._prefix, self._args = name, args
        self.settings = merge(BASIS.encryption, args.settings)
        self._info = args.provider_info or ProviderInfo(self)
        self.resource = self._key()
        # The alias is deleted with the stack even if the key is retained, so that a later key can use its name.
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
            # Immutable and always enabled, so that replicas in other regions do not require a new key.
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
            # AWS does not return this property, so the import of a key would report a difference.
            ignore_changes=["deletionWindowInDays"] if import_id else None,
        )

    def _policy(self, region: pulumi.Input[str]) -> pulumi.Output[str]:
        info, services = self._info, self._args.services
        return pulumi.Output.json_dumps(
            derive(key_policies.key_policy, info.account, region, services, info.partition, info.dns_suffix)
        )
