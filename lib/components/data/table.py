"""A DynamoDB table with auto scaling and replicas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ... import model
from ...documents import iam
from ...settings import TableSettings, invalid_value, merge
from ...settings.environments import BASIS
from ..derived import concat, derive

SCALING_TARGET_PERCENT = 70
SCALING_FACTOR = 10
"""Default ratio of the maximum to the minimum capacity."""
TOKEN = "tap:aws:Table"  # noqa: S105  # a type token
ONLY_READ = "only_read"
"""Output, read by the next deployment: whether the table is an existing one that the stack does not manage."""
RETAINED = "retain_on_delete"
"""Output, read by the next deployment: whether `pulumi destroy` retains the table."""
REPLICATED = "replicated"
"""Output, read by the next deployment: whether the table has or had replicas."""
REPLICATED_STREAM = "NEW_AND_OLD_IMAGES"
"""Stream view type that replication requires. It contains the data of all other view types."""


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """Arguments for `Table`."""

    name: str
    """Physical name of the table."""
    table: model.Table
    """Keys, indexes, TTL and stream of the table."""
    settings: TableSettings = field(default_factory=TableSettings)
    """Unset fields use the `dev` defaults."""
    kms_key_arn: pulumi.Input[str] | None = None
    """Customer managed KMS key of the table. Default (None): the AWS managed key."""
    aws_owned_key: bool = False
    """Whether a table without `kms_key_arn` uses the AWS owned key, which is free and not logged in CloudTrail."""
    replica_key_arns: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """KMS key of each replica, by region. DynamoDB requires a customer managed key in all regions or in none."""
    aws_managed_key_arns: Mapping[str, str] = field(default_factory=dict)
    """ARN of DynamoDB's AWS managed key by region (`""`: region of the table), set if a table or replica stops using a
    customer managed key. If only the old ARN were removed, the provider would not change the key."""
    was_replicated: bool = False
    """Whether the table had replicas. If so, the table keeps the stream of its replicas: Pulumi deletes replicas last,
    and DynamoDB rejects stream changes while they exist. A stream without consumers is free."""
    was_on_demand: bool = False
    """Whether the table is on demand before this deployment. If it becomes provisioned, this deployment sets the
    capacity in `settings`. Later deployments ignore the capacity, because auto scaling changes it."""
    import_id: str = ""
    """Name of an existing table that this deployment imports into the state. Default (empty): a table is created."""
    import_replica_ids: Mapping[str, str] = field(default_factory=dict)
    """Import IDs of existing replicas, by region."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        regions = set() if self.kms_key_arn is None else {*(self.settings.replica_regions or ())}
        if {*self.replica_key_arns} != regions:
            remedy = "With kms_key_arn, pass one key for each replica region; otherwise, pass none."
            expected = f"keys of the regions {sorted(regions)}"
            raise invalid_value("replica_key_arns", sorted(self.replica_key_arns), expected, remedy)


class Table(pulumi.ComponentResource):
    """A DynamoDB table."""

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TOKEN, name, None, opts)
        self.settings = merge(BASIS.table, args.settings)
        existing = self.settings.existing
        self.resource = self._existing(name, args) if existing else self._table(name, args)
        self.scaling = [] if existing else self._scaling(name, args)
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.stream_arn = self.resource.stream_arn
        self.replicas = {region: self._replica(name, region, args) for region in self.settings.replica_regions or ()}
        self.register_outputs(
            {
                "name": self.name,
                "arn": self.arn,
                "stream_arn": self.stream_arn,
                RETAINED: bool(self.settings.retain_on_delete),
                REPLICATED: _has_replicated_stream(args),
                ONLY_READ: bool(existing),
            }
        )

    def grant(
        self, actions: Sequence[str], indexes: Sequence[str] = (), keys: Sequence[str] = ()
    ) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["GetItem"]`, on this table, or on `indexes` of it.

        `keys` limits it to items with one of these partition keys, which can contain the wildcard `*`.
        """
        return derive(lambda arn: iam.allow_table_actions(arn, actions, indexes, keys), self.arn)

    def grant_stream(self) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows reading the stream of this table, which must have one."""
        return derive(lambda arn: iam.allow("dynamodb", iam.STREAM_READ, [arn]), self.stream_arn)

    def _existing(self, name: str, args: TableArgs) -> aws.dynamodb.Table:
        return aws.dynamodb.Table.get(f"{name}-table", args.name, pulumi.ResourceOptions(parent=self))

    def _table(self, name: str, args: TableArgs) -> aws.dynamodb.Table:
        table, settings = args.table, self.settings
        is_provisioned = _is_provisioned(settings)
        is_already_scaled = is_provisioned and not args.was_on_demand
        stream = REPLICATED_STREAM if _has_replicated_stream(args) else table.stream
        return aws.dynamodb.Table(
            f"{name}-table",
            name=args.name,
            attributes=[{"name": key, "type": kind} for key, kind in table.keys().items()],
            hash_key=table.hash_key.name,
            range_key=table.range_key.name if table.range_key else None,
            global_secondary_indexes=[_index(index, settings) for index in table.indexes] or None,
            local_secondary_indexes=[_local_index(index) for index in table.local_indexes] or None,
            billing_mode=settings.billing_mode,
            read_capacity=settings.read_capacity if is_provisioned else None,
            write_capacity=settings.write_capacity if is_provisioned else None,
            ttl={"attribute_name": table.ttl, "enabled": True} if table.ttl else None,
            stream_enabled=True if stream else None,
            stream_view_type=stream,
            server_side_encryption=_encryption(args),
            point_in_time_recovery={"enabled": bool(settings.point_in_time_recovery)},
            deletion_protection_enabled=settings.deletion_protection,
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=settings.retain_on_delete,
                # Auto scaling changes the capacity of a provisioned table. Replicas are separate resources.
                ignore_changes=["replicas", *(_SCALED_PROPERTIES if is_already_scaled else ())],
                import_=args.import_id or None,
            ),
        )

    def _replica(self, name: str, region: str, args: TableArgs) -> aws.dynamodb.TableReplica:
        return aws.dynamodb.TableReplica(
            f"{name}-{region}-replica",
            region=region,
            global_table_arn=self.arn,
            kms_key_arn=args.replica_key_arns.get(region, args.aws_managed_key_arns.get(region)),
            point_in_time_recovery=bool(self.settings.point_in_time_recovery),
            deletion_protection_enabled=self.settings.deletion_protection,
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=self.settings.retain_on_delete,
                # DynamoDB requires auto scaling of writes before replicas are added to a provisioned table.
                depends_on=[policy for _, policy in self.scaling],
                # A region can have only one replica of a table.
                delete_before_replace=True,
                import_=args.import_replica_ids.get(region),
            ),
        )

    def _scaling(self, name: str, args: TableArgs) -> list[tuple[aws.appautoscaling.Target, aws.appautoscaling.Policy]]:
        scaling = []
        for spec in scaling_specs(args.table, self.settings):
            target = aws.appautoscaling.Target(
                f"{name}-{spec.label}-target",
                service_namespace="dynamodb",
                resource_id=concat("table/", self.resource.name, spec.suffix),
                scalable_dimension=spec.dimension,
                min_capacity=spec.minimum,
                max_capacity=spec.maximum,
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
            policy = aws.appautoscaling.Policy(
                f"{name}-{spec.label}-policy",
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                resource_id=target.resource_id,
                scalable_dimension=target.scalable_dimension,
                target_tracking_scaling_policy_configuration={
                    "predefined_metric_specification": {"predefined_metric_type": spec.metric},
                    "target_value": SCALING_TARGET_PERCENT,
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
            scaling.append((target, policy))
        return scaling


_SCALED_PROPERTIES = [
    "readCapacity",
    "writeCapacity",
    "globalSecondaryIndexes[*].readCapacity",
    "globalSecondaryIndexes[*].writeCapacity",
]


@dataclass(frozen=True, kw_only=True)
class ScalingSpec:
    """Auto scaling of the read or write capacity of a table or of one of its indexes."""

    label: str
    suffix: str
    """Last part of the resource ID, such as `/index/<name>`. Empty for the table itself."""
    dimension: str
    metric: str
    minimum: int
    maximum: int


def scaling_specs(table: model.Table, settings: TableSettings) -> Iterator[ScalingSpec]:
    """Yield the auto scaling of a provisioned table and of its indexes. Yield nothing for an on-demand table."""
    if not _is_provisioned(settings):
        return
    reads, writes = settings.read_capacity or 1, settings.write_capacity or 1
    limits = {
        "Read": (reads, settings.max_read_capacity or reads * SCALING_FACTOR),
        "Write": (writes, settings.max_write_capacity or writes * SCALING_FACTOR),
    }
    for index in (None, *table.indexes):
        for kind, (minimum, maximum) in limits.items():
            yield ScalingSpec(
                label=f"{index.name}-{kind.lower()}" if index else kind.lower(),
                suffix=f"/index/{index.name}" if index else "",
                dimension=f"dynamodb:{'index' if index else 'table'}:{kind}CapacityUnits",
                metric=f"DynamoDB{kind}CapacityUtilization",
                minimum=minimum,
                maximum=maximum,
            )


def _has_replicated_stream(args: TableArgs) -> bool:
    return args.was_replicated or bool(args.settings.replica_regions)


def _is_provisioned(settings: TableSettings) -> bool:
    return settings.billing_mode == "PROVISIONED"


def _encryption(args: TableArgs) -> aws.dynamodb.TableServerSideEncryptionArgsDict:
    if args.kms_key_arn is not None:
        return {"enabled": True, "kms_key_arn": args.kms_key_arn}
    if aws_managed := args.aws_managed_key_arns.get(""):
        return {"enabled": True, "kms_key_arn": aws_managed}
    # The provider ignores a removed key ARN, but applies a changed value of `enabled`.
    return {"enabled": not args.aws_owned_key}


def _index(index: model.Index, settings: TableSettings) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    keys: list[aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgsDict] = [
        {"attribute_name": index.hash_key.name, "key_type": "HASH"}
    ]
    if index.range_key:
        keys.append({"attribute_name": index.range_key.name, "key_type": "RANGE"})
    properties: aws.dynamodb.TableGlobalSecondaryIndexArgsDict = {
        "name": index.name,
        "key_schemas": keys,
        "projection_type": index.projection,
    }
    if index.attributes:
        properties["non_key_attributes"] = list(index.attributes)
    if _is_provisioned(settings):
        properties["read_capacity"] = settings.read_capacity or 1
        properties["write_capacity"] = settings.write_capacity or 1
    return properties


def _local_index(index: model.LocalIndex) -> aws.dynamodb.TableLocalSecondaryIndexArgsDict:
    properties: aws.dynamodb.TableLocalSecondaryIndexArgsDict = {
        "name": index.name,
        "range_key": index.range_key.name,
        "projection_type": index.projection,
    }
    if index.attributes:
        properties["non_key_attributes"] = list(index.attributes)
    return properties
