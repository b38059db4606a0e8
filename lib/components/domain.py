"""A domain of one's own for a stage of an API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class DomainArgs:
    """What a `Domain` is made from."""

    name: str
    """E.g. `api.example.com`."""
    certificate_arn: str
    """From ACM, in the API's region."""
    api_id: pulumi.Input[str]
    stage_name: pulumi.Input[str]
    base_path: str = ""
    """The first part of every path; empty: none."""
    tags: Mapping[str, str] = field(default_factory=dict)


class Domain(pulumi.ComponentResource):
    """A regional custom domain; DNS must point `name` at `target`."""

    def __init__(self, name: str, args: DomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Domain", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.apigateway.DomainName(
            f"{name}-name",
            domain_name=args.name,
            regional_certificate_arn=args.certificate_arn,
            endpoint_configuration={"types": "REGIONAL"},
            security_policy="TLS_1_2",
            tags=args.tags,
            opts=child,
        )
        self.mapping = aws.apigateway.BasePathMapping(
            f"{name}-mapping",
            domain_name=self.resource.domain_name,
            rest_api=args.api_id,
            stage_name=args.stage_name,
            base_path=args.base_path or None,
            opts=child,
        )
        self.url = f"https://{args.name}/{args.base_path}".rstrip("/")
        self.target = self.resource.regional_domain_name
        self.zone_id = self.resource.regional_zone_id
        self.register_outputs({"url": self.url, "target": self.target, "zone_id": self.zone_id})
