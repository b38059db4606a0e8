"""A new VPC for functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from ...documents import iam
from ...settings import NetworkSettings, merge
from ...settings.environments import BASIS
from ..lookup.provider_info import ProviderInfo
from .endpoints import VpcEndpoints, VpcEndpointsArgs
from .flow_logs import FlowLogs, FlowLogsArgs
from .function_security_group import FunctionSecurityGroup, FunctionSecurityGroupArgs
from .nat import Nat, NatArgs
from .vpc import Vpc, VpcArgs


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Arguments for `Network`."""

    name: str
    """`Name` tag of the VPC, and prefix of the `Name` tags of its resources."""
    statements: Mapping[str, Sequence[pulumi.Input[iam.Statement]]] = field(default_factory=dict)
    """Actions that functions can perform through VPC endpoints, by AWS service, e.g. `{"sns": [...]}`."""
    settings: NetworkSettings = field(default_factory=NetworkSettings)
    """Unset fields use the `dev` defaults. The field `vpc` is ignored."""
    log_retention_days: int | None = None
    """Retention of the flow logs. Default (None): the `dev` default."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the flow logs. Default (None): CloudWatch Logs encrypts them with its default key."""
    provider_info: ProviderInfo | None = None
    """Partition of the AWS services that functions call. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Network(pulumi.ComponentResource):
    """A VPC with the egress that functions need, and without ingress."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Network", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.settings = merge(BASIS.network, args.settings)
        self.vpc = Vpc(f"{name}-vpc", VpcArgs(name=args.name, settings=self.settings, tags=args.tags), self._child)
        self.vpc_id = self.vpc.id
        self.private_subnet_ids = [subnet.id for subnet in self.vpc.private]
        self.endpoints = self._endpoints()
        self.nat = self._nat() if self.settings.nat_gateways != "none" else None
        self.flow_logs = self._flow_logs() if self.settings.flow_logs else None
        self.group = self._group()
        self.security_group_ids = [self.group.id]
        self.register_outputs({"vpc_id": self.vpc_id, "security_group_ids": self.security_group_ids})

    def _endpoints(self) -> VpcEndpoints:
        args = self._args
        return VpcEndpoints(
            f"{self._prefix}-endpoint",
            VpcEndpointsArgs(
                name=args.name,
                vpc_id=self.vpc_id,
                region=self.vpc.resource.region,
                account=self.vpc.resource.owner_id,
                route_table_ids=[table.id for table in self.vpc.route_tables],
                subnet_ids=self.private_subnet_ids,
                statements=args.statements,
                interfaces=bool(self.settings.interface_endpoints),
                provider_info=args.provider_info,
                tags=args.tags,
            ),
            self._child,
        )

    def _nat(self) -> Nat:
        return Nat(
            f"{self._prefix}-nat",
            NatArgs(
                name=self._args.name,
                vpc_id=self.vpc_id,
                public_subnet_ids=[subnet.id for subnet in self.vpc.public],
                private_route_table_ids=[table.id for table in self.vpc.route_tables],
                gateways=1 if self.settings.nat_gateways == "one" else len(self.vpc.public),
                tags=self._args.tags,
            ),
            self._child,
        )

    def _flow_logs(self) -> FlowLogs:
        return FlowLogs(
            f"{self._prefix}-refused",
            FlowLogsArgs(
                name=self._args.name,
                vpc_id=self.vpc_id,
                account=self.vpc.resource.owner_id,
                log_retention_days=self._args.log_retention_days,
                kms_key_arn=self._args.kms_key_arn,
                tags=self._args.tags,
            ),
            self._child,
        )

    def _group(self) -> FunctionSecurityGroup:
        return FunctionSecurityGroup(
            f"{self._prefix}-functions",
            FunctionSecurityGroupArgs(
                name=f"{self._args.name}-functions",
                vpc_id=self.vpc_id,
                prefix_list_ids=self.endpoints.prefix_list_ids(),
                group_ids=self.endpoints.group_ids(),
                anywhere=self.nat is not None,
                tags=self._args.tags,
            ),
            self._child,
        )
