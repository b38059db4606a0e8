"""Archives of Lambda functions."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.assets.generated_code import generated_sources
from lib.assets.handler_packages import check_handlers, source_path
from lib.assets.lambda_archive import shared_sources, sources, zip_files
from lib.assets.validators import query_schema, validator
from lib.model import Function, Schedule, Service
from lib.runtime.event_handler import SchemaViolation
from lib.services import SERVICES
from tests.support.builders import NEW_PARCEL, PAGE_SIZE, a_consumer, a_function, a_route, a_service, a_table

ROOT = Path(__file__).parents[3]
TABLES = ("parcels", "letters")
PAIRS = [(service, function) for service in SERVICES.values() for function in service.functions]


def archive_files(
    function: Function, schemas: Mapping[str, Any] | None = None, cors_origin: str | None = ""
) -> dict[str, str]:
    """Return the sources of a service with one function and with tables that have streams."""
    tables = tuple(a_table(name=name, variable=f"{name.upper()}_TABLE", stream="NEW_IMAGE") for name in TABLES)
    return sources(a_service(tables=tables, functions=(function,), schemas=schemas or {}), function, cors_origin)


@pytest.fixture(name="files", params=PAIRS, ids=lambda pair: f"{pair[0].name}-{pair[1].name}")
def every_archive(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the sources of a function of the library."""
    service, function = request.param
    return sources(service, function, "*")


@pytest.fixture(name="desk")
def custom_handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Create a custom handler package with operations that return a word and the request. Return its dotted name."""
    package = tmp_path / "sources" / "postoffice" / "desk"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("PACKED = 'no'\n")
    (package / "__init__.py").touch()
    (package / "operations.py").write_text(
        "import json\n"
        "from tap_stack.runtime.event_handler import Response\n"
        "from . import words\n\n\n"
        "def accept(request):\n    return Response(201, json.dumps([words.ACCEPTED, request.body]))\n\n\n"
        "def list_parcels(request):\n    return Response(200, json.dumps([words.LISTED, request.query]))\n\n\n"
        "def sweep():\n    print('swept')\n\n\n"
        "def greet(record):\n    print('greeted', record.keys['id'])\n\n\n"
        "def read(records):\n    print('read', len(records), records[0].key_attributes['id']['S'])\n"
    )
    (package / "words.py").write_text("ACCEPTED, LISTED = 'accepted', 'listed'\n")
    (package / "words.txt").write_text("no Python\n")
    monkeypatch.delitem(sys.modules, "postoffice", raising=False)  # of an earlier test
    monkeypatch.syspath_prepend(str(tmp_path / "sources"))
    return "postoffice.desk.operations"


def invoke(
    files: Mapping[str, str],
    tmp_path: Path,
    *events: Mapping[str, Any],
    output: list[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[Any]:
    """Return the responses of the function in an archive, run by a Python without packages.

    The lines that it prints are added to `output`.
    """
    path = tmp_path / "function.zip"
    path.write_bytes(zip_files(files))
    program = (
        f"import json, sys; sys.path.insert(0, {str(path)!r}); import index; sys.stdout = sys.stderr; "
        "context = type('Context', (), {'aws_request_id': 'i', 'get_remaining_time_in_millis': lambda self: 5000})(); "
        f"responses = [index.handler(event, context) for event in json.loads({json.dumps(events)!r})]; "
        "print(json.dumps(responses), file=sys.__stdout__)"
    )
    command, variables = [sys.executable, "-I", "-S", "-c", program], {**os.environ, **(environment or {})}
    process = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    assert process.returncode == 0, process.stderr
    (output if output is not None else []).extend(process.stderr.splitlines())
    return list(json.loads(process.stdout))


def an_event(method: str = "GET", path: str = "/parcels", **more: Any) -> dict[str, Any]:
    """Return an event of API Gateway."""
    return {"httpMethod": method, "resource": path, "requestContext": {"requestId": "1"}, **more}


def a_query(**query: str) -> dict[str, Any]:
    """Return the part of an API Gateway event that contains the query string."""
    return {"multiValueQueryStringParameters": {name: [value] for name, value in query.items()}}


def test_archive_serves_routes_and_schedules_without_installed_packages(desk: str, tmp_path: Path) -> None:
    function = a_function(
        a_route(method="POST", operation="accept", body="NewParcel"),
        a_route(query=PAGE_SIZE),
        handler=desk,
        schedules=(Schedule(name="nightly", rate="rate(1 day)", operation="sweep"),),
    )
    created, rejected, listed, swept = invoke(
        archive_files(function, {"NewParcel": NEW_PARCEL}, "https://post.example.com"),
        tmp_path,
        an_event("POST", body='{"to": "Ada"}'),
        an_event("POST", body="{}"),
        an_event(**a_query(page_size="20")),
        {"schedule": "nightly"},
    )
    assert (created["statusCode"], json.loads(created["body"])) == (201, ["accepted", {"to": "Ada"}])
    assert rejected["statusCode"] == 400
    assert json.loads(listed["body"]) == ["listed", {"page_size": 20}]
    assert listed["headers"]["Access-Control-Allow-Origin"] == "https://post.example.com"
    assert swept == {}


def a_stream_event(table: str) -> dict[str, Any]:
    """Return the event that Lambda sends for changes of the table with a physical name."""
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/2026-01-01T00:00:00.000"
    change = {"Keys": {"id": {"S": "one"}}, "SequenceNumber": "1"}
    record = {"eventSource": "aws:dynamodb", "eventName": "INSERT", "eventSourceARN": arn, "dynamodb": change}
    return {"Records": [record] * 2}


def test_stream_events_run_the_consumer_of_their_table(desk: str, tmp_path: Path) -> None:
    consumers = (a_consumer(), a_consumer(name="posted", table="letters", operation="read", batch=True))
    output: list[str] = []
    names = {"PARCELS_TABLE": "parcels-dev", "LETTERS_TABLE": "letters-dev"}
    events = [a_stream_event("letters-dev"), a_stream_event("parcels-dev"), an_event()]
    files = archive_files(a_function(handler=desk, consumers=consumers))
    *consumed, listed = invoke(files, tmp_path, *events, output=output, environment=names)
    assert consumed == [{"batchItemFailures": []}] * 2
    assert listed["statusCode"] == 200
    assert [line for line in output if not line.startswith("{")] == ["read 2 one", "greeted one", "greeted one"]
    lines = [json.loads(line) for line in output if '"stream"' in line]
    assert all(line.pop("durationMs") >= 0 for line in lines)
    assert lines == [
        {"level": "INFO", "message": "stream", "correlationId": "i", "source": table, "records": 2}
        for table in ("letters-dev", "parcels-dev")
    ]


@pytest.mark.parametrize("consumers", [(), (a_consumer(),)], ids=["routes only", "with a consumer"])
def test_cors_origin_can_be_read_from_the_environment(desk: str, tmp_path: Path, consumers: tuple[Any, ...]) -> None:
    files = archive_files(a_function(handler=desk, consumers=consumers), cors_origin=None)
    environment = {"CORS_ORIGIN": "https://d1.cloudfront.net", "PARCELS_TABLE": "parcels-dev"}
    (listed,) = invoke(files, tmp_path, an_event(), environment=environment)
    assert listed["headers"]["Access-Control-Allow-Origin"] == "https://d1.cloudfront.net"


def test_index_with_a_constant_cors_origin_does_not_read_the_environment(desk: str) -> None:
    assert archive_files(a_function(handler=desk), cors_origin="*")["index.py"] == (
        "from tap_stack.runtime.event_handler import Api, Route\n"
        "from postoffice.desk import operations as operations\n"
        "from validators import query_0\n"
        "\n"
        "handler = Api(\n"
        "    {\n"
        "        ('GET', '/parcels'): Route(operations.list_parcels, None, query_0.validate, {}),\n"
        "    },\n"
        "    {\n"
        "    },\n"
        "    '*',\n"
        ")\n"
        "if hasattr(operations, 'start'):\n"
        "    operations.start()\n"
    )


@pytest.mark.parametrize("schema", ["Route", "class"])
def test_schema_name_can_be_a_python_name(desk: str, tmp_path: Path, schema: str) -> None:
    function = a_function(a_route(method="POST", operation="accept", body=schema), handler=desk)
    event = an_event("POST", body='{"to": "Ada"}')
    (created,) = invoke(archive_files(function, {schema: NEW_PARCEL}), tmp_path, event)
    assert created["statusCode"] == 201


def test_routes_with_the_same_operation_have_separate_query_schemas(desk: str, tmp_path: Path) -> None:
    function = a_function(
        a_route(query=PAGE_SIZE), a_route(path="/lost", query={"since": {"type": "string"}}), handler=desk
    )
    events = [
        an_event(path=path, **a_query(**query))
        for path in ("/parcels", "/lost")
        for query in ({"page_size": "2"}, {"since": "may"})
    ]
    statuses = [response["statusCode"] for response in invoke(archive_files(function), tmp_path, *events)]
    assert statuses == [200, 400, 400, 200]


def test_start_function_of_the_handler_is_called(desk: str, tmp_path: Path) -> None:
    module = tmp_path / "sources" / "postoffice" / "desk" / "operations.py"
    module.write_text(f"{module.read_text()}\n\ndef start():\n    words.LISTED = 'started'\n")
    (listed,) = invoke(archive_files(a_function(handler=desk)), tmp_path, an_event())
    assert json.loads(listed["body"])[0] == "started"


def test_handler_can_be_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "counter").mkdir()
    (tmp_path / "counter" / "__init__.py").write_text(
        "from tap_stack.runtime.event_handler import Response\n\n\n"
        "def list_parcels(request):\n    return Response(204)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (response,) = invoke(archive_files(a_function(handler="counter")), tmp_path, an_event())
    assert response["statusCode"] == 204


def test_parent_packages_of_the_handler_are_empty_in_the_archive(desk: str) -> None:
    files = archive_files(a_function(handler=desk))
    assert files["postoffice/__init__.py"] == ""
    assert "postoffice/desk/words.py" in files
    assert not [name for name in files if not name.endswith(".py")]


def test_archive_contains_no_code_of_the_pulumi_program(files: dict[str, str]) -> None:
    packages = ("index.py", "validators/", "tap_stack/runtime/", "tap_stack/services/")
    modules = {name for name, source in files.items() if source}
    assert not [name for name in modules if not name.startswith(packages)]
    assert not [name for name in modules if name.endswith("/service.py")]


def test_every_source_is_valid_in_python_3_9(files: dict[str, str]) -> None:
    for name, source in files.items():
        ast.parse(source, name, feature_version=(3, 9))


@pytest.mark.slow
def test_archive_imports_no_third_party_package(files: dict[str, str]) -> None:
    included = {name.split("/")[0].removesuffix(".py") for name in files}
    imported = set()
    for source in files.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).split(".", maxsplit=1)[0])
    assert {"json", "tap_stack"} <= imported
    assert imported <= included | sys.stdlib_module_names


def archive_of_items() -> bytes:
    """Return the archive of the items service."""
    service = SERVICES["items"]
    return zip_files(sources(service, service.functions[0], "*"))


def test_archive_is_the_same_in_another_process_and_time_zone(tmp_path: Path) -> None:
    program = f"from {__name__} import archive_of_items; import sys; sys.stdout.buffer.write(archive_of_items())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    process = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=tmp_path)
    assert process.stdout == archive_of_items()


def test_archive_depends_on_the_content_of_files_and_not_on_their_order() -> None:
    files = {"a.py": "1", "b/c.py": "2"}
    assert zip_files(files) == zip_files(dict(reversed(files.items())))
    assert zip_files(files) != zip_files({**files, "a.py": "3"})


def test_all_users_can_read_the_files_of_an_archive() -> None:
    with zipfile.ZipFile(io.BytesIO(zip_files({"a.py": "ä\n", "b/c.py": ""}))) as archive:
        assert archive.read("a.py").decode() == "ä\n"
        assert {info.filename: info.external_attr >> 16 for info in archive.infolist()} == {
            "a.py": 0o644,
            "b/c.py": 0o644,
        }


def validate_of(schema: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a generated validator, loaded like in the function."""
    namespace: dict[str, Any] = {}
    exec(validator(schema), namespace)  # noqa: S102  # pylint: disable=exec-used  # generated code, as Lambda imports it
    validate: Callable[..., Any] = namespace["validate"]
    return validate


def test_validator_raises_the_error_of_the_runtime() -> None:
    validate = validate_of(NEW_PARCEL)
    with pytest.raises(SchemaViolation, match=r"body must contain .*to.* properties"):
        validate({}, name_prefix="body")


def test_validator_accepts_valid_data() -> None:
    assert validate_of(NEW_PARCEL)({"to": "Ada"}, name_prefix="body") == {"to": "Ada"}


@pytest.mark.parametrize("query", [{"page_sise": 2}, {"page_size": 2, "from": "Bath"}])
def test_query_with_an_unknown_parameter_is_rejected(query: dict[str, Any]) -> None:
    validate = validate_of(query_schema(a_route(query=PAGE_SIZE)))
    with pytest.raises(SchemaViolation, match="query must not contain"):
        validate(query, name_prefix="query")


@pytest.mark.parametrize("query", [{}, {"page_size": 50}])
def test_query_with_known_parameters_is_accepted(query: dict[str, Any]) -> None:
    assert validate_of(query_schema(a_route(query=PAGE_SIZE)))(query) == query


@pytest.mark.parametrize("handler", ["nowhere.api", "nowhere.to.be.found", "json.decoder.x", "nowhere"])
def test_handler_outside_of_a_package_is_rejected(handler: str) -> None:
    function = a_function(handler=handler)
    with pytest.raises(
        ValueError, match=rf"handler .*, got '{handler.rpartition('.')[0] or handler}'\. Set the handler"
    ):
        archive_files(function)


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("from tap_stack.model import Service", "tap_stack.model.Service"),
        ("import tap_stack.stack.config", "tap_stack.stack.config"),
        ("from tap_stack import TapStack", "tap_stack.TapStack"),
        ("from lib.model import Service", "lib.model.Service"),
    ],
)
def test_handler_in_the_package_of_the_service_definition_is_rejected(
    desk: str, tmp_path: Path, statement: str, module: str
) -> None:
    (tmp_path / "sources" / "postoffice" / "desk" / "service.py").write_text(f"import json\n{statement}\n")
    with pytest.raises(ValueError, match=r"^handler ") as caught:
        check_handlers(a_service(functions=(a_function(handler=desk),)))
    assert str(caught.value) == (
        f"handler 'postoffice.desk.operations': postoffice/desk/service.py:2 must not import {module}, because the "
        "package postoffice.desk is deployed to Lambda with only tap_stack.runtime. Move the Lambda code to a separate "
        "package, such as postoffice.desk.handler.operations."
    )


def test_handler_that_imports_the_runtime_from_the_source_folder_is_rejected(desk: str, tmp_path: Path) -> None:
    module = tmp_path / "sources" / "postoffice" / "desk" / "words.py"
    module.write_text(f"{module.read_text()}from lib.runtime import errors\n")
    with pytest.raises(ValueError, match=r"^handler ") as caught:
        check_handlers(a_service(functions=(a_function(handler=desk),)))
    assert str(caught.value) == (
        "handler 'postoffice.desk.operations': postoffice/desk/words.py:2 must not import lib.runtime.errors in "
        "Lambda. Import tap_stack.runtime.errors instead."
    )


def test_service_definition_in_the_parent_package_of_its_handler_is_accepted(desk: str, tmp_path: Path) -> None:
    (tmp_path / "sources" / "postoffice" / "service.py").write_text("from tap_stack.model import Service\n")
    words = tmp_path / "sources" / "postoffice" / "desk" / "words.py"
    words.write_text(f"{words.read_text()}import tap_stack.runtime.errors\nfrom . import operations\n")
    check_handlers(a_service(functions=(a_function(handler=desk),)))


def test_source_path_returns_the_file_of_an_archive_path() -> None:
    assert source_path("tap_stack/runtime/errors.py") == ROOT / "lib/runtime/errors.py"
    assert source_path("no_such_package/words.py") == Path("no_such_package/words.py")
    assert source_path("index.py") == Path("index.py")


def test_source_path_finds_a_package_outside_the_working_directory(desk: str, tmp_path: Path) -> None:
    assert desk == "postoffice.desk.operations"
    assert source_path("postoffice/desk/words.py") == tmp_path / "sources" / "postoffice" / "desk" / "words.py"


def test_summary_and_grants_of_a_route_do_not_change_the_archive() -> None:
    service: Service = SERVICES["items"]
    (function,) = service.functions
    reworded = replace(function, routes=tuple(replace(route, summary="", grants=()) for route in function.routes))
    assert sources(service, reworded) == sources(service, function)


def test_sources_are_the_shared_and_the_generated_files(desk: str) -> None:
    function = a_function(a_route(method="POST", operation="accept", body="NewParcel"), handler=desk)
    service = a_service(functions=(function,), schemas={"NewParcel": NEW_PARCEL})
    shared, generated = shared_sources(desk), generated_sources(service, function, "*")
    assert set(generated) == {
        "index.py",
        "validators/__init__.py",
        "validators/body_NewParcel.py",
        "validators/query_0.py",
    }
    assert {"tap_stack/runtime/event_handler.py", "postoffice/desk/words.py"} <= set(shared)
    assert sources(service, function, "*") == {**shared, **generated}
    for files in (shared, generated):
        assert list(files) == sorted(files)


BATCH = {
    "type": "object",
    "required": ["parcels"],
    "properties": {"parcels": {"type": "array", "maxItems": 2, "items": NEW_PARCEL}},
}


def test_invalid_entries_of_a_batch_are_passed_to_the_operation(desk: str, tmp_path: Path) -> None:
    module = tmp_path / "sources" / "postoffice" / "desk" / "operations.py"
    lines = ["", "def accept_all(request):"]
    lines += ["    errors = {number: error.details for number, error in request.invalid.items()}"]
    lines += ["    return Response(200, json.dumps(errors))", ""]
    module.write_text(module.read_text() + "\n".join(lines))
    route = a_route(method="POST", path="/batch", operation="accept_all", body="Batch")
    function = a_function(route, a_route(method="POST", operation="accept", body="NewParcel"), handler=desk)
    tables = (a_table(),)
    schemas = {"Batch": BATCH, "NewParcel": NEW_PARCEL}
    service = a_service(tables=tables, functions=(function,), schemas=schemas, batches={"Batch": "parcels"})
    bodies = [{"parcels": [{"to": "Ada"}, {}, 1]}, {"parcels": [{"to": "Ada"}, {}]}, {"parcels": []}, {}]
    events = [an_event("POST", "/batch", body=json.dumps(body)) for body in bodies]
    *batches, single = invoke(sources(service, function), tmp_path, *events, an_event("POST", body="{}"))
    assert [response["statusCode"] for response in batches] == [400, 200, 200, 400]
    assert json.loads(batches[1]["body"]) == {"1": ["body.parcels[1] must contain ['to'] properties"]}
    assert json.loads(batches[2]["body"]) == {}
    assert single["statusCode"] == 400
