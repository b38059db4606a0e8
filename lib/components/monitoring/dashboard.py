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
    """Arguments for `Dashboard`."""

    name: str
    """Physical name of the dashboard."""
    service: model.Service
    """Definition of the service to monitor."""
    names: Mapping[str, pulumi.Input[Any]]
    """Physical names of the deployed resources: fields of `lib.documents.dashboard.DeployedNames`."""


class Dashboard(pulumi.ComponentResource):
    """A dashboard with the requests, custom metrics, functions, tables and errors of a service."""

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Dashboard", name, None, opts)
        names: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input({**args.names})
        self.resource = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=args.name,
            dashboard_body=pulumi.Output.json_dumps(
                names.apply(lambda fields: dashboard.body(args.service, dashboard.DeployedNames(**fields)))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = self.resource.dashboard_name
        self.arn = self.resource.dashboard_arn
        self.register_outputs({"name": self.name, "arn": self.arn})
