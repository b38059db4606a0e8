"""The codes that the stock service documents, against those that its code can answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from lib import runtime
from lib.documents import openapi
from lib.runtime import errors
from lib.runtime.errors import ApiError
from lib.services.stock import handler
from lib.services.stock.handler import errors as refusals
from lib.services.stock.service import SERVICE

ERRORS = {
    name: error
    for module in (errors, refusals)
    for name, error in vars(module).items()
    if isinstance(error, type) and issubclass(error, ApiError) and error is not ApiError
}


def raised() -> Iterator[type[ApiError]]:
    """What the handler or the runtime below it makes use of."""
    for package in (handler, runtime):
        for file in Path(package.__path__[0]).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Name) and node.id in ERRORS:
                    yield ERRORS[node.id]


def test_every_refusal_is_documented_with_its_status() -> None:
    documented = {(code.name, code.status) for code in openapi.codes(SERVICE)}
    wanted = {(error.code, error.status) for error in raised()}
    assert wanted <= documented
    assert {name for name, _ in documented - wanted} == {
        "QUOTA_EXCEEDED",
        "REQUEST_TOO_LARGE",
        "UNAUTHORIZED",
    }


def test_every_refusal_of_its_own_is_some_routes() -> None:
    named = {code.name for _, route in SERVICE.routes() for code in route.codes}
    own = {error.code for error in ERRORS.values() if error.__module__ == refusals.__name__}
    assert own < named
