"""Access of functions to the resources of a stack: permissions and environment variables."""

from __future__ import annotations

import pulumi

from .. import model
from ..components.data.existing_table import ExistingTable
from ..components.data.parameter import Parameter
from ..components.data.table import Table
from ..components.derived import derive
from ..components.messaging.queue import Queue
from ..components.storage.bucket import Bucket
from ..components.storage.existing_bucket import ExistingBucket
from ..documents import iam
from ..model.variables import deployed_value
from ..runtime import http_client as aws_client
from .context import StackContext
from .data import DataLayer


class Access:
    """Permissions and environment variables of functions, from their grants and triggers."""

    def __init__(self, context: StackContext, data: DataLayer) -> None:
        self._context, self._data = context, data

    def permissions(self, grant: model.Grant | model.Statement) -> list[pulumi.Output[iam.Statement]]:
        """Return the permissions that a grant or an explicit statement describes."""
        if isinstance(grant, model.Statement):
            return [self._explicit_statement(grant)]
        resource = self._data.resource(grant.on)
        if isinstance(resource, Bucket | ExistingBucket):
            return resource.grant(grant.actions, grant.keys)
        if isinstance(resource, Table | ExistingTable):
            return [resource.grant(grant.actions, grant.indexes, grant.keys)]
        return [resource.grant(grant.actions)]

    def statements(self, function: model.Function) -> list[pulumi.Output[iam.Statement]]:
        """Return all permissions of a function: its grants, the streams and queues that it consumes, its dead-letter
        queue."""
        consumers, queue = function.consumers, self._dead_letter_target(function)
        streams = [self._data.table(c.table) for c in consumers if isinstance(c, model.StreamConsumer)]
        queues = [self._data.queue(c.queue) for c in consumers if isinstance(c, model.QueueConsumer)]
        return [
            *(permission for grant in function.grants() for permission in self.permissions(grant)),
            *(self._explicit_statement(statement) for statement in function.statements()),
            *(table.grant_stream() for table in streams),
            *(queue.grant(iam.QUEUE_CONSUMPTION) for queue in queues),
            *([queue.grant(["SendMessage"])] if queue else []),
        ]

    def environment(self, function: model.Function) -> dict[str, pulumi.Input[str]]:
        """Return the environment variables of the resources that a function has access to."""
        accessible = {grant.on for grant in function.grants()} | {consumer.source for consumer in function.consumers}
        if not accessible:
            return {}
        variables: dict[str, pulumi.Input[str]] = {
            aws_client.DNS_SUFFIX_VARIABLE: self._context.provider_info.dns_suffix
        }
        for definition in self._context.service.resource_definitions():
            if definition.name in accessible and definition.variable:
                resource = self._data.resource(definition.name)
                variables[definition.variable] = getattr(resource, definition.VARIABLE_VALUE)
                if isinstance(resource, Parameter):
                    variables[deployed_value(definition.variable)] = resource.value
        return variables

    def dead_letter_arn(self, function: model.Function) -> pulumi.Output[str] | None:
        """Return the ARN of the queue for failed events of a function; None if it has none."""
        queue = self._dead_letter_target(function)
        return queue.arn if queue else None

    def _explicit_statement(self, statement: model.Statement) -> pulumi.Output[iam.Statement]:
        """Return an explicit IAM statement with the values of its placeholders."""
        info, arns = self._context.provider_info, self._context.args.existing
        values: dict[str, pulumi.Input[str]] = {
            "partition": info.partition,
            "region": info.region,
            "account": info.account,
            "environment": self._context.args.environment,
            **{f"existing[{name}]": arns[name] for name in statement.existing()},
        }
        names = [*values]
        return derive(
            lambda *filled: iam.allow_explicitly(statement.filled(dict(zip(names, filled, strict=True)))),
            *values.values(),
        )

    def _dead_letter_target(self, function: model.Function) -> Queue | None:
        """Return the queue for failed events, if the function has triggers that do not wait for a response."""
        return self._data.dead_letters if function.async_triggers() else None
