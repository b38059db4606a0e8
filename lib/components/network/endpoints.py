"""VPC endpoints for the AWS services that functions call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...documents.network import GATEWAYS
from ...model.names import with_name_tag
from ..derived import concat, derive
from ..lookup.provider_info import ProviderInfo


@dataclass(frozen=True, kw_only=True)
class VpcEndpointsArgs:
    """Arguments for `VpcEndpoints`."""

    name: str
    """Prefix of the `Name` tags of the resources."""
    vpc_id: pulumi.Input[str]
    region: pulumi.Input[str]
    account: pulumi.Input[str]
    """Account of the S3 buckets that can be reached."""
    route_table_ids: Sequence[pulumi.Input[str]]
    subnet_ids: Sequence[pulumi.Input[str]]
    """Private subnets, one in each Availability Zone."""
    statements: Mapping[str, Sequence[pulumi.Input[iam.Statement]]] = field(default_factory=dict)
    """Statements of the endpoint policies by AWS service, e.g. `{"sns": [...]}`. Each service gets an endpoint."""
    interfaces: bool = True
    """Whether interface endpoints are created in addition to gateway endpoints."""
    provider_info: ProviderInfo | None = None
    """Partition of the buckets. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class VpcEndpoints(pulumi.ComponentResource):
    """VPC endpoints for S3 and other AWS services, each with a policy that allows only the required actions.

    The security group of interface endpoints has no ingress rules. `FunctionSecurityGroup` adds one for functions.
    """

    def __init__(self, name: str, args: VpcEndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Endpoints", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        info = args.provider_info or ProviderInfo(self)
        objects = derive(iam.allow_account_buckets, args.account, info.partition)
        self._statements = {**args.statements, "s3": [objects, *args.statements.get("s3", ())]}
        with_gateway = [service for service in GATEWAYS if service in self._statements]
        with_interface = [service for service in self._statements if args.interfaces and service not in GATEWAYS]
        self.gateways = {
            service: self._endpoint(service, vpc_endpoint_type="Gateway", route_table_ids=args.route_table_ids)
            for service in with_gateway
        }
        self.group = self._group() if with_interface else None
        self.interfaces = {
            service: self._endpoint(
                service,
                vpc_endpoint_type="Interface",
                subnet_ids=args.subnet_ids,
                security_group_ids=list(self.group_ids().values()),
                private_dns_enabled=True,
            )
            for service in with_interface
        }
        self.ids = {service: endpoint.id for service, endpoint in {**self.gateways, **self.interfaces}.items()}
        self.register_outputs({"ids": self.ids})

    def prefix_list_ids(self) -> dict[str, pulumi.Output[str]]:
        """Return the prefix list ID of each gateway endpoint, by service."""
        return {service: endpoint.prefix_list_id for service, endpoint in self.gateways.items()}

    def group_ids(self) -> dict[str, pulumi.Output[str]]:
        """Return the security group ID of the interface endpoints by label; empty if there are none."""
        return {"endpoints": self.group.id} if self.group else {}

    def _group(self) -> aws.ec2.SecurityGroup:
        args = self._args
        return aws.ec2.SecurityGroup(
            f"{self._prefix}-group",
            name_prefix=f"{args.name}-endpoints-",
            vpc_id=args.vpc_id,
            description="VPC interface endpoints",
            tags=with_name_tag(args.tags, f"{args.name}-endpoints"),
            opts=self._child,
        )

    def _endpoint(self, service: str, **kind: Any) -> aws.ec2.VpcEndpoint:
        args = self._args
        statements = pulumi.Output.all(*self._statements[service])
        return aws.ec2.VpcEndpoint(
            f"{self._prefix}-{service}",
            vpc_id=args.vpc_id,
            # The prefix is the same in every partition, except for a few services, such as ECR in China.
            service_name=concat("com.amazonaws.", args.region, ".", service),
            policy=pulumi.Output.json_dumps(statements.apply(iam.vpc_endpoint_policy)),
            **kind,
            tags=with_name_tag(args.tags, f"{args.name}-{service}"),
            opts=self._child,
        )
