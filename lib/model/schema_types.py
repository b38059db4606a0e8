"""JSON Schemas of Python types: pydantic models, dataclasses, typed dictionaries, and msgspec structs.

pydantic and msgspec are imported only if a service uses a type that needs them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args, get_origin

from ..runtime.typed import uses_msgspec
from .schema_renderings import DOCUMENTED_DEFAULT, Schema, nested_converted

Mode = Literal["validation", "serialization"]
"""Whether a schema describes the input or the output of a type, which can differ: fields with a default are optional
only in the input."""


def is_type(value: object) -> bool:
    """Return whether a value is a type, such as a class or `list[Order]`, and not a name, a schema or media types."""
    return not isinstance(value, str | tuple | Mapping | None)


def type_name(kind: Any) -> str:
    """Return the name of the schema of a type: `Order`, or `ListOrder` for `list[Order]`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is None:
        return re.sub(r"[^A-Za-z0-9]", "", getattr(kind, "__name__", str(kind)))
    names = [type_name(argument) for argument in arguments if isinstance(argument, type) or get_origin(argument)]
    own = re.sub(r"[^A-Za-z0-9]", "", getattr(origin, "__name__", str(origin)).capitalize())
    return own + "".join(name[:1].upper() + name[1:] for name in names)


def schema_of(kind: Any, mode: Mode, path: str) -> Schema:
    """Return the JSON Schema of a type. Raise `ValueError` if there is none.

    `path` is the name of the field with the type in errors.
    """
    try:
        return _adapted(_generated(kind, mode))
    except ModuleNotFoundError as exc:
        raise ValueError(f"{path} is the type {kind!r}, whose schema needs pydantic. Install pydantic.") from exc
    except Exception as exc:  # pylint: disable=broad-exception-caught  # The hooks of a type can raise any exception.
        reason = str(exc).partition("\n")[0]
        raise ValueError(
            f"{path} must be a type with a JSON Schema, got {kind!r}: {reason}. Use a pydantic model, a dataclass, a "
            "TypedDict or a msgspec Struct, or the name of a schema."
        ) from exc


def _generated(kind: Any, mode: Mode) -> Any:
    """Return the schema that pydantic generates, or msgspec for its structs and if pydantic is not installed."""
    if "msgspec" in sys.modules and (uses_msgspec([kind]) or find_spec("pydantic") is None):
        return import_module("msgspec").json.schema(kind)
    return import_module("pydantic").TypeAdapter(kind).json_schema(mode=mode)


def _adapted(schema: Schema) -> dict[str, Any]:
    """Return a schema in which defaults are only documented, because the type sets them.

    An empty `required`, which msgspec generates for optional fields, is omitted, because draft 4 does not allow it.
    """
    result = {
        key: value for key, value in nested_converted(schema, _adapted).items() if (key, value) != ("required", [])
    }
    if isinstance(definitions := result.get("$defs"), Mapping):
        result["$defs"] = {name: _adapted(definition) for name, definition in definitions.items()}
    return {DOCUMENTED_DEFAULT if key == "default" else key: value for key, value in result.items()}


def query_schema_of(kind: Any, path: str) -> Schema:
    """Return the schema of a query parameter with a type: without null, which a query cannot contain."""
    schema = schema_of(kind, "validation", path)
    definitions = schema.get("$defs", {})
    schema = _inlined({key: value for key, value in schema.items() if key != "$defs"}, definitions)
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if options:
        # Decimal accepts numbers and strings: parameters are strings.
        strings = [option for option in options if option.get("type") == "string"]
        schema = {**{key: value for key, value in schema.items() if key != "anyOf"}, **(strings or options)[0]}
    return {key: value for key, value in schema.items() if (key, value) != (DOCUMENTED_DEFAULT, None)}


def _inlined(schema: Schema, definitions: Mapping[str, Any]) -> Schema:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name in definitions:
        siblings = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**_inlined(definitions[name], definitions), **siblings}
    return nested_converted(schema, lambda inner: _inlined(inner, definitions))
