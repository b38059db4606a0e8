"""Service definitions: validation, splitting and merging of grants."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from lib.model import (
    UNITS,
    Call,
    Function,
    Grant,
    Index,
    Key,
    Parameter,
    Route,
    Site,
    Table,
    Throttle,
    Topic,
)
from lib.settings import ApiSettings, FunctionSettings
from tests.support.builders import (
    HANDLER,
    a_code,
    a_consumer,
    a_function,
    a_grant,
    a_metric,
    a_route,
    a_schedule,
    a_secret,
    a_service,
    a_table,
    an_alarm,
)

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


def a_topic(**changes: Any) -> Topic:
    return Topic(**{"name": "lost", "variable": "LOST_TOPIC", **changes})


def a_parameter(**changes: Any) -> Parameter:
    return Parameter(**{"name": "config", "value": {"limit": 7}, **changes})


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda: a_table(name="Parcels"), "table name must be 1 to 64 lowercase .*, got 'Parcels'"),
        (lambda: a_table(name="p" * 65), "table name must be 1 to 64 .*, got 'ppp"),
        (lambda: a_topic(name="1st"), "topic name must be 1 to 64 lowercase .*, got '1st'"),
        (
            lambda: a_table(output_prefix="A"),
            "table 'parcels' output_prefix must be lowercase .*, got 'A'. Use an empty",
        ),
        (
            lambda: a_table(name="dynamodb"),
            "table 'dynamodb' output_prefix must differ from 'dynamodb', got 'dynamodb'",
        ),
        (lambda: a_table(output_prefix="dynamodb"), "has the output dynamodb_table_arn; set another output_prefix"),
        (lambda: a_topic(name="alarm"), "topic 'alarm' output_prefix must differ from 'alarm', got 'alarm'"),
        (lambda: a_topic(output_prefix="a-b"), "topic 'lost' output_prefix must be lowercase letters.*got 'a-b'"),
        (lambda: a_parameter(name="/config"), "parameter name must be 1 to 64 lowercase .*, got '/config'"),
        (lambda: a_parameter(value={}), "parameter 'config' must set exactly one of table or value"),
        (lambda: a_parameter(table="parcels"), "parameter 'config' must set exactly one of table or value"),
        (lambda: a_secret(name="/token"), "secret name must be 1 to 64 lowercase .*, got '/token'"),
        (lambda: a_secret(variable="token"), "secret 'token' variable must be uppercase .*, got 'token'"),
        (lambda: a_secret(store="vault"), "secret 'token' store must be one of ssm, secretsmanager, got 'vault'"),
        (lambda: a_function(name="my_desk"), "function name must be 1 to 64 lowercase .*, got 'my_desk'"),
        (lambda: a_function(name=None), "Function None name must be a string, got None"),
        (lambda: a_secret(variable=7), "Secret 'token' variable must be a string, got 7"),
        (
            lambda: a_function(requirements=("requirements.txt",)),
            "Function 'desk' requirements must be a string, got \\('requirements.txt',\\).",
        ),
        (lambda: a_function(files="*.json"), "Function 'desk' files must be a tuple of strings, got '\\*.json'"),
        (lambda: a_function(layers=[LAYER]), "Function 'desk' layers must be a tuple of values, got \\['arn:"),
        (lambda: a_function(files=("../*.json",)), "function 'desk' files must be glob patterns inside .*, got '../"),
        (lambda: a_function(files=("/etc/*",)), "function 'desk' files must be .*, got '/etc/\\*'. Move the files"),
        (lambda: a_function(files=(3,)), "Function 'desk' files\\[0\\] must be a string, got 3"),
        (lambda: a_function(files=("",)), "function 'desk' files must be glob patterns .*, got ''"),
        (
            lambda: a_function(layers=(LAYER.removesuffix(":3"),)),
            "function 'desk' layers must be ARNs of layer versions, got 'arn:.*tools'. Append the version to the ARN: ",
        ),
        (lambda: a_function(layers=(3,)), "function 'desk' layers must be ARNs of layer versions, got 3"),
        (lambda: a_function(layers=(LAYER,) * 6), "function 'desk' layers must be at most 5 ARNs, got 6"),
        (
            lambda: a_service(functions=(a_function(layers=(LAYER,) * 5),), shared_type="shared"),
            "function 'desk' layers must be at most 4 ARNs in addition to the layer with the common code, got 5",
        ),
        (lambda: a_schedule(name=""), "schedule name must be 1 to 64 lowercase .*, got ''"),
        (lambda: a_service(name="parcel post"), "service name must be 1 to 64 lowercase .*, got 'parcel post'"),
        (
            lambda: a_schedule(rate="rate(5 minute)"),
            r"schedule 'nightly' rate must be .*, got 'rate\(5 minute\)'. Use rate",
        ),
        (lambda: a_route(method="get"), "route method must be one of GET, .*, got 'get'"),
        (lambda: a_route(method="OPTIONS"), "route method must be one of GET, .*, got 'OPTIONS'"),
        (lambda: a_route(path="parcels"), "route path must be / or segments that start with '/', .*, got 'parcels'"),
        (lambda: a_route(path="/parcels/"), "route path must be .*, got '/parcels/'"),
        (lambda: a_route(path="/parcels/{id"), "route path must be .*, got '/parcels/{id'"),
        (lambda: a_route(scope="Read"), "route scope must be lowercase letters .*, got 'Read'"),
        (
            lambda: a_route(scope="", key_required=True),
            "route GET /parcels key_required must be False .*, got True. Set a scope",
        ),
        (
            lambda: a_route(operation="list-parcels"),
            "route operation must be the name of a Python function, got 'list-parcels'",
        ),
        (lambda: a_route(operation="return"), "route operation must be the name of a Python function, got 'return'"),
        (lambda: a_code(name="Lost"), "code must be uppercase letters, .*, got 'Lost'"),
        (lambda: a_code(name="_LOST"), "code must be uppercase letters, .*, got '_LOST'"),
        (lambda: a_code(status=399), "code 'TOO_HEAVY' status must be 400 to 499 or 503, got 399"),
        (lambda: a_code(status=500), "code 'TOO_HEAVY' status must be 400 to 499 or 503, got 500"),
        (
            lambda: a_metric(name="arrivals"),
            "metric name must be letters and digits, an uppercase letter first, .*, got 'arrivals'",
        ),
        (lambda: a_metric(name="Of_All"), "metric name must be letters and digits, .*, got 'Of_All'"),
        (lambda: a_metric(name="FunctionName"), "metric name must be .* other than FunctionName, got 'FunctionName'"),
        (lambda: a_metric(unit="count"), "metric 'Arrivals' unit must be one of Count, Bytes, .*, got 'count'"),
        (
            lambda: a_schedule(operation="sweep-all"),
            "schedule operation must be the name of a Python function, got 'sweep-all'",
        ),
        (lambda: a_consumer(name="My"), "consumer name must be 1 to 64 lowercase .*, got 'My'"),
        (
            lambda: a_consumer(operation="greet-all"),
            "consumer operation must be the name of a Python function, got 'greet-all'",
        ),
        (
            lambda: a_function(variables={"greeting": "x"}),
            "function 'desk' variable must be uppercase .*, got 'greeting'",
        ),
        (
            lambda: a_function(variables={"AWS_REGION": "x"}),
            "function 'desk' variable must be uppercase .*, got 'AWS_REGION'",
        ),
        (
            lambda: a_function(variables={"LAMBDA_X": "x"}),
            "function 'desk' variable must be uppercase .*, got 'LAMBDA_X'",
        ),
        (lambda: an_alarm(name="Rejections"), "alarm name must be 1 to 64 lowercase .*, got 'Rejections'"),
        (lambda: an_alarm(period_seconds=90), "alarms.period_seconds must be a multiple of 60 .*, got 90"),
        (lambda: an_alarm(evaluation_periods=0), "alarms.evaluation_periods must be .*, got 0"),
        (lambda: Site(folder="x", type="My site"), "site name must be 1 to 64 lowercase .*, got 'My site'"),
        (
            lambda: Site(folder="x", sign_in_pages=("/a.html",)),
            "site sign_in_pages must be paths such as .*, got '/a.html'",
        ),
        (lambda: Site(folder="x", sign_in_pages=("", "a.html#/x")), "site sign_in_pages must be .*, got 'a.html#/x'"),
        (lambda: a_service(name_pattern="{environment}-x"), r"name_pattern must contain {type}, got '{environment}-x'"),
        (lambda: a_service(name_pattern="x-{type}"), r"name_pattern must contain {environment}, got 'x-{type}'"),
    ],
)
def test_invalid_value_is_rejected_with_field_value_and_remedy(define: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        define()


STREAMED = (a_table(stream="KEYS_ONLY"),)
TWO = (a_function(), a_function(a_route(path="/letters"), name="letters"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tables": (a_table(), a_table())}, "resource must be unique, got 'parcels' more than once"),
        ({"topics": (a_topic(), a_topic())}, "resource must be unique, got 'lost' more than once"),
        (
            {"tables": (a_table(name="alarms"),)},
            "resource must be unique, got 'alarms' more than once",
        ),
        ({"topics": (a_topic(name="parcels"),)}, "resource must be unique, got 'parcels' more than once"),
        (
            {"tables": (a_table(), a_table(name="old", variable="OLD_TABLE", output_prefix="parcels"))},
            "output must be unique, got 'parcels_table_name' more than once",
        ),
        (
            {"topics": (a_topic(), a_topic(name="old", variable="OLD_TOPIC", output_prefix="lost"))},
            "output must be unique, got 'lost_topic_arn' more than once",
        ),
        ({"parameters": (a_parameter(name="parcels"),)}, "resource must be unique, got 'parcels' more than once"),
        (
            {"parameters": (a_parameter(variable="PARCELS_TABLE"),)},
            "variable must be unique, got 'PARCELS_TABLE' more than once",
        ),
        ({"secrets": (a_secret(name="parcels"),)}, "resource must be unique, got 'parcels' more than once"),
        (
            {"secrets": (a_secret(variable="PARCELS_TABLE"),)},
            "variable must be unique, got 'PARCELS_TABLE' more than once",
        ),
        *(
            (
                {
                    "functions": (a_function(a_route(grants=(a_grant("token", *actions),))),),
                    "secrets": (a_secret(store=store),),
                },
                rf"'desk' grant on 'token' actions must be \('{reading}',\), got \({actions[0]!r},.*\)\.$",
            )
            for store, actions, reading in (
                ("ssm", ("GetSecretValue",), "GetParameter"),
                ("ssm", ("GetParameter", "PutParameter"), "GetParameter"),
                ("secretsmanager", ("GetParameter",), "GetSecretValue"),
            )
        ),
        (
            {"parameters": (a_parameter(name="name", table="letters", value={}),)},
            "parameter 'name' table must be one of parcels, got 'letters'",
        ),
        (
            {"functions": (a_function(), a_function(a_route(path="/x")))},
            "function must be unique, got 'desk' more than once",
        ),
        (
            {"functions": (a_function(), a_function(name="b"))},
            "route must be unique, got 'GET /parcels' more than once",
        ),
        (
            {"functions": (a_function(schedules=(a_schedule(), a_schedule())),)},
            "schedule must be unique, got 'nightly' more than once",
        ),
        (
            {"functions": (a_function(a_route(grants=(a_grant("lost", "Publish"),))),)},
            "'desk' route GET /parcels grant must be on one of parcels, got 'lost'\\.$",
        ),
        (
            {"functions": (a_function(a_route(grants=(a_grant("parcel", "PutItem"),))),)},
            r"grant must be on one of parcels, got 'parcel'\. Did you mean 'parcels'\?$",
        ),
        (
            {
                "functions": (a_function(a_route(grants=(a_grant("lost", "Publish", keys=("x",)),))),),
                "topics": (Topic(name="lost", variable="LOST_TOPIC"),),
            },
            "'desk' grant on 'lost' keys must be empty .*, got .*'x'",
        ),
        (
            {"functions": (a_function(a_route(grants=(a_grant("parcels", "Query", indexes=("by-state",)),))),)},
            r"'desk' grant on 'parcels' indexes must be .*, got \['by-state'\]",
        ),
        (
            {"functions": (a_function(a_route(body="NewParcel")),)},
            "GET /parcels body must be the name of .*, got 'NewParcel'",
        ),
        (
            {"functions": (a_function(a_route(responses={200: "Parcel"})),)},
            "GET /parcels responses\\[200\\] must be the name of .*, got 'Parcel'",
        ),
        ({"functions": TWO, "alarm_pattern": "{alarm}-{environment}"}, "alarm_pattern must contain {function}"),
        ({"alarm_pattern": "{function}-{environment}"}, "alarm_pattern .*{alarm}"),
        ({"alarm_pattern": "{function}-{alarm}"}, "alarm_pattern .*{environment}"),
        ({"name_pattern": "{app}-{type}-{environment}"}, "name_pattern .*{app}"),
        ({"tables": (a_table(), a_table(name="audit"))}, "variable must be unique, got 'PARCELS_TABLE' more than once"),
        ({"schemas": {"New-Parcel": {"type": "object"}}}, "schema name must be .*, got 'New-Parcel'"),
        (
            {
                "schemas": {"New": {"type": "array", "items": {"$ref": "#/components/schemas/Old"}}},
                "functions": (a_function(a_route(body="New")),),
            },
            r"schema New \$ref must be to one of New, got 'Old'",
        ),
        (
            {"functions": (a_function(variables={"PARCELS_TABLE": "x"}),)},
            "function 'desk' variables must differ from .*, got 'PARCELS_TABLE'",
        ),
        (
            {
                "functions": (a_function(variables={"CONFIG_DEPLOYED": "x"}),),
                "parameters": (a_parameter(variable="CONFIG"),),
            },
            "function 'desk' variables must differ from .*, got 'CONFIG_DEPLOYED'",
        ),
        (
            {"functions": (a_function(variables={"CORS_ORIGIN": "x"}),), "site": Site(folder="x")},
            "function 'desk' variables must differ from .*, got 'CORS_ORIGIN'",
        ),
        (
            {"tables": (a_table(variable="CORS_ORIGIN"),), "site": Site(folder="x")},
            "variable must be unique, got 'CORS_ORIGIN' more than once",
        ),
        (
            {"functions": (a_function(consumers=(a_consumer(),)),)},
            "consumer 'arrivals' table must be a table with a stream, got 'parcels'. Set stream of the table",
        ),
        (
            {"functions": (a_function(consumers=(a_consumer(table="letters"),)),)},
            "consumer 'arrivals' table must be .*, got 'letters'",
        ),
        (
            {"tables": STREAMED, "functions": (a_function(consumers=(a_consumer(), a_consumer(name="again"))),)},
            "function 'desk' consumer of table must be unique, got 'parcels' more than once",
        ),
        (
            {
                "tables": STREAMED,
                "functions": tuple(replace(function, consumers=(a_consumer(),)) for function in TWO),
            },
            "consumer must be unique, got 'arrivals' more than once",
        ),
        (
            {"functions": (a_function(schedules=(a_schedule(),)),), "dead_letters": "Failures"},
            "dead_letters must be lowercase letters.*, got 'Failures'",
        ),
        ({"dead_letters": "failures"}, "dead_letters must be empty without schedules and consumers, got 'failures'"),
        (
            {"functions": (a_function(schedules=(a_schedule(),)),), "dead_letters": "parcels"},
            "must be unique, got 'parcels' more than once",
        ),
        (
            {
                "functions": (
                    a_function(
                        a_route(codes=(a_code(), a_code(meaning="Send three."))),
                    ),
                )
            },
            "code must be unique, got 'TOO_HEAVY' more than once",
        ),
        ({"alarms": (an_alarm(), an_alarm())}, "alarm must be unique, got 'rejections' more than once"),
        ({"alarms": (an_alarm(name="errors"),)}, "alarm must be unique, got 'errors' more than once"),
        (
            {"alarms": (an_alarm(on="counter"),)},
            "alarm 'rejections' on must be exactly one of api, desk, lambda desk, table parcels, got 'counter'",
        ),
        (
            {"functions": (a_function(a_route(metrics=(a_metric(name="Gone"),))),), "alarms": (an_alarm(on="desk"),)},
            "alarm 'rejections' metric must be emitted by an operation of 'desk', got '4XXError'. Add it to the metr",
        ),
        (
            {"functions": (a_function(a_route(metrics=(a_metric(), a_metric(unit="Bytes")))),)},
            "metric must be unique, got 'Arrivals' more than once",
        ),
        (
            {"alarms": (an_alarm(on="dead-letters"),)},
            "alarm 'rejections' on must be exactly one of api, .*, got 'dead-letters'",
        ),
        (
            {"functions": (a_function(name="api"),), "alarms": (an_alarm(),)},
            "alarm 'rejections' on must be exactly one of api, api, lambda api, .*, got 'api'. Rename the function",
        ),
        (
            {"functions": (a_function(a_route(method="POST", idempotency="records")),)},
            "route POST /parcels idempotency must be a table with a string as its only key and ttl='tap#expires', got "
            r"'records'. Add idempotency_table\(\)",
        ),
        (
            {"functions": (a_function(a_route(method="POST", idempotency="parcels")),)},
            "route POST /parcels idempotency must be a table with a string as its only key .*, got 'parcels'",
        ),
        (
            {
                "schemas": {"Long": {"type": "string", "description": "x" * 400_000}},
                "functions": (a_function(a_route(method="POST", body="Long")),),
            },
            "schema Long must have at most 400000 bytes as a model of API Gateway, got 400[0-9]+. Shorten",
        ),
        ({"schemas": {"Parcel": None}}, "schema Parcel must be a schema, got None. Use {} for any value"),
        ({"functions": ()}, "functions must contain at least one function, got none"),
        (
            {"functions": (Function(name="sweep", handler=HANDLER),)},
            "functions must contain at least one route, schedule",
        ),
    ],
)
def test_definition_that_contradicts_itself_is_rejected(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=rf"service .*{problem}"):
        a_service(**changes)


def test_grant_on_indexes_and_keys_is_rejected() -> None:
    with pytest.raises(ValueError, match="grant on 'parcels' must set only one of indexes and keys"):
        a_grant("parcels", "Query", indexes=("by-state",), keys=("x",))


def test_names_have_defaults() -> None:
    route = Route(method="GET", path="/lost", operation="list_lost_parcels")
    service = a_service(name="post-office", title="", name_pattern="", functions=(a_function(routes=(route,)),))
    assert (service.title, service.name_pattern) == ("Post office", "post-office-{type}-{environment}")
    assert service.routes()[0][1].summary == "List lost parcels"


def test_several_routes_can_have_the_same_code() -> None:
    routes = (a_route(codes=(a_code(),)), a_route(method="POST", codes=(a_code(),)))
    assert len(a_service(functions=(a_function(*routes),)).routes()) == 2


def test_alarms_can_notify_a_topic_of_the_service() -> None:
    assert a_service(topics=(a_topic(),), alarms_type="lost").alarms_type == "lost"


def test_parameters_can_be_granted_and_can_lack_a_variable() -> None:
    names = tuple(a_parameter(name=name, table="parcels", value={}) for name in ("first", "second"))
    function = a_function(a_route(grants=(a_grant("first", "GetParameter"),)))
    assert a_service(parameters=names, functions=(function,)).parameters == names


ACCEPT = a_route(
    method="POST",
    operation="accept_parcel",
    grants=(a_grant("parcels", "PutItem"),),
    settings=FunctionSettings(memory_mb=512),
)
LIST, LIST_LOST = a_route(), a_route(path="/lost")
SWEEP = a_schedule(operation="sweep", settings=FunctionSettings(timeout_seconds=60))


def test_split_service_has_a_function_for_each_operation() -> None:
    whole = a_function(ACCEPT, LIST, LIST_LOST, schedules=(SWEEP,), settings=FunctionSettings(memory_mb=256))
    service = a_service(functions=(whole,))
    split = service.split()
    assert [(f.name, f.routes, f.schedules, f.settings) for f in split.functions] == [
        ("accept-parcel", (ACCEPT,), (), FunctionSettings(memory_mb=512)),
        ("list-parcels", (LIST, LIST_LOST), (), FunctionSettings(memory_mb=256)),
        ("sweep", (), (SWEEP,), FunctionSettings(memory_mb=256, timeout_seconds=60)),
    ]
    assert {function.handler for function in split.functions} == {HANDLER}
    assert split.functions[0].grants() == [a_grant("parcels", "PutItem")]
    assert (service.shared_type, split.shared_type) == ("", "shared")


def test_split_function_keeps_its_consumers_and_alarms() -> None:
    grants, metrics = (a_grant("parcels", "GetItem"),), (a_metric(),)
    greet = a_consumer(settings=FunctionSettings(memory_mb=256), grants=grants, metrics=metrics)
    watch = Function(name="watch", handler=HANDLER, consumers=(greet,), variables={"LANGUAGE": "cy"})
    greeted = an_alarm(name="greeted", on="watch", metric="Arrivals")
    alarms = (an_alarm(), an_alarm(name="depth", on="dead-letters"), greeted)
    service = a_service(
        tables=STREAMED, functions=(a_function(ACCEPT, LIST), watch), dead_letters="failures", alarms=alarms
    )
    split = service.split()
    assert [(f.name, f.consumers, dict(f.variables)) for f in split.functions] == [
        ("accept-parcel", (), {}),
        ("list-parcels", (), {}),
        ("greet", (greet,), {"LANGUAGE": "cy"}),
    ]
    assert split.functions[-1].settings == FunctionSettings(memory_mb=256)
    assert split.functions[-1].grants() == [a_grant("parcels", "GetItem")]
    assert [alarm.on for alarm in split.alarms] == ["api", "dead-letters", "greet"]


def counting(route: Route, *names: str) -> Route:
    return replace(route, metrics=tuple(a_metric(name=name) for name in names))


def test_function_has_each_metric_of_its_operations_once() -> None:
    sweep = a_schedule(metrics=(a_metric(), a_metric(name="Lost")))
    whole = a_function(counting(ACCEPT, "Arrivals", "Weighed"), LIST, LIST_LOST, schedules=(sweep,))
    assert [metric.name for metric in whole.metrics()] == ["Arrivals", "Weighed", "Lost"]
    assert [whole.operations_emitting(name) for name in ("Arrivals", "Lost", "Found")] == [
        ["accept_parcel", "sweep"],
        ["sweep"],
        [],
    ]
    split = {function.name: function.metrics() for function in a_service(functions=(whole,)).split().functions}
    assert split == {
        "accept-parcel": [a_metric(), a_metric(name="Weighed")],
        "list-parcels": [],
        "sweep": [a_metric(), a_metric(name="Lost")],
    }


def test_every_split_function_that_emits_the_metric_of_an_alarm_has_the_alarm() -> None:
    routes = (counting(ACCEPT, "Arrivals"), counting(LIST, "Lost", "Arrivals"), a_route(path="/x", operation="other"))
    alarm = an_alarm(on="desk", metric="Arrivals", threshold=7)
    assert a_service(functions=(a_function(*routes),), alarms=(alarm,)).split().alarms == tuple(
        replace(alarm, name=f"rejections-{name}", on=name) for name in ("accept-parcel", "list-parcels")
    )


def test_functions_can_have_variables_with_the_same_name() -> None:
    functions = tuple(replace(function, variables={"LANGUAGE": function.name}) for function in TWO)
    assert a_service(functions=functions).functions == functions


def test_alarm_on_a_metric_of_one_operation_keeps_its_name() -> None:
    alarm = an_alarm(on="desk", metric="Arrivals", missing="breaching")
    split = a_service(functions=(a_function(ACCEPT, counting(LIST, "Arrivals")),), alarms=(alarm,)).split()
    assert [(alarm.name, alarm.on) for alarm in split.alarms] == [("rejections", "list-parcels")]
    assert split.split() == replace(split, shared_type="shared")


@pytest.mark.parametrize(
    ("pattern", "split_pattern"),
    [(None, None), ("{alarm}-{environment}", None), ("{function}-{alarm}-{environment}",) * 2],
)
def test_split_service_keeps_an_alarm_pattern_only_if_it_contains_the_function(
    pattern: str | None, split_pattern: str | None
) -> None:
    assert (
        a_service(functions=(a_function(ACCEPT, LIST),), alarm_pattern=pattern).split().alarm_pattern == split_pattern
    )


def test_table_lists_every_key_attribute_once() -> None:
    table = Table(
        name="parcels",
        variable="PARCELS_TABLE",
        hash_key=Key("id"),
        range_key=Key("at", "N"),
        indexes=(
            Index(name="by-state", hash_key=Key("state"), range_key=Key("at", "N")),
            Index(name="all", hash_key=Key("id")),
        ),
    )
    assert table.keys() == {"id": "S", "at": "N", "state": "S"}


def test_grants_are_merged_by_table_and_separately_by_its_indexes() -> None:
    function = a_function(
        a_route(grants=(a_grant("parcels", "Query", "GetItem", indexes=("by-state",)), a_grant("lost", "Publish"))),
        a_route(method="POST", grants=(Grant(on="parcels", actions=("GetItem", "PutItem"), reason="add one"),)),
        schedules=(a_schedule(grants=(a_grant("parcels", "Query", indexes=("by-state", "by-owner")),)),),
    )
    assert function.grants() == [
        a_grant("parcels", "Query", "GetItem", indexes=("by-state", "by-owner")),
        a_grant("lost", "Publish"),
        a_grant("parcels", "GetItem", "PutItem"),
    ]


def granted(*grants: Grant) -> list[Grant]:
    """Return the merged grants of a function: the last one for a schedule, the others for one route each."""
    routes = (a_route(path=f"/{number}", grants=(grant,)) for number, grant in enumerate(grants[:-1]))
    return a_function(*routes, schedules=(a_schedule(grants=grants[-1:]),)).grants()


def test_grants_on_keys_are_merged_only_with_the_same_actions() -> None:
    assert granted(
        a_grant("parcels", "GetItem", keys=("a#*",)),
        a_grant("parcels", "GetItem", "PutItem", keys=("c",)),
        a_grant("letters", "GetItem", keys=("d",)),
        a_grant("parcels", "GetItem", keys=("b", "a#*")),
    ) == [
        a_grant("parcels", "GetItem", keys=("a#*", "b")),
        a_grant("parcels", "GetItem", "PutItem", keys=("c",)),
        a_grant("letters", "GetItem", keys=("d",)),
    ]


def test_grants_on_keys_are_not_merged_with_grants_on_indexes() -> None:
    separate = [
        a_grant("parcels", "Query", keys=("a",)),
        a_grant("parcels", "Query", indexes=("by-owner",)),
    ]
    assert granted(*separate) == separate


@pytest.mark.parametrize("first", [True, False], ids=["unrestricted first", "restricted first"])
@pytest.mark.parametrize(
    ("unrestricted", "remaining"),
    [
        pytest.param(a_grant("parcels", "GetItem"), ("PutItem",), id="in part"),
        pytest.param(a_grant("parcels", "PutItem", "Query", "GetItem"), (), id="in whole"),
        pytest.param(a_grant("parcels", "UpdateItem"), ("GetItem", "PutItem"), id="other actions"),
        pytest.param(a_grant("letters", "GetItem"), ("GetItem", "PutItem"), id="another table"),
        pytest.param(a_grant("parcels", "GetItem", indexes=("by-state",)), ("GetItem", "PutItem"), id="an index"),
    ],
)
def test_grants_on_keys_omit_actions_that_are_granted_on_all_items(
    unrestricted: Grant, remaining: tuple[str, ...], first: bool
) -> None:
    restricted = a_grant("parcels", "GetItem", "PutItem", keys=("a#*",))
    merged = granted(unrestricted, restricted) if first else granted(restricted, unrestricted)
    rest = [a_grant("parcels", *remaining, keys=("a#*",))] if remaining else []
    assert merged == ([unrestricted, *rest] if first else [*rest, unrestricted])


def test_routes_are_listed_with_their_function() -> None:
    service = a_service(functions=TWO)
    assert [(function.name, route.path) for function, route in service.routes()] == [
        ("desk", "/parcels"),
        ("letters", "/letters"),
    ]


def test_path_parameters_keep_their_order() -> None:
    assert a_route(path="/a/{first}/b/{second}").path_parameters() == ["first", "second"]


@pytest.mark.parametrize(
    ("method", "path", "is_match"),
    [
        ("GET", "/parcels/7/log.txt", True),
        ("GET", "/parcels/7/log.txt?page_size=2", True),
        ("GET", "/parcels/a%2Fb/log.txt", True),
        ("POST", "/parcels/7/log.txt", False),
        ("GET", "/parcels/7/logxtxt", False),
        ("GET", "/parcels//log.txt", False),
        ("GET", "/parcels/7/8/log.txt", False),
        ("GET", "/parcels/7", False),
    ],
)
def test_call_matches_the_route_of_its_method_and_path(method: str, path: str, is_match: bool) -> None:
    call = Call(method=method, path=path, status=200)
    assert call.calls(a_route(path="/parcels/{id}/log.txt")) is is_match


def test_units_are_those_of_cloudwatch() -> None:
    shape = botocore.session.get_session().get_service_model("cloudwatch").shape_for("StandardUnit")
    assert sorted(UNITS) == sorted(shape.enum)


def test_model_imports_neither_pulumi_nor_boto3() -> None:
    loaded = "import sys, lib.model; sys.exit(bool({'pulumi', 'boto3', 'botocore'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


STAGE = ApiSettings(throttle_rate_per_second=20, throttle_burst=10)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            {"rate_per_second": 0},
            "throttle.rate_per_second must be a number from 0.1 to 1000000 requests a second, got 0.",
        ),
        ({"rate_per_second": float("nan")}, "throttle.rate_per_second must be a number from 0.1 to .*, got nan."),
        ({"rate_per_second": True}, "Throttle rate_per_second must be a number, got True."),
        ({"rate_per_second": "5"}, "Throttle rate_per_second must be a number, got '5'."),
        ({"burst": 0}, "throttle.burst must be an integer from 1 to 1000000 requests, got 0."),
        ({"burst": 2.5}, "Throttle burst must be an integer, got 2.5."),
        ({"burst": 0, "key_prefix": "guest_"}, "guest_burst must be an integer from 1 to .*, got 0."),
    ],
)
def test_throttle_rejects_limits_that_api_gateway_cannot_have(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        Throttle(**{"rate_per_second": 1, "burst": 1, **limits})


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            {"rate_per_second": 20.5},
            "throttle.rate_per_second must be at most throttle_rate_per_second, which is 20, got 20.5. "
            "Lower it, or raise throttle_rate_per_second.",
        ),
        (
            {"burst": 11, "key_prefix": "guest_", "capped": ("rate_per_second",)},
            "guest_burst must be at most throttle_burst, which is 10, got 11. Lower it, or raise throttle_burst.",
        ),
    ],
)
def test_throttle_above_the_limits_of_the_stage_is_rejected(limits: dict[str, Any], message: str) -> None:
    throttle = Throttle(**{"rate_per_second": 1, "burst": 1, **limits})
    with pytest.raises(ValueError, match=f"^{message}$"):
        throttle.within(STAGE)


@pytest.mark.parametrize(("limits", "effective"), [((5, 3), (5, 3)), ((20, 10), (20, 10)), ((0.1, 1), (0.1, 1))])
def test_throttle_within_the_limits_of_the_stage_applies(
    limits: tuple[float, int], effective: tuple[float, int]
) -> None:
    throttle = Throttle(rate_per_second=limits[0], burst=limits[1]).within(STAGE)
    assert (throttle.rate_per_second, throttle.burst) == effective


def test_capped_limits_are_lowered_to_those_of_the_stage() -> None:
    throttle = Throttle(rate_per_second=100, burst=50, capped=("rate_per_second", "burst"))
    assert (throttle.within(STAGE).rate_per_second, throttle.within(STAGE).burst) == (20, 10)


@pytest.mark.parametrize("name", ["actions", "indexes", "keys"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("GetItem", " must be a tuple of strings, got 'GetItem'. A tuple of one value needs a comma: ('GetItem',)."),
        (["GetItem"], " must be a tuple of strings, got ['GetItem']."),
        (("GetItem", None), "[1] must be a string, got None."),
        (None, " must be a tuple of strings, got None."),
    ],
)
def test_grant_requires_tuples(name: str, value: Any, message: str) -> None:
    fields: dict[str, Any] = {"actions": ("GetItem",), name: value}
    with pytest.raises(ValueError, match=re.escape(f"Grant 'table' {name}{message}")):
        Grant(on="table", **fields)
