"""A DynamoDB table that exists outside the stack."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive


class ExistingTable:
    """A table that exists outside the stack, with the permissions on it. It is not a resource of the stack."""

    def __init__(self, arn: pulumi.Output[str], name: pulumi.Output[str], invoke_opts: pulumi.InvokeOptions) -> None:
        """`invoke_opts` are the options of the data source that reads the table if a function reads its stream."""
        self.arn, self.name = arn, name
        self._invoke_opts = pulumi.InvokeOutputOptions(parent=invoke_opts.parent)

    @cached_property
    def stream_arn(self) -> pulumi.Output[str]:
        """ARN of the stream of the table, which must have one. It is read from the table."""
        table = aws.dynamodb.get_table_output(name=self.name, opts=self._invoke_opts)
        # A data source that is not read in a preview, because its arguments are unknown, has no dependencies.
        return derive(lambda stream_arn, _: str(stream_arn), table.stream_arn, self.arn)

    def grant(
        self, actions: Sequence[str], indexes: Sequence[str] = (), keys: Sequence[str] = ()
    ) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions` on the table, as `Table.grant` does."""
        return derive(lambda arn: iam.allow_table_actions(arn, actions, indexes, keys), self.arn)

    def grant_stream(self) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows reading the stream of the table, which must have one."""
        return derive(lambda arn: iam.allow("dynamodb", iam.STREAM_READ, [arn]), self.stream_arn)
