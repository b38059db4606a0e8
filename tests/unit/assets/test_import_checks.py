"""Checks of the imports of Lambda code against its archive."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lib.assets.function_code import check_code
from lib.assets.import_checks import import_problems
from lib.model import Function
from lib.settings import FunctionSettings
from tests.support.builders import a_function, a_service

Write = Callable[[str], Path]
HANDLER = "depot.handler.operations"


@pytest.fixture(name="write")
def write_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes the handler module of the package `depot.handler`, and returns its folder."""
    folder = tmp_path / "depot" / "handler"
    (folder / "tools").mkdir(parents=True)
    for package in (folder.parent, folder, folder / "tools"):
        (package / "__init__.py").touch()
    (folder.parent / "common.py").touch()
    (folder / "tools" / "text.py").write_text("import numpy\n", encoding="utf-8")
    (folder / "unused.py").write_text("import pytest\n", encoding="utf-8")
    monkeypatch.delitem(sys.modules, "depot", raising=False)  # of an earlier test
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source: str) -> Path:
        (folder / "operations.py").write_text(source, encoding="utf-8")
        return folder

    return write


def problems(*paths: str, **changes: Any) -> list[str]:
    function: Function = a_function(handler=HANDLER, **changes)
    return [*import_problems(function, paths)]


@pytest.mark.parametrize(
    "source",
    [
        "from __future__ import annotations\nimport os.path, boto3\nfrom botocore.config import Config",
        "from tap_stack.runtime import sqs\nfrom lib.runtime.request import Request",
        "import depot.handler.operations\nfrom depot import handler\nfrom depot.handler import operations",
        "from . import tools\nfrom .operations import anything\nfrom .. import handler",
        "try:\n    import orjson\nexcept ImportError:\n    orjson = None",
        "if TYPE_CHECKING:\n    import numpy",
        "def main():\n    import numpy",
    ],
)
def test_module_in_the_archive_can_be_imported(write: Write, source: str) -> None:
    write(source)
    assert not problems()


def test_packages_of_the_requirements_can_be_imported(write: Write) -> None:
    write("import numpy, stamps\nfrom google.auth import default")
    assert not problems("numpy", "stamps.py", "google")


def test_missing_package_has_the_line_and_the_remedy(write: Write) -> None:
    folder = write("import os\nfrom numpy.linalg import norm\n")
    (problem,) = problems()
    expected = "modules of Python, of Lambda, of its package or of its requirements"
    start = f"depot/handler/operations.py:2 of function 'desk' must import {expected}, got 'numpy'. "
    path = folder / "requirements.txt"
    remedy = f"Create {path} with its package, and set requirements='requirements.txt' of the function."
    assert problem == start + remedy
    path = folder / "desk.txt"
    assert problems(requirements="desk.txt") == [f"{start}Add its package to {path} and run tap lock {path}."]
    assert not problems(layers=("arn:aws:lambda:us-east-1:123456789012:layer:numpy:1",))


@pytest.mark.parametrize(
    "source", ["from .tools import text", "import depot.handler.tools.text", "from .tools.text import a"]
)
def test_imports_of_imported_modules_are_checked(write: Write, source: str) -> None:
    write(source)
    assert [problem.partition(" ")[0] for problem in problems()] == ["depot/handler/tools/text.py:1"]


@pytest.mark.parametrize("source", ["from depot import common", "import depot.common", "from ..common import a"])
def test_code_outside_of_the_package_is_rejected(write: Write, source: str) -> None:
    write(f"{source}\n")
    (problem,) = problems()
    start = "depot/handler/operations.py:1 must import only modules in the archive of function 'desk', got depot.common"
    assert problem.startswith(start)
    assert problem.endswith(
        ". Move the code into the package depot.handler: the archive contains no other code of depot."
    )


def test_problem_is_reported_before_resources_are_created(write: Write) -> None:
    write("import numpy")
    service = a_service(functions=(a_function(handler=HANDLER),))
    with pytest.raises(ValueError, match=r"operations\.py:1 of function 'desk' must import .*, got 'numpy'\."):
        check_code(service, {"desk": FunctionSettings()})
