"""A service's architecture as a picture, derived from its description.  Standard library only."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import accumulate, cycle

from .environments import ENVIRONMENTS, profile_name
from .naming import parameter_name, physical_name, secret_name
from .service import Function, Grant, Index, Parameter, Route, Service, Table
from .settings import ApiSettings, Settings, over

KINDS = {
    "caller": ("CALLERS", "#475569", "M8 7.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 15c0-4 3-5 6-5s6 1 6 5"),
    "api": ("API GATEWAY, REST", "#6d28d9", "M5 4 1 8l4 4M11 4l4 4-4 4M9.5 2l-3 12"),
    "schedule": ("EVENTBRIDGE RULE", "#0f766e", "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM8 4v4l3 2"),
    "site": ("STATIC PAGES", "#0369a1", "M1 2h14v12H1zM1 6h14M3 4h1m2 0h1"),
    "stream": (
        "DYNAMODB STREAM",
        "#1d4ed8",
        "M1 4c3-3 5 3 8 0s4-1 6 0M1 8c3-3 5 3 8 0s4-1 6 0M1 12c3-3 5 3 8 0s4-1 6 0",
    ),
    "function": ("LAMBDA FUNCTION", "#c2410c", "M4 2h2l6 12h2M7.5 6 3 14"),
    "table": ("DYNAMODB TABLE", "#1d4ed8", "M2 4c0-3 12-3 12 0v8c0 3-12 3-12 0zM2 4c0 3 12 3 12 0M2 8c0 3 12 3 12 0"),
    "topic": ("SNS TOPIC", "#be185d", "M1 6.5v3h3l6 4v-11l-6 4zM13 5.5a4 4 0 0 1 0 5"),
    "queue": ("SQS QUEUE", "#9f1239", "M1 4h14v8H1zM5 4v8M9 4v8"),
    "parameter": ("PARAMETER STORE", "#166534", "M2 4h7m4 0h1M9 2v4h4V2zM2 12h1m4 0h7M3 10v4h4v-4z"),
    "secret": ("SECRET", "#854d0e", "M9 6.5a3 3 0 1 0-2.5 2.5L8 10.5v2h2v2h3V12L9 7.5z"),
    "alarm": ("CLOUDWATCH ALARMS", "#b91c1c", "M3 12h10c-1-1-1-2-1-5a4 4 0 0 0-8 0c0 3 0 4-1 5zM6.5 14.5h3"),
    "email": ("E-MAIL", "#475569", "M1 3h14v10H1zM1 4l7 5 7-5"),
}
"""Heading, colour and icon (on 16 by 16) of each kind of box."""
STORES = {"ssm": "in Parameter Store", "secretsmanager": "in Secrets Manager"}
TABLE_COLOURS = ("#1d4ed8", "#0e7490", "#7c3aed", "#4d7c0f")
"""So that arrows to several tables can be told apart."""
METHOD_COLOURS = {"GET": "#1d4ed8", "POST": "#15803d", "PUT": "#b45309", "PATCH": "#0f766e", "DELETE": "#b91c1c"}
INK, GREY, RULE, GROUND = "#0f172a", "#475569", "#cbd5e1", "#f1f5f9"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SANS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
LINE_STYLE = {"fill": "none", "stroke_width": 1.6}
ADVANCE = 0.62
"""A character's width by its size, in the widest of the fonts above."""
MARGIN, GAP, PAD, HEAD, LINE, ROW = 32, 24, 16, 58, 17, 24
LABEL_LINE, LABEL_CHARACTERS, LABEL_INDENT = 15, 26, 30


@dataclass(frozen=True, kw_only=True)
class Card:
    """A box: what it is, what it is called, what else is to be known of it, and where it stands."""

    kind: str
    column: int
    colour: str
    name: str
    lines: tuple[str, ...]
    width: float
    height: float
    x: float = 0
    y: float = 0

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        """Where its arrows begin."""
        return self.x + self.width

    def ports(self, count: int) -> list[float]:
        """How far down `count` arrows meet its side."""
        return [self.y + self.height * (port + 1) / (count + 1) for port in range(count)]


Point = tuple[float, float]
Cards = Mapping[str, Card]
"""By `function NAME`, `schedule NAME`, `stream NAME` (of its consumer), `on NAME` (a table, topic, parameter, secret,
queue),
`api`, `caller`, `site`, `watch`, `email`, and `on NAME` or `alarms` for the topic that alarms go to."""


def svg(service: Service, environment: str = "dev") -> str:
    """Who calls, the API, its functions, what they may do to what; below, schedules and alarms."""
    cards = _placed(service, _roomy(service, _cards(service, environment)))
    width = max(*(card.right for card in cards.values()), _width(service.title, 24)) + MARGIN
    heading = textwrap.wrap(service.description, int((width - 2 * MARGIN) / _width("x", 14)))
    top = MARGIN + 50 + 20 * len(heading)
    height = top + max(card.y + card.height for card in cards.values()) + MARGIN
    drawn = [_group(service, cards), *_arrows(service, cards), *map(_box, cards.values())]
    return _tag(
        "svg",
        _tag("title", escape(f"Architecture of {service.title} in {environment}")),
        _tag("desc", escape(" ".join(_sentences(service, cards)))),
        _tag("rect", width="100%", height="100%", rx=14, fill=GROUND),
        _text(MARGIN, MARGIN + 20, service.title, 20, INK, font_family=SANS, font_weight=700),
        *(_text(MARGIN, MARGIN + 46 + 20 * i, line, 14, GREY, font_family=SANS) for i, line in enumerate(heading)),
        _tag("g", *drawn, *_routes(service, cards), transform=f"translate(0 {top})"),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        font_family=MONO,
    )


def _cards(service: Service, environment: str) -> dict[str, Card]:
    """Every box, as large as its own words."""
    settings = ENVIRONMENTS[profile_name(environment)].with_(service.settings)
    shared = _alarms(service) != "alarms"
    cards = {
        "caller": _card("caller", 0, "HTTPS, JSON", _keys_asked(service, settings)),
        "email": _card("email", 3 if shared else 0, "if configured", "notification_email"),
        "api": _card(
            "api", 1, _named(service, environment, "api", service.api_type), *_stage(service, environment, settings.api)
        ),
        "watch": _card("alarm", 2, "of each function", "duration, errors, throttles", *_own_alarms(service)),
    }
    if service.site:
        name = f"{_named(service, environment, 'bucket', service.site.type)}-…"
        way = "public, over HTTP" if settings.site.public else "private, behind CloudFront"
        cards["site"] = _card("site", 0, name, way, "config.json has the API's URL")
    for function in service.functions:
        runs = over(settings.function, function.settings)
        line = f"{runs.runtime}, {runs.memory_mb} MB, {runs.timeout_seconds} s"
        name = _named(service, environment, "function", function.name)
        cards[f"function {function.name}"] = _card("function", 2, name, line)
    for schedule in (schedule for function in _ordered(service) for schedule in function.schedules):
        name = _named(service, environment, "rule", schedule.name)
        cards[f"schedule {schedule.name}"] = _card("schedule", 1, name, schedule.rate)
    for consumer in (consumer for function in _ordered(service) for consumer in function.consumers):
        name = _named(service, environment, "table", consumer.table)
        cards[f"stream {consumer.name}"] = _card("stream", 1, name, consumer.name)
    cards |= _used(service, environment)
    name, told = _named(service, environment, "topic", service.alarms_type), "an alarm, and its end"
    cards[_alarms(service)] = _card("topic", 3 if shared else 1, name, told, *["what is published"] * shared)
    return cards


def _used(service: Service, environment: str) -> dict[str, Card]:
    """The boxes of what functions use, but for the topic that alarms go to."""
    cards = {}
    paths = {p.name: parameter_name(service.name, environment, p.name) for p in service.parameters}
    for table, colour in zip(service.tables, cycle(TABLE_COLOURS)):
        held = [
            f"named in {paths[parameter.name]}" for parameter in service.parameters if parameter.table == table.name
        ]
        card = _card("table", 3, _named(service, environment, "table", table.name), *_table_lines(table), *held)
        cards[f"on {table.name}"] = replace(card, colour=colour)
    for parameter in _apart(service):
        lines = list(parameter.value) or [_named(service, environment, "table", parameter.table)]
        cards[f"on {parameter.name}"] = _card("parameter", 3, paths[parameter.name], *lines)
    for secret in service.secrets:
        name = secret_name(secret.store, service.name, environment, secret.name)
        cards[f"on {secret.name}"] = _card("secret", 3, name, STORES[secret.store])
    for topic in service.topics:
        if topic.name != service.alarms_type:
            name = _named(service, environment, "topic", topic.name)
            cards[f"on {topic.name}"] = _card("topic", 3, name, "to notification_email")
    if service.dead_letters:
        name = _named(service, environment, "queue", service.dead_letters)
        cards[f"on {service.dead_letters}"] = _card("queue", 3, name, "what failed for good")
    return cards


def _grants(service: Service, function: Function) -> list[Grant]:
    """What a function may do: what its parts need, and to leave what it could not do to the queue."""
    left = [service.dead_letters] if service.dead_letters and function.runs() else []
    return [*function.grants(), *(Grant(on=queue, actions=("SendMessage",)) for queue in left)]


def _own_alarms(service: Service) -> Iterator[str]:
    return (f"{alarm.on}: {alarm.name}" for alarm in service.alarms)


def _runs(function: Function) -> list[str]:
    """The boxes of what calls a function besides the API."""
    return [*(f"schedule {s.name}" for s in function.schedules), *(f"stream {c.name}" for c in function.consumers)]


def _named(service: Service, environment: str, kind: str, type_: str) -> str:
    return physical_name(service.name_pattern, kind, environment, type=type_)


def _alarms(service: Service) -> str:
    """The box of the topic that alarms go to: below, or the last of what functions use, above the e-mail."""
    own = any(topic.name == service.alarms_type for topic in service.topics)
    return f"on {service.alarms_type}" if own else "alarms"


def _apart(service: Service) -> list[Parameter]:
    """The parameters with a box of their own: a table's name stands in the table's box, unless somebody reads it."""
    granted = {grant.on for function in service.functions for grant in function.grants()}
    return [parameter for parameter in service.parameters if parameter.value or parameter.name in granted]


def _ordered(service: Service) -> list[Function]:
    """Functions with routes first: they stand beside the API."""
    return sorted(service.functions, key=lambda function: not function.routes)


def _card(kind: str, column: int, name: str, *lines: str) -> Card:
    wide = max(_width(name, 13) + 38, _width(KINDS[kind][0], 13) + 38, *(_width(line, 12) for line in lines))
    size = {"width": wide + 2 * PAD, "height": HEAD + LINE * len(lines) + 6}
    return Card(kind=kind, column=column, colour=KINDS[kind][1], name=name, lines=lines, **size)


def _keys_asked(service: Service, figures: Settings) -> str:
    everywhere = figures.authorization.type == "API_KEY"
    asked = {route.key_required or (everywhere and bool(route.scope_needed())) for _, route in service.routes()}
    return {(True,): "with an API key", (False, True): "API key where marked"}.get(tuple(sorted(asked)), "no API key")


def _stage(service: Service, environment: str, api: ApiSettings) -> Iterator[str]:
    yield f"stage {api.stage_name or environment}"
    yield f"{api.throttle_rate_per_second:g}/s, {api.throttle_burst} at once"
    for _, route in service.routes():
        if route.throttle:
            throttle = route.throttle.within(api)
            yield f"{route.method} {route.path}: {throttle.rate_per_second:g}/s, {throttle.burst} at once"


def _table_lines(table: Table) -> list[str]:
    more = {"expires by": table.ttl, "streams": table.stream}
    indexes = [f"index {index.name}: {_keys(index)}" for index in table.indexes]
    return [f"key {_keys(table)}", *indexes, *(f"{what} {value}" for what, value in more.items() if value)]


def _keys(of: Table | Index) -> str:
    return ", ".join(f"{key.name} ({key.type})" for key in (of.hash_key, of.range_key) if key)


def _label(grant: Grant) -> tuple[str, ...]:
    more = {"index": grant.indexes, "rows": grant.keys}
    texts = [", ".join(grant.actions), *(f"{what} {', '.join(names)}" for what, names in more.items() if names)]
    return tuple(line for text in texts for line in textwrap.wrap(text, LABEL_CHARACTERS, break_on_hyphens=False))


def _label_height(grant: Grant) -> float:
    return LABEL_LINE * len(_label(grant)) + 10


def _roomy(service: Service, cards: Cards) -> dict[str, Card]:
    """The boxes with room for their arrows and routes."""
    heights = {f"function {f.name}": sum(_label_height(g) + 10 for g in _grants(service, f)) for f in service.functions}
    heights |= {key: 14 * (1 + _pointing(service, key)) for key in cards if key.startswith("on ")}
    roomy = {key: replace(card, height=max(card.height, heights.get(key, 0))) for key, card in cards.items()}
    rows = [_width(route.path, 12) + 66 + 40 * route.key_required + 2 * PAD for _, route in service.routes()]
    return {**roomy, "api": replace(cards["api"], width=max(cards["api"].width, *rows, 0))}


def _placed(service: Service, cards: Cards) -> dict[str, Card]:
    """The boxes in their columns: a function stands in the middle of its routes."""
    widths = [max((c.width for c in cards.values() if c.column == column), default=0) for column in range(4)]
    arrows = sum(len(_grants(service, function)) for function in service.functions)
    gutters = [MARGIN, 44, 68, _straight(service) + 60 + 8 * min(arrows, 12)]
    lefts = [left + sum(widths[:i]) for i, left in enumerate(accumulate(gutters))]
    tops, api_height = _tops(service, cards)
    tall = {**cards, "api": replace(cards["api"], height=api_height)}
    return {key: replace(c, x=lefts[c.column], y=tops[key], width=widths[c.column]) for key, c in tall.items()}


def _tops(service: Service, cards: Cards) -> tuple[dict[str, float], float]:
    """Where every box begins, and how tall the API is."""
    functions = _ordered(service)
    heights = [cards[f"function {function.name}"].height for function in functions]
    bands = [max(height + GAP, ROW * len(f.routes) + PAD) for height, f in zip(heights, functions, strict=True)]
    resources = [key for key in cards if key.startswith("on ")]
    spare = sum(cards[key].height + GAP for key in resources) - sum(bands)
    start = max(0, spare / 2 - cards["api"].height)
    edges = list(accumulate(bands, initial=start + cards["api"].height))
    api_end = edges[sum(bool(function.routes) for function in functions)] + PAD / 2
    tops = {f"function {f.name}": edges[i] + (bands[i] - heights[i]) / 2 for i, f in enumerate(functions)}
    tops["api"], tops["caller"] = start, (start + api_end - cards["caller"].height) / 2
    tops |= _stack(cards, resources, edges[0] - spare / 2 + GAP / 2)
    tops |= _stack(cards, [key for function in functions for key in _runs(function)], api_end + GAP)
    tops |= {key: tops["caller"] + cards["caller"].height + 2 * GAP for key in cards if key == "site"}
    ends = [api_end, *(top + cards[key].height for key, top in tops.items() if key != "api")]
    return {**tops, **dict.fromkeys(("watch", "alarms", "email"), max(ends) + 2 * GAP)}, api_end - start


def _stack(cards: Cards, keys: Sequence[str], top: float) -> dict[str, float]:
    return dict(zip(keys, accumulate((cards[key].height + GAP for key in keys), initial=top), strict=False))


def _straight(service: Service) -> float:
    lines = [line for f in service.functions for grant in _grants(service, f) for line in _label(grant)]
    return LABEL_INDENT + max((_width(line, 11) for line in lines), default=0) + 2 * PAD


def _arrows(service: Service, cards: Cards) -> Iterator[str]:
    api, caller = cards["api"], cards["caller"]
    yield _arrow((caller.right, caller.middle), (api.x, caller.middle), caller.colour)
    if site := cards.get("site"):
        yield _down(caller.x + caller.width / 2, caller.y + caller.height, site.y, caller.colour)
        yield _arrow((site.right, site.middle), (api.x, min(site.middle, api.y + api.height - PAD)), site.colour)
    for function in service.functions:
        card, served = cards[f"function {function.name}"], bool(function.routes)
        arriving = served + len(_runs(function))
        ports = [card.middle + card.height / 2 * port / arriving for port in range(arriving)]
        yield from (_arrow((api.right, port), (card.x, port), api.colour) for port in ports[:served])
        for key, port in zip(_runs(function), ports[served:], strict=True):
            yield _arrow((cards[key].right, cards[key].middle), (card.x, port), cards[key].colour)
    yield from _uses(service, cards)
    yield from _alarm_arrows(service, cards)


def _alarm_arrows(service: Service, cards: Cards) -> Iterator[str]:
    watch, alarms, email = cards["watch"], cards[_alarms(service)], cards["email"]
    if alarms.column > watch.column:
        *_, port = alarms.ports(_pointing(service, _alarms(service)))
        yield _arrow((watch.right, watch.middle), (alarms.x, port), watch.colour, straight=_straight(service))
        yield _down(email.x + email.width / 2, alarms.y + alarms.height, email.y, alarms.colour)
    else:
        yield _arrow((watch.x, watch.middle), (alarms.right, watch.middle), watch.colour)
        yield _arrow((alarms.x, alarms.middle), (email.right, alarms.middle), alarms.colour)


def _pointing(service: Service, key: str) -> int:
    """How many arrows point at what is used: functions', and that of the alarms."""
    granted = [f"on {grant.on}" for function in service.functions for grant in _grants(service, function)]
    return [*granted, _alarms(service)].count(key)


def _uses(service: Service, cards: Cards) -> Iterator[str]:
    """From each function to what it was granted, in an order that crosses little."""
    leaving = [
        (cards[f"function {f.name}"], grant, y)
        for f in _ordered(service)
        for grant, y in _leaving(f, _grants(service, f), cards)
    ]
    for key in dict.fromkeys(f"on {grant.on}" for _, grant, _ in leaving):
        arriving = [(card, grant, y) for card, grant, y in leaving if f"on {grant.on}" == key]
        target = cards[key]
        for (card, grant, y), port in zip(arriving, target.ports(_pointing(service, key)), strict=False):
            yield _arrow((card.right, y), (target.x, port), target.colour, _label(grant), _straight(service))


def _leaving(function: Function, grants: list[Grant], cards: Cards) -> Iterator[tuple[Grant, float]]:
    """A function's grants, and how far down each one's arrow leaves."""
    grants = sorted(grants, key=lambda grant: cards[f"on {grant.on}"].y)
    heights = [_label_height(grant) + 10 for grant in grants]
    ends = accumulate(heights, initial=cards[f"function {function.name}"].middle - sum(heights) / 2)
    return zip(grants, (end + height / 2 for end, height in zip(ends, heights, strict=False)), strict=True)


def _sentences(service: Service, cards: Cards) -> Iterator[str]:
    yield f"Callers reach the API {cards['api'].name}."
    yield from (f"So do the pages in {cards[key].name}." for key in cards if key == "site")
    for function in service.functions:
        name = cards[f"function {function.name}"].name
        yield f"The function {name} serves {', '.join(f'{r.method} {r.path}' for r in function.routes) or 'no route'}."
        yield from (f"{cards[f'schedule {s.name}'].name} runs it at {s.rate}." for s in function.schedules)
        yield from (f"It runs when {cards[f'stream {c.name}'].name} changes." for c in function.consumers)
        yield from (f"It may {', '.join(g.actions)} on {cards[f'on {g.on}'].name}." for g in _grants(service, function))
    yield f"Its alarms on duration, errors and throttles go to the topic {cards[_alarms(service)].name}."


def _group(service: Service, cards: Cards) -> str:
    """The frame around all functions, and the arrow from it to what watches them."""
    functions = [cards[f"function {function.name}"] for function in service.functions]
    first, last, watch = min(c.y for c in functions), max(c.y + c.height for c in functions), cards["watch"]
    box = {"x": watch.x - 14, "y": first - 14, "width": watch.width + 28, "height": last - first + 28}
    x, colour = watch.x + watch.width / 2, watch.colour
    return "".join(
        [
            _tag("rect", **box, rx=14, fill="#e2e8f0"),
            _down(x, last + 14, watch.y, colour, stroke_dasharray="5 4"),
            _text(x + 12, (last + 14 + watch.y) / 2 + 4, "metrics", 11, colour),
        ]
    )


def _down(x: float, y: float, to_y: float, colour: str, **more: object) -> str:
    line = _tag("path", d=f"M{x:g} {y:g}V{to_y - 6:g}", stroke=colour, **more, **LINE_STYLE)
    return line + _tag("path", d=f"M{x:g} {to_y:g}l-4.5-9h9z", fill=colour)


def _arrow(start: Point, end: Point, colour: str, label: Sequence[str] = (), straight: float = 0) -> str:
    """A line that goes `straight` past its label, then bends."""
    (x, y), (to_x, to_y) = start, end
    way, bend = (1 if to_x > x else -1), x + straight
    half = (bend + to_x) / 2
    line = f"M{x:g} {y:g}H{bend:g}C{half:g} {y:g} {half:g} {to_y:g} {to_x - 7 * way:g} {to_y:g}"
    head = _tag("path", d=f"M{to_x:g} {to_y:g}l{-9 * way}-4.5v9z", fill=colour)
    return _tag("path", d=line, stroke=colour, **LINE_STYLE) + head + _pill(start, colour, label)


def _pill(start: Point, colour: str, label: Sequence[str]) -> str:
    if not label:
        return ""
    x, height = start[0] + LABEL_INDENT, LABEL_LINE * len(label) + 10
    top, width = start[1] - height / 2, max(_width(line, 11) for line in label) + PAD
    lines = (_text(x + 8, top + 16 + LABEL_LINE * i, line, 11, colour) for i, line in enumerate(label))
    box = _tag("rect", x=x, y=top, width=width, height=height, rx=8, fill="#fff", stroke=colour)
    return _tag("g", box, *lines, class_="label")


def _box(card: Card) -> str:
    heading, _, icon = KINDS[card.kind]
    x, y = card.x + PAD, card.y + 14
    return _tag(
        "g",
        _tag("rect", x=card.x, y=card.y, width=card.width, height=card.height, rx=10, fill="#fff", stroke=RULE),
        _tag("rect", x=x, y=y, width=28, height=28, rx=7, fill=card.colour),
        _tag("path", d=icon, fill="none", stroke="#fff", stroke_width=1.5, transform=f"translate({x + 6:g} {y + 6:g})"),
        _text(x + 38, y + 10, heading, 10, card.colour, font_family=SANS, font_weight=700),
        _text(x + 38, y + 26, card.name, 13, INK, font_weight=600),
        *(_text(x, card.y + HEAD + 8 + LINE * i, line, 12, GREY) for i, line in enumerate(card.lines)),
        class_="card",
    )


def _routes(service: Service, cards: Cards) -> Iterator[str]:
    """The API's routes, each beside the function that serves it."""
    for function in service.functions:
        top = cards[f"function {function.name}"].middle - ROW * len(function.routes) / 2
        yield from (_route(route, cards["api"], top + ROW * i) for i, route in enumerate(function.routes))


def _route(route: Route, api: Card, top: float) -> str:
    x, colour = api.x + PAD, METHOD_COLOURS[route.method]
    key = _text(api.right - PAD, top + 16, "key", 11, "#b45309", text_anchor="end") if route.key_required else ""
    return _tag(
        "g",
        _tag("rect", x=x, y=top + 3, width=56, height=18, rx=5, fill=colour),
        _text(x + 28, top + 16, route.method, 10, "#fff", text_anchor="middle", font_weight=700),
        _text(x + 66, top + 16, route.path, 12, INK),
        key,
        class_="route",
    )


def _width(text: str, size: float) -> float:
    return len(text) * size * ADVANCE


def _text(x: float, y: float, text: str, size: float, fill: str, **more: object) -> str:
    return _tag("text", escape(text), x=x, y=y, font_size=size, fill=fill, **more)


def _tag(name: str, *inside: str, **attributes: object) -> str:
    """An element; `font_size=3` is the attribute `font-size`, `class_` is `class`."""
    said = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(f"{value:g}" if isinstance(value, float) else str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{said}>{''.join(inside)}</{name}>\n"
