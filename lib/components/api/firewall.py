"""An AWS WAF web ACL for the stage of an API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import web_acl
from ...settings import FirewallSettings, merge
from ...settings.environments import BASIS

LOG_PREFIX = "aws-waf-logs-"
"""Prefix that AWS WAF requires in the name of its log group."""


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """Arguments for `Firewall`."""

    name: str
    """Physical name of the web ACL."""
    stage_arn: pulumi.Input[str] | None = None
    """Stage of the default API. Default (None): it is no REST API."""
    other_stage_arns: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Stages of other REST APIs by a name for their association. If a stage moved to another association, Pulumi would
    delete the former one last, which removes the web ACL from the stage."""
    settings: FirewallSettings = field(default_factory=FirewallSettings)
    """Unset fields use the `dev` defaults."""
    log_retention_days: int | None = BASIS.function.log_retention_days
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the log group. Default (None): CloudWatch Logs encrypts it with its default key."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Firewall(pulumi.ComponentResource):
    """A web ACL with AWS managed rules and a rate limit per IP address, and a log of blocked requests.

    The log does not contain headers with credentials.
    """

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Firewall", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.settings = merge(BASIS.firewall, args.settings)
        self.resource = aws.wafv2.WebAcl(
            f"{name}-acl",
            name=args.name,
            scope="REGIONAL",
            default_action=web_acl.ALLOW,
            rules=web_acl.rules(self.settings),
            visibility_config=web_acl.visibility_config(args.name),
            data_protection_config=web_acl.DATA_PROTECTION,
            tags=args.tags,
            opts=child,
        )
        self.association = None if args.stage_arn is None else self._association(f"{name}-association", args.stage_arn)
        self.other_associations = {
            label: self._association(f"{name}-{label}-association", arn) for label, arn in args.other_stage_arns.items()
        }
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"{LOG_PREFIX}{args.name}",
            retention_in_days=args.log_retention_days,
            kms_key_id=args.kms_key_arn,
            tags=args.tags,
            opts=child,
        )
        self.logging = aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=self.resource.arn,
            log_destination_configs=[self.log_group.arn],
            logging_filter=web_acl.LOGGING_FILTER,
            redacted_fields=[{"single_header": {"name": header}} for header in web_acl.SECRET_HEADERS],
            opts=child,
        )
        self.arn = self.resource.arn
        self.register_outputs({"arn": self.arn, "log_group_name": self.log_group.name})

    def _association(self, logical_name: str, stage_arn: pulumi.Input[str]) -> aws.wafv2.WebAclAssociation:
        return aws.wafv2.WebAclAssociation(
            logical_name,
            resource_arn=stage_arn,
            web_acl_arn=self.resource.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
