"""Operations are checked in the source of their module, before anything is deployed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from examples.orders import service as orders
from lib.assets.handler_operations import operation_problems
from lib.assets.handler_packages import check_handlers, handler_path
from lib.assets.lambda_archive import read_file, shared_sources
from lib.model import Function, Schedule, Service
from lib.services import BUILT_IN, SERVICES
from lib.stack.args import TapStackArgs

from ...support.builders import a_consumer, a_function, a_route, a_service, a_table

Write = Callable[[str], Path]
FUNCTION = a_function(
    a_route(operation="accept"),
    schedules=(Schedule(name="nightly", rate="rate(1 day)", operation="sweep"),),
    consumers=(a_consumer(operation="greet"),),
)
VALID = "def accept(request): ...\ndef sweep(): ...\ndef greet(keys): ...\n"


@pytest.fixture(name="write")
def write_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes the module `office.desk` with the source of operations. Return its path."""
    package = tmp_path / "office"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "office", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source: str) -> Path:
        path = package / "desk.py"
        path.write_text(source, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            VALID.replace("accept", "acept"),
            "route GET /parcels operation must be a function in {path}, got 'accept'. Did you mean acept?",
        ),
        ("", "route GET /parcels operation must be a function in {path}, got 'accept'. Define it there."),
        (
            VALID.replace("(request)", "()"),
            "{path}:1: route GET /parcels operation must accept one argument, the Request, got accept(). For typed "
            "parameters, use Route.typed.",
        ),
        (
            VALID.replace("(request)", "(request, name, *, key)"),
            "{path}:1: route GET /parcels operation must accept one argument, the Request, got "
            "accept(request, name, key). For typed parameters, use Route.typed.",
        ),
        (
            VALID.replace("sweep()", "sweep(event)"),
            "{path}:2: schedule 'nightly' operation must accept no argument, got sweep(event).",
        ),
        (
            VALID.replace("greet(keys)", "greet()"),
            "{path}:3: consumer 'arrivals' operation must accept one argument, a record, got greet().",
        ),
        (
            VALID.replace("def accept", "async def accept"),
            "{path}:1: route GET /parcels operation must not be async, got 'accept'. Remove async.",
        ),
    ],
)
def test_operation_that_its_trigger_cannot_call_is_rejected(write: Write, source: str, problem: str) -> None:
    path = write(source)
    assert next(operation_problems(FUNCTION, path)) == problem.format(path=path)


@pytest.mark.parametrize(
    "source",
    [
        VALID,
        "from .other import *\n",
        "from .other import accept, run as sweep\nimport greet\n",
        "accept = sweep = greet = print\n",
        "accept: object = print\n(sweep, [greet]) = print, [print]\n",
        "if 1:\n    try:\n        accept = sweep = print\n    except ImportError:\n        def greet(keys): ...\n",
        "class accept: ...\n@decorator\ndef sweep(anything, more): ...\n@decorator\ndef greet(): ...\n",
        "def accept(request, size=20, *, key=None): ...\ndef sweep(*args, **fields): ...\ndef greet(*args): ...\n",
    ],
)
def test_operation_that_can_fit_is_accepted(write: Write, source: str) -> None:
    assert not [*operation_problems(FUNCTION, write(source))]


def test_name_in_a_function_is_not_an_operation(write: Write) -> None:
    path = write("def main():\n    def accept(request): ...\n    sweep = greet = 1\n")
    assert len([*operation_problems(FUNCTION, path)]) == 3


@pytest.mark.parametrize("name", BUILT_IN)
def test_operations_of_built_in_services_fit(name: str) -> None:
    for function in SERVICES[name].functions:
        assert not [*operation_problems(function, handler_path(function.handler))]


def test_operations_with_typed_parameters_fit() -> None:
    check_handlers(cast(Service, orders.SERVICE))  # mypy knows the library by two names


def of_module(handler: str) -> Function:
    return replace(FUNCTION, handler=handler)


def test_problem_is_reported_before_resources_are_created(write: Write) -> None:
    path = write("")
    service = a_service(functions=(of_module("office.desk"),), tables=(a_table(stream="KEYS_ONLY"),))
    message = f"service 'parcels': route GET /parcels operation must be a function in {path}, got 'accept'."
    with pytest.raises(ValueError, match="operation must be a function") as caught:
        TapStackArgs(service=service)
    assert str(caught.value).startswith(message)


def test_module_that_does_not_exist_is_rejected(write: Write) -> None:
    path = write(VALID).with_name("desks.py")
    with pytest.raises(ValueError, match="handler must be a module in the package office") as caught:
        handler_path("office.desks")
    assert str(caught.value).endswith(f"got 'office.desks'. Correct the name, or create {path}.")


def test_handler_that_ends_with_a_function_is_rejected(write: Write) -> None:
    write(VALID)
    with pytest.raises(
        ValueError, match=r"^handler must be a module, got 'office\.desk\.accept'\. .* to 'office\.desk', "
    ):
        check_handlers(a_service(functions=(of_module("office.desk.accept"),), tables=(a_table(stream="KEYS_ONLY"),)))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"def accept(:", r"office/desk\.py:1 must be valid Python, got 'invalid syntax'\. Correct the syntax"),
        (b"NAME = '\0'", r"office/desk\.py:1 must be valid Python, got 'source code"),
        (b"NAME = '\xe9'", r"office/desk\.py must be UTF-8 text, got .* Save it as UTF-8"),
    ],
)
def test_module_that_python_cannot_read_is_rejected(write: Write, source: bytes, message: str) -> None:
    write("").write_bytes(source)
    with pytest.raises(ValueError, match=message):
        check_handlers(a_service(functions=(of_module("office.desk"),), tables=(a_table(stream="KEYS_ONLY"),)))


def test_byte_order_mark_and_broken_links_are_ignored(write: Write) -> None:
    path = write("\ufeff" + VALID)
    path.with_name(".#desk.py").symlink_to("someone@computer.1")
    check_handlers(a_service(functions=(of_module("office.desk"),), tables=(a_table(stream="KEYS_ONLY"),)))
    assert shared_sources("office.desk")["office/desk.py"] == VALID
    path.write_bytes(b"\xff")
    assert read_file(path) == b"\xff"


def test_handler_can_be_a_package(write: Write) -> None:
    package = write(VALID).parent
    (package / "desk.py").rename(package / "__init__.py")
    assert handler_path("office") == package / "__init__.py"
    (package / "inner").mkdir()
    (package / "inner" / "__init__.py").touch()
    assert handler_path("office.inner") == package / "inner" / "__init__.py"
