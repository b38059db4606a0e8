"""The IAM role that API Gateway assumes to write logs: a setting that all APIs of an account and region share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...model.names import role_name_prefix
from ..compute.role import Role, RoleArgs
from ..lookup.provider_info import ProviderInfo


@dataclass(frozen=True, kw_only=True)
class ApiAccountArgs:
    """Arguments for `ApiAccount`."""

    owner: str
    """Name of the API. The role name starts with it."""
    role_arn: str | None = None
    """ARN of an existing role. Default (None): a role is created."""
    provider_info: ProviderInfo | None = None
    """Account and partition of the role. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class ApiAccount(pulumi.ComponentResource):
    """The account setting that lets API Gateway write logs.

    `pulumi destroy` retains the setting, because the other APIs of the account and region also use it.
    """

    def __init__(self, name: str, args: ApiAccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:ApiAccount", name, None, opts)
        self.role = None if args.role_arn else self._role(name, args)
        self.role_arn = self.role.arn if self.role else pulumi.Output.from_input(args.role_arn)
        self.resource = aws.apigateway.Account(
            f"{name}-account",
            cloudwatch_role_arn=self.role_arn,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=self.role.permissions() if self.role else None, retain_on_delete=True
            ),
        )
        self.register_outputs({"role_arn": self.role_arn})

    def _role(self, name: str, args: ApiAccountArgs) -> Role:
        info = args.provider_info or ProviderInfo(self)
        return Role(
            f"{name}-writer",
            RoleArgs(
                name_prefix=role_name_prefix(args.owner),
                trusted_service="apigateway.amazonaws.com",
                source_account=info.account,
                managed_policies=[iam.API_GATEWAY_LOGS],
                provider_info=info,
                retain_on_delete=True,
                tags=args.tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )
