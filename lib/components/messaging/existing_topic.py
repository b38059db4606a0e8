"""An SNS topic that exists outside the stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from ...documents import iam
from ..derived import derive


class ExistingTopic:
    """A topic that exists outside the stack, with the permissions on it. It is not a resource of the stack."""

    def __init__(self, arn: pulumi.Output[str], name: pulumi.Output[str]) -> None:
        self.arn, self.name = arn, name

    def grant(self, actions: Sequence[str]) -> pulumi.Output[iam.Statement]:
        """Return a statement that allows `actions`, e.g. `["Publish"]`, on the topic."""
        return derive(lambda arn: iam.allow("sns", actions, [arn]), self.arn)
