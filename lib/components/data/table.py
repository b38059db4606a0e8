"""A DynamoDB table, the scaling of its capacity, its replicas, and the permissions it can hand out."""

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
"""How far above its least capacity a table scales when nothing else is said."""
TOKEN = "tap:aws:Table"  # noqa: S105  # a type token
ONLY_READ = "only_read"
"""Output that says whether the table is used without being part of the stack, which the next deployment reads."""
RETAINED = "retain_on_delete"
"""Output that says whether `destroy` retains the table, which the next deployment reads."""
REPLICATED = "replicated"
"""Output that says whether the table has or had replicas, which the next deployment reads."""
REPLICATED_STREAM = "NEW_AND_OLD_IMAGES"
"""What DynamoDB replicates by; it holds all that any other kind of stream does."""


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """What a `Table` is made from."""

    name: str
    """The table's name in AWS."""
    table: model.Table
    """Its keys, indexes, TTL and stream."""
    settings: TableSettings = field(default_factory=TableSettings)
    """What is not said here is as in `dev`."""
    kms_key_arn: pulumi.Input[str] | None = None
    """The key that encrypts it; None: the AWS-managed one."""
    aws_owned_key: bool = False
    """Without `kms_key_arn`: the AWS-owned one, which costs nothing and tells CloudTrail nothing."""
    replica_key_arns: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """The key of each replica by its region; DynamoDB takes a key of one's own in every region, or in none."""
    aws_managed_key_arns: Mapping[str, str] = field(default_factory=dict)
    """ARN of DynamoDB's AWS managed key by region, `""` for the table's own, set where a table or a replica leaves a
    customer managed key: the provider keeps the old key if its ARN is only removed."""
    was_replicated: bool = False
    """Whether the table had replicas: it keeps their stream, because DynamoDB rejects a change of the stream while the
    table has replicas, and Pulumi deletes those last.  A stream that nothing reads is free of charge."""
    was_on_demand: bool = False
    """Whether the table is on demand until this deployment. If it becomes provisioned, it and its indexes get the
    capacity of `settings`; afterwards auto scaling changes the capacity and deployments leave it unchanged."""
    import_id: str = ""
    """Name of an existing table that this deployment imports into the state; empty: the table is created."""
    import_replica_ids: Mapping[str, str] = field(default_factory=dict)
    """Import ids of existing replicas, by region."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = set() if self.kms_key_arn is None else {*(self.settings.replica_regions or ())}
        if {*self.replica_key_arns} != wanted:
            remedy = "With kms_key_arn, pass one key for each replica region; otherwise, pass none."
            expected = f"keys of the regions {sorted(wanted)}"
            raise invalid_value("replica_key_arns", sorted(self.replica_key_arns), expected, remedy)


class Table(pulumi.ComponentResource):
    """A DynamoDB table, encrypted."""

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
        """A statement that allows `actions`, e.g. `["GetItem"]`, on this table or on indexes of it.

        With `keys`, partition keys in which `*` is any text, only on rows that have one of them.
        """
        return derive(lambda arn: iam.table_statement(arn, actions, indexes, keys), self.arn)

    def grant_stream(self) -> pulumi.Output[iam.Statement]:
        """A statement that lets a function's role read the changes of this table, which must have a stream."""
        return derive(lambda arn: iam.allow("dynamodb", iam.STREAM_READ, [arn]), self.stream_arn)

    def _existing(self, name: str, args: TableArgs) -> aws.dynamodb.Table:
        return aws.dynamodb.Table.get(f"{name}-table", args.name, pulumi.ResourceOptions(parent=self))

    def _table(self, name: str, args: TableArgs) -> aws.dynamodb.Table:
        table, settings = args.table, self.settings
        scaled = _provisioned(settings)
        is_scaled_already = scaled and not args.was_on_demand
        stream = REPLICATED_STREAM if _has_replicated_stream(args) else table.stream
        return aws.dynamodb.Table(
            f"{name}-table",
            name=args.name,
            attributes=[{"name": key, "type": kind} for key, kind in table.keys().items()],
            hash_key=table.hash_key.name,
            range_key=table.range_key.name if table.range_key else None,
            global_secondary_indexes=[_index(index, settings) for index in table.indexes] or None,
            billing_mode=settings.billing_mode,
            read_capacity=settings.read_capacity if scaled else None,
            write_capacity=settings.write_capacity if scaled else None,
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
                # Auto scaling changes the capacity of a provisioned table; replicas are resources of their own.
                ignore_changes=["replicas", *(_SCALED_PROPERTIES if is_scaled_already else ())],
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
                # DynamoDB replicates no provisioned table whose writes do not scale yet.
                depends_on=[policy for _, policy in self.scaling],
                # A region has one replica of a table: delete it before DynamoDB creates and fills another.
                delete_before_replace=True,
                import_=args.import_replica_ids.get(region),
            ),
        )

    def _scaling(self, name: str, args: TableArgs) -> list[tuple[aws.appautoscaling.Target, aws.appautoscaling.Policy]]:
        made = []
        for row in scaling_rows(args.table, self.settings):
            target = aws.appautoscaling.Target(
                f"{name}-{row.label}-target",
                service_namespace="dynamodb",
                resource_id=concat("table/", self.resource.name, row.suffix),
                scalable_dimension=row.dimension,
                min_capacity=row.least,
                max_capacity=row.most,
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
            policy = aws.appautoscaling.Policy(
                f"{name}-{row.label}-policy",
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                resource_id=target.resource_id,
                scalable_dimension=target.scalable_dimension,
                target_tracking_scaling_policy_configuration={
                    "predefined_metric_specification": {"predefined_metric_type": row.metric},
                    "target_value": SCALING_TARGET_PERCENT,
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
            made.append((target, policy))
        return made


_SCALED_PROPERTIES = [
    "readCapacity",
    "writeCapacity",
    "globalSecondaryIndexes[*].readCapacity",
    "globalSecondaryIndexes[*].writeCapacity",
]


@dataclass(frozen=True, kw_only=True)
class ScalingRow:
    """One capacity that scales: reads or writes, of a table or of one of its indexes."""

    label: str
    suffix: str
    dimension: str
    metric: str
    least: int
    most: int


def scaling_rows(table: model.Table, settings: TableSettings) -> Iterator[ScalingRow]:
    """Everything about a provisioned table that scales; nothing of one on demand."""
    if not _provisioned(settings):
        return
    reads, writes = settings.read_capacity or 1, settings.write_capacity or 1
    limits = {
        "Read": (reads, settings.max_read_capacity or reads * SCALING_FACTOR),
        "Write": (writes, settings.max_write_capacity or writes * SCALING_FACTOR),
    }
    for index in (None, *table.indexes):
        for kind, (least, most) in limits.items():
            yield ScalingRow(
                label=f"{index.name}-{kind.lower()}" if index else kind.lower(),
                suffix=f"/index/{index.name}" if index else "",
                dimension=f"dynamodb:{'index' if index else 'table'}:{kind}CapacityUnits",
                metric=f"DynamoDB{kind}CapacityUtilization",
                least=least,
                most=most,
            )


def _has_replicated_stream(args: TableArgs) -> bool:
    return args.was_replicated or bool(args.settings.replica_regions)


def _provisioned(settings: TableSettings) -> bool:
    return settings.billing_mode == "PROVISIONED"


def _encryption(args: TableArgs) -> aws.dynamodb.TableServerSideEncryptionArgsDict:
    if args.kms_key_arn is not None:
        return {"enabled": True, "kms_key_arn": args.kms_key_arn}
    if aws_managed := args.aws_managed_key_arns.get(""):
        return {"enabled": True, "kms_key_arn": aws_managed}
    # The provider leaves a table with the key it has when an ARN is only taken away; this it carries out.
    return {"enabled": not args.aws_owned_key}


def _index(index: model.Index, settings: TableSettings) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    keys: list[aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgsDict] = [
        {"attribute_name": index.hash_key.name, "key_type": "HASH"}
    ]
    if index.range_key:
        keys.append({"attribute_name": index.range_key.name, "key_type": "RANGE"})
    made: aws.dynamodb.TableGlobalSecondaryIndexArgsDict = {
        "name": index.name,
        "key_schemas": keys,
        "projection_type": index.projection,
    }
    if _provisioned(settings):
        made["read_capacity"] = settings.read_capacity or 1
        made["write_capacity"] = settings.write_capacity or 1
    return made
