"""Checks of names and values in descriptions."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from string import Formatter
from typing import get_args

MAX_DESCRIBED_NAME = 64
RESERVED_OUTPUT_PREFIXES = {"table": "dynamodb", "topic": "alarm"}
"""Prefixes of the outputs of a table and of a topic that every stack has, such as `dynamodb_table_name`."""
NAME = re.compile(r"[a-z][a-z0-9-]*")
PATH = re.compile(r"(/[A-Za-z0-9_.-]+|/\{[A-Za-z][A-Za-z0-9_]*\})+")


def check_operation(kind: str, operation: str) -> None:
    """Raise `ValueError` unless an operation can be the name of a Python function."""
    if not operation.isidentifier() or keyword.iskeyword(operation):
        raise ValueError(f"{kind} operation must be the name of a Python function, got {operation!r}.")


def check_variable(where: str, name: str) -> None:
    """Raise `ValueError` unless a function can have an environment variable of this name."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or name.startswith(("AWS_", "LAMBDA_")):
        raise ValueError(
            f"{where} variable must be uppercase letters, digits and '_', a letter first, without the prefixes AWS_ "
            f"and LAMBDA_ that Lambda reserves, got {name!r}."
        )


def check_pattern(what: str, pattern: str, needed: set[str], also: frozenset[str] | set[str] = frozenset()) -> None:
    """Raise `ValueError` unless a pattern has all the needed fields, and no others except those in `also`."""
    used = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    if missing := sorted(needed - used):
        raise ValueError(
            f"service {what} must contain {{{missing[0]}}}, got {pattern!r}. Without it, resources would share a name."
        )
    if unknown := sorted(used - needed - also):
        allowed = ", ".join(f"{{{name}}}" for name in sorted(needed | also))
        raise ValueError(
            f"service {what} placeholders must be among {allowed}, got {pattern!r}. Remove {{{unknown[0]}}}."
        )


def check_choice(where: str, value: object, choices: object) -> None:
    """Raise `ValueError` unless a value is one of a `Literal`."""
    if value not in get_args(choices):
        raise ValueError(f"{where} must be one of {', '.join(get_args(choices))}, got {value!r}.")


def check_name(kind: str, name: str) -> None:
    """Raise `ValueError` unless a name consists of lower-case letters, digits and hyphens."""
    if not NAME.fullmatch(name) or len(name) > MAX_DESCRIBED_NAME:
        raise ValueError(
            f"{kind} name must be 1 to {MAX_DESCRIBED_NAME} lowercase letters, digits and '-', a letter first, "
            f"got {name!r}."
        )


def check_output_prefix(kind: str, name: str, prefix: str) -> None:
    """Raise `ValueError` unless the stack outputs of a resource can have this prefix."""
    where, reserved = f"{kind} {name!r} output_prefix", RESERVED_OUTPUT_PREFIXES[kind]
    if not re.fullmatch(r"([a-z][a-z0-9_]*)?", prefix):
        raise ValueError(
            f"{where} must be lowercase letters, digits and '_', a letter first, got {prefix!r}. "
            "Use an empty prefix for no outputs."
        )
    if prefix == reserved:
        raise ValueError(
            f"{where} must differ from {reserved!r}, got {prefix!r}. Every stack has the output "
            f"{reserved}_{kind}_arn; set another output_prefix."
        )


def repeated(kind: str, names: list[str]) -> Iterator[str]:
    """Yield a message for each name that occurs more than once."""
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield f"{kind} must be unique, got {name!r} more than once."
