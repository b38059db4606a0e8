"""Validation of names and values in service definitions."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable, Iterator
from string import Formatter
from typing import get_args

from ..settings import invalid_value

MAX_NAME_LENGTH = 64
RESERVED_OUTPUT_PREFIXES = {"table": "dynamodb", "topic": "alarm", "queue": "dead_letter", "bucket": "site"}
"""Prefixes, by kind of resource, of outputs that a stack of any service can have, such as `dynamodb_table_name`."""
NAME = re.compile(r"[a-z][a-z0-9-]*")
PATH = re.compile(r"/|(/[A-Za-z0-9_.-]+|/\{[A-Za-z][A-Za-z0-9_]*\})*(/[A-Za-z0-9_.-]+|/\{[A-Za-z][A-Za-z0-9_]*\+?\})")


def check_path(path: str) -> None:
    """Raise `ValueError` for an invalid path of a route."""
    remedy = ""
    if path != "/" and path.endswith("/"):
        remedy = "Remove the trailing slash: API Gateway calls the same route with and without it."
    if re.search(r"\+\}.", path):
        remedy = "Only the last segment can be greedy."
    if not PATH.fullmatch(path):
        expected = "/ or segments that start with '/', with parameters as /{name}, and /{name+} at the end"
        raise invalid_value("route path", path, expected, remedy)
    for problem in duplicates(f"parameter of the route path {path!r}", re.findall(r"\{(\w+)", path)):
        raise ValueError(problem)


def sibling_problems(paths: Iterable[str]) -> Iterator[str]:
    """Yield an error for each segment that has a parameter with another name in another path.

    API Gateway allows only one parameter below each segment.
    """
    parameters: dict[str, str] = {}
    for path in paths:
        parent = ""
        for part in path.strip("/").split("/"):
            if part.startswith("{") and (other := parameters.setdefault(parent, part)) != part:
                yield (
                    f"route paths must have the same parameter below {parent or '/'}, got {other} and {part} in "
                    f"{path!r}. API Gateway supports only one there: rename the parameter."
                )
            parent = f"{parent}/{part}"


def check_operation(kind: str, operation: str) -> None:
    """Raise `ValueError` unless an operation is a valid name of a Python function."""
    if not operation.isidentifier() or keyword.iskeyword(operation):
        raise invalid_value(f"{kind} operation", operation, "the name of a Python function")


def check_variable(owner: str, name: str) -> None:
    """Raise `ValueError` for a name that an environment variable of a Lambda function cannot have."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or name.startswith(("AWS_", "LAMBDA_")):
        raise ValueError(
            f"{owner} variable must be uppercase letters, digits and '_', a letter first, without the prefixes AWS_ "
            f"and LAMBDA_ that Lambda reserves, got {name!r}."
        )


def check_pattern(
    field_name: str, pattern: str, required: set[str], optional: frozenset[str] | set[str] = frozenset()
) -> None:
    """Raise `ValueError` unless a pattern has all required placeholders and no others than the optional ones."""
    used = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    if missing := sorted(required - used):
        raise ValueError(
            f"service {field_name} must contain {{{missing[0]}}}, got {pattern!r}. Without it, names collide."
        )
    if unknown := sorted(used - required - optional):
        allowed = ", ".join(f"{{{name}}}" for name in sorted(required | optional))
        raise ValueError(
            f"service {field_name} placeholders must be among {allowed}, got {pattern!r}. Remove {{{unknown[0]}}}."
        )


def check_choice(field_name: str, value: object, choices: object) -> None:
    """Raise `ValueError` for a value that a `Literal` does not contain."""
    if value not in get_args(choices):
        raise invalid_value(field_name, value, f"one of {', '.join(get_args(choices))}")


def check_name(kind: str, name: str) -> None:
    """Raise `ValueError` for a name with other characters than lowercase letters, digits and hyphens."""
    if not NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        raise ValueError(
            f"{kind} name must be 1 to {MAX_NAME_LENGTH} lowercase letters, digits and '-', a letter first, "
            f"got {name!r}."
        )


def check_output_prefix(kind: str, name: str, prefix: str) -> None:
    """Raise `ValueError` for an invalid or reserved prefix of the stack outputs of a resource."""
    field_name, reserved = f"{kind} {name!r} output_prefix", RESERVED_OUTPUT_PREFIXES.get(kind)
    if not re.fullmatch(r"([a-z][a-z0-9_]*)?", prefix):
        raise ValueError(
            f"{field_name} must be lowercase letters, digits and '_', a letter first, got {prefix!r}. "
            "Use an empty prefix for no outputs."
        )
    if prefix == reserved:
        raise ValueError(
            f"{field_name} must differ from {reserved!r}, got {prefix!r}. Every stack has the output "
            f"{reserved}_{kind}_arn; set another output_prefix."
        )


def suggestion(value: object, known: Iterable[str]) -> str:
    """Return the remedy for an unknown name, with a leading space: the most similar known name, or nothing."""
    similar = difflib.get_close_matches(str(value), known, n=1)
    return f" Did you mean {similar[0]!r}?" if similar else ""


def duplicates(kind: str, names: list[str]) -> Iterator[str]:
    """Yield an error for each name that occurs more than once."""
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield f"{kind} must be unique, got {name!r} more than once."
