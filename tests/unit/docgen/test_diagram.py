"""The architecture of a service as a flowchart."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lib.docgen.diagram import flowchart
from lib.model import Key, LocalIndex, Parameter, Route, Service, Site, StreamConsumer, Throttle, Topic
from lib.services import SERVICES
from lib.settings import ApiSettings, FunctionSettings, Settings, SiteSettings

from ...support.builders import (
    GALLERY,
    PARCELS,
    a_function,
    a_grant,
    a_route,
    a_secret,
    a_service,
    a_table,
    a_topic_consumer,
    a_worker,
    an_authorizer,
    an_optional_authorizer,
    full_service,
    queue_service,
    service_with_apis,
    sharing,
)

NODE = re.compile(r' *(\w+)(?:\(\[|\[\[|\[\(|\[/|\[|>|\{\{)"(.*)"(?:\]\)|\]\]|\)\]|/\]|\]|\}\})')
EDGE = re.compile(r'(\w+) -\.?->(?:\|"(.*)"\|)? (\w+)')
CHARTS = {
    **SERVICES,
    "split inventory": SERVICES["inventory"].split(),
    "parcels": PARCELS,
    "yard": full_service(),
    "apis": service_with_apis(),
    "jobs": a_worker(),
    "shared": sharing(),
    "gallery": GALLERY,
    "shop": queue_service(),
}


def nodes(service: Service, environment: str = "dev") -> dict[str, list[str]]:
    """Return the lines of each node's label by the node's id."""
    found = filter(None, map(NODE.fullmatch, flowchart(service, environment).splitlines()))
    return {match[1]: match[2].split("<br>") for match in found}


def edges(service: Service) -> dict[tuple[str, str], list[str]]:
    """Return the lines of each edge's label by the ids of its nodes."""
    found = filter(None, map(EDGE.fullmatch, flowchart(service).splitlines()))
    return {
        (match[1], match[3]): match[2].replace("\N{NO-BREAK SPACE}", " ").split("<br>") if match[2] else []
        for match in found
    }


@pytest.mark.parametrize("name", CHARTS)
def test_every_line_is_a_node_or_an_edge_between_nodes(name: str) -> None:
    init, kind, title, *lines = flowchart(CHARTS[name]).splitlines()
    assert (init[:2], kind, title[:9]) == ("%%", "flowchart LR", "accTitle:")
    ids = {match[1] for match in map(NODE.fullmatch, lines) if match}
    ends = [(match[1], match[3]) for match in map(EDGE.fullmatch, lines) if match]
    assert len(lines) == len(ids) + len(ends) + len(['subgraph functions["Lambda functions"]', "end"])
    assert {one for both in ends for one in both} <= ids | {"functions"}
    assert len(set(ends)) == len(ends)


@pytest.mark.parametrize("name", CHARTS)
def test_everything_that_is_created_has_a_node(name: str) -> None:
    service = CHARTS[name]
    names = [
        one.name
        for group in (service.tables, service.topics, service.buckets, service.event_buses, service.secrets)
        for one in group
    ]
    expected = {f"on_{name}".replace("-", "_") for name in names}
    expected |= {f"function_{one.name}".replace("-", "_") for one in service.functions}
    expected |= {f"schedule_{s.name}".replace("-", "_") for f in service.functions for s in f.schedules}
    streams = [c for _, c in service.consumers() if isinstance(c, StreamConsumer)]
    expected |= {f"stream_{consumer.name}".replace("-", "_") for consumer in streams}
    queues = {name for queue in service.queues for name in (queue.name, queue.dead_letters)}
    expected |= {f"on_{name}".replace("-", "_") for name in queues}
    expected |= {"callers", "api"} if service.has_api() else set()
    assert nodes(service).keys() >= expected | {"alarms", "email"}


@pytest.mark.parametrize("name", CHARTS)
def test_every_route_is_on_the_edge_to_its_function(name: str) -> None:
    for function in CHARTS[name].functions:
        target = f"function_{function.name}".replace("-", "_")
        labels = {ends: label for ends, label in edges(CHARTS[name]).items() if ends[1] == target}
        label = [line for (source, _), lines in labels.items() if source.startswith(("api", "url")) for line in lines]
        assert [line.removesuffix(" (API key)") for line in label] == [f"{r.method} {r.path}" for r in function.routes]
        assert [line.endswith(" (API key)") for line in label] == [route.key_required for route in function.routes]


@pytest.mark.parametrize(
    ("actions", "label"),
    [
        (["GetItem", "Query"], "reads"),
        (["PutItem"], "writes"),
        (["BatchGetItem", "DeleteItem"], "reads, writes"),
    ],
)
def test_edges_summarize_the_granted_actions(actions: list[str], label: str) -> None:
    grants = tuple(a_grant("parcels", action) for action in actions)
    service = a_service(functions=(a_function(a_route(grants=grants)),))
    assert edges(service)["function_desk", "on_parcels"] == [label]


def test_table_shows_its_keys_its_indexes_and_its_parameters() -> None:
    service = replace(PARCELS, parameters=(Parameter(name="where", table="parcels"),))
    assert nodes(service)["on_parcels"][1:] == [
        "parcels-parcels-dev",
        "key id (S)",
        "by-state: state (S), due (N)",
        "by-owner: owner (S)",
        "expires by expires",
        "stream of NEW_AND_OLD_IMAGES",
        "name in /parcels/dev/where",
    ]
    assert "on_where" not in nodes(service)


@pytest.mark.parametrize(
    ("parameter", "lines"),
    [
        (Parameter(name="limits", value={"letter": 1, "parcel": 4}), ["letter", "parcel"]),
        (Parameter(name="limits", table="parcels"), ["parcels-parcels-dev"]),
    ],
)
def test_parameter_that_functions_read_shows_its_value(parameter: Parameter, lines: list[str]) -> None:
    function = a_function(a_route(grants=(a_grant("limits", "GetParameter"),)))
    service = a_service(functions=(function,), parameters=(parameter,))
    assert nodes(service)["on_limits"][1:] == ["/parcels/dev/limits", *lines]


@pytest.mark.parametrize(("store", "line"), [("ssm", "in Parameter Store"), ("secretsmanager", "in Secrets Manager")])
def test_secret_shows_its_store(store: str, line: str) -> None:
    assert nodes(a_service(secrets=(a_secret(store=store),)))["on_token"][2:] == [line]


def test_alarms_go_to_their_topic_and_on_to_the_email() -> None:
    own = a_service(topics=(Topic(name="news", variable="NEWS"),), alarms_type="news")
    assert {("alarms", "on_news"), ("on_news", "email"), ("functions", "alarms")} <= edges(own).keys()
    other = replace(own, alarms_type="alarms")
    assert {("alarms", "on_alarms"), ("on_alarms", "email"), ("on_news", "email")} <= edges(other).keys()
    consumer = a_topic_consumer(topic="news")
    consumed = replace(other, functions=(a_function(consumers=(consumer,)),), dead_letters="")
    assert ("on_news", "email") not in edges(consumed)


def test_function_shows_its_own_settings_over_those_of_the_service_and_of_the_environment() -> None:
    service = a_service(
        functions=(a_function(settings=FunctionSettings(timeout_seconds=7)),),
        settings=Settings(function=FunctionSettings(timeout_seconds=9, memory_mb=320)),
    )
    assert nodes(service, "prod")["function_desk"][2] == "python3.13, 320 MB, 7 s"
    assert nodes(a_service(), "prod")["function_desk"][2].startswith("python3.13, 512 MB")
    arm = a_service(settings=Settings(function=FunctionSettings(architecture="arm64")))
    assert nodes(arm)["function_desk"][2].startswith("python3.13, arm64, 128 MB")


@pytest.mark.parametrize(
    ("routes", "environment", "line"),
    [
        ([a_route(key_required=True)], "dev", "API key required"),
        ([a_route(key_required=True), a_route(method="POST")], "dev", "API key on some routes"),
        ([a_route()], "dev", "no API key"),
        ([a_route()], "prod", "API key required"),
    ],
)
def test_callers_show_whether_an_api_key_is_required(routes: list[Route], environment: str, line: str) -> None:
    service = a_service(functions=(a_function(*routes),))
    assert nodes(service, environment)["callers"][-1] == line


def test_api_shows_its_stage_and_its_throttles() -> None:
    route = a_route(throttle=Throttle(rate_per_second=2.5, burst=2))
    service = a_service(
        functions=(a_function(route),),
        settings=Settings(api=ApiSettings(throttle_rate_per_second=5, throttle_burst=4)),
    )
    assert nodes(service, "pr-7")["api"][2:] == [
        "stage pr-7",
        "5 requests a second, burst 4",
        f"{route.method} {route.path}: 2.5 a second, burst 2",
    ]


def test_stage_can_be_named_by_the_service() -> None:
    service = a_service(settings=Settings(api=ApiSettings(stage_name="live")))
    assert nodes(service, "pr-7")["api"][2] == "stage live"


def test_schedules_and_streams_call_functions_whose_failed_events_go_to_the_queue() -> None:
    yard = full_service()
    assert nodes(yard)["stream_arrivals"][1:] == ["yard-parcels-dev", "arrivals"]
    assert ("stream_arrivals", "function_watch") in edges(yard)
    assert edges(yard)["function_watch", "on_failures"] == ["sends"]
    assert edges(PARCELS)["function_sweep", "on_lost"] == ["publishes"]
    assert nodes(PARCELS)["schedule_lost_parcels"][1:] == ["parcels-lost-parcels-dev", "rate(15 minutes)"]


@pytest.mark.parametrize(("public", "access"), [(True, "public, over HTTP"), (False, "private, behind CloudFront")])
def test_pages_call_the_api(public: bool, access: str) -> None:
    service = a_service(site=Site(folder="pages"), settings=Settings(site=SiteSettings(public=public)))
    assert nodes(service)["site"][2] == access
    assert {("callers", "site"), ("site", "api")} <= edges(service).keys()


def test_alarms_of_the_service_are_listed() -> None:
    stock = SERVICES["stock"]
    assert nodes(stock)["alarms"][3:] == [f"{alarm.on}: {alarm.name}" for alarm in stock.alarms]


def test_text_of_the_description_cannot_break_the_chart() -> None:
    service = a_service(title='"]] end; <b>#1</b> &\n click')
    title = flowchart(service).splitlines()[2]
    assert title == "accTitle: Architecture of #quot;]] end; #lt;b#gt;#35;1#lt;/b#gt; #amp;  click in dev"


@pytest.mark.parametrize(
    ("route", "protocol"),
    [
        (a_route(), "HTTPS, JSON"),
        (a_route(responses={200: "text/html"}), "HTTPS"),
        (a_route(method="PUT", content_types=("image/*",)), "HTTPS"),
    ],
)
def test_callers_show_the_protocol(route: Route, protocol: str) -> None:
    assert f"<b>Callers</b><br>{protocol}<br>" in flowchart(a_service(functions=(a_function(route),)))


def test_each_endpoint_is_a_node_with_its_routes() -> None:
    service = service_with_apis()
    assert nodes(service)["api_admin_api"][:2] == ["<b>HTTP API</b>", "parcels-admin-api-dev"]
    assert nodes(service)["api_admin_api"][2:] == [
        "stage $default",
        "10000 requests a second, burst 5000",
        "POST /reports: 1 a second, burst 2",
    ]
    assert nodes(service)["url_hooks"] == ["<b>Function URL</b>", "hooks", "auth NONE"]
    assert edges(service)["api", "function_desk"] == ["GET /parcels"]
    assert edges(service)["api_admin_api", "function_desk"] == ["GET /reports/{day}", "POST /reports"]
    assert edges(service)["url_hooks", "function_hooks"] == ["POST /hooks/{source}"]


def test_chart_of_a_worker_has_no_api_but_the_services_of_its_statements() -> None:
    found = nodes(a_worker())
    assert not {"callers", "api"} & found.keys()
    assert found["service_ses"] == ["<b>AWS service</b>", "ses"]
    assert edges(a_worker())[("function_worker", "service_ses")] == ["ses:SendEmail"]


def test_existing_resources_are_marked_and_have_no_names() -> None:
    found = nodes(sharing())
    assert found["on_orders"] == ["<b>DynamoDB table</b>", "#lt;orders#gt;", "existing", *found["on_orders"][3:]]
    assert found["on_ops"] == ["<b>SNS topic</b>", "#lt;ops#gt;", "existing"]
    assert ("on_ops", "email") not in edges(sharing())


def test_local_indexes_are_listed_with_their_keys() -> None:
    local = LocalIndex(name="by-weight", range_key=Key("weight", "N"))
    table = a_table(range_key=Key("at"), local_indexes=(local,))
    assert "by-weight: id, weight (N), local" in nodes(a_service(tables=(table,)))["on_parcels"]


def test_authorizers_authorize_requests_to_their_routes() -> None:
    gate = a_function(name="gate", routes=(), authorizers=(an_authorizer(), an_optional_authorizer()))
    routes = (a_route(authorizer="token", key_required=True), a_route(path="/open", authorizer=""))
    labels = edges(a_service(functions=(a_function(*routes), gate)))
    assert labels["api", "function_desk"] == ["GET /parcels (API key, token)", "GET /open"]
    assert labels["api", "function_gate"] == ["authorizes: token, optional"]


def test_buckets_and_event_buses_have_their_settings_and_consumers() -> None:
    described = nodes(GALLERY)
    assert described["on_images"] == [
        "<b>S3 bucket</b>",
        "gallery-images-dev-…",
        "earlier versions: 30 days",
        "uploads/* expires after 1 days",
        "* expires after 365 days",
    ]
    assert described["on_shop"] == ["<b>Event bus</b>", "gallery-shop-dev", "archive of 30 days"]
    connected = edges(GALLERY)
    assert connected["on_images", "function_worker"] == [
        "resize: ObjectCreated:* of uploads/*.jpg",
        "unlist: ObjectRemoved:*",
    ]
    assert connected["on_shop", "function_worker"] == ["pack"]
    assert connected["default_event_bus", "function_worker"] == ["watch"]
    assert connected["function_desk", "on_images"] == ["reads"]
    assert connected["function_desk", "on_shop"] == ["sends"]
    assert connected["function_worker", "on_images"] == ["writes"]


def test_default_event_bus_has_a_node_only_if_a_function_consumes_its_events() -> None:
    assert "default_event_bus" not in nodes(PARCELS)


def test_queues_and_topics_invoke_their_consumers() -> None:
    arrows = edges(queue_service())
    assert arrows["function_desk", "on_orders"] == ["sends"]
    assert arrows["on_orders", "function_worker"] == ["fulfillment"]
    assert arrows["on_news", "function_worker"] == ["announcements"]
    assert arrows["on_orders", "on_orders_dead_letters"] == ["after 5 receives"]
    labels = nodes(queue_service())
    assert labels["on_steps"][1:] == ["shop-steps-dev.fifo", "FIFO"]
    assert labels["on_steps_dead_letters"][1:] == ["shop-steps-dead-letters-dev.fifo", "failed messages"]
