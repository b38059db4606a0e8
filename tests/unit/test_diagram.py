"""The picture of a service."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from lib.diagram import ADVANCE, svg
from lib.service import Function, Index, Key, Parameter, Route, Schedule, Service, Site, Throttle, Topic
from lib.services import SERVICES
from lib.settings import ApiSettings, FunctionSettings, Settings, SiteSettings

from ..builders import PARCELS, a_consumer, a_function, a_grant, a_route, a_secret, a_service, a_table, a_yard

NAMESPACE = "{http://www.w3.org/2000/svg}"
TOLERANCE = 0.1
"""Coordinates are written with six digits."""


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    right: float
    bottom: float

    def apart(self, other: Box) -> bool:
        """Whether the two share no point."""
        return self.right < other.x or other.right < self.x or self.bottom < other.y or other.bottom < self.y

    def holds(self, other: Box) -> bool:
        """Whether all of `other` is inside."""
        return (
            self.x <= other.x + TOLERANCE
            and self.y <= other.y + TOLERANCE
            and self.right >= other.right - TOLERANCE
            and self.bottom >= other.bottom - TOLERANCE
        )


def a_busy_function(number: int) -> Function:
    """One with up to three routes, five tables, a topic and two schedules, and a name that grows."""
    actions = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchGetItem")
    grants = (
        *(a_grant(f"table-{t}", *actions[: t + 1]) for t in range(number % 6)),
        a_grant("topic-1", "Publish"),
        a_grant(f"parameter-{1 + number % 2}", "GetParameter"),
        a_grant("secret-1", "GetParameter"),
    )
    return Function(
        name=f"function-{'n' * number}-{number}",
        handler="a.b",
        routes=tuple(
            a_route(path=f"/f{number}/{'long' * number}/r{i}", key_required=i == 1, grants=grants)
            for i in range(number % 4)
        ),
        schedules=tuple(
            Schedule(name=f"schedule-{number}-{i}", rate="rate(1 minute)", operation="run", grants=grants)
            for i in range(number % 3)
        ),
        consumers=tuple(
            a_consumer(name=f"consumer-{number}-{i}", table=f"table-{i}", grants=grants) for i in range(number % 4)
        ),
    )


def a_large_service() -> Service:
    """More of everything than a service should have, with long names."""
    return a_service(
        tables=tuple(
            a_table(
                name=f"table-{i}",
                variable=f"T{i}",
                stream="NEW_IMAGE",
                indexes=tuple(Index(name=f"by-{'x' * 20 * j}", hash_key=Key("k")) for j in range(1, i + 1)),
            )
            for i in range(5)
        ),
        topics=tuple(Topic(name=f"topic-{i}", variable=f"TOPIC{i}") for i in range(2)),
        parameters=tuple(Parameter(name=f"parameter-{i}", value={"k" * 20 * i: i, "l": 1}) for i in range(1, 4)),
        secrets=(a_secret(name="secret-1"), a_secret(name="secret-2", variable="OTHER", store="secretsmanager")),
        functions=tuple(a_busy_function(number) for number in range(1, 12)),
        description="Many words. " * 60,
        dead_letters="left",
        site=Site(folder="pages", type="pages"),
    )


LOPSIDED = a_service(
    tables=tuple(a_table(name=f"table-{i}", variable=f"T{i}") for i in range(8)),
    functions=(a_function(a_route(grants=tuple(a_grant(f"table-{i}", "GetItem") for i in range(8)))),),
)
EVERY = [
    *(pytest.param(service, id=name) for name, service in SERVICES.items()),
    pytest.param(PARCELS, id="described elsewhere"),
    pytest.param(a_yard(), id="with all that is optional"),
    pytest.param(a_service(site=Site(folder="pages")), id="small, with pages"),
    pytest.param(a_large_service(), id="large"),
    pytest.param(replace(a_large_service(), alarms_type="topic-0"), id="large, alarms to one of its topics"),
    pytest.param(SERVICES["inventory"].split(), id="a function for each operation"),
    pytest.param(
        a_service(topics=(Topic(name="lost", variable="LOST"),), alarms_type="lost"), id="only alarms use the topic"
    ),
    pytest.param(LOPSIDED, id="one function, many tables"),
    pytest.param(
        a_service(functions=(a_function(), Function(name="idle", handler="a.b")), title="T" * 120), id="nothing to do"
    ),
]


def drawn(service: Service, environment: str = "dev") -> ElementTree.Element:
    """The picture, parsed."""
    return ElementTree.fromstring(svg(service, environment))  # noqa: S314 - our own


def groups(picture: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    """Everything of a class."""
    return picture.findall(f".//{NAMESPACE}g[@class='{kind}']")


def box(group: ElementTree.Element) -> Box:
    """The first rectangle of a group: its frame."""
    x, y, width, height = (float(group.find(f"{NAMESPACE}rect").attrib[name]) for name in ("x", "y", "width", "height"))  # type: ignore[union-attr]
    return Box(x, y, x + width, y + height)


def text_boxes(group: ElementTree.Element) -> list[Box]:
    """Where a group's texts are."""
    return [text_box(text) for text in group.iter(f"{NAMESPACE}text")]


def text_box(text: ElementTree.Element) -> Box:
    """What a text covers in the widest font."""
    x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
    width = len(text.text or "") * size * ADVANCE
    x -= {"start": 0, "middle": width / 2, "end": width}[text.attrib.get("text-anchor", "start")]
    return Box(x, y - 0.8 * size, x + width, y + 0.3 * size)


def arrow_heads(service: Service) -> list[tuple[Box, Box]]:
    """Each arrow's tip, and the place it comes from."""
    found = re.findall(r'd="M([\d.]+) ([\d.]+)l(-?[\d.]+)(-[\d.]+)[vh]9z', svg(service))
    heads = [tuple(map(float, head)) for head in found]
    return [(Box(x, y, x, y), Box(x + dx, y + dy, x + dx, y + dy)) for x, y, dx, dy in heads]


def words(picture: ElementTree.Element) -> str:
    """Every text of the picture, a line each."""
    return "\n".join(text.text or "" for text in picture.iter(f"{NAMESPACE}text"))


@pytest.mark.parametrize("service", EVERY)
def test_no_two_boxes_overlap(service: Service) -> None:
    picture = drawn(service)
    boxes = [box(group) for group in (*groups(picture, "card"), *groups(picture, "label"))]
    assert all(one.apart(other) for one, other in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("service", EVERY)
def test_no_text_leaves_its_box(service: Service) -> None:
    picture = drawn(service)
    framed = [*groups(picture, "card"), *groups(picture, "label")]
    assert all(box(group).holds(text) for group in framed for text in text_boxes(group))


@pytest.mark.parametrize("service", EVERY)
def test_routes_stand_inside_the_api_apart_from_its_name_and_each_other(service: Service) -> None:
    picture = drawn(service)
    api = next(group for group in groups(picture, "card") if "API GATEWAY" in words(group))
    texts = [*text_boxes(api), *(text for route in groups(picture, "route") for text in text_boxes(route))]
    assert all(box(api).holds(text) for text in texts)
    assert all(one.apart(other) for one, other in itertools.combinations(texts, 2))


@pytest.mark.parametrize("service", EVERY)
def test_everything_is_inside_the_picture(service: Service) -> None:
    picture = drawn(service)
    width, height = (float(picture.attrib[name]) for name in ("width", "height"))
    body = picture.find(f"{NAMESPACE}g")
    assert body is not None
    down = float(body.attrib["transform"].rstrip(")").split()[1])
    inside = Box(0, -down, width, height - down)
    assert all(inside.holds(box(group)) for group in groups(picture, "card"))
    headings = [text_box(text) for text in picture.findall(f"{NAMESPACE}text")]
    assert all(Box(0, 0, width, down).holds(heading) for heading in headings)


@pytest.mark.parametrize("service", EVERY)
@pytest.mark.untraced
def test_every_arrow_points_at_a_box_from_outside(service: Service) -> None:
    boxes = [box(group) for group in groups(drawn(service), "card")]
    for tip, tail in arrow_heads(service):
        assert any(one.holds(tip) for one in boxes)
        assert not any(one.holds(tail) for one in boxes)


@pytest.mark.parametrize("service", EVERY)
def test_no_two_arrows_point_at_one_place(service: Service) -> None:
    tips = [tip for tip, _ in arrow_heads(service)]
    assert all(abs(one.x - other.x) + abs(one.y - other.y) > 8 for one, other in itertools.combinations(tips, 2))


@pytest.mark.parametrize("service", EVERY)
def test_there_is_a_box_for_everything_that_is_made(service: Service) -> None:
    made = {table.name for table in service.tables} | {topic.name for topic in service.topics}
    made |= {function.name for function in service.functions} | {service.api_type, service.alarms_type}
    made |= {schedule.name for function in service.functions for schedule in function.schedules}
    made |= {consumer.table for function in service.functions for consumer in function.consumers}
    made |= {service.dead_letters} - {""}
    names = words(drawn(service)).splitlines()
    paths = {f"/{service.name}/dev/{parameter.name}" for parameter in service.parameters if parameter.value}
    assert paths <= set(names)
    assert {service.name_pattern.format(type=name, environment="dev") for name in made} <= set(names)


@pytest.mark.parametrize("service", EVERY)
def test_every_route_is_listed_once(service: Service) -> None:
    listed = [words(group).splitlines()[:2] for group in groups(drawn(service), "route")]
    assert sorted(listed) == sorted([route.method, route.path] for _, route in service.routes())


def test_arrows_name_the_granted_actions_and_indexes() -> None:
    labels = [words(group).splitlines() for group in groups(drawn(PARCELS), "label")]
    assert sorted(labels) == [
        ["Publish"],
        ["PutItem"],
        ["PutItem, UpdateItem"],
        ["Query", "index by-state"],
        ["Query", "index by-state"],
    ]


def test_arrows_name_the_rows_that_a_grant_is_for() -> None:
    read = a_grant("parcels", "GetItem", keys=("tap#a#*", "tap#b"))
    search = a_grant("parcels", "Query", indexes=("by-state", "by-owner"))
    service = a_service(tables=PARCELS.tables, functions=(a_function(a_route(grants=(read, search))),))
    assert [words(group).splitlines() for group in groups(drawn(service), "label")] == [
        ["GetItem", "rows tap#a#*, tap#b"],
        ["Query", "index by-state, by-owner"],
    ]


def test_a_function_stands_in_the_middle_of_its_routes() -> None:
    picture = drawn(PARCELS)
    function = next(box(group) for group in groups(picture, "card") if "parcels-desk-dev" in words(group))
    rows = [box(group) for group in groups(picture, "route")]
    assert (function.y + function.bottom) / 2 == pytest.approx((rows[0].y + rows[-1].bottom) / 2)


def test_a_table_says_how_it_is_read_and_what_leaves_it() -> None:
    card = next(group for group in groups(drawn(PARCELS), "card") if "parcels-parcels-dev" in words(group))
    assert words(card).splitlines()[2:] == [
        "key id (S)",
        "index by-state: state (S), due (N)",
        "index by-owner: owner (S)",
        "expires by expires",
        "streams NEW_AND_OLD_IMAGES",
    ]


def test_a_table_says_which_parameters_hold_its_name() -> None:
    tables = (a_table(), a_table(name="audit", variable="AUDIT"))
    picture = drawn(a_service(tables=tables, parameters=(Parameter(name="where", table="audit"),)))
    said = {words(card).splitlines()[1]: words(card).splitlines()[-1] for card in groups(picture, "card")}
    assert said["parcels-audit-dev"] == "named in /parcels/dev/where"
    assert said["parcels-parcels-dev"] == "key id (S)"
    assert "PARAMETER STORE" not in words(picture)


@pytest.mark.parametrize(
    ("parameter", "lines"),
    [
        pytest.param(Parameter(name="rates", value={"letter": 1, "parcel": 4}), ["letter", "parcel"], id="value"),
        pytest.param(Parameter(name="rates", table="parcels"), ["parcels-parcels-dev"], id="table"),
    ],
)
def test_a_parameter_that_functions_read_says_what_it_holds(parameter: Parameter, lines: list[str]) -> None:
    desk = a_function(a_route(grants=(a_grant("rates", "GetParameter"),)))
    service = a_service(parameters=(parameter,), functions=(desk,))
    card = next(group for group in groups(drawn(service), "card") if "PARAMETER STORE" in words(group))
    assert words(card).splitlines() == ["PARAMETER STORE", "/parcels/dev/rates", *lines]
    assert any(box(card).holds(tip) and tail.x < tip.x for tip, tail in arrow_heads(service))
    assert "It may GetParameter on /parcels/dev/rates." in (drawn(service).findtext(f"{NAMESPACE}desc") or "")


@pytest.mark.parametrize(
    ("store", "action", "lines"),
    [
        ("ssm", "GetParameter", ["SECRET", "/parcels/dev/token", "in Parameter Store"]),
        ("secretsmanager", "GetSecretValue", ["SECRET", "parcels/dev/token", "in Secrets Manager"]),
    ],
)
def test_a_secret_says_where_it_is_kept(store: str, action: str, lines: list[str]) -> None:
    desk = a_function(a_route(grants=(a_grant("token", action),)))
    picture = drawn(a_service(secrets=(a_secret(store=store),), functions=(desk,)))
    cards = [[text.text for text in card.iter(f"{NAMESPACE}text")] for card in groups(picture, "card")]
    assert lines in cards


def named(service: Service, name: str) -> list[Box]:
    """The boxes with a name."""
    cards = groups(drawn(service), "card")
    return [box(card) for card in cards if name in words(card).splitlines()[1:2]]


def test_alarms_to_one_of_the_services_topics_go_to_its_only_box_and_on_to_the_email() -> None:
    service = replace(PARCELS, alarms_type="lost")
    (topic,), (email,) = named(service, "parcels-lost-dev"), named(service, "if configured")
    arriving = [tail for tip, tail in arrow_heads(service) if topic.holds(tip)]
    assert len(arriving) == 2
    assert all(tail.x < topic.x for tail in arriving)
    (leaving,) = (tail for tip, tail in arrow_heads(service) if email.holds(tip))
    assert topic.x < leaving.x < topic.right
    assert topic.bottom < leaving.y < email.y


def test_nothing_stands_between_the_topic_of_alarms_and_the_email() -> None:
    service = replace(PARCELS, topics=(*PARCELS.topics, Topic(name="found", variable="FOUND")), alarms_type="lost")
    (alarms,), (other,) = named(service, "parcels-lost-dev"), named(service, "parcels-found-dev")
    assert other.bottom < alarms.y


def test_alarms_to_a_topic_of_their_own_leave_the_services_topics_alone() -> None:
    (lost,), (alarms,) = named(PARCELS, "parcels-lost-dev"), named(PARCELS, "parcels-alarms-dev")
    assert sum(lost.holds(tip) for tip, _ in arrow_heads(PARCELS)) == 1
    assert [tail.x > alarms.right for tip, tail in arrow_heads(PARCELS) if alarms.holds(tip)] == [True]


def test_a_function_shows_its_own_figures_over_the_services_over_the_environments() -> None:
    service = a_service(
        functions=(a_function(settings=FunctionSettings(memory_mb=2048)),),
        settings=Settings(function=FunctionSettings(memory_mb=1024, timeout_seconds=7)),
    )
    assert "python3.13, 2048 MB, 7 s" in words(drawn(service, "prod"))


@pytest.mark.parametrize(
    ("routes", "environment", "wanted"),
    [
        pytest.param([a_route()], "dev", "no API key", id="none"),
        pytest.param([a_route(), a_route(method="POST", key_required=True)], "dev", "API key where marked", id="some"),
        pytest.param([a_route(key_required=True)], "dev", "with an API key", id="all"),
        pytest.param([a_route()], "prod", "with an API key", id="environment"),
    ],
)
def test_callers_know_whether_they_need_a_key(routes: list[Route], environment: str, wanted: str) -> None:
    assert wanted in words(drawn(a_service(functions=(a_function(*routes),)), environment))


def test_throttle_of_a_route_is_in_the_box_of_the_api() -> None:
    slow = a_route(path="/parcels/{id}", throttle=Throttle(rate_per_second=2.5, burst=5))
    picture = words(drawn(a_service(functions=(a_function(a_route(), slow),))))
    assert {"10000/s, 5000 at once", "GET /parcels/{id}: 2.5/s, 5 at once"} <= {*picture.splitlines()}


def test_the_stage_is_the_environment_unless_the_service_names_one() -> None:
    assert "stage pr-7" in words(drawn(a_service(), "pr-7"))
    assert "stage live" in words(drawn(a_service(settings=Settings(api=ApiSettings(stage_name="live"))), "pr-7"))


def test_the_picture_says_in_words_what_it_shows() -> None:
    picture = drawn(PARCELS, "prod")
    assert picture.attrib["role"] == "img"
    assert picture.findtext(f"{NAMESPACE}title") == "Architecture of Parcels in prod"
    told = picture.findtext(f"{NAMESPACE}desc") or ""
    assert "parcels-desk-prod serves POST /parcels, GET /parcels, PATCH /parcels/{id}." in told
    assert "parcels-sweep-prod serves no route. parcels-lost-parcels-prod runs it at rate(15 minutes)." in told
    assert "It may PutItem on parcels-audit-prod." in told


def test_what_a_stream_calls_and_what_becomes_of_failures_is_drawn() -> None:
    picture = drawn(a_yard())
    stream = next(card for card in groups(picture, "card") if "DYNAMODB STREAM" in words(card))
    assert words(stream).splitlines() == ["DYNAMODB STREAM", "yard-parcels-dev", "arrivals"]
    assert ["SendMessage"] in [words(label).splitlines() for label in groups(picture, "label")]
    (watch,), (queue,) = named(a_yard(), "yard-watch-dev"), named(a_yard(), "yard-failures-dev")
    assert sum(watch.holds(tip) for tip, _ in arrow_heads(a_yard())) == 2
    assert sum(queue.holds(tip) for tip, _ in arrow_heads(a_yard())) == 1
    told = picture.findtext(f"{NAMESPACE}desc") or ""
    assert "It runs when yard-parcels-dev changes." in told
    assert "It may SendMessage on yard-failures-dev." in told


@pytest.mark.parametrize(("public", "way"), [(False, "private, behind CloudFront"), (True, "public, over HTTP")])
def test_pages_stand_beside_the_api_that_they_call(public: bool, way: str) -> None:
    service = replace(a_yard(), settings=Settings(site=SiteSettings(public=public)))
    card = next(card for card in groups(drawn(service), "card") if "STATIC PAGES" in words(card))
    assert words(card).splitlines()[1:3] == ["yard-site-dev-…", way]
    (api,) = named(service, "yard-api-dev")
    assert sum(api.holds(tip) for tip, _ in arrow_heads(service)) == 2
    assert sum(box(card).holds(tip) for tip, _ in arrow_heads(service)) == 1
    assert "So do the pages in yard-site-dev-…." in (drawn(service).findtext(f"{NAMESPACE}desc") or "")


def test_alarms_of_the_services_own_are_named() -> None:
    assert {"api: refusals", "dead-letters: depth", "watch: no-arrivals"} <= set(words(drawn(a_yard())).splitlines())


def test_words_of_the_description_cannot_break_the_picture() -> None:
    assert "<b> & </b>" in words(drawn(a_service(description="<b> & </b>")))
