"""A CloudWatch dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from ... import model
from ...documents import dashboard


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """What a `Dashboard` is made from."""

    name: str
    """The dashboard's name in AWS."""
    service: model.Service
    """What it is about."""
    made: Mapping[str, pulumi.Input[Any]]
    """The fields of `lib.documents.dashboard.DeployedNames`."""


class Dashboard(pulumi.ComponentResource):
    """What a service does, on one page: its callers, its own figures, functions, tables, errors."""

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Dashboard", name, None, opts)
        made: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input({**args.made})
        self.resource = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=args.name,
            dashboard_body=pulumi.Output.json_dumps(
                made.apply(lambda found: dashboard.body(args.service, dashboard.DeployedNames(**found)))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = self.resource.dashboard_name
        self.arn = self.resource.dashboard_arn
        self.register_outputs({"name": self.name, "arn": self.arn})
