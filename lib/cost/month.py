"""Usage of a deployment in one month."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from ..model import Operation, Service, Workload
from ..model.workload import ALERT, AUTHORIZATION, EMPTY_RUN, EVENT, MESSAGE
from ..program.recorder import Deployment
from ..settings import invalid_value
from .traffic import Traffic, runs_per_month

Inputs = Mapping[str, Any]
"""Inputs of a resource, with Pulumi's names."""


UNITS = {"reads": "read_units", "writes": "write_units"}


EndpointType = Literal["REST", "HTTP", "URL"]
"""Type of an API, or the URL of a function."""


class Invocations(NamedTuple):
    """Invocations of a function for one operation."""

    function: Inputs
    operation: Operation
    quantity: float


@dataclass(frozen=True)
class Month:
    """A deployment and its usage in one month."""

    deployment: Deployment
    traffic: Traffic
    workload: Workload
    service: Service
    """Service definition, without splitting its functions as the deployment might do."""

    @cached_property
    def invocations(self) -> list[Invocations]:
        """All Lambda invocations."""
        requests = [invocations for _, invocations in self._requests()]
        sources = (self._event_sources(), self._subscriptions(), self._objects(), self._events())
        return [*requests, *self._authorizations(), *self._schedules(), *itertools.chain(*sources)]

    def inputs_of(self, kind: str) -> list[Inputs]:
        """Return the inputs of all resources of a type."""
        return [*self.deployment.inputs(kind).values()]

    def request_units(self, kind: str) -> float:
        """Return the request units of DynamoDB `reads` or `writes`."""
        return sum(entry.quantity * float(getattr(entry.operation, UNITS[kind])) for entry in self.invocations)

    @cached_property
    def tables(self) -> dict[str, Inputs]:
        """All tables by the recorder's placeholder for their ARN."""
        return {f"arn:{name}": inputs for name, inputs in self.deployment.inputs("dynamodb.Table").items()}

    def consumed_queues(self) -> list[Inputs]:
        """Return the queues that functions consume."""
        sources = (mapping.get("eventSourceArn", "") for mapping in self.inputs_of("lambda.EventSourceMapping"))
        return [self._queues[source] for source in sources if source in self._queues]

    @cached_property
    def _queues(self) -> dict[str, Inputs]:
        """All queues by the recorder's placeholder for their ARN."""
        return {f"arn:{name}": inputs for name, inputs in self.deployment.inputs("sqs.Queue").items()}

    @cached_property
    def functions(self) -> dict[str, Inputs]:
        """All functions by name, and by the recorder's placeholders for the ARNs of the function and its aliases."""
        functions: dict[str, Inputs] = {}
        for name, inputs in self.deployment.inputs("lambda.Function").items():
            functions |= dict.fromkeys((f"arn:{name}", f"invokeArn:{name}", inputs["name"]), inputs)
        for name, inputs in self.deployment.inputs("lambda.Alias").items():
            functions |= dict.fromkeys((f"arn:{name}", f"invokeArn:{name}"), functions[inputs["functionName"]])
        return functions

    @cached_property
    def request_shares(self) -> dict[EndpointType, float]:
        """Share of the requests that each type of endpoint receives."""
        quantities: dict[EndpointType, float] = {}
        for endpoint, invocations in self._requests():
            quantities[endpoint] = quantities.get(endpoint, 0) + invocations.quantity
        total = sum(quantities.values())
        return {endpoint: quantity / total for endpoint, quantity in quantities.items() if total}

    @cached_property
    def _targets(self) -> dict[str, tuple[EndpointType, Inputs]]:
        """Type of endpoint and function of each route, by method and path."""
        targets: dict[str, tuple[EndpointType, Inputs]] = {}
        # The name of a function can end with that of another one.
        with_url = sorted(self.service.function_urls(), key=lambda function: len(function.name), reverse=True)
        for name, inputs in self.deployment.inputs("lambda.FunctionUrl").items():
            definition = next(function for function in with_url if name.endswith(f"-{function.name}-url"))
            function = self.functions[inputs["functionName"]]
            targets |= {f"{route.method} {route.path}": ("URL", function) for route in definition.routes}
        integrations = self.deployment.inputs("apigatewayv2.Integration")
        uris = {f"integrations/{name}-id": inputs["integrationUri"] for name, inputs in integrations.items()}
        for route in self.inputs_of("apigatewayv2.Route"):
            targets[route["routeKey"]] = "HTTP", self.functions[uris[route["target"]]]
        for (method, path), (_, integration) in self.deployment.endpoints().items():
            if "uri" in integration:
                targets[f"{method} {path}"] = "REST", self.functions[integration["uri"]]
        return targets

    def _requests(self) -> Iterator[tuple[EndpointType, Invocations]]:
        reads, writes = self.workload.reads, self.workload.writes
        write_fraction = self.traffic.writes if reads and writes else float(not reads)
        for operations, fraction in ((reads, 1 - write_fraction), (writes, write_fraction)):
            for operation in operations:
                endpoint, function = self._target(operation)
                quantity = self.traffic.requests * fraction / len(operations)
                yield endpoint, Invocations(function, operation, quantity)

    def _target(self, operation: Operation) -> tuple[EndpointType, Inputs]:
        """Return the type of endpoint and the function of an operation. Raise `ValueError` without such a route."""
        if operation.trigger in self._targets:
            return self._targets[operation.trigger]
        remedy = f"Use one of {', '.join(self._targets)}." if self._targets else ""
        field_name = f"workload of {self.service.name!r}: operation {operation.name!r} trigger"
        raise invalid_value(field_name, operation.trigger, "a route of the deployment", remedy)

    def _authorizations(self) -> Iterator[Invocations]:
        authorizers = self._uncached_authorizers()
        for _, request in self._requests():
            if authorizer := authorizers.get(request.operation.trigger):
                yield Invocations(authorizer, AUTHORIZATION, request.quantity)

    def _uncached_authorizers(self) -> dict[str, Inputs]:
        """Return the functions of authorizers without a cache, by route. Those with a cache have few invocations."""
        functions = {
            f"{name}-id": self.functions[inputs["authorizerUri"]]
            for kind in ("apigateway.Authorizer", "apigatewayv2.Authorizer")
            for name, inputs in self.deployment.inputs(kind).items()
            if inputs.get("authorizerResultTtlInSeconds") == 0
        }
        routes: dict[str, Inputs] = {route["routeKey"]: route for route in self.inputs_of("apigatewayv2.Route")}
        routes |= {f"{name} {path}": method for (name, path), (method, _) in self.deployment.endpoints().items()}
        return {
            trigger: functions[inputs["authorizerId"]]
            for trigger, inputs in routes.items()
            if inputs.get("authorizerId") in functions
        }

    def _schedules(self) -> Iterator[Invocations]:
        schedules = {rule["name"]: rule.get("scheduleExpression") for rule in self.inputs_of("cloudwatch.EventRule")}
        for target in self.inputs_of("cloudwatch.EventTarget"):
            function, expression = self.functions.get(target["arn"]), schedules[target["rule"]]
            if function and expression:
                name = json.loads(target["input"])["schedule"]
                operation = self.workload.schedules.get(name, EMPTY_RUN)
                yield Invocations(function, operation, runs_per_month(expression))

    def _objects(self) -> Iterator[Invocations]:
        notifications = self.inputs_of("s3.BucketNotification")
        targets = [target for each in notifications for target in each.get("lambdaFunctions") or ()]
        for target in targets:
            function = self.functions[target["lambdaFunctionArn"]]
            operation = self.workload.consumers.get(str(target.get("id")), EVENT)
            yield Invocations(function, operation, self.traffic.uploads / len(targets))

    def _events(self) -> Iterator[Invocations]:
        targets = self.deployment.inputs("cloudwatch.EventTarget")
        consumed = {name: target for name, target in targets.items() if target.get("inputTransformer")}
        for name, target in consumed.items():
            operation = self._consumption(name, EVENT)
            yield Invocations(self.functions[target["arn"]], operation, self.traffic.events / len(consumed))

    def _consumption(self, resource: str, default: Operation) -> Operation:
        """Return the operation of the consumer with a resource, by the logical name of the resource."""
        # The name of a consumer can end with that of another one.
        names = sorted(self.workload.consumers, key=len, reverse=True)
        consumer = next((name for name in names if resource.rpartition("-")[0].endswith(f"-{name}")), "")
        return self.workload.consumers.get(consumer, default)

    def _event_sources(self) -> Iterator[Invocations]:
        for name, mapping in self.deployment.inputs("lambda.EventSourceMapping").items():
            function = self.functions[mapping["functionName"]]
            source = str(mapping.get("eventSourceArn"))
            # Only the ARN of an existing queue contains the service.
            if source in self._queues or ":sqs:" in source:
                yield Invocations(function, self._consumption(name, MESSAGE), self.traffic.queue_messages)
            else:
                yield Invocations(function, self._consumption(name, ALERT), self.traffic.notifications)

    def _subscriptions(self) -> Iterator[Invocations]:
        for name, subscription in self.deployment.inputs("sns.TopicSubscription").items():
            if subscription["protocol"] == "lambda":
                function, operation = self.functions[subscription["endpoint"]], self._consumption(name, MESSAGE)
                yield Invocations(function, operation, self.traffic.notifications)
