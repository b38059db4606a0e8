"""Throttles, logs and metrics of the methods of a REST API's stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pulumi
import pulumi_aws as aws

from ...documents import rest_api
from ...model import Route
from ...settings import ApiSettings


class StageSettings:
    """Creates the settings of all methods of a stage, and those of methods with a throttle."""

    def __init__(
        self,
        prefix: str,
        api_id: pulumi.Input[str],
        stage_name: pulumi.Input[str],
        settings: ApiSettings,
        parent: pulumi.Resource,
    ) -> None:
        self._prefix, self._api_id, self._stage_name = prefix, api_id, stage_name
        self._settings, self._parent = settings, parent

    def of_all_methods(self) -> aws.apigateway.MethodSettings:
        """Create the settings of the methods without a throttle."""
        settings = self._settings
        rate, burst = settings.throttle_rate_per_second, settings.throttle_burst
        return self._create(f"{self._prefix}-throttle", "*/*", rate, burst)

    def of_routes(
        self, routes: Iterable[Route], after: aws.apigateway.MethodSettings
    ) -> dict[tuple[str, str], aws.apigateway.MethodSettings]:
        """Create the settings of each route with a throttle, by method and path, one after the other.

        The settings of a method replace all settings of `*/*`, including logs and metrics.
        """
        created: dict[tuple[str, str], aws.apigateway.MethodSettings] = {}
        for route in routes:
            if route.throttle:
                throttle = route.throttle.within(self._settings)
                created[route.method, route.path] = self._create(
                    f"{self._prefix}{route.path}-{route.method.lower()}-throttle",
                    rest_api.method_path(route),
                    throttle.rate_per_second,
                    throttle.burst,
                    # Two concurrent updates of one stage can conflict.
                    depends_on=[after, *created.values()],
                )
        return created

    def _create(
        self,
        logical_name: str,
        method_path: str,
        rate_per_second: float | None,
        burst: int | None,
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> aws.apigateway.MethodSettings:
        level = self._settings.execution_log_level
        return aws.apigateway.MethodSettings(
            logical_name,
            rest_api=self._api_id,
            stage_name=self._stage_name,
            method_path=method_path,
            settings={
                "throttling_rate_limit": rate_per_second,
                "throttling_burst_limit": burst,
                "logging_level": level,
                "data_trace_enabled": bool(self._settings.execution_log_bodies) and level != "OFF",
                "metrics_enabled": self._settings.metrics,
            },
            opts=pulumi.ResourceOptions(parent=self._parent, depends_on=depends_on or None),
        )
