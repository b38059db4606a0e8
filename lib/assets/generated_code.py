"""Generated modules of a function: the index, which connects its operations to the runtime, and validators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import (
    CORS_VARIABLE,
    BucketConsumer,
    Consumer,
    EventConsumer,
    Function,
    LambdaAuthorizer,
    Route,
    Schema,
    Service,
)
from ..model.json_schema import parameter_type
from ..model.media_types import ANY, binary_media_types
from ..model.triggers import IDEMPOTENCY_HEADER
from .handler_packages import RUNTIME, package_name
from .validators import header_schema, query_schema, validator


def generated_sources(
    service: Service, function: Function, cors_origin: str | None = "", cors_credentials: bool = False
) -> dict[str, str]:
    """Return the generated modules of `function` by path, sorted."""
    files = {"index.py": _index(service, function, cors_origin, cors_credentials), "validators/__init__.py": ""}
    for number, route in enumerate(function.routes):
        files[f"validators/query_{number}.py"] = validator(query_schema(route))
        if route.headers:
            files[f"validators/headers_{number}.py"] = validator(header_schema(route))
        if route.body:
            files[f"validators/body_{route.body}.py"] = validator(service.request_schema(route.body), service.schemas)
        if route.body and route.body in service.batches:
            files[f"validators/entry_{route.body}.py"] = validator(service.entry_schema(route.body), service.schemas)
    return dict(sorted(files.items()))


def preflight_index(headers: Mapping[str, Mapping[str, str]], credentials: bool) -> str:
    """Return the index of the function that responds to preflight requests, with its constant headers by path."""
    lines = [
        "import os",
        f"from {RUNTIME}.cors import Preflight",
        "",
        "handler = Preflight(",
        f"    {_variable(CORS_VARIABLE)},",
        "    {",
        *(f"        {path!r}: {dict(constants)!r}," for path, constants in sorted(headers.items())),
        "    },",
        *(["    credentials=True,"] if credentials else []),
        ")",
    ]
    return "\n".join(lines) + "\n"


def _index(service: Service, function: Function, cors_origin: str | None, cors_credentials: bool) -> str:
    origin = _variable(CORS_VARIABLE) if cors_origin is None else repr(cors_origin)
    consumers = [_consumer(service, consumer) for consumer in function.consumers]
    bodies = {route.body for route in function.routes if route.body}
    modules = sorted([*(f"body_{name}" for name in bodies), *(f"entry_{name}" for name in bodies & {*service.batches})])
    modules += [f"query_{number}" for number in range(len(function.routes))]
    modules += [f"headers_{number}" for number, route in enumerate(function.routes) if route.headers]
    package, _, module = function.handler.rpartition(".")
    package = package and package_name(function.handler)
    lines = [
        *(["import os"] if any("os.environ" in consumer for consumer in consumers) or cors_origin is None else []),
        *([f"from {RUNTIME}.authorizers import Authorizer"] if function.authorizers else []),
        f"from {RUNTIME}.event_handler import Api, Route",
        *([f"from {RUNTIME}.http_events import HttpEvents"] if _receives_http_events(service, function) else []),
        *([f"from {RUNTIME}.records import Consumer, Consumers"] if consumers else []),
        *_operation_imports(function),
        f"from {package} import {module} as operations" if package else f"import {module} as operations",
        *(f"from validators import {name}" for name in modules),
        "",
        "handler = Api(",
        "    {",
        *(f"        {_route(route, number, service)}" for number, route in enumerate(function.routes)),
        "    },",
        "    {",
        *(f"        {schedule.name!r}: operations.{schedule.operation}," for schedule in function.schedules),
        "    },",
        f"    {origin},",
        *(["    Consumers({", *(f"        {consumer}," for consumer in consumers), "    }),"] if consumers else []),
        *(["    binary=True,"] if _returns_bytes(service, function) else []),
        *(
            [f"    authorizers={{{', '.join(map(_authorizer, function.authorizers))}}},"]
            if function.authorizers
            else []
        ),
        *(["    cors_credentials=True,"] if cors_credentials else []),
        ")",
        *([_http_handler(function)] if _receives_http_events(service, function) else []),
        "if hasattr(operations, 'start'):",
        "    operations.start()",
    ]
    return "\n".join(lines) + "\n"


def _receives_http_events(service: Service, function: Function) -> bool:
    """Return whether a function receives requests in payload format 2.0."""
    return function.url is not None or "HTTP" in service.protocols(function)


def _http_handler(function: Function) -> str:
    """Return the line that wraps the handler. A function with a URL finds the routes of requests itself."""
    routes = [(route.method, route.path) for route in function.routes] if function.url else []
    return f"handler = HttpEvents(handler{f', {routes!r}' if routes else ''})"


def _returns_bytes(service: Service, function: Function) -> bool:
    """Return whether the endpoints of a function decode Base64 bodies: REST APIs only with binary media types."""
    apis = service.used_apis()
    endpoints = {name: routes for name, routes in service.endpoints().items() if function in [f for f, _ in routes]}
    rest = [routes for name, routes in endpoints.items() if name in apis and apis[name].protocol == "REST"]
    return bool(endpoints) and all(ANY in binary_media_types(route for _, route in routes) for routes in rest)


def _authorizer(authorizer: LambdaAuthorizer) -> str:
    """Return the entry of an authorizer in the generated index."""
    arguments = f"operations.{authorizer.operation}, {authorizer.token_source()!r}, {authorizer.optional!r}"
    return f"{authorizer.type!r}: Authorizer({arguments})"


def _consumer(service: Service, consumer: Consumer) -> str:
    """Return the entry of a consumer in the generated index."""
    is_named_by_event = isinstance(consumer, BucketConsumer | EventConsumer)
    source = (
        repr(f"consumer:{consumer.name}")
        if is_named_by_event
        else _variable(service.resources()[consumer.source].variable)
    )
    return f"{source}: Consumer(operations.{consumer.operation}, {consumer.batch!r})"


def _variable(name: str) -> str:
    return f"os.environ[{name!r}]"


def _operation_imports(function: Function) -> Iterator[str]:
    """Yield the imports of the functions that extend operations."""
    if any(route.typed_status is not None for route in function.routes):
        yield f"from {RUNTIME}.typed import typed"
    if any(route.idempotency for route in function.routes):
        yield f"from {RUNTIME}.idempotent import idempotent"


def _operation(route: Route, service: Service) -> str:
    """Return the expression of the operation of a route."""
    operation = f"operations.{route.operation}"
    if route.typed_status is not None:
        operation = f"typed({operation}, {tuple(route.path_parameters())!r}, {route.typed_status})"
    if route.idempotency:
        (table,) = (table for table in service.tables if table.name == route.idempotency)
        options = "" if route.idempotency_header == IDEMPOTENCY_HEADER else f", header={route.idempotency_header!r}"
        options += "" if route.idempotency_compares_requests else ", compares_requests=False"
        operation = f"idempotent({table.variable!r}, {table.hash_key.name!r}{options})({operation})"
    return operation


def _route(route: Route, number: int, service: Service) -> str:
    """Return the entry of a route in the generated index."""
    types = _types(route.query, with_strings=route.additional_query)
    body = f"body_{route.body}.validate" if route.body else "None"
    target = f"{_operation(route, service)}, {body}, query_{number}.validate, {types!r}"
    if route.body and route.body in service.batches:
        target += f", {service.batches[route.body]!r}, entry_{route.body}.validate"
    options = {
        "content_types": repr(route.content_types) if route.content_types else "",
        "form_types": repr(_form_types(service, route)) if route.accepts_form() else "",
        "additional_query": "True" if route.additional_query else "",
        "validate_headers": f"headers_{number}.validate" if route.headers else "",
        "header_types": repr(_header_types(route)) if route.headers else "",
        "scope": repr(route.claimed_scope()) if route.claimed_scope() else "",
        "max_body_bytes": str(route.max_body_bytes or ""),
        "other_issuer": "True" if service.verifies_other_issuer(route) else "",
    }
    target += "".join(f", {name}={value}" for name, value in options.items() if value)
    return f"({route.method!r}, {route.path!r}): Route({target}),"


def _types(schemas: Mapping[str, Schema], *, with_strings: bool = False) -> dict[str, Any]:
    """Return the types of parameters by name, by default without those that are strings."""
    types = {name: parameter_type(schema) for name, schema in schemas.items()}
    return {name: kind for name, kind in types.items() if with_strings or kind != "string"}


def _form_types(service: Service, route: Route) -> dict[str, Any]:
    return _types(service.schemas[route.body or ""].get("properties", {}))


def _header_types(route: Route) -> dict[str, Any]:
    return _types({name.lower(): schema for name, schema in route.headers.items()}, with_strings=True)
