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
from typing import Any

import fastjsonschema

from ..model import (
    CORS_VARIABLE,
    BucketConsumer,
    Consumer,
    EventConsumer,
    Function,
    Route,
    Schema,
    Service,
)
from ..model.json_schema import query_type

LIBRARY = __package__.rpartition(".")[0]
FOLDER = Path(__file__).parents[1]
"""Folder of this library."""
RUNTIME = f"{LIBRARY}.runtime"
HANDLER = "index.handler"
"""Handler of every function, as set in Lambda."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Earliest timestamp that a ZIP file can store."""


def sources(service: Service, function: Function, cors_origin: str | None = "") -> dict[str, str]:
    """Return all files of `function` by path, sorted: shared files and generated modules.

    If the CORS origin is None, the function reads it from the environment variable `CORS_ORIGIN`.
    """
    generated = generated_sources(service, function, cors_origin)
    return dict(sorted({**shared_sources(function.handler), **generated}.items()))


def shared_sources(handler: str) -> dict[str, str]:
    """Return the files by path, sorted, that all functions with operations in the module `handler` share."""
    return dict(sorted({**dict(_package(RUNTIME)), **dict(_package(_package_of(handler)))}.items()))


def check_handlers(service: Service) -> None:
    """Raise `ValueError` if the package of a handler does not exist or contains code that cannot run in Lambda."""
    for handler in sorted({function.handler for function in service.functions}):
        package = _package_of(handler)
        if package.startswith(f"{LIBRARY}."):
            continue
        for path, source in _package(package):
            for module in _missing_modules(path, source):
                raise ValueError(_missing_module(handler, package, path, module))


def source_path(path: str) -> Path:
    """Return the source file of a path in an archive: in the working directory, or in an importable package."""
    top, _, rest = path.partition("/")
    if top == LIBRARY:
        return FOLDER / rest
    spec = None if "." in top or Path(path).exists() else importlib.util.find_spec(top)
    folders = spec and spec.submodule_search_locations
    return Path(folders[0], rest) if folders else Path(path)


def generated_sources(service: Service, function: Function, cors_origin: str | None = "") -> dict[str, str]:
    """Return the generated modules of `function` by path, sorted."""
    files = {"index.py": _index(service, function, cors_origin), "validators/__init__.py": ""}
    for number, route in enumerate(function.routes):
        files[f"validators/query_{number}.py"] = validator(query_schema(route))
        if route.body:
            files[f"validators/body_{route.body}.py"] = validator(service.request_schema(route.body))
        if route.body and route.body in service.batches:
            files[f"validators/entry_{route.body}.py"] = validator(service.entry_schema(route.body))
    return dict(sorted(files.items()))


def preflight_sources(headers: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the files by path, sorted, of the function that responds to preflight requests.

    `headers` are its constant response headers by path of the API.
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
        ")",
    ]
    runtime = {path: source for path, source in _package(RUNTIME) if Path(path).name in ("__init__.py", "cors.py")}
    return dict(sorted({"index.py": "\n".join(lines) + "\n", **runtime}.items()))


def zip_files(files: Mapping[str, str]) -> bytes:
    """Return a ZIP archive whose bytes depend only on `files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def validator(schema: Schema) -> str:
    """Return a module with the function `validate`, which raises `SchemaViolation`. It imports only the runtime."""
    code: str = fastjsonschema.compile_to_code({"$schema": "http://json-schema.org/draft-04/schema#", **schema})
    lines = [line for line in code.splitlines() if not line.startswith("from fastjsonschema import")]
    lines = [f"from {RUNTIME}.event_handler import SchemaViolation as JsonSchemaValueException", *lines, ""]
    return "\n".join(lines)


def query_schema(route: Route) -> dict[str, Any]:
    """Return the schema of a route's query string. It rejects undefined parameters."""
    return {"type": "object", "additionalProperties": False, "properties": dict(route.query)}


def _index(service: Service, function: Function, cors_origin: str | None) -> str:
    origin = _variable(CORS_VARIABLE) if cors_origin is None else repr(cors_origin)
    consumers = [_consumer(service, consumer) for consumer in function.consumers]
    bodies = {route.body for route in function.routes if route.body}
    modules = sorted([*(f"body_{name}" for name in bodies), *(f"entry_{name}" for name in bodies & {*service.batches})])
    modules += [f"query_{number}" for number in range(len(function.routes))]
    package, _, module = function.handler.rpartition(".")
    package = package and _package_of(function.handler)
    lines = [
        *(["import os"] if any("os.environ" in consumer for consumer in consumers) or cors_origin is None else []),
        f"from {RUNTIME}.event_handler import Api, Route",
        *([f"from {RUNTIME}.records import Consumer, Consumers"] if consumers else []),
        f"from {package} import {module} as operations" if package else f"import {module} as operations",
        *(f"from validators import {name}" for name in modules),
        "",
        "handler = Api(",
        "    {",
        *(f"        {_route(route, number, service.batches)}" for number, route in enumerate(function.routes)),
        "    },",
        "    {",
        *(f"        {schedule.name!r}: operations.{schedule.operation}," for schedule in function.schedules),
        "    },",
        f"    {origin},",
        *(["    Consumers({", *(f"        {consumer}," for consumer in consumers), "    }),"] if consumers else []),
        ")",
        "if hasattr(operations, 'start'):",
        "    operations.start()",
    ]
    return "\n".join(lines) + "\n"


def _consumer(service: Service, consumer: Consumer) -> str:
    """Return the entry of a consumer in the generated index."""
    is_named_by_event = isinstance(consumer, BucketConsumer | EventConsumer)
    source = repr(consumer.name) if is_named_by_event else _variable(service.resources()[consumer.source].variable)
    return f"{source}: Consumer(operations.{consumer.operation}, {consumer.batch!r})"


def _variable(name: str) -> str:
    return f"os.environ[{name!r}]"


def _route(route: Route, number: int, batches: Mapping[str, str]) -> str:
    """Return the entry of a route in the generated index."""
    types = {name: kind for name, schema in route.query.items() if (kind := query_type(schema)) != "string"}
    body = f"body_{route.body}.validate" if route.body else "None"
    target = f"operations.{route.operation}, {body}, query_{number}.validate, {types!r}"
    if route.body and route.body in batches:
        target += f", {batches[route.body]!r}, entry_{route.body}.validate"
    return f"({route.method!r}, {route.path!r}): Route({target}),"


def _package_of(handler: str) -> str:
    """Return the name that the package of a handler has in archives. The handler can be the package itself."""
    package = handler.rpartition(".")[0] or handler
    folder = _folder(package)
    return ".".join((LIBRARY, *folder.relative_to(FOLDER).parts)) if folder.is_relative_to(FOLDER) else package


def _missing_modules(path: str, source: str) -> Iterator[str]:
    """Yield the modules of this library that the module imports, but that archives do not contain."""
    for statement in ast.parse(source, path).body:
        names: list[str] = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            names = [f"{statement.module}.{alias.name}" for alias in statement.names]
        yield from (name for name in names if _is_library(name) and not f"{name}.".startswith(f"{RUNTIME}."))


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
        yield (path / file.relative_to(folder)).as_posix(), file.read_text(encoding="utf-8")
