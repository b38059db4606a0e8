"""CodeDeploy, which shifts the callers of functions from one version to the next."""

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
"""What CodeDeploy takes of a deployment group."""


@dataclass(frozen=True, kw_only=True)
class RolloutArgs:
    """What a `Rollout` is made from."""

    name: str
    """The application's name in AWS."""
    strategy: str
    """As CodeDeploy names it, without `CodeDeployDefault.Lambda`: e.g. `Canary10Percent5Minutes`."""
    functions: Mapping[str, Function]
    """By their names in the description; each has an alias that is left to CodeDeploy."""
    alarms: Mapping[str, Sequence[aws.cloudwatch.MetricAlarm]]
    """What brings each function back to where it was; the first ten count."""
    provider_info: ProviderInfo | None = None
    """Account that the service must act for. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Rollout(pulumi.ComponentResource):
    """A deployment group for each function, under a role that may move their aliases and look at their alarms."""

    def __init__(self, name: str, args: RolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Rollout", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.codedeploy.Application(
            f"{name}-application", name=args.name, compute_platform="Lambda", tags=args.tags, opts=self._child
        )
        self.watching = {one: list(alarms)[:MAX_ALARMS] for one, alarms in args.alarms.items()}
        self.role = self._role()
        self.groups = {one: self._group(one, function) for one, function in args.functions.items()}
        self.register_outputs({"application": self.resource.name, "role_arn": self.role.arn})

    def _role(self) -> Role:
        arns = [function.arn for function in self._args.functions.values()]
        moving = derive(lambda *found: iam.allow_alias_updates(found), *arns)
        watched = {alarm.pulumi_resource_name: alarm.arn for alarms in self.watching.values() for alarm in alarms}
        watching = derive(lambda *found: iam.allow("cloudwatch", ["DescribeAlarms"], [*found]), *watched.values())
        return Role(
            f"{self._prefix}-mover",
            RoleArgs(
                name_prefix=role_name_prefix(self._args.name),
                trusted_service="codedeploy.amazonaws.com",
                source_account=(self._args.provider_info or ProviderInfo(self)).account,
                statements=[moving, *([watching] if watched else [])],
                managed_policies=(),
                tags=self._args.tags,
            ),
            self._child,
        )

    def _group(self, one: str, function: Function) -> aws.codedeploy.DeploymentGroup:
        alarms = [alarm.name for alarm in self.watching.get(one, ())]
        return aws.codedeploy.DeploymentGroup(
            f"{self._prefix}-{one}",
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
