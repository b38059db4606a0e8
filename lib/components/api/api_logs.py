"""The access and execution logs of an API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...settings import ApiSettings, merge
from ...settings.environments import BASIS
from ..derived import concat
from ..lookup.provider_info import ProviderInfo
from .api_account import ApiAccount, ApiAccountArgs


@dataclass(frozen=True, kw_only=True)
class ApiLogsArgs:
    """Arguments for `ApiLogs`."""

    api_name: str
    api_id: pulumi.Input[str]
    settings: ApiSettings = field(default_factory=ApiSettings)
    """Unset fields use the `dev` defaults."""
    retention_days: int | None = BASIS.function.log_retention_days
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the log groups. Default (None): CloudWatch Logs encrypts them with its default key."""
    provider_info: ProviderInfo | None = None
    """Account and partition of the API. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class ApiLogs(pulumi.ComponentResource):
    """The log groups of an API, and the role that API Gateway assumes to write to them."""

    def __init__(self, name: str, args: ApiLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:ApiLogs", name, None, opts)
        settings = merge(BASIS.api, args.settings)
        self._prefix, self._args = name, args
        self.account = None if settings.log_role == "unmanaged" else self._account(settings.log_role)
        self.access = self._group("access", f"/aws/apigateway/{args.api_name}") if settings.access_log else None
        # If this group does not exist, API Gateway creates it without a retention period.
        execution = concat("API-Gateway-Execution-Logs_", args.api_id, f"/{settings.stage_name}")
        self.execution = None if settings.execution_log_level == "OFF" else self._group("execution", execution)
        self.register_outputs({"group_names": [group.name for group in self.groups()]})

    def groups(self) -> list[aws.cloudwatch.LogGroup]:
        """Return the log groups that this component creates."""
        return [group for group in (self.access, self.execution) if group]

    def ready(self) -> list[pulumi.Resource]:
        """Return the resources that must exist before a stage can write logs."""
        return [*self.groups(), *([self.account.resource] if self.account else [])]

    def _account(self, role: str | None) -> ApiAccount:
        return ApiAccount(
            f"{self._prefix}-account",
            ApiAccountArgs(
                owner=self._args.api_name,
                role_arn=None if role == "create" else role,
                provider_info=self._args.provider_info,
                tags=self._args.tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _group(self, kind: str, name: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._prefix}-{kind}",
            name=name,
            retention_in_days=self._args.retention_days,
            kms_key_id=self._args.kms_key_arn,
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
