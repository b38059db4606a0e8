"""The vocabulary, and what it refuses."""

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
    Schedule,
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
    a_secret,
    a_service,
    a_table,
    an_alarm,
)


def a_schedule(**changes: Any) -> Schedule:
    return Schedule(**{"name": "nightly", "rate": "rate(1 day)", "operation": "sweep", **changes})


def a_topic(**changes: Any) -> Topic:
    return Topic(**{"name": "lost", "variable": "LOST_TOPIC", **changes})


def a_parameter(**changes: Any) -> Parameter:
    return Parameter(**{"name": "config", "value": {"limit": 7}, **changes})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: a_table(name="Parcels"), "table name 'Parcels': give lower-case letters"),
        (lambda: a_table(name="p" * 65), "table name 'ppp"),
        (lambda: a_topic(name="1st"), "topic name '1st': give"),
        (
            lambda: a_table(output_prefix="A"),
            "table 'parcels' output_prefix must be lower-case .*, got 'A'. Use an empty",
        ),
        (
            lambda: a_table(name="dynamodb"),
            "table 'dynamodb' output_prefix must differ from 'dynamodb', got 'dynamodb'",
        ),
        (lambda: a_table(output_prefix="dynamodb"), "has the output dynamodb_table_arn; set another output_prefix"),
        (lambda: a_topic(name="alarm"), "topic 'alarm' output_prefix must differ from 'alarm', got 'alarm'"),
        (lambda: a_topic(output_prefix="a-b"), "topic 'lost' output_prefix must be lower-case letters.*got 'a-b'"),
        (lambda: a_parameter(name="/config"), "parameter name '/config': give lower-case letters"),
        (lambda: a_parameter(value={}), "parameter 'config': give either a table or a value"),
        (lambda: a_parameter(table="parcels"), "parameter 'config': give either a table or a value"),
        (lambda: a_secret(name="/token"), "secret name '/token': give lower-case letters"),
        (lambda: a_secret(variable="token"), "secret 'token' variable 'token': give upper-case"),
        (lambda: a_secret(store="vault"), "secret 'token' store 'vault': give one of ssm, secretsmanager"),
        (lambda: a_function(name="my_desk"), "function name 'my_desk': give"),
        (lambda: a_schedule(name=""), "schedule name '': give"),
        (lambda: a_service(name="parcel post"), "service name 'parcel post': give"),
        (
            lambda: a_schedule(rate="rate(5 minute)"),
            r"schedule 'nightly' rate must be .*, got 'rate\(5 minute\)'. Use rate",
        ),
        (lambda: a_route(method="get"), "route method 'get': give one of GET, "),
        (lambda: a_route(method="OPTIONS"), "route method 'OPTIONS': give one of GET, "),
        (lambda: a_route(path="parcels"), "route path 'parcels': start with '/'"),
        (lambda: a_route(path="/parcels/"), "route path '/parcels/'"),
        (lambda: a_route(path="/parcels/{id"), "route path '/parcels/{id'"),
        (lambda: a_route(scope="Read"), "route scope 'Read': give lower-case letters"),
        (lambda: a_route(scope="", key_required=True), "route GET /parcels key_required True: give it a scope"),
        (lambda: a_route(operation="list-parcels"), "route operation 'list-parcels': give the name of a Python"),
        (lambda: a_route(operation="return"), "route operation 'return': give"),
        (lambda: a_code(name="Lost"), "code 'Lost': give upper-case letters"),
        (lambda: a_code(name="_LOST"), "code '_LOST': give upper-case letters"),
        (lambda: a_code(status=399), "code 'TOO_HEAVY' status must be 400 to 499 or 503, got 399"),
        (lambda: a_code(status=500), "code 'TOO_HEAVY' status must be 400 to 499 or 503, got 500"),
        (lambda: a_metric(name="arrivals"), "metric 'arrivals': give letters and digits, a capital first"),
        (lambda: a_metric(name="Of_All"), "metric 'Of_All': give letters and digits"),
        (lambda: a_metric(name="FunctionName"), "metric 'FunctionName': give .* and not FunctionName"),
        (lambda: a_metric(unit="count"), "metric 'Arrivals' unit 'count': give one of Count, Bytes, "),
        (lambda: a_schedule(operation="sweep-all"), "schedule operation 'sweep-all': give"),
        (lambda: a_consumer(name="My"), "consumer name 'My': give lower-case"),
        (lambda: a_consumer(operation="greet-all"), "consumer operation 'greet-all': give"),
        (lambda: a_function(variables={"greeting": "x"}), "function 'desk' variable 'greeting': give upper-case"),
        (lambda: a_function(variables={"AWS_REGION": "x"}), "function 'desk' variable 'AWS_REGION': give .* Lambda's"),
        (lambda: a_function(variables={"LAMBDA_X": "x"}), "function 'desk' variable 'LAMBDA_X': give"),
        (lambda: an_alarm(name="Refusals"), "alarm name 'Refusals': give lower-case"),
        (lambda: an_alarm(period_seconds=90), "alarms.period_seconds 90: give a multiple of 60"),
        (lambda: an_alarm(evaluation_periods=0), "alarms.evaluation_periods 0: give"),
        (lambda: Site(folder="x", type="My site"), "site name 'My site': give lower-case"),
        (lambda: Site(folder="x", sign_in_pages=("/a.html",)), "site sign_in_pages '/a.html': give a path such as"),
        (lambda: Site(folder="x", sign_in_pages=("", "a.html#/x")), "site sign_in_pages 'a.html#/x': give"),
        (lambda: a_service(name_pattern="{environment}-x"), r"name_pattern '{environment}-x': add {type}"),
        (lambda: a_service(name_pattern="x-{type}"), r"name_pattern 'x-{type}': add {environment}"),
    ],
)
def test_what_cannot_be_is_refused_with_field_value_and_remedy(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


STREAMED = (a_table(stream="KEYS_ONLY"),)
TWO = (a_function(), a_function(a_route(path="/letters"), name="letters"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tables": (a_table(), a_table())}, "table.* 'parcels' is there more than once"),
        ({"topics": (a_topic(), a_topic())}, "parameter or secret 'lost' is there more than once"),
        ({"tables": (a_table(name="alarms"),)}, "table, topic, parameter or secret 'alarms' is there more than once"),
        ({"topics": (a_topic(name="parcels"),)}, "parameter or secret 'parcels' is there more than once"),
        (
            {"tables": (a_table(), a_table(name="old", variable="OLD_TABLE", output_prefix="parcels"))},
            "output 'parcels_table_name' is there more than once",
        ),
        (
            {"topics": (a_topic(), a_topic(name="old", variable="OLD_TOPIC", output_prefix="lost"))},
            "output 'lost_topic_arn' is there more than once",
        ),
        ({"parameters": (a_parameter(name="parcels"),)}, "secret 'parcels' is there more than once"),
        ({"parameters": (a_parameter(variable="PARCELS_TABLE"),)}, "variable 'PARCELS_TABLE' is there more than once"),
        ({"secrets": (a_secret(name="parcels"),)}, "secret 'parcels' is there more than once"),
        ({"secrets": (a_secret(variable="PARCELS_TABLE"),)}, "variable 'PARCELS_TABLE' is there more than once"),
        *(
            (
                {
                    "functions": (a_function(a_route(grants=(a_grant("token", *actions),))),),
                    "secrets": (a_secret(store=store),),
                },
                rf"'desk' is granted \({actions[0]!r},.*\) on 'token': give {reading}$",
            )
            for store, actions, reading in (
                ("ssm", ("GetSecretValue",), "GetParameter"),
                ("ssm", ("GetParameter", "PutParameter"), "GetParameter"),
                ("secretsmanager", ("GetParameter",), "GetSecretValue"),
            )
        ),
        (
            {"parameters": (a_parameter(name="name", table="letters", value={}),)},
            "parameter 'name' holds the name of 'letters', which is none of its tables",
        ),
        ({"functions": (a_function(), a_function(a_route(path="/x")))}, "function 'desk' is there more than once"),
        ({"functions": (a_function(), a_function(name="b"))}, "route 'GET /parcels' is there more than once"),
        ({"functions": (a_function(schedules=(a_schedule(), a_schedule())),)}, "schedule 'nightly' is there more"),
        ({"functions": (a_function(a_route(grants=(a_grant("lost", "Publish"),))),)}, "'desk' is granted 'lost'"),
        (
            {
                "functions": (a_function(a_route(grants=(a_grant("lost", "Publish", keys=("x",)),))),),
                "topics": (Topic(name="lost", variable="LOST_TOPIC"),),
            },
            "'desk' is granted keys of 'lost', which has no rows",
        ),
        (
            {"functions": (a_function(a_route(grants=(a_grant("parcels", "Query", indexes=("by-state",)),))),)},
            r"'desk' is granted indexes \['by-state'\], which 'parcels' lacks",
        ),
        ({"functions": (a_function(a_route(body="NewParcel")),)}, "GET /parcels names the schema 'NewParcel'"),
        ({"functions": (a_function(a_route(responses={200: "Parcel"})),)}, "GET /parcels names the schema 'Parcel'"),
        ({"functions": TWO, "alarm_pattern": "{alarm}-{environment}"}, "alarm_pattern .*: add {function}"),
        ({"alarm_pattern": "{function}-{environment}"}, "alarm_pattern .*{alarm}"),
        ({"alarm_pattern": "{function}-{alarm}"}, "alarm_pattern .*{environment}"),
        ({"name_pattern": "{app}-{type}-{environment}"}, "name_pattern .*{app}"),
        ({"tables": (a_table(), a_table(name="audit"))}, "variable 'PARCELS_TABLE' is there more than once"),
        ({"schemas": {"New-Parcel": {"type": "object"}}}, "schema.* 'New-Parcel'"),
        (
            {
                "schemas": {"New": {"type": "array", "items": {"$ref": "#/components/schemas/Old"}}},
                "functions": (a_function(a_route(body="New")),),
            },
            r"schema New/items/\$ref is not supported in requests, got '#/components/schemas/Old'. Copy the schema",
        ),
        (
            {"functions": (a_function(variables={"PARCELS_TABLE": "x"}),)},
            "function 'desk' has the variable 'PARCELS_TABLE', which holds something else: rename it",
        ),
        (
            {
                "functions": (a_function(variables={"CONFIG_DEPLOYED": "x"}),),
                "parameters": (a_parameter(variable="CONFIG"),),
            },
            "function 'desk' has the variable 'CONFIG_DEPLOYED'",
        ),
        (
            {"functions": (a_function(variables={"CORS_ORIGIN": "x"}),), "site": Site(folder="x")},
            "function 'desk' has the variable 'CORS_ORIGIN'",
        ),
        (
            {"tables": (a_table(variable="CORS_ORIGIN"),), "site": Site(folder="x")},
            "variable 'CORS_ORIGIN' is there more than once",
        ),
        (
            {"functions": (a_function(consumers=(a_consumer(),)),)},
            "consumer 'arrivals' reads 'parcels': give the name of a table with a stream",
        ),
        (
            {"functions": (a_function(consumers=(a_consumer(table="letters"),)),)},
            "consumer 'arrivals' reads 'letters': give",
        ),
        (
            {"tables": STREAMED, "functions": (a_function(consumers=(a_consumer(), a_consumer(name="again"))),)},
            "function 'desk' consumer of table 'parcels' is there more than once",
        ),
        (
            {
                "tables": STREAMED,
                "functions": tuple(replace(function, consumers=(a_consumer(),)) for function in TWO),
            },
            "consumer 'arrivals' is there more than once",
        ),
        (
            {"functions": (a_function(schedules=(a_schedule(),)),), "dead_letters": "Failures"},
            "dead_letters 'Failures': give lower-case letters",
        ),
        ({"dead_letters": "failures"}, "dead_letters 'failures': nothing runs by schedule or stream, take it out"),
        (
            {"functions": (a_function(schedules=(a_schedule(),)),), "dead_letters": "parcels"},
            "'parcels' is there more than once",
        ),
        (
            {
                "functions": (
                    a_function(
                        a_route(codes=(a_code(), a_code(meaning="Send three."))),
                    ),
                )
            },
            "code 'TOO_HEAVY' is there more than once",
        ),
        ({"alarms": (an_alarm(), an_alarm())}, "alarm 'refusals' is there more than once"),
        ({"alarms": (an_alarm(name="errors"),)}, "alarm 'errors' is there more than once"),
        ({"alarms": (an_alarm(on="counter"),)}, "alarm 'refusals' is on 'counter', which is none of api, desk"),
        (
            {"functions": (a_function(a_route(metrics=(a_metric(name="Gone"),))),), "alarms": (an_alarm(on="desk"),)},
            "alarm 'refusals' is on the metric '4XXError', which none of 'desk''s operations emits: add it to the metr",
        ),
        (
            {"functions": (a_function(a_route(metrics=(a_metric(), a_metric(unit="Bytes")))),)},
            "metric 'Arrivals' is there more than once",
        ),
        ({"alarms": (an_alarm(on="dead-letters"),)}, "alarm 'refusals' is on 'dead-letters', which is none of api"),
        (
            {"functions": (a_function(name="api"),), "alarms": (an_alarm(),)},
            "alarm 'refusals' is on 'api', which is two things: rename the function",
        ),
        ({"tables": ()}, "table"),
        ({"functions": ()}, "function"),
        ({"functions": (Function(name="sweep", handler=HANDLER, schedules=(a_schedule(),)),)}, "route"),
    ],
)
def test_description_that_contradicts_itself_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=rf"service .*{problem}"):
        a_service(**changes)


def test_a_grant_is_for_indexes_or_for_keys() -> None:
    with pytest.raises(ValueError, match="grant on 'parcels': give a grant for its indexes and another for its keys"):
        a_grant("parcels", "Query", indexes=("by-state",), keys=("x",))


def test_several_routes_may_have_the_same_code() -> None:
    routes = (a_route(codes=(a_code(),)), a_route(method="POST", codes=(a_code(),)))
    assert len(a_service(functions=(a_function(*routes),)).routes()) == 2


def test_alarms_may_go_to_one_of_the_services_topics() -> None:
    assert a_service(topics=(a_topic(),), alarms_type="lost").alarms_type == "lost"


def test_parameters_may_be_granted_and_several_may_have_no_variable() -> None:
    names = tuple(a_parameter(name=name, table="parcels", value={}) for name in ("one", "two"))
    function = a_function(a_route(grants=(a_grant("one", "GetParameter"),)))
    assert a_service(parameters=names, functions=(function,)).parameters == names


ACCEPT = a_route(
    method="POST",
    operation="accept_parcel",
    grants=(a_grant("parcels", "PutItem"),),
    settings=FunctionSettings(memory_mb=512),
)
LIST, LIST_LOST = a_route(), a_route(path="/lost")
SWEEP = a_schedule(operation="sweep", settings=FunctionSettings(timeout_seconds=60))


def test_a_service_can_be_split_into_a_function_for_each_operation() -> None:
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


def test_a_consumer_goes_with_its_operation_and_an_alarm_with_its_function() -> None:
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


def test_metrics_of_a_function_are_those_of_its_parts_each_once() -> None:
    sweep = a_schedule(metrics=(a_metric(), a_metric(name="Lost")))
    whole = a_function(counting(ACCEPT, "Arrivals", "Weighed"), LIST, LIST_LOST, schedules=(sweep,))
    assert [metric.name for metric in whole.metrics()] == ["Arrivals", "Weighed", "Lost"]
    assert [whole.emitting(name) for name in ("Arrivals", "Lost", "Found")] == [
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


def test_every_part_of_a_split_function_that_emits_what_an_alarm_is_on_has_it() -> None:
    routes = (counting(ACCEPT, "Arrivals"), counting(LIST, "Lost", "Arrivals"), a_route(path="/x", operation="other"))
    alarm = an_alarm(on="desk", metric="Arrivals", threshold=7)
    assert a_service(functions=(a_function(*routes),), alarms=(alarm,)).split().alarms == tuple(
        replace(alarm, name=f"refusals-{name}", on=name) for name in ("accept-parcel", "list-parcels")
    )


def test_functions_may_have_variables_of_one_name() -> None:
    functions = tuple(replace(function, variables={"LANGUAGE": function.name}) for function in TWO)
    assert a_service(functions=functions).functions == functions


def test_an_alarm_of_a_single_part_keeps_its_name() -> None:
    alarm = an_alarm(on="desk", metric="Arrivals", missing="breaching")
    split = a_service(functions=(a_function(ACCEPT, counting(LIST, "Arrivals")),), alarms=(alarm,)).split()
    assert [(one.name, one.on) for one in split.alarms] == [("refusals", "list-parcels")]
    assert split.split() == replace(split, shared_type="shared")


@pytest.mark.parametrize(
    ("pattern", "after"),
    [(None, None), ("{alarm}-{environment}", None), ("{function}-{alarm}-{environment}",) * 2],
)
def test_alarms_of_split_functions_keep_a_pattern_only_if_it_tells_them_apart(
    pattern: str | None, after: str | None
) -> None:
    assert a_service(functions=(a_function(ACCEPT, LIST),), alarm_pattern=pattern).split().alarm_pattern == after


def test_table_knows_every_key_attribute_once() -> None:
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


def test_grants_of_routes_and_schedules_are_merged_by_table_and_apart_from_them_by_its_indexes() -> None:
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
    """What a function has that needs these: the last for a schedule, the others for a route each."""
    routes = (a_route(path=f"/{number}", grants=(grant,)) for number, grant in enumerate(grants[:-1]))
    return a_function(*routes, schedules=(a_schedule(grants=grants[-1:]),)).grants()


def test_confined_grants_are_merged_only_where_their_actions_are_the_same() -> None:
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


def test_confined_grants_on_indexes_stay_apart_from_those_on_the_table() -> None:
    apart = [
        a_grant("parcels", "Query", keys=("a",)),
        a_grant("parcels", "Query", indexes=("by-owner",)),
    ]
    assert granted(*apart) == apart


@pytest.mark.parametrize("first", [True, False], ids=["unconfined first", "confined first"])
@pytest.mark.parametrize(
    ("unconfined", "left"),
    [
        pytest.param(a_grant("parcels", "GetItem"), ("PutItem",), id="in part"),
        pytest.param(a_grant("parcels", "PutItem", "Query", "GetItem"), (), id="in whole"),
        pytest.param(a_grant("parcels", "UpdateItem"), ("GetItem", "PutItem"), id="other actions"),
        pytest.param(a_grant("letters", "GetItem"), ("GetItem", "PutItem"), id="another table"),
        pytest.param(a_grant("parcels", "GetItem", indexes=("by-state",)), ("GetItem", "PutItem"), id="an index"),
    ],
)
def test_confined_grants_lose_what_the_function_may_do_to_every_row_anyway(
    unconfined: Grant, left: tuple[str, ...], first: bool
) -> None:
    confined = a_grant("parcels", "GetItem", "PutItem", keys=("a#*",))
    found = granted(unconfined, confined) if first else granted(confined, unconfined)
    rest = [a_grant("parcels", *left, keys=("a#*",))] if left else []
    assert found == ([unconfined, *rest] if first else [*rest, unconfined])


def test_routes_come_with_the_function_that_serves_them() -> None:
    service = a_service(functions=TWO)
    assert [(function.name, route.path) for function, route in service.routes()] == [
        ("desk", "/parcels"),
        ("letters", "/letters"),
    ]


def test_path_parameters_are_in_order() -> None:
    assert a_route(path="/a/{first}/b/{second}").path_parameters() == ["first", "second"]


@pytest.mark.parametrize(
    ("method", "path", "answered"),
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
def test_call_knows_which_route_answers_it(method: str, path: str, answered: bool) -> None:
    call = Call(method=method, path=path, status=200)
    assert call.calls(a_route(path="/parcels/{id}/log.txt")) is answered


def test_units_are_cloudwatchs() -> None:
    shape = botocore.session.get_session().get_service_model("cloudwatch").shape_for("StandardUnit")
    assert sorted(UNITS) == sorted(shape.enum)


def test_vocabulary_imports_neither_pulumi_nor_boto3() -> None:
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
        ({"rate_per_second": True}, "throttle.rate_per_second must be a number from 0.1 to .*, got True."),
        ({"rate_per_second": "5"}, "throttle.rate_per_second must be a number from 0.1 to .*, got '5'."),
        ({"burst": 0}, "throttle.burst must be a whole number from 1 to 1000000 requests, got 0."),
        ({"burst": 2.5}, "throttle.burst must be a whole number from 1 to .*, got 2.5."),
        ({"burst": 0, "key_prefix": "guest_"}, "guest_burst must be a whole number from 1 to .*, got 0."),
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


@pytest.mark.parametrize(("own", "effective"), [((5, 3), (5, 3)), ((20, 10), (20, 10)), ((0.1, 1), (0.1, 1))])
def test_throttle_within_the_limits_of_the_stage_applies(own: tuple[float, int], effective: tuple[float, int]) -> None:
    throttle = Throttle(rate_per_second=own[0], burst=own[1]).within(STAGE)
    assert (throttle.rate_per_second, throttle.burst) == effective


def test_capped_limits_are_lowered_to_those_of_the_stage() -> None:
    throttle = Throttle(rate_per_second=100, burst=50, capped=("rate_per_second", "burst"))
    assert (throttle.within(STAGE).rate_per_second, throttle.within(STAGE).burst) == (20, 10)


@pytest.mark.parametrize("name", ["actions", "indexes", "keys"])
@pytest.mark.parametrize("value", ["GetItem", ["GetItem"], ("GetItem", None), (5,), None])
def test_a_grant_lists_its_names_in_tuples(name: str, value: Any) -> None:
    fields: dict[str, Any] = {"actions": ("GetItem",), name: value}
    message = re.escape(f"grant on 'table' {name} must be a tuple of strings, got {value!r}. A tuple of one string")
    with pytest.raises(ValueError, match=message):
        Grant(on="table", **fields)
