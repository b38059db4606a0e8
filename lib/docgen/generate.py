"""Documents generated from the descriptions.

`docs/<service>/openapi.json` and `architecture.md`, the parts of README.md and of the pages in `docs/` between
`<!-- generated:NAME -->` and `<!-- /generated:NAME -->`, and the config in Pulumi.yaml after `# generated:config`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from ..audit.control import Control, Waiver, always
from ..audit.controls import CONTROLS
from ..audit.waivers import WAIVERS
from ..cost import report
from ..cost.bill import standard
from ..documents import iam, openapi
from ..model import Function, Grant, Metric, Route, Service
from ..model.names import physical_name, role_name_prefix, secret_name
from ..services import CHOICES, SERVICES
from ..settings import Settings, docs_of
from ..settings.environments import ALIASES, DEFAULT_PROFILE, ENVIRONMENTS
from ..stack.config import KEYS, Key
from ..stack.output_types import String
from ..stack.outputs import CUSTOM_OUTPUTS, ServiceOutputs, StackOutputs, declarations
from .diagram import flowchart

ROOT = Path(__file__).parents[2]
README = "README.md"
COST = "docs/cost.md"
PROJECT = "Pulumi.yaml"
CONFIG = "  # generated:config\n"
"""What is above the config of the project that `KEYS` make."""
ENVIRONMENT = "dev"
"""Whose names examples show."""
ARCHITECTURE = """# Architecture of `{name}`

The service in `{environment}`, generated from its description by `make reference`.

{chart}
"""
"""The page of a service's architecture."""
OTHER_KEYS = (
    ("service", "what is deployed; `items` when not given", f"one of {', '.join(SERVICES)}"),
    (
        "environment",
        "suffix of every name, and the environment profile unless `environment_profile` is set. Default: the variable "
        "`ENVIRONMENT_SUFFIX`, else `dev`",
        "letters, digits, '-' and '_'. A part between '-', '_', letters and digits selects the profile: "
        f"{', '.join((*ENVIRONMENTS, *ALIASES))}. The strictest profile applies if several match, and "
        f"{DEFAULT_PROFILE} if none does",
    ),
    (
        "environment_profile",
        "environment profile. Default: the profile that `environment` selects",
        f"one of {', '.join(ENVIRONMENTS)}",
    ),
    (
        "split_functions",
        "a function for each operation, each with a role of its own, sharing code through a layer",
        "true or false",
    ),
    (
        "adopt_retained",
        "whether to import existing tables, a user pool, a vault and a key instead of rejecting the deployment",
        "true or false",
    ),
    (
        "tags",
        "tags of every resource, which override the default tags of the service; the case of their keys does not count",
        "an object of texts",
    ),
    ("secrets", "the values of the service's secrets, by their names", "an object of texts, each set with `--secret`"),
)
"""The configuration besides `KEYS`: key, what it sets, what it takes."""
WORDS = {"True": "yes", "False": "no", "": "none", "-1": "none"}
OWN = tuple(choice.settings for choice in CHOICES.values())
"""What services have as options of their own."""

Row = Sequence[str]


def outdated(root: Path = ROOT) -> dict[Path, str]:
    """Return the generated files below `root` that differ from the descriptions, and their new content."""
    return {path: text for path, text in files(root).items() if _read(path) != text}


def write(documents: Mapping[Path, str]) -> None:
    """Write generated files."""
    for path, text in documents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def files(root: Path, services: Mapping[str, Service] = SERVICES) -> dict[Path, str]:
    """Every generated file and what it should hold; the README and the project only where there are such."""
    wanted = {}
    for name, service in services.items():
        wanted[root / "docs" / name / "openapi.json"] = (
            json.dumps(openapi.document(service), indent=2, ensure_ascii=False) + "\n"
        )
        wanted[root / "docs" / name / "architecture.md"] = ARCHITECTURE.format(
            name=name, environment=ENVIRONMENT, chart=architecture(service)
        )
    texts = {path: _read(path) for path in (root / README, *sorted((root / "docs").glob("*.md")))}
    made = sections(services) | (cost_sections() if root / COST in texts else {})
    wanted |= {path: filled(text, made) for path, text in texts.items() if text is not None}
    project = _read(root / PROJECT)
    return wanted if project is None else {**wanted, root / PROJECT: _configured(project)}


def architecture(service: Service) -> str:
    """Return the flowchart of a service as a code block, which GitHub draws."""
    return f"```mermaid\n{flowchart(service, ENVIRONMENT)}```"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def filled(text: str, generated: Mapping[str, str]) -> str:
    """`text` with every part that has markers written anew; markers of other names are left alone."""
    for name, section in generated.items():
        before, start, rest = text.partition(f"<!-- generated:{name} -->")
        _, end, after = rest.partition(f"<!-- /generated:{name} -->")
        text = f"{before}{start}\n{section}\n{end}{after}" if end else text
    return text


def sections(services: Mapping[str, Service]) -> dict[str, str]:
    """Every part of the README that can be generated, by its marker's name."""
    found = {
        "configuration": _configuration(),
        "environments": _environments(services),
        "outputs": _outputs(),
        "metrics": _metrics(services.values()),
        "scopes": _scopes(services),
        "controls": _controls(),
        "waivers": _waivers(),
        "key-policy": _key_policy(),
    }
    for name, service in services.items():
        found[f"api-{name}"] = _api(service)
        found[f"codes-{name}"] = _codes(service)
        found[f"permissions-{name}"] = _permissions(service)
        found[f"functions-{name}"] = _split_functions(service)
        found[f"architecture-{name}"] = architecture(service)
    return found


def cost_sections() -> dict[str, str]:
    """Likewise, of the page on costs."""
    tables = {
        "costs": report.totals(standard(ROOT / "tap.py")),
        "traffic": report.traffic(),
        "work": report.work(),
        "prices": report.prices(),
    }
    return {name: _table(rows[0], rows[1:]) for name, rows in tables.items()}


def _api(service: Service) -> str:
    return _table(("Method", "Path", "What", "Takes", "Answers"), (_api_row(route) for _, route in service.routes()))


def _api_row(route: Route) -> Row:
    takes = [*filter(None, [route.body and f"`{route.body}`"]), *(f"`?{name}`" for name in route.query)]
    answers = (f"**{status}** `{schema}`" if schema else f"**{status}**" for status, schema in route.responses.items())
    what = f"{route.summary} (an API key at least)" if route.key_required else route.summary
    if route.throttle:
        what += f" (at most {route.throttle.rate_per_second:g} requests a second, {route.throttle.burst} at once)"
    refusals = ", ".join(map(str, openapi.refusals(route)))
    return f"`{route.method}`", f"`{route.path}`", what, ", ".join(takes), f"{', '.join(answers)}; {refusals}"


def _scopes(services: Mapping[str, Service]) -> str:
    """The routes of each scope, those that are open to all last."""
    rows = (
        (f"`{service.name}`", f"`{scope}`" if scope else "none", _code(called))
        for service in services.values()
        for scope in (*service.scopes(), "")
        if (called := [f"{r.method} {r.path}" for _, r in service.routes() if r.scope_needed() == scope])
    )
    return _table(("Service", "Scope", "Routes"), rows)


def _codes(service: Service) -> str:
    rows = ((f"`{code.name}`", str(code.status), code.meaning) for code in openapi.codes(service))
    return _table(("Code", "Status", "Means, and what to do"), rows)


def _metrics(services: Iterable[Service]) -> str:
    """What every service counts, and what of it does so."""
    rows = (row for service in services for row in _metric_rows(service))
    return _table(("Service", "Metric", "Unit", "What", "Emitted by"), rows)


def _metric_rows(service: Service) -> Iterator[Row]:
    emitting: dict[Metric, list[str]] = {}
    for function in service.functions:
        for metric in function.metrics():
            emitting.setdefault(metric, []).extend(function.emitting(metric.name))
    for metric, operations in emitting.items():
        yield f"`{service.name}`", f"`{metric.name}`", metric.unit, metric.description, _code(operations)


def _permissions(service: Service) -> str:
    rows = (row for function in service.functions for row in _role_rows(service, function))
    return _table(("Role", "May", "On", "To", "For"), rows)


def _role_rows(service: Service, function: Function) -> Iterator[Row]:
    role = f"`{role_name_prefix(_physical(service, 'function', function.name))}…`"
    needed: dict[Grant, list[str]] = {}
    for name, grants in _triggers(function):
        for grant in grants:
            needed.setdefault(grant, []).append(f"`{name}`")
    for grant, triggers in needed.items():
        statement = _statement(service, grant)
        on = _code(statement["Resource"]) + (f", rows {_code(grant.keys)}" if grant.keys else "")
        yield role, _code(statement["Action"]), on, grant.reason, ", ".join(triggers)
    for consumer in function.consumers:
        stream = f"{_physical(service, 'table', consumer.table)}/stream"
        may = iam.allow("dynamodb", iam.STREAM_READ, [stream])
        yield role, _code(may["Action"]), _code(stream), "hear of its changes", f"`{consumer.name}`"
    if service.dead_letters and function.runs():
        queue, runs = _physical(service, "queue", service.dead_letters), _code(run.name for run in function.runs())
        yield role, "`sqs:SendMessage`", _code(queue), "leave what failed for good", runs
    for actions, on, reason in _runtime_permissions(service, function):
        yield role, actions, on, reason, "every run"


def _runtime_permissions(service: Service, function: Function) -> Iterator[tuple[str, str, str]]:
    """Yield the permissions that every function needs, whatever it does: actions, resources and the reason."""
    if service.log_access == "managed":
        yield _managed(iam.BASIC_EXECUTION), "every log group", "write its log"
    else:
        group = f"/aws/lambda/{_physical(service, 'function', function.name)}"
        statement = iam.write_logs(group, iam.LOG_ACTIONS[service.log_access])
        yield _code(statement["Action"]), _code(statement["Resource"]), "write its log"
    without_resources = "X-Ray, which does not support resource-level permissions"
    yield _managed(iam.XRAY_WRITE), without_resources, "send traces, if tracing is enabled"
    reason = "run in a VPC, if it does; denied to its own code"
    yield _code(iam.vpc_access()["Action"]), "network interfaces that do not exist yet", reason


def _managed(path: str) -> str:
    return f"what `{path.rpartition('/')[2]}` allows"


def _split_functions(service: Service) -> str:
    """The functions of the operations, where need be those that `split_functions` makes, and their own figures."""
    head = ("Function", "Serves", "Memory MB", "Timeout s", "Reserved, where the environment reserves", "May")
    split = service if service.shared_type else service.split()
    return _table(head, (_split_row(service, function) for function in split.functions))


def _split_row(service: Service, function: Function) -> Row:
    figures = (function.settings.memory_mb, function.settings.timeout_seconds, function.settings.reserved_concurrency)
    serves = _code(name for name, _ in _triggers(function))
    may = (f"{_code(_statement(service, grant)['Action'])} on {_part(grant)}" for grant in function.grants())
    name = _physical(service, "function", function.name)
    return f"`{name}`", serves, *(str(figure or "the environment's") for figure in figures), ", ".join(may)


def _part(grant: Grant) -> str:
    """What of a table a grant is on, or the whole of it."""
    rows = f" rows {_code(grant.keys)}" if grant.keys else ""
    return f"`{grant.on}`{rows}{f' indexes {_code(grant.indexes)}' if grant.indexes else ''}"


def _triggers(function: Function) -> Iterator[tuple[str, Iterable[Grant]]]:
    yield from ((f"{route.method} {route.path}", route.grants) for route in function.routes)
    yield from ((run.name, run.grants) for run in function.runs())


def _statement(service: Service, grant: Grant) -> iam.Statement:
    """What a role's policy says for a grant, with the resource's name for its ARN."""
    if any(table.name == grant.on for table in service.tables):
        name = _physical(service, "table", grant.on)
        return iam.table_statement(name, grant.actions, grant.indexes, grant.keys)
    if any(topic.name == grant.on for topic in service.topics):
        return iam.allow("sns", grant.actions, [_physical(service, "topic", grant.on)])
    store = next((secret.store for secret in service.secrets if secret.name == grant.on), "ssm")
    return iam.allow(store, grant.actions, [secret_name(store, service.name, ENVIRONMENT, grant.on)])


def _physical(service: Service, kind: str, type_: str) -> str:
    return physical_name(service.name_pattern, kind, ENVIRONMENT, type=type_)


def _controls() -> str:
    head = ("Control", "What should be so", "Severity", "Of", "What mends it")
    parts = ((part, _table(head, map(_control_row, controls))) for part, controls in CONTROLS.items())
    return "\n\n".join(f"### {part}\n\n{table}" for part, table in parts)


def _control_row(control: Control) -> Row:
    return ", ".join(control.ids), control.title, control.severity, _code(control.kinds), control.remedy


def _waivers() -> str:
    rows = ((", ".join(waiver.controls), _where(waiver), waiver.reason) for waiver in WAIVERS)
    return _table(("Controls", "Where", "Why"), rows)


def _where(waiver: Waiver) -> str:
    places = [_code(names) for names in (waiver.services, waiver.rows) if names]
    others = f"except {_code(waiver.except_services)}" if waiver.except_services else ""
    told = "" if waiver.when is always else "where that is so"
    output = f"output `{waiver.unless_output}`" if waiver.unless_output else ""
    absent = " or ".join(filter(None, [f"`{waiver.unless}`" if waiver.unless else "", output]))
    return ", ".join(filter(None, [*places, others, told, absent and f"in stacks without {absent}"])) or "everywhere"


def _code(texts: str | Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in ([texts] if isinstance(texts, str) else texts))


def _configuration() -> str:
    figures = ((name, f"{_says(key)} ({_code(_figures_of(key))})", _takes(key)) for name, key in KEYS.items())
    return _table(("Key", "Sets", "Takes"), ((f"`{name}`", *rest) for name, *rest in (*OTHER_KEYS, *figures)))


def _outputs() -> str:
    docs, labels = docs_of(StackOutputs), {name: output.label for name, output in declarations().items()}
    rows = [(f"`{name}`", docs[name], label) for name, label in labels.items()]
    named_by_services = {**docs_of(ServiceOutputs), **CUSTOM_OUTPUTS}
    rows += [(f"`{name}`", text, String.label) for name, text in named_by_services.items()]
    return _table(("Output", "Is", "Type"), rows)


def _key_policy() -> str:
    """What the owner of a key that stands already adds to its policy for one account and region."""
    users = sorted({*iam.KEY_VIA, *iam.KEY_USERS})
    return f"```json\n{json.dumps(iam.key_statements('111122223333', 'us-east-1', users), indent=2)}\n```"


def _configured(project: str) -> str:
    """The project with its config written anew."""
    before, marker, _ = project.partition(CONFIG)
    return before + marker + "".join(_declared(name, key) for name, key in KEYS.items()) if marker else project


def _declared(name: str, key: Key) -> str:
    kind, default, unsaid = ("integer", "0", "0") if key.zero_says_nothing else ("string", '""', "empty")
    lower = "the service's" if issubclass(key.layer, OWN) else "the service's, else the environment's"
    said = json.dumps(f"{_says(key)} Takes {_takes(key)}; {unsaid}: {lower}.", ensure_ascii=False)
    return f"  {name}:\n    type: {kind}\n    description: {said}\n    default: {default}\n"


def _says(key: Key) -> str:
    """What stands under the field, with the services whose option it is."""
    owners = [layer.WHERE for layer in key.layers if issubclass(layer, OWN)]
    return f"{', '.join(owners)}: {docs_of(key.layer)[key.field]}" if owners else docs_of(key.layer)[key.field]


def _figures_of(key: Key) -> list[str]:
    return [f"{layer.WHERE}.{key.field}" for layer in key.layers]


def _takes(key: Key) -> str:
    default = {f.name: f.default for f in fields(key.layer)}[key.field]
    expected = key.layer.checks()[key.field][1].removeprefix("give ")
    return expected if default is None else f"{expected}; default: {default}"


def _environments(services: Mapping[str, Service]) -> str:
    """The rows of every figure that some environment sets, and what each service says otherwise."""
    keys = {figure: f"`{name}`" for name, key in KEYS.items() for figure in _figures_of(key)}
    said = {name: _figures(settings) for name, settings in ENVIRONMENTS.items()}
    figures = dict.fromkeys(figure for row in said.values() for figure in row)
    rows = ((f"`{f}`", keys.get(f, ""), *(row.get(f, "") for row in said.values())) for f in figures)
    notes = (_own_figures(service) for service in services.values())
    return "\n\n".join([_table(("Figure", "Config key", *said), rows), *filter(None, notes)])


def _own_figures(service: Service) -> str:
    figures = ", ".join(f"`{name}` {value}" for name, value in _figures(service.settings).items())
    return figures and f"`{service.name}` has figures of its own in every environment: {figures}."


def _figures(settings: Settings) -> dict[str, str]:
    """What `settings` says, as people write it; nothing of what it leaves to the layer below."""
    layers = {layer.name: getattr(settings, layer.name) for layer in fields(settings)}
    values = {f"{name}.{f.name}": getattr(layer, f.name) for name, layer in layers.items() for f in fields(layer)}
    return {name: _worded(value) for name, value in values.items() if value is not None}


def _worded(value: object) -> str:
    return ", ".join(value) or "none" if isinstance(value, tuple) else WORDS.get(str(value), str(value))


def _table(head: Row, rows: Iterable[Row]) -> str:
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (head, ["---"] * len(head), *rows))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
