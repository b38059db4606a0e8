"""What goes into a function's zip."""

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

from lib.assets.lambda_archive import (
    check_handlers,
    own_sources,
    query_schema,
    shared_sources,
    source_path,
    sources,
    validator,
    zipped,
)
from lib.model import Function, Schedule, Service
from lib.runtime.event_handler import Invalid
from lib.services import SERVICES
from tests.support.builders import NEW_PARCEL, PAGE_SIZE, a_consumer, a_function, a_route, a_service, a_table

ROOT = Path(__file__).parents[3]
TABLES = ("parcels", "letters")
PAIRS = [(service, function) for service in SERVICES.values() for function in service.functions]


def packed(
    function: Function, schemas: Mapping[str, Any] | None = None, cors_origin: str | None = ""
) -> dict[str, str]:
    """The sources of a service of one function, its tables with streams."""
    tables = tuple(a_table(name=name, variable=f"{name.upper()}_TABLE", stream="NEW_IMAGE") for name in TABLES)
    return sources(a_service(tables=tables, functions=(function,), schemas=schemas or {}), function, cors_origin)


@pytest.fixture(name="files", params=PAIRS, ids=lambda pair: f"{pair[0].name}-{pair[1].name}")
def every_archive(request: pytest.FixtureRequest) -> dict[str, str]:
    """The sources of each function that comes with the library."""
    service, function = request.param
    return sources(service, function, "*")


@pytest.fixture(name="desk")
def handler_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a handler module of one's own, which answers with its name and the query."""
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
        "def greet(keys):\n    print('greeted', keys[0]['id']['S'])\n\n\n"
        "def read(keys):\n    print('read', keys[0]['id']['S'])\n"
    )
    (package / "words.py").write_text("ACCEPTED, LISTED = 'accepted', 'listed'\n")
    (package / "words.txt").write_text("no Python\n")
    monkeypatch.delitem(sys.modules, "postoffice", raising=False)  # an earlier test's
    monkeypatch.syspath_prepend(str(tmp_path / "sources"))
    return "postoffice.desk.operations"


def answers(
    texts: Mapping[str, str],
    tmp_path: Path,
    *events: Mapping[str, Any],
    told: list[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[Any]:
    """What the packed function answers, in a Python that has nothing installed; what it prints is added to `told`."""
    path = tmp_path / "function.zip"
    path.write_bytes(zipped(texts))
    program = (
        f"import json, sys; sys.path.insert(0, {str(path)!r}); import index; sys.stdout = sys.stderr; "
        "context = type('Context', (), {'aws_request_id': 'i', 'get_remaining_time_in_millis': lambda self: 5000})(); "
        f"answers = [index.handler(event, context) for event in json.loads({json.dumps(events)!r})]; "
        "print(json.dumps(answers), file=sys.__stdout__)"
    )
    command, variables = [sys.executable, "-I", "-S", "-c", program], {**os.environ, **(environment or {})}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    assert ran.returncode == 0, ran.stderr
    (told if told is not None else []).extend(ran.stderr.splitlines())
    return list(json.loads(ran.stdout))


def an_event(method: str = "GET", path: str = "/parcels", **more: Any) -> dict[str, Any]:
    """What API Gateway sends."""
    return {"httpMethod": method, "resource": path, "requestContext": {"requestId": "1"}, **more}


def asking(**query: str) -> dict[str, Any]:
    """A query as API Gateway sends it."""
    return {"multiValueQueryStringParameters": {name: [value] for name, value in query.items()}}


def test_packed_function_answers_routes_and_schedules_with_nothing_installed(desk: str, tmp_path: Path) -> None:
    function = a_function(
        a_route(method="POST", operation="accept", body="NewParcel"),
        a_route(query=PAGE_SIZE),
        handler=desk,
        schedules=(Schedule(name="nightly", rate="rate(1 day)", operation="sweep"),),
    )
    created, refused, listed, swept = answers(
        packed(function, {"NewParcel": NEW_PARCEL}, "https://post.example.com"),
        tmp_path,
        an_event("POST", body='{"to": "Ada"}'),
        an_event("POST", body="{}"),
        an_event(**asking(page_size="20")),
        {"schedule": "nightly"},
    )
    assert (created["statusCode"], json.loads(created["body"])) == (201, ["accepted", {"to": "Ada"}])
    assert refused["statusCode"] == 400
    assert json.loads(listed["body"]) == ["listed", {"page_size": 20}]
    assert listed["headers"]["Access-Control-Allow-Origin"] == "https://post.example.com"
    assert swept == {}


def changed(table: str) -> dict[str, Any]:
    """What Lambda sends of a change of a table of that name in AWS."""
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/2026-01-01T00:00:00.000"
    keys = {"Keys": {"id": {"S": "one"}}}
    return {"Records": [{"eventName": "INSERT", "eventSourceARN": arn, "dynamodb": keys}] * 2}


def test_packed_function_runs_what_the_changes_of_each_table_are_for(desk: str, tmp_path: Path) -> None:
    consumers = (a_consumer(), a_consumer(name="posted", table="letters", operation="read"))
    told: list[str] = []
    names = {"PARCELS_TABLE": "parcels-dev", "LETTERS_TABLE": "letters-dev"}
    events = [changed("letters-dev"), changed("parcels-dev"), an_event()]
    texts = packed(a_function(handler=desk, consumers=consumers))
    *ran, listed = answers(texts, tmp_path, *events, told=told, environment=names)
    assert ran == [{}, {}]
    assert listed["statusCode"] == 200
    assert (told[0], told[2]) == ("read one", "greeted one")
    lines = [json.loads(told[1]), json.loads(told[3])]
    assert all(line.pop("durationMs") >= 0 for line in lines)
    assert lines == [
        {"level": "INFO", "message": "stream", "correlationId": "i", "table": table, "records": 2}
        for table in ("letters-dev", "parcels-dev")
    ]


@pytest.mark.parametrize("consumers", [(), (a_consumer(),)], ids=["alone", "with a consumer"])
def test_packed_function_may_find_the_origin_in_its_environment(
    desk: str, tmp_path: Path, consumers: tuple[Any, ...]
) -> None:
    texts = packed(a_function(handler=desk, consumers=consumers), cors_origin=None)
    found = {"CORS_ORIGIN": "https://d1.cloudfront.net", "PARCELS_TABLE": "parcels-dev"}
    (listed,) = answers(texts, tmp_path, an_event(), environment=found)
    assert listed["headers"]["Access-Control-Allow-Origin"] == "https://d1.cloudfront.net"


def test_index_is_as_it_was_for_a_function_that_finds_nothing_in_its_environment(desk: str) -> None:
    assert packed(a_function(handler=desk), cors_origin="*")["index.py"] == (
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
def test_schema_may_have_a_name_that_python_uses_too(desk: str, tmp_path: Path, schema: str) -> None:
    function = a_function(a_route(method="POST", operation="accept", body=schema), handler=desk)
    event = an_event("POST", body='{"to": "Ada"}')
    (created,) = answers(packed(function, {schema: NEW_PARCEL}), tmp_path, event)
    assert created["statusCode"] == 201


def test_routes_that_share_an_operation_keep_their_own_query(desk: str, tmp_path: Path) -> None:
    function = a_function(
        a_route(query=PAGE_SIZE), a_route(path="/lost", query={"since": {"type": "string"}}), handler=desk
    )
    events = [
        an_event(path=path, **asking(**query))
        for path in ("/parcels", "/lost")
        for query in ({"page_size": "2"}, {"since": "may"})
    ]
    statuses = [answer["statusCode"] for answer in answers(packed(function), tmp_path, *events)]
    assert statuses == [200, 400, 400, 200]


def test_handler_that_has_a_start_is_started_once(desk: str, tmp_path: Path) -> None:
    module = tmp_path / "sources" / "postoffice" / "desk" / "operations.py"
    module.write_text(f"{module.read_text()}\n\ndef start():\n    words.LISTED = 'started'\n")
    (listed,) = answers(packed(a_function(handler=desk)), tmp_path, an_event())
    assert json.loads(listed["body"])[0] == "started"


def test_handler_may_be_a_package_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "counter").mkdir()
    (tmp_path / "counter" / "__init__.py").write_text(
        "from tap_stack.runtime.event_handler import Response\n\n\n"
        "def list_parcels(request):\n    return Response(204)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (answer,) = answers(packed(a_function(handler="counter")), tmp_path, an_event())
    assert answer["statusCode"] == 204


def test_packages_above_the_handler_are_packed_empty(desk: str) -> None:
    texts = packed(a_function(handler=desk))
    assert texts["postoffice/__init__.py"] == ""
    assert "postoffice/desk/words.py" in texts
    assert not [name for name in texts if not name.endswith(".py")]


def test_nothing_of_the_program_itself_is_packed(files: dict[str, str]) -> None:
    packages = ("index.py", "validators/", "tap_stack/runtime/", "tap_stack/services/")
    own = {name for name, text in files.items() if text}
    assert not [name for name in own if not name.startswith(packages)]
    assert not [name for name in own if name.endswith("/service.py")]


def test_every_source_is_written_for_python_3_9(files: dict[str, str]) -> None:
    for name, text in files.items():
        ast.parse(text, name, feature_version=(3, 9))


@pytest.mark.slow
def test_nothing_packed_imports_a_third_party_package(files: dict[str, str]) -> None:
    own = {name.split("/")[0].removesuffix(".py") for name in files}
    imported = set()
    for text in files.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).split(".", maxsplit=1)[0])
    assert {"json", "tap_stack"} <= imported
    assert imported <= own | sys.stdlib_module_names


def archive_of_items() -> bytes:
    """The whole way from the description to the bytes."""
    service = SERVICES["items"]
    return zipped(sources(service, service.functions[0], "*"))


def test_same_sources_are_the_same_bytes_in_another_process_at_another_time(tmp_path: Path) -> None:
    program = f"from {__name__} import archive_of_items; import sys; sys.stdout.buffer.write(archive_of_items())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=tmp_path)
    assert ran.stdout == archive_of_items()


def test_bytes_do_not_depend_on_the_order_of_files_but_on_their_texts() -> None:
    texts = {"a.py": "1", "b/c.py": "2"}
    assert zipped(texts) == zipped(dict(reversed(texts.items())))
    assert zipped(texts) != zipped({**texts, "a.py": "3"})


def test_zip_holds_every_file_readable_for_all() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped({"a.py": "ä\n", "b/c.py": ""}))) as archive:
        assert archive.read("a.py").decode() == "ä\n"
        assert {info.filename: info.external_attr >> 16 for info in archive.infolist()} == {
            "a.py": 0o644,
            "b/c.py": 0o644,
        }


def validate_of(schema: Mapping[str, Any]) -> Callable[..., Any]:
    """A generated validator, loaded as the function loads it."""
    namespace: dict[str, Any] = {}
    exec(validator(schema), namespace)  # noqa: S102  # pylint: disable=exec-used  # our own code, as Lambda imports it
    validate: Callable[..., Any] = namespace["validate"]
    return validate


def test_validator_raises_the_runtimes_own_error() -> None:
    validate = validate_of(NEW_PARCEL)
    with pytest.raises(Invalid, match=r"body must contain .*to.* properties"):
        validate({}, name_prefix="body")


def test_validator_passes_what_fits() -> None:
    assert validate_of(NEW_PARCEL)({"to": "Ada"}, name_prefix="body") == {"to": "Ada"}


@pytest.mark.parametrize("query", [{"page_sise": 2}, {"page_size": 2, "from": "Bath"}])
def test_query_with_an_unknown_parameter_is_refused(query: dict[str, Any]) -> None:
    validate = validate_of(query_schema(a_route(query=PAGE_SIZE)))
    with pytest.raises(Invalid, match="query must not contain"):
        validate(query, name_prefix="query")


@pytest.mark.parametrize("query", [{}, {"page_size": 50}])
def test_query_of_known_parameters_is_taken(query: dict[str, Any]) -> None:
    assert validate_of(query_schema(a_route(query=PAGE_SIZE)))(query) == query


@pytest.mark.parametrize("handler", ["nowhere.api", "nowhere.to.be.found", "json.decoder.x", "nowhere"])
def test_handler_that_is_not_in_a_package_is_refused_by_name(handler: str) -> None:
    function = a_function(handler=handler)
    with pytest.raises(
        ValueError, match=rf"handler .*, got '{handler.rpartition('.')[0] or handler}'\. Set the handler"
    ):
        packed(function)


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("from tap_stack.model import Service", "tap_stack.model.Service"),
        ("import tap_stack.stack.config", "tap_stack.stack.config"),
        ("from tap_stack import TapStack", "tap_stack.TapStack"),
        ("from lib.model import Service", "lib.model.Service"),
    ],
)
def test_handler_in_the_package_of_the_description_is_rejected(
    desk: str, tmp_path: Path, statement: str, module: str
) -> None:
    (tmp_path / "sources" / "postoffice" / "desk" / "service.py").write_text(f"import json\n{statement}\n")
    with pytest.raises(ValueError, match=r"^handler ") as caught:
        check_handlers(a_service(functions=(a_function(handler=desk),)))
    assert str(caught.value) == (
        f"handler 'postoffice.desk.operations': postoffice/desk/service.py imports {module}, but all of the package "
        "postoffice.desk is deployed to Lambda, which has only tap_stack.runtime; move the Lambda code to a package of "
        "its own, such as postoffice.desk.handler.operations"
    )


def test_handler_that_imports_the_runtime_by_the_name_of_the_folder_is_rejected(desk: str, tmp_path: Path) -> None:
    module = tmp_path / "sources" / "postoffice" / "desk" / "words.py"
    module.write_text(f"{module.read_text()}from lib.runtime import errors\n")
    with pytest.raises(ValueError, match=r"^handler ") as caught:
        check_handlers(a_service(functions=(a_function(handler=desk),)))
    assert str(caught.value) == (
        "handler 'postoffice.desk.operations': postoffice/desk/words.py imports lib.runtime.errors, which Lambda code "
        "must import as tap_stack.runtime.errors"
    )


def test_description_in_the_package_above_its_handler_is_accepted(desk: str, tmp_path: Path) -> None:
    (tmp_path / "sources" / "postoffice" / "service.py").write_text("from tap_stack.model import Service\n")
    words = tmp_path / "sources" / "postoffice" / "desk" / "words.py"
    words.write_text(f"{words.read_text()}import tap_stack.runtime.errors\nfrom . import operations\n")
    check_handlers(a_service(functions=(a_function(handler=desk),)))


def test_files_of_an_archive_are_found_where_they_come_from() -> None:
    assert source_path("tap_stack/runtime/errors.py") == ROOT / "lib/runtime/errors.py"
    assert source_path("postoffice/desk/words.py") == Path("postoffice/desk/words.py")


def test_changing_the_words_of_a_route_does_not_change_the_archive() -> None:
    service: Service = SERVICES["items"]
    (function,) = service.functions
    reworded = replace(function, routes=tuple(replace(route, summary="", grants=()) for route in function.routes))
    assert sources(service, reworded) == sources(service, function)


def test_what_functions_share_and_what_each_has_of_its_own_are_all_there_is(desk: str) -> None:
    function = a_function(a_route(method="POST", operation="accept", body="NewParcel"), handler=desk)
    service = a_service(functions=(function,), schemas={"NewParcel": NEW_PARCEL})
    shared, own = shared_sources(desk), own_sources(service, function, "*")
    assert set(own) == {
        "index.py",
        "validators/__init__.py",
        "validators/body_NewParcel.py",
        "validators/query_0.py",
    }
    assert {"tap_stack/runtime/event_handler.py", "postoffice/desk/words.py"} <= set(shared)
    assert sources(service, function, "*") == {**shared, **own}
    for files in (shared, own):
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
    *found, single = answers(sources(service, function), tmp_path, *events, an_event("POST", body="{}"))
    assert [answer["statusCode"] for answer in found] == [400, 200, 200, 400]
    assert json.loads(found[1]["body"]) == {"1": ["body.parcels[1] must contain ['to'] properties"]}
    assert json.loads(found[2]["body"]) == {}
    assert single["statusCode"] == 400
