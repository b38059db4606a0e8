"""An EventBridge event bus with an optional archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive


@dataclass(frozen=True, kw_only=True)
class EventBusArgs:
    """Arguments for `EventBus`."""

    name: str
    """Physical name of the bus."""
    archive_name: str = ""
    """Physical name of the archive. Required with `archive_days`."""
    archive_days: int = 0
    """Days for which an archive keeps all events. Default (0): no archive."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the events. Default (None): a key of AWS."""
    dead_letter_arn: pulumi.Input[str] | None = None
    """Queue for events that EventBridge cannot encrypt or decrypt with the key. Its policy must allow the bus to send
    messages. Default (None): the events are lost."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class EventBus(pulumi.ComponentResource):
    """An event bus, to which roles of its account can put events."""

    def __init__(self, name: str, args: EventBusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:EventBus", name, None, opts)
        self.resource = aws.cloudwatch.EventBus(
            f"{name}-bus",
            name=args.name,
            kms_key_identifier=args.kms_key_arn,
            dead_letter_config={"arn": args.dead_letter_arn} if args.dead_letter_arn else None,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.archive = self._archive(name, args) if args.archive_days else None
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["PutEvents"]`, on this bus."""
        return derive(lambda arn: iam.allow("events", actions, [arn]), self.arn)

    def _archive(self, name: str, args: EventBusArgs) -> aws.cloudwatch.EventArchive:
        return aws.cloudwatch.EventArchive(
            f"{name}-archive",
            name=args.archive_name,
            event_source_arn=self.arn,
            retention_days=args.archive_days,
            kms_key_identifier=args.kms_key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
