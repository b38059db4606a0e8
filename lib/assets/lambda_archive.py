"""The archive of a Lambda function: the runtime, the package of the handler, and generated modules.

The result is reproducible: the same sources produce the same bytes.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import fastjsonschema

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
from ..model.json_schema import parameter_type, parameters_schema
from ..model.media_types import ANY, binary_media_types
from ..model.schema_renderings import DRAFT_4, FORMATS, code_with_exact_numbers, function_schema
from .handler_operations import operation_problems, parse_module
from .text_files import read_text

LIBRARY = __package__.rpartition(".")[0]
FOLDER = Path(__file__).parents[1]
"""Folder of this library."""
RUNTIME = f"{LIBRARY}.runtime"
HANDLER = "index.handler"
"""Handler of every function, as set in Lambda."""

Content = str | bytes
"""Content of a file in an archive."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Earliest timestamp that a ZIP file can store."""


def sources(
    service: Service, function: Function, cors_origin: str | None = "", cors_credentials: bool = False
) -> dict[str, str]:
    """Return all files of `function` by path, sorted: shared files and generated modules.

    If the CORS origin is None, the function reads it from the environment variable `CORS_ORIGIN`.
    """
    generated = generated_sources(service, function, cors_origin, cors_credentials)
    return dict(sorted({**shared_sources(function.handler), **generated}.items()))


def shared_sources(handler: str) -> dict[str, str]:
    """Return the files by path, sorted, that all functions with operations in the module `handler` share."""
    return dict(sorted({**dict(_package(RUNTIME)), **dict(_package(_package_of(handler)))}.items()))


def check_handlers(service: Service) -> None:
    """Raise `ValueError` if the package of a handler does not exist or contains code that cannot run in Lambda, or if
    its module lacks an operation."""
    for function in sorted(service.functions, key=lambda function: function.handler):
        package = _package_of(function.handler)
        if package.startswith(f"{LIBRARY}."):
            continue
        for path, source in _package(package):
            for module, line in _missing_modules(path, source):
                raise ValueError(_missing_module(function.handler, package, f"{path}:{line}", module))
        for problem in operation_problems(function, handler_path(function.handler)):
            raise ValueError(f"service {service.name!r}: {problem}")


def handler_path(handler: str) -> Path:
    """Return the source file of a handler module. Raise `ValueError` if it does not exist."""
    package, _, module = handler.rpartition(".")
    candidates = [_folder(package) / f"{module}.py"] if package else []
    candidates.append(_folder(package) / module / "__init__.py" if package else _folder(handler) / "__init__.py")
    for path in candidates:
        if path.exists():
            return path
    raise ValueError(
        f"handler must be a module in the package {package}, got {handler!r}. Correct the name, or create "
        f"{candidates[0]}."
    )


def source_path(path: str) -> Path:
    """Return the source file of a path in an archive: in the working directory, or in an importable package."""
    top, _, rest = path.partition("/")
    if top == LIBRARY:
        return FOLDER / rest
    spec = None if "." in top or Path(path).exists() else importlib.util.find_spec(top)
    folders = spec and spec.submodule_search_locations
    return Path(folders[0], rest) if folders else Path(path)


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


def preflight_sources(headers: Mapping[str, Mapping[str, str]], credentials: bool = False) -> dict[str, str]:
    """Return the files by path, sorted, of the function that responds to preflight requests.

    `headers` are its constant response headers by path of the API, and `credentials` is whether pages of the allowed
    origins can send cookies.
    """
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
    runtime = {path: source for path, source in _package(RUNTIME) if Path(path).name in ("__init__.py", "cors.py")}
    return dict(sorted({"index.py": "\n".join(lines) + "\n", **runtime}.items()))


def read_file(path: Path) -> Content:
    """Return the content of a Python module in UTF-8 as a string, and of other files as bytes."""
    try:
        return read_text(path) if path.suffix == ".py" else path.read_bytes()
    except ValueError:
        return path.read_bytes()


def zip_files(files: Mapping[str, Content]) -> bytes:
    """Return a ZIP archive whose bytes depend only on `files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def validator(schema: Schema, schemas: Mapping[str, Schema] = MappingProxyType({})) -> str:
    """Return a module with the function `validate`, which raises `SchemaViolation`. It imports only the runtime.

    `schemas` are the schemas to which the schema can refer.
    """
    rendered = function_schema(schema, schemas)
    if rendered["$schema"] == DRAFT_4:
        code: str = fastjsonschema.compile_to_code(rendered)
    else:
        # Without the details of exceptions, which contain the schema of each rule and are not used.
        code = fastjsonschema.compile_to_code(rendered, formats=FORMATS, detailed_exceptions=False)
    lines = [line for line in code.splitlines() if not line.startswith("from fastjsonschema import")]
    if "JsonSchemaValuesException" in "".join(lines):
        lines.insert(0, "JsonSchemaValuesException = JsonSchemaValueException")
    lines = [f"from {RUNTIME}.event_handler import SchemaViolation as JsonSchemaValueException", *lines, ""]
    return code_with_exact_numbers("\n".join(lines))


def query_schema(route: Route) -> dict[str, Any]:
    """Return the schema of a route's query string. By default, it rejects undefined parameters."""
    return parameters_schema(route.query, additional=route.additional_query)


def header_schema(route: Route) -> dict[str, Any]:
    """Return the schema of the headers that a route declares, by lowercase name."""
    return parameters_schema({name.lower(): schema for name, schema in route.headers.items()}, additional=True)


def _index(service: Service, function: Function, cors_origin: str | None, cors_credentials: bool) -> str:
    origin = _variable(CORS_VARIABLE) if cors_origin is None else repr(cors_origin)
    consumers = [_consumer(service, consumer) for consumer in function.consumers]
    bodies = {route.body for route in function.routes if route.body}
    modules = sorted([*(f"body_{name}" for name in bodies), *(f"entry_{name}" for name in bodies & {*service.batches})])
    modules += [f"query_{number}" for number in range(len(function.routes))]
    modules += [f"headers_{number}" for number, route in enumerate(function.routes) if route.headers]
    package, _, module = function.handler.rpartition(".")
    package = package and _package_of(function.handler)
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
        operation = f"idempotent({table.variable!r}, {table.hash_key.name!r})({operation})"
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


def package_of(handler: str) -> tuple[str, Path]:
    """Return the path of a handler's package in archives, and its folder on this machine."""
    return _package_of(handler).replace(".", "/"), _folder(handler.rpartition(".")[0] or handler)


def _package_of(handler: str) -> str:
    """Return the name that the package of a handler has in archives. The handler can be the package itself."""
    package = handler.rpartition(".")[0] or handler
    folder = _folder(package)
    return ".".join((LIBRARY, *folder.relative_to(FOLDER).parts)) if folder.is_relative_to(FOLDER) else package


def _missing_modules(path: str, source: str) -> Iterator[tuple[str, int]]:
    """Yield the modules of this library that the module imports, but that archives do not contain, with the lines."""
    for statement in parse_module(source, path).body:
        names: list[str] = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            names = [f"{statement.module}.{alias.name}" for alias in statement.names]
        missing = [name for name in names if _is_library(name) and not f"{name}.".startswith(f"{RUNTIME}.")]
        yield from ((name, statement.lineno) for name in missing)


def _is_library(module: str) -> bool:
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top) if top in (LIBRARY, FOLDER.name) else None
    return spec is not None and spec.origin == str(FOLDER / "__init__.py")


def _missing_module(handler: str, package: str, path: str, module: str) -> str:
    name = module.partition(".")[2]
    if f"{name}.".startswith("runtime."):
        return f"handler {handler!r}: {path} must not import {module} in Lambda. Import {LIBRARY}.{name} instead."
    return (
        f"handler {handler!r}: {path} must not import {module}, because the package {package} is deployed to Lambda "
        f"with only {RUNTIME}. Move the Lambda code to a separate package, such as {package}.handler.operations."
    )


def _folder(package: str) -> Path:
    """Return the folder of a package. Raise `ValueError` if the package does not exist."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(
            f"handler must be in an importable package, got {package!r}. "
            "Set the handler to the dotted name of a module inside a package."
        )
    return Path(spec.submodule_search_locations[0])


def _package(name: str) -> Iterator[tuple[str, str]]:
    """Yield the path and source of each module of a package. Its parent packages get an empty `__init__.py`."""
    folder, path = _folder(name), Path(*name.split("."))
    for parent in list(path.parents)[:-1]:
        yield (parent / "__init__.py").as_posix(), ""
    for file in folder.rglob("*.py"):
        # Editors create links with this suffix to files that do not exist.
        if file.is_file():
            yield (path / file.relative_to(folder)).as_posix(), read_text(file)
