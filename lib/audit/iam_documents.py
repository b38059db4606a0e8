"""IAM policy documents, as properties hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]

NARROWING = (
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
"""Conditions that leave of everybody a few."""


def listed(value: Any) -> list[Any]:
    """A value that may stand alone, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def statements(document: Any) -> list[Statement]:
    """The statements of a document, which is JSON or what JSON says; none of none."""
    read = json.loads(document) if isinstance(document, str) and document else document
    return listed(read["Statement"]) if read else []


def allowed(document: Any) -> Iterator[Statement]:
    """The statements that allow something."""
    return (statement for statement in statements(document) if statement["Effect"] == "Allow")


def for_everybody(statement: Statement) -> bool:
    """Whether a statement is for all the world, and no condition leaves a few of it."""
    principal = statement.get("Principal")
    whoever = listed(principal.get("AWS") if isinstance(principal, Mapping) else principal)
    conditions = (key.lower() for test in statement.get("Condition", {}).values() for key in test)
    return "*" in whoever and not any(key in NARROWING for key in conditions)


def opened(document: Any) -> bool:
    """Whether a document allows anything to everybody."""
    return any(map(for_everybody, allowed(document)))


def refuses_open_connections(document: Any) -> bool:
    """Whether a document turns everybody away who comes without TLS."""
    return any(
        statement["Effect"] == "Deny"
        and for_everybody(statement)
        and str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
        for statement in statements(document)
    )
