"""The least-privilege role of an AWS service, such as Lambda."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ..derived import derive
from ..lookup.provider_info import ProviderInfo


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """Arguments for `Role`."""

    name_prefix: str
    """Prefix of the physical name. AWS appends a unique suffix, because role names are unique across regions."""
    statements: Sequence[pulumi.Input[iam.Statement]] = ()
    """Statements of the inline policy, e.g. from `Table.grant`."""
    trusted_service: str = "lambda.amazonaws.com"
    source_account: pulumi.Input[str] | None = None
    """Only account on behalf of which the service can assume the role (`aws:SourceAccount`). Default (None): any
    account."""
    managed_policies: Sequence[str] = ()
    """Paths of AWS managed policies, e.g. `service-role/AWSLambdaBasicExecutionRole`."""
    provider_info: ProviderInfo | None = None
    """Partition of the managed policies. Default (None): looked up if there are any."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the role with its permissions."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Role(pulumi.ComponentResource):
    """An IAM role that one AWS service can assume, with one inline policy."""

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Role", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain_on_delete)
        self.resource = aws.iam.Role(
            f"{name}-role",
            name_prefix=args.name_prefix,
            assume_role_policy=pulumi.Output.json_dumps(iam.trust_policy(args.trusted_service, args.source_account)),
            tags=args.tags,
            opts=child,
        )
        info = args.provider_info or ProviderInfo(self)
        self.attachments = [
            aws.iam.RolePolicyAttachment(
                f"{name}-{path.rsplit('/', 1)[-1]}",
                role=self.resource.name,
                policy_arn=derive(iam.managed_policy_arn, info.partition, path),
                opts=child,
            )
            for path in args.managed_policies
        ]
        self.policy = self._policy(name, args, child) if args.statements else None
        self.name = self.resource.name
        self.arn = self.resource.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def permissions(self) -> list[pulumi.Resource]:
        """Return the resources that must exist before a service uses the role."""
        return [*self.attachments, *([self.policy] if self.policy else [])]

    def _policy(self, name: str, args: RoleArgs, child: pulumi.ResourceOptions) -> aws.iam.RolePolicy:
        statements = pulumi.Output.all(*args.statements)
        return aws.iam.RolePolicy(
            f"{name}-policy",
            name="grants",
            role=self.resource.id,
            policy=pulumi.Output.json_dumps(statements.apply(iam.policy_document)),
            opts=child,
        )
