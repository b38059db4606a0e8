"""Topics, queues and event buses that exist outside the stack. They are not resources of the stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pulumi

from ...documents import iam
from ...model.existing import queue_url
from ..derived import derive


class ExistingMessaging:
    """A resource that exists outside the stack, with the permissions on it."""

    AWS_SERVICE: ClassVar[str]

    def __init__(self, arn: pulumi.Output[str], name: pulumi.Output[str]) -> None:
        self.arn, self.name = arn, name

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["Publish"]`, on the resource."""
        return derive(lambda arn: iam.allow(self.AWS_SERVICE, actions, [arn]), self.arn)


class ExistingTopic(ExistingMessaging):
    """A topic that exists outside the stack."""

    AWS_SERVICE = "sns"


class ExistingEventBus(ExistingMessaging):
    """A custom event bus that exists outside the stack."""

    AWS_SERVICE = "events"


class ExistingQueue(ExistingMessaging):
    """A queue that exists outside the stack."""

    AWS_SERVICE = "sqs"

    def __init__(self, arn: pulumi.Output[str], name: pulumi.Output[str], dns_suffix: pulumi.Output[str]) -> None:
        super().__init__(arn, name)
        self.url = derive(queue_url, arn, dns_suffix)
