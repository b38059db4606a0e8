"""An API key and its usage plan: throttling and a monthly quota."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...settings import ApiSettings, merge
from ...settings.environments import BASIS


@dataclass(frozen=True, kw_only=True)
class UsagePlanArgs:
    """Arguments for `UsagePlan`."""

    name: str
    """Physical name of the plan."""
    key_name: str
    """Physical name of the API key."""
    api_id: pulumi.Input[str]
    stage_name: pulumi.Input[str]
    settings: ApiSettings = field(default_factory=ApiSettings)
    """Unset fields use the `dev` defaults."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class UsagePlan(pulumi.ComponentResource):
    """A usage plan for one stage with one API key."""

    def __init__(self, name: str, args: UsagePlanArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:UsagePlan", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = merge(BASIS.api, args.settings)
        self.key = aws.apigateway.ApiKey(f"{name}-key", name=args.key_name, tags=args.tags, opts=child)
        self.resource = aws.apigateway.UsagePlan(
            f"{name}-plan",
            name=args.name,
            api_stages=[{"api_id": args.api_id, "stage": args.stage_name}],
            throttle_settings={
                "rate_limit": settings.throttle_rate_per_second,
                "burst_limit": settings.throttle_burst,
            },
            quota_settings={"limit": settings.quota_per_month or 0, "period": "MONTH"},
            tags=args.tags,
            opts=child,
        )
        self.membership = aws.apigateway.UsagePlanKey(
            f"{name}-membership",
            key_id=self.key.id,
            key_type="API_KEY",
            usage_plan_id=self.resource.id,
            # The provider marks the value of an API key as secret, but not this copy of it.
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["value"]),
        )
        self.register_outputs({"id": self.resource.id, "key_id": self.key.id})
