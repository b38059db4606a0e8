"""Reference of the Python API in the terminal."""

from __future__ import annotations

import re

import pytest

from lib.cli import main
from lib.docgen.python_api import describe, overview, parts
from lib.model import __all__ as exported


def test_class_has_its_fields_with_defaults_and_descriptions() -> None:
    (text,) = describe("tap_stack.model.QueueConsumer")
    assert text.startswith("class tap_stack.model.QueueConsumer(Consumer)\n    A consumer of the messages of a queue.")
    assert "\n    batch_size: int = 10\n        Maximum number of messages per invocation:" in text
    assert "LIMITS" not in text


def test_inherited_fields_are_first_and_can_be_overridden() -> None:
    (text,) = describe("model.QueueConsumer")
    assert text.index("    operation: str\n") < text.index("    queue: str\n")
    (error,) = describe("runtime.errors.NotFound")
    assert re.findall(r"^    (\w+ = .*)$", error, re.MULTILINE) == ["status = 404", "code = 'NOT_FOUND'"]


def test_methods_and_properties_have_signatures() -> None:
    (text,) = describe("DynamoDB")
    assert (
        "\n    call(self, operation: str, **request: Any) -> dict[str, Any]\n        Call one operation with " in text
    )
    assert "_client" not in text
    (service,) = describe("Service")
    assert "\n    caller -> str" in next(iter(describe("event_handler.Request")))
    assert "functions: tuple[Function, ...]" in service


def test_module_has_all_its_parts() -> None:
    texts = [*describe("tap_stack.runtime.cookies")]
    assert [text.partition("(")[0].rpartition(".")[2] for text in texts] == ["cookie", "expired_cookie"]
    assert texts[1].startswith("tap_stack.runtime.cookies.expired_cookie(")


def test_every_class_of_a_definition_can_be_described() -> None:
    names = {part.node.name for part in parts() if part.module == "tap_stack.model"}
    assert {name for name in exported if name[0].isupper() and not name.isupper()} - names == {
        *("Comparison", "KeyType", "LogAccess", "MissingData", "Part", "Projection", "Protocol", "Schema", "Statistic"),
        *("Store", "StreamView", "UrlAuth"),
    }
    assert any(line.startswith("tap_stack.model: Alarm, Api, ") for line in overview())


def test_command_prints_a_part_or_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", "TapStackArgs"]) == 0
    assert capsys.readouterr().out.startswith("class tap_stack.stack.args.TapStackArgs")
    assert main(["reference"]) == 0
    assert "tap_stack.runtime.dynamodb: ConditionFailed, DynamoDB, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("Rout", "Did you mean Route?"), ("tap_stack.model.Zebra", "Run tap reference without a name for a list.")],
)
def test_unknown_name_is_rejected(name: str, remedy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", name]) == 1
    message = f"name must be a class, a function or a module of the API, got {name!r}. {remedy}"
    assert capsys.readouterr().err == f"error: {message}\n"
