"""Definitions and programs in the guides."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from lib.program.recorder import record

from ..support.markdown import python_blocks

GUIDES = [code for page in sorted(Path("docs/guides").glob("*.md")) for code in python_blocks(page)]
DEPLOY = """
from tap_stack import TapStack, TapStackArgs
TapStack("guide", TapStackArgs(service=SERVICE))
"""
PROGRAMS = [
    *python_blocks(Path("docs/guides/existing-resources.md")),
    *(code for code in GUIDES if "TapStack(" in code and "handler=" in code),
    *(code + DEPLOY for code in GUIDES if "SERVICE = Service(" in code and "TapStack(" not in code),
]
"""Code of the guides, each once. Definitions are deployed."""


@pytest.mark.parametrize("code", dict.fromkeys(PROGRAMS))
def test_code_of_the_guides_is_valid(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "\n".join(f"def {operation}(*_): ..." for operation in re.findall(r'operation="(\w+)"', code))
    for handler in set(re.findall(r'handler="([\w.]+)"', code)):
        module = tmp_path.joinpath(*handler.split(".")).with_suffix(".py")
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(source, encoding="utf-8")
        for package in (module.parent, module.parent.parent):
            (package / "__init__.py").touch()
        # Another test can have imported a package with this name.
        monkeypatch.delitem(sys.modules, handler.partition(".")[0], raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    deployment = record(lambda: exec(code, {}))  # noqa: S102  # pylint: disable=exec-used  # code of the guide
    stacks = code.count("TapStack(")
    functions = re.findall(r"\b(?:Function|JwtAuthorizer)\(", code) if stacks else []
    assert len(deployment.by_kind("lambda.Function")) == len(functions)
    assert len(deployment.by_kind("apigateway.RestApi")) == (stacks if "routes=" in code else 0)


def test_guides_have_programs_and_definitions() -> None:
    assert sum("TapStack(" in code for code in dict.fromkeys(PROGRAMS)) == 9
