"""A custom domain for a stage of an API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ... import model
from ...settings import ApiSettings
from .certificate import Certificate, CertificateArgs


@dataclass(frozen=True, kw_only=True)
class DomainArgs:
    """Arguments for `Domain`."""

    name: str
    """Domain name, e.g. `api.example.com`."""
    certificate_arn: str = ""
    """ACM certificate in the region of the API. Default (empty): one is created and validated in `zone_id`."""
    zone_id: str = ""
    """Route 53 hosted zone in which alias records for `name` are created. Default (empty): no records are created."""
    api_id: pulumi.Input[str]
    stage_name: pulumi.Input[str]
    protocol: model.Protocol = "REST"
    """Type of the API."""
    base_path: str = ""
    """Base path of the API under the domain. Default (empty): the root of the domain."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Domain(pulumi.ComponentResource):
    """A Regional custom domain. Without `zone_id`, create a DNS record that routes `name` to `target`."""

    def __init__(self, name: str, args: DomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Domain", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.certificate = None if args.certificate_arn else self._certificate(name, args)
        self.resource = aws.apigateway.DomainName(
            f"{name}-name",
            domain_name=args.name,
            regional_certificate_arn=self.certificate.arn if self.certificate else args.certificate_arn,
            endpoint_configuration={"types": "REGIONAL"},
            security_policy="TLS_1_2",
            tags=args.tags,
            opts=child,
        )
        self.mapping = self._http_mapping(name, args) if args.protocol == "HTTP" else self._rest_mapping(name, args)
        self.url = f"https://{args.name}/{args.base_path}".rstrip("/")
        self.target = self.resource.regional_domain_name
        self.zone_id = self.resource.regional_zone_id
        self.records = [self._record(name, args, kind) for kind in ("A", "AAAA")] if args.zone_id else []
        self.register_outputs({"url": self.url, "target": self.target, "zone_id": self.zone_id})

    def _rest_mapping(self, name: str, args: DomainArgs) -> aws.apigateway.BasePathMapping:
        return aws.apigateway.BasePathMapping(
            f"{name}-mapping",
            domain_name=self.resource.domain_name,
            rest_api=args.api_id,
            stage_name=args.stage_name,
            base_path=args.base_path or None,
            # If the provider updates the path in place, it keeps the old ID and later fails to delete the mapping.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["basePath"]),
        )

    def _http_mapping(self, name: str, args: DomainArgs) -> aws.apigatewayv2.ApiMapping:
        return aws.apigatewayv2.ApiMapping(
            f"{name}-mapping",
            domain_name=self.resource.domain_name,
            api_id=args.api_id,
            stage=args.stage_name,
            api_mapping_key=args.base_path or None,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _certificate(self, name: str, args: DomainArgs) -> Certificate:
        return Certificate(
            f"{name}-tls",
            CertificateArgs(domain_name=args.name, zone_id=args.zone_id, tags=args.tags),
            pulumi.ResourceOptions(parent=self),
        )

    def _record(self, name: str, args: DomainArgs, kind: str) -> aws.route53.Record:
        return aws.route53.Record(
            f"{name}-{kind.lower()}",
            zone_id=args.zone_id,
            name=args.name,
            type=kind,
            aliases=[{"name": self.target, "zone_id": self.zone_id, "evaluate_target_health": False}],
            opts=pulumi.ResourceOptions(parent=self),
        )


def create_domain(
    name: str,
    settings: ApiSettings,
    *,
    protocol: model.Protocol,
    ids: tuple[pulumi.Input[str], pulumi.Input[str]],
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> Domain | None:
    """Create the custom domain of an API; return None if it has none. `ids` are the ID of the API and the name of its
    stage."""
    if not settings.domain_name:
        return None
    api_id, stage_name = ids
    args = DomainArgs(
        name=settings.domain_name,
        certificate_arn=settings.certificate_arn or "",
        zone_id=settings.zone_id or "",
        api_id=api_id,
        stage_name=stage_name,
        protocol=protocol,
        base_path=settings.base_path or "",
        tags=tags,
    )
    return Domain(name, args, opts)
