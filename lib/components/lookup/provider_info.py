"""The account, the region and the partition in which an AWS provider creates resources."""

from __future__ import annotations

from functools import cached_property

import pulumi
import pulumi_aws as aws

from ..derived import derive

PARTITION = "aws"
DNS_SUFFIX = "amazonaws.com"
"""Default partition and DNS suffix, if the provider returns none, as in unit tests with mocks."""


class ProviderInfo:
    """Account, region and partition of the AWS provider that creates a resource's children.

    Each is looked up once, on first use.
    """

    def __init__(self, parent: pulumi.Resource) -> None:
        self._opts = pulumi.InvokeOutputOptions(parent=parent)

    @cached_property
    def account(self) -> pulumi.Output[str]:
        """Account ID. Empty if the provider does not return it."""
        return derive(str, aws.get_caller_identity_output(opts=self._opts).account_id)

    @cached_property
    def region(self) -> pulumi.Output[str]:
        """Region, e.g. `us-east-1`. Empty if the provider does not return it."""
        return derive(str, aws.get_region_output(opts=self._opts).region)

    @cached_property
    def partition(self) -> pulumi.Output[str]:
        """Partition, e.g. `aws-cn`: the second part of every ARN."""
        return derive(lambda partition: partition or PARTITION, self._partition_result.partition)

    @cached_property
    def dns_suffix(self) -> pulumi.Output[str]:
        """Suffix of the domain names of AWS services, e.g. `amazonaws.com.cn`."""
        return derive(lambda suffix: suffix or DNS_SUFFIX, self._partition_result.dns_suffix)

    @cached_property
    def _partition_result(self) -> pulumi.Output[aws.GetPartitionResult]:
        return aws.get_partition_output(opts=self._opts)
