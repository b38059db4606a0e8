"""Documented error codes of the stock service, compared with the errors that its code raises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from lib import runtime
from lib.documents import openapi_errors
from lib.runtime import errors
from lib.runtime.errors import ApiError
from lib.services.stock import handler
from lib.services.stock.handler import errors as stock_errors
from lib.services.stock.service import SERVICE

ERRORS = {
    name: error
    for module in (errors, stock_errors)
    for name, error in vars(module).items()
    if isinstance(error, type) and issubclass(error, ApiError) and error is not ApiError
}


def raised() -> Iterator[type[ApiError]]:
    """Yield the errors that the handler and the runtime raise."""
    for package in (handler, runtime):
        for file in Path(package.__path__[0]).glob("*.py"):
            if file.name == "idempotent.py":  # Stock writes its idempotency records in transactions.
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Name) and node.id in ERRORS:
                    yield ERRORS[node.id]


def test_every_error_is_documented_with_its_status() -> None:
    documented = {(code.name, code.status) for code in openapi_errors.codes(SERVICE)}
    expected = {(error.code, error.status) for error in raised()}
    assert expected <= documented
    assert {name for name, _ in documented - expected} == {"QUOTA_EXCEEDED"}


def test_every_error_of_the_service_is_documented_by_a_route() -> None:
    documented = {code.name for _, route in SERVICE.routes() for code in route.codes}
    codes = {error.code for error in ERRORS.values() if error.__module__ == stock_errors.__name__}
    assert codes < documented
