"""An S3 bucket that exists outside the stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from ...documents import iam
from .bucket import bucket_statements


class ExistingBucket:
    """A bucket that exists outside the stack, with the permissions on it. It is not a resource of the stack."""

    def __init__(self, arn: pulumi.Output[str], name: pulumi.Output[str]) -> None:
        self.arn, self.name = arn, name

    def grant(self, actions: Sequence[str], keys: Sequence[str] = ()) -> list[pulumi.Output[iam.Statement]]:
        """Return statements that allow `actions` on the bucket and its objects, as `Bucket.grant` does."""
        return bucket_statements(self.arn, actions, keys)
