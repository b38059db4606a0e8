"""Checks of a service definition as a whole: names, triggers, authorizers, layers and alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .alarm_targets import of_api
from .apis import API_METRICS, endpoint_problems, origin_problems
from .function import MAX_LAYERS
from .grant_checks import grant_problems, idempotency_problems, parameter_problems, variable_problems
from .resources import STANDARD_ALARMS
from .schema_checks import schema_problems
from .source_checks import consumer_problems
from .validation import NAME, duplicates, suggestion
from .variables import CORS_VARIABLE, GROUP_VARIABLE

if TYPE_CHECKING:
    from .service import Service


def service_problems(service: Service) -> Iterator[str]:
    """Yield an error for each invalid value and for each combination of values that AWS or a stack does not support."""
    yield from _shape_problems(service)
    yield from _name_problems(service)
    yield from endpoint_problems(service.routes(), service.described_apis(), service.api_type, service.functions)
    yield from origin_problems(service.apis, service.functions) if not service.site else ()
    yield from _authorizer_problems(service)
    yield from parameter_problems(service)
    yield from idempotency_problems(service)
    yield from grant_problems(service)
    yield from variable_problems(service, {*_variables(service)})
    yield from consumer_problems(service.functions, service.resources())
    yield from _dead_letter_problems(service)
    yield from _layer_problems(service)
    yield from _alarm_problems(service)
    yield from schema_problems(service)


def _shape_problems(service: Service) -> Iterator[str]:
    if not service.functions:
        yield "functions must contain at least one function, got none."
    if not any(function.parts() for function in service.functions):
        yield "functions must contain at least one route, schedule or consumer, got none."
    if service.site and not service.has_api():
        yield f"site must be None without routes, got {service.site.type!r}. A site calls the API of its service."


def _name_problems(service: Service) -> Iterator[str]:
    """Yield an error for each name that two parts of the service have."""
    resources = service.resource_definitions()
    types = [] if service.defines_alarm_topic() else [service.alarms_type]
    types += [service.dead_letters] if service.dead_letters else []
    types += [queue.dead_letters for queue in service.created_queues()]
    codes = dict.fromkeys(code for _, route in service.routes() for code in route.codes)
    metrics = dict.fromkeys(metric for function in service.functions for metric in function.metrics())
    names = {
        "resource": [*(resource.name for resource in resources), *types],
        "variable": _variables(service),
        "output": [output for resource in resources for output in resource.outputs().values()],
        "function": [function.name for function in service.functions],
        "api": [api.name for api in service.apis],
        "code": [code.name for code in codes],
        "schedule": [schedule.name for _, schedule in service.schedules()],
        "authorizer": [authorizer.name for _, authorizer in service.lambda_authorizers()],
        "consumer": [consumer.name for _, consumer in service.consumers()],
        "metric": [metric.name for metric in metrics],
        "alarm": [*(alarm.name for alarm in service.alarms), *map(str.lower, STANDARD_ALARMS)],
    }
    for kind, members in names.items():
        yield from duplicates(kind, members)


def _variables(service: Service) -> list[str]:
    """Return the environment variables that the stack sets in functions."""
    variables = [resource.variable for resource in service.resource_definitions() if resource.variable]
    return [*variables, *([CORS_VARIABLE] if service.site else []), GROUP_VARIABLE]


def _authorizer_problems(service: Service) -> Iterator[str]:
    names = [authorizer.name for _, authorizer in service.lambda_authorizers()]
    known = ", ".join(names) or "none"
    for _, route in service.routes():
        if route.authorizer and route.authorizer not in names:
            field_name = f"route {route.method} {route.path} authorizer"
            remedy = suggestion(route.authorizer, names)
            yield f"{field_name} must be an authorizer of the service ({known}), got {route.authorizer!r}.{remedy}"
    for name, api in service.used_apis().items():
        if api.protocol == "HTTP":
            yield from _http_api_problems(service, name)


def _http_api_problems(service: Service, api: str) -> Iterator[str]:
    """Yield an error for each authorizer that an HTTP API does not support."""
    native = service.native_authorizers()
    for _, authorizer in service.authorizers_of(api):
        label = f"authorizer {authorizer.name!r}"
        if jwt := native.get(authorizer.name):
            for field_name, value in jwt.unsupported_by_http_apis().items():
                remedy = "HTTP APIs verify RS256, RS384 and RS512 with the keys in the metadata of the issuer."
                yield f"{label} {field_name} must be the default for the HTTP API {api!r}, got {value!r}. {remedy}"
        elif authorizer.type == "TOKEN":
            yield f"{label} type must be REQUEST for the HTTP API {api!r}, got 'TOKEN'."


def _dead_letter_problems(service: Service) -> Iterator[str]:
    if not service.dead_letters:
        return
    if not NAME.fullmatch(service.dead_letters):
        expected = "lowercase letters, digits and '-', a letter first, or empty"
        yield f"dead_letters must be {expected}, got {service.dead_letters!r}."
    if not any(function.async_triggers() for function in service.functions):
        yield f"dead_letters must be empty without schedules and consumers, got {service.dead_letters!r}."


def _layer_problems(service: Service) -> Iterator[str]:
    available = MAX_LAYERS - bool(service.shared_type)
    for function in service.functions:
        if len(function.layers) > available:
            yield (
                f"function {function.name!r} layers must be at most {available} ARNs in addition to the layer with "
                f"the common code, got {len(function.layers)}."
            )


def _alarm_problems(service: Service) -> Iterator[str]:
    targets = service.alarm_targets()
    functions = {function.name: function for function in service.functions}
    api_metrics = {
        of_api(name, service.api_type): API_METRICS[api.protocol] for name, api in service.used_apis().items()
    }
    for alarm in service.alarms:
        if targets.count(alarm.on) != 1:
            remedy = f" Rename the function {alarm.on!r}." if alarm.on in targets else ""
            yield f"alarm {alarm.name!r} on must be exactly one of {', '.join(targets)}, got {alarm.on!r}.{remedy}"
        elif (known := api_metrics.get(alarm.on)) and alarm.metric not in known:
            yield f"alarm {alarm.name!r} metric must be one of {', '.join(known)}, got {alarm.metric!r}."
        elif alarm.on in functions and not functions[alarm.on].operations_emitting(alarm.metric):
            yield (
                f"alarm {alarm.name!r} metric must be emitted by an operation of {alarm.on!r}, got "
                f"{alarm.metric!r}. Add it to the metrics of the operation."
            )
