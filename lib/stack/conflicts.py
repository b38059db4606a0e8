"""Changes that fail half-way or lose a resource, because Pulumi creates resources before it deletes others."""

from __future__ import annotations

import pulumi

from ..components.lookup.previous_state import PreviousState
from ..documents import rest_api
from ..model import DEFAULT_BUS, EventConsumer
from .args import TapStackArgs

MAPPINGS = {"REST": "aws:apigateway/basePathMapping:BasePathMapping", "HTTP": "aws:apigatewayv2/apiMapping:ApiMapping"}
"""Type token of the mapping of a domain to an API, by type of the API."""
PATH = "aws:apigateway/resource:Resource"
RULE = "aws:cloudwatch/eventRule:EventRule"
SCHEDULE, EVENT_CONSUMER = "tap:aws:Schedule", "tap:aws:EventConsumer"


def check(args: TapStackArgs, previous: PreviousState, former: str) -> None:
    """Raise `RunError` for a resource that conflicts with one of the previous deployment.

    `former` is the logical name of the stack component in the previous deployment.
    """
    _check_domains(args, previous, former)
    _check_path_parameters(args, previous, former)
    _check_rules(args, previous, former)


def _check_domains(args: TapStackArgs, previous: PreviousState, former: str) -> None:
    """Raise `RunError` if a domain moves to another API."""
    for name, api in args.service_definition().used_apis().items():
        domain = args.api_settings(name).domain_name
        current = MAPPINGS[api.protocol], f"{former}-{name}-domain-mapping"
        for token in MAPPINGS.values():
            for label, outputs in previous.by_type(token).items():
                if domain and outputs.get("domainName") == domain and (token, label) != current:
                    raise pulumi.RunError(
                        f"domain_name of api {name!r} must not be the domain of another API, or of another type of "
                        f"API, in the previous deployment, got {domain!r}. Deploy without domain_name first."
                    )


def _check_path_parameters(args: TapStackArgs, previous: PreviousState, former: str) -> None:
    """Raise `RunError` if a parameter in a path of a REST API gets another name."""
    service = args.service_definition()
    for name, api in service.used_apis().items():
        paths = rest_api.resource_paths(service.routes_of(name)) if api.protocol == "REST" else []
        created = {path.parent: path.part for path in paths if path.part.startswith("{")}
        for label in previous.by_type(PATH):
            parent, _, part = label.removeprefix(f"{former}-{name}").rpartition("/")
            if part.startswith("{") and created.get(parent, part) != part:
                raise pulumi.RunError(
                    f"route paths of api {name!r} must keep the parameter {part} below {parent or '/'}, got "
                    f"{created[parent]}: API Gateway supports only one there, and Pulumi creates the new one before it "
                    "deletes the former one. Keep the name, or deploy without these routes first."
                )


def _check_rules(args: TapStackArgs, previous: PreviousState, former: str) -> None:
    """Raise `RunError` if a schedule becomes a consumer of events of the same name, or the reverse. Both have the same
    rule, which Pulumi would delete after it has changed it."""
    service = args.service_definition()
    consumers = [c for _, c in service.consumers() if isinstance(c, EventConsumer) and c.bus == DEFAULT_BUS]
    rules = {
        EVENT_CONSUMER: ("schedule", [schedule.name for _, schedule in service.schedules()]),
        SCHEDULE: ("consumer", [consumer.name for consumer in consumers]),
    }
    for token, (kind, names) in rules.items():
        for name in names:
            rule = previous.outputs(RULE, f"{former}-{name}-rule")
            if f"{former}-{name}" in previous.by_type(token) and rule.get("eventBusName", DEFAULT_BUS) == DEFAULT_BUS:
                raise pulumi.RunError(
                    f"{kind} {name!r} must have another name than a schedule or consumer of the previous deployment, "
                    "because Pulumi would delete their common rule. Rename it."
                )
