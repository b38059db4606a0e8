"""Operations with typed parameters: conversion of requests to Python types, and of results to responses.

Only functions with such operations import this module. The types need pydantic, or msgspec if they are its structs.
"""

from __future__ import annotations

import enum
import functools
import inspect
import types
from collections.abc import Collection, Iterable
from datetime import date, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any, Callable, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from .body import FORM, JSON
from .errors import BadRequest
from .event_handler import Request, Response

NO_CONTENT = 204
Parser = Callable[..., Any]
"""Function that converts a JSON value. `source` is the JSON document with the value, if there is one."""
_NoneType = type(None)
_UnionType: Any = getattr(types, "UnionType", ())
"""Type of `int | None`, since Python 3.10."""
_SCALARS = (str, int, float, Decimal, date, time, timedelta, UUID, enum.Enum, _NoneType)
"""Types of path and query parameters. `bool` is an `int`, and `datetime` is a `date`."""


class Parameter(NamedTuple):
    """A parameter of an operation."""

    name: str
    source: str
    """Part of the request with its value: `path`, `query` or `body`; `request` for the request itself."""
    kind: Any
    default: Any = inspect.Parameter.empty

    @property
    def is_required(self) -> bool:
        """Whether the request must contain a value."""
        return self.default is inspect.Parameter.empty


class Signature(NamedTuple):
    """Parameters and result type of an operation."""

    parameters: list[Parameter]
    result: Any
    """Type of the result: None for responses without a body, `Response` if the operation creates the response."""


def signature_of(operation: Callable[..., Any], path_parameters: Collection[str]) -> Signature:
    """Return the signature of an operation.

    A parameter with the type `Request` receives the request, and one with the name of a path parameter its value. Other
    parameters with a scalar type receive query parameters, and one with another type the body. Raise `ValueError` for
    a parameter or a result without a type, and for several bodies.
    """
    hints = get_type_hints(operation, include_extras=True)
    name = f"{operation.__module__}.{operation.__qualname__}"
    parameters = []
    for parameter in inspect.signature(operation).parameters.values():
        if parameter.name not in hints or parameter.kind not in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            remedy = "Add an annotation, and remove *args, **kwargs and /."
            raise ValueError(f"{name} parameter {parameter.name!r} must have a type and a name. {remedy}")
        kind = hints[parameter.name]
        source = _source(parameter.name, kind, path_parameters)
        parameters.append(Parameter(parameter.name, source, kind, parameter.default))
    if len(bodies := [parameter.name for parameter in parameters if parameter.source == "body"]) > 1:
        raise ValueError(f"{name} must have at most one parameter for the body, got {', '.join(bodies)}.")
    received = {parameter.name if parameter.source == "path" else parameter.source for parameter in parameters}
    if (missing := sorted({*path_parameters} - received)) and "request" not in received:
        raise ValueError(f"{name} must have a parameter for each path parameter, got none for {missing[0]!r}.")
    if "return" not in hints:
        raise ValueError(f"{name} must have a return type. Annotate it, with None for a response without a body.")
    result = hints["return"]
    return Signature(parameters, None if result is _NoneType else result)


def typed(
    operation: Callable[..., Any], path_parameters: Collection[str], status: int
) -> Callable[[Request], Response]:
    """Return an operation that calls another one with typed arguments.

    `status` is the status of its responses. An operation that returns a `Response` determines its status itself.
    """
    parameters, result = signature_of(operation, path_parameters)
    convert_with = _Msgspec() if uses_msgspec([result, *(p.kind for p in parameters)]) else _Pydantic()
    parsers = {parameter.name: convert_with.parser(parameter.kind) for parameter in parameters if _is_parsed(parameter)}
    dump = None if result in (None, Response) else convert_with.dumper(result)

    def call(request: Request) -> Response:
        arguments: dict[str, Any] = {}
        for parameter in parameters:
            if parameter.source == "request":
                arguments[parameter.name] = request
            elif parameter.source == "body":
                parser = functools.partial(parsers[parameter.name], source=_json_source(request))
                arguments[parameter.name] = _parse(parser, request.body, "body")
            elif parameter.name in (values := getattr(request, parameter.source)):
                path = f"{parameter.source}.{parameter.name}"
                arguments[parameter.name] = _parse(parsers[parameter.name], values[parameter.name], path)
            elif parameter.is_required:
                raise BadRequest("Invalid request query; see details.", [f"query must contain {parameter.name!r}"])
        value = operation(**arguments)
        if isinstance(value, Response):
            return value
        return Response(status, dump(value) if dump else "")

    return call


def _source(name: str, kind: Any, path_parameters: Collection[str]) -> str:
    if kind is Request:
        return "request"
    if name in path_parameters:
        return "path"
    return "query" if _is_scalar(kind) else "body"


def _is_scalar(kind: Any) -> bool:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return True
    if hasattr(kind, "__metadata__"):
        return _is_scalar(arguments[0])
    if origin is Union or isinstance(kind, _UnionType):
        return all(map(_is_scalar, arguments))
    return isinstance(kind, type) and origin is None and issubclass(kind, _SCALARS)


def _json_source(request: Request) -> bytes:
    """Return the JSON document of the body. Empty for a form."""
    media_type: str = request.headers.get("content-type", JSON)
    return b"" if media_type.split(";")[0].strip().lower() == FORM else request.raw_body


def _is_parsed(parameter: Parameter) -> bool:
    return parameter.source != "request"


def uses_msgspec(kinds: Iterable[Any]) -> bool:
    """Return whether a type is, or contains, a struct of msgspec."""
    return any(hasattr(kind, "__struct_fields__") or uses_msgspec(get_args(kind)) for kind in kinds)


class _Errors(Exception):
    """Errors of a value: for each the path within the value, and a message."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__(errors)
        self.errors = errors


def _parse(parser: Callable[[Any], Any], value: Any, path: str) -> Any:
    try:
        return parser(value)
    except _Errors as exc:
        part = path.partition(".")[0]
        details = [f"{path}{inner}: {message}" for inner, message in exc.errors]
        raise BadRequest(f"Invalid request {part}; see details.", details) from exc


class _Pydantic:
    """Conversions by pydantic."""

    def __init__(self) -> None:
        self._pydantic = import_module("pydantic")

    def parser(self, kind: Any) -> Parser:
        """Return a function that converts a JSON value to a type, or raises `_Errors`."""
        adapter = self._pydantic.TypeAdapter(kind)

        def parse(value: Any, source: bytes = b"") -> Any:
            try:
                return adapter.validate_python(value)
            except self._pydantic.ValidationError as exc:
                error = exc
            try:
                if source:
                    # A strict model accepts a string as a date, and an array as a set, only from a JSON document.
                    return adapter.validate_json(source)
            except self._pydantic.ValidationError as exc:
                error = exc
            errors = error.errors(include_url=False, include_context=False, include_input=False)
            raise _Errors([(_path(each["loc"]), each["msg"]) for each in errors]) from error

        return parse

    def dumper(self, kind: Any) -> Callable[[Any], str]:
        """Return a function that converts a value of a type to JSON. It raises an error for a value of another type."""
        adapter = self._pydantic.TypeAdapter(kind)
        # Keys of a TypedDict can have aliases. Earlier versions than pydantic 2.11 accept only these.
        names = {"by_name": True} if "by_name" in inspect.signature(adapter.validate_python).parameters else {}

        def dump(value: Any) -> str:
            # The serializer accepts None and objects of other classes as a model.
            adapter.validate_python(value, strict=True, **names)
            return str(adapter.dump_json(value, by_alias=True, warnings="error"), "utf-8")

        return dump


class _Msgspec:
    """Conversions by msgspec."""

    def __init__(self) -> None:
        self._msgspec = import_module("msgspec")
        self._encode = self._msgspec.json.Encoder().encode

    def parser(self, kind: Any) -> Parser:
        """Return a function that converts a JSON value to a type, or raises `_Errors`."""

        def parse(value: Any, source: bytes = b"") -> Any:  # pylint: disable=unused-argument  # signature of `Parser`
            try:
                return self._msgspec.convert(value, kind, strict=False)
            except self._msgspec.ValidationError as exc:
                raise _Errors([("", str(exc))]) from exc

        return parse

    def dumper(self, kind: Any) -> Callable[[Any], str]:
        """Return a function that converts a value of a type to JSON. It raises an error for a value of another type."""
        decode = self._msgspec.json.Decoder(kind).decode

        def dump(value: Any) -> str:
            document = self._encode(value)
            # The encoder accepts every value.
            decode(document)
            return str(document, "utf-8")

        return dump


def _path(location: Iterable[Any]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
