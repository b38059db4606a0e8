"""Gradual rollouts of new function versions with CodeDeploy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...model.names import role_name_prefix
from ..derived import derive
from ..lookup.provider_info import ProviderInfo
from .function import Function
from .role import Role, RoleArgs

MAX_ALARMS = 10
"""Maximum number of alarms that CodeDeploy accepts for a deployment group."""


@dataclass(frozen=True, kw_only=True)
class RolloutArgs:
    """Arguments for `Rollout`."""

    name: str
    """Physical name of the application."""
    strategy: str
    """Name of a deployment configuration without the prefix `CodeDeployDefault.Lambda`, e.g.
    `Canary10Percent5Minutes`."""
    functions: Mapping[str, Function]
    """Functions by name in the service definition. CodeDeploy must manage the alias of each."""
    alarms: Mapping[str, Sequence[aws.cloudwatch.MetricAlarm]]
    """Alarms that roll back a function, by name of the function. Only the first ten of each are used."""
    provider_info: ProviderInfo | None = None
    """Account on behalf of which CodeDeploy assumes the role. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Rollout(pulumi.ComponentResource):
    """A deployment group for each function, and the role that CodeDeploy assumes to shift aliases and read alarms."""

    def __init__(self, name: str, args: RolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Rollout", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.codedeploy.Application(
            f"{name}-application", name=args.name, compute_platform="Lambda", tags=args.tags, opts=self._child
        )
        self.alarms = {function: list(alarms)[:MAX_ALARMS] for function, alarms in args.alarms.items()}
        self.role = self._role()
        self.groups = {label: self._group(label, function) for label, function in args.functions.items()}
        self.register_outputs({"application": self.resource.name, "role_arn": self.role.arn})

    def _role(self) -> Role:
        arns = [function.arn for function in self._args.functions.values()]
        shift_aliases = derive(lambda *values: iam.allow_alias_updates(values), *arns)
        alarm_arns = {alarm.pulumi_resource_name: alarm.arn for alarms in self.alarms.values() for alarm in alarms}
        read_alarms = derive(
            lambda *values: iam.allow("cloudwatch", ["DescribeAlarms"], [*values]), *alarm_arns.values()
        )
        return Role(
            f"{self._prefix}-mover",
            RoleArgs(
                name_prefix=role_name_prefix(self._args.name),
                trusted_service="codedeploy.amazonaws.com",
                source_account=(self._args.provider_info or ProviderInfo(self)).account,
                statements=[shift_aliases, *([read_alarms] if alarm_arns else [])],
                managed_policies=(),
                tags=self._args.tags,
            ),
            self._child,
        )

    def _group(self, label: str, function: Function) -> aws.codedeploy.DeploymentGroup:
        alarms = [alarm.name for alarm in self.alarms.get(label, ())]
        return aws.codedeploy.DeploymentGroup(
            f"{self._prefix}-{label}",
            app_name=self.resource.name,
            deployment_group_name=function.physical_name,
            service_role_arn=self.role.arn,
            deployment_config_name=f"CodeDeployDefault.Lambda{self._args.strategy}",
            deployment_style={"deployment_option": "WITH_TRAFFIC_CONTROL", "deployment_type": "BLUE_GREEN"},
            alarm_configuration={"alarms": alarms, "enabled": True} if alarms else None,
            auto_rollback_configuration={
                "enabled": True,
                "events": ["DEPLOYMENT_FAILURE", *(["DEPLOYMENT_STOP_ON_ALARM"] if alarms else [])],
            },
            tags=self._args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.role.permissions()),
        )
