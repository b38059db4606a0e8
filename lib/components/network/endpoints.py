"""The way from a VPC to what functions call of AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...model.names import named
from ..derived import concat, derive
from ..lookup.provider_info import ProviderInfo

GATEWAYS = ("dynamodb", "s3")
"""What has endpoints that are routes, and cost nothing."""


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """What `Endpoints` are made from."""

    name: str
    """How the `Name`s of its parts begin."""
    vpc_id: pulumi.Input[str]
    region: pulumi.Input[str]
    account: pulumi.Input[str]
    """Whose buckets can be reached."""
    route_table_ids: Sequence[pulumi.Input[str]]
    subnet_ids: Sequence[pulumi.Input[str]]
    """One in each zone."""
    statements: Mapping[str, Sequence[pulumi.Input[iam.Statement]]] = field(default_factory=dict)
    """What may be done, by the service that does it, e.g. `{"sns": [...]}`; each of them gets an endpoint."""
    interfaces: bool = True
    """Also those whose endpoints are no routes."""
    provider_info: ProviderInfo | None = None
    """Partition of those buckets. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Endpoints(pulumi.ComponentResource):
    """Endpoints for S3 and whatever else is called, each for what may be done there and nothing else.

    Those that are no routes let nobody in: whoever is to call them adds a rule to their security group.
    """

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Endpoints", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        info = args.provider_info or ProviderInfo(self)
        objects = derive(iam.buckets_of, args.account, info.partition)
        self._statements = {**args.statements, "s3": [objects]}
        routed = [service for service in GATEWAYS if service in self._statements]
        called = [service for service in self._statements if args.interfaces and service not in GATEWAYS]
        self.gateways = {
            service: self._endpoint(service, vpc_endpoint_type="Gateway", route_table_ids=args.route_table_ids)
            for service in routed
        }
        self.group = self._group() if called else None
        self.interfaces = {
            service: self._endpoint(
                service,
                vpc_endpoint_type="Interface",
                subnet_ids=args.subnet_ids,
                security_group_ids=list(self.group_ids().values()),
                private_dns_enabled=True,
            )
            for service in called
        }
        self.ids = {service: made.id for service, made in {**self.gateways, **self.interfaces}.items()}
        self.register_outputs({"ids": self.ids})

    def prefix_list_ids(self) -> dict[str, pulumi.Output[str]]:
        """The addresses behind those that are routes, by service."""
        return {service: made.prefix_list_id for service, made in self.gateways.items()}

    def group_ids(self) -> dict[str, pulumi.Output[str]]:
        """The security group of those that are none, if there are any."""
        return {"endpoints": self.group.id} if self.group else {}

    def _group(self) -> aws.ec2.SecurityGroup:
        args = self._args
        return aws.ec2.SecurityGroup(
            f"{self._prefix}-group",
            name_prefix=f"{args.name}-endpoints-",
            vpc_id=args.vpc_id,
            description="VPC interface endpoints",
            tags=named(args.tags, f"{args.name}-endpoints"),
            opts=self._child,
        )

    def _endpoint(self, service: str, **kind: Any) -> aws.ec2.VpcEndpoint:
        args = self._args
        statements = pulumi.Output.all(*self._statements[service])
        return aws.ec2.VpcEndpoint(
            f"{self._prefix}-{service}",
            vpc_id=args.vpc_id,
            # The reversed DNS suffix is part of few names, such as that of ECR in China, but of none of these services.
            service_name=concat("com.amazonaws.", args.region, ".", service),
            policy=pulumi.Output.json_dumps(statements.apply(iam.let_through)),
            **kind,
            tags=named(args.tags, f"{args.name}-{service}"),
            opts=self._child,
        )
