"""IAM policy documents in properties of resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]

RESTRICTING_KEYS = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "kms:calleraccount",
)
"""Condition keys, in lower case, that restrict a statement with the principal `*` to specific callers."""


def as_list(value: Any) -> list[Any]:
    """Return a value as a list: IAM accepts a single value in place of a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def statements(document: Any) -> list[Statement]:
    """Return the statements of a policy document: a JSON string, a mapping, or an empty value."""
    content = json.loads(document) if isinstance(document, str) and document else document
    return as_list(content["Statement"]) if content else []


def allow_statements(document: Any) -> Iterator[Statement]:
    """Yield the statements with the effect Allow."""
    return (statement for statement in statements(document) if statement["Effect"] == "Allow")


def is_public(statement: Statement) -> bool:
    """Return whether a statement applies to all principals and no condition restricts them."""
    principal = statement.get("Principal")
    principals = as_list(principal.get("AWS") if isinstance(principal, Mapping) else principal)
    conditions = (key.lower() for test in statement.get("Condition", {}).values() for key in test)
    return "*" in principals and not any(key in RESTRICTING_KEYS for key in conditions)


def allows_public_access(document: Any) -> bool:
    """Return whether a document allows an action to all principals."""
    return any(map(is_public, allow_statements(document)))


def denies_insecure_transport(document: Any) -> bool:
    """Return whether a document denies requests without TLS from all principals."""
    return any(
        statement["Effect"] == "Deny"
        and is_public(statement)
        and str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
        for statement in statements(document)
    )
