"""Checks of the arguments of a `TapStack` against its service, before any resource is created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

from .. import model
from ..assets.function_code import check_code
from ..assets.handler_packages import check_handlers
from ..documents.network import check_connectivity
from ..documents.rest_api import HEALTH_PATH
from ..model.existing import arn_kind, name_from_arn
from ..settings import SETTINGS_GROUPS, USER_POOL, check_domain, invalid_value, is_output, unknown_value
from ..settings.origins import ANY, SITE
from .names import StackNames

if TYPE_CHECKING:
    from .args import TapStackArgs

MAX_SECRET_BYTES = {"ssm": 4096, "secretsmanager": 65536}
"""Maximum size of a secret by its store."""
OUTPUT_REMEDIES = {
    "environment_suffix": "Names and settings depend on it: pass a string, such as pulumi.get_stack().",
    "environment_profile": "Settings depend on it: pass a string, such as 'prod'.",
    "tags": "Pass a mapping; only its values can be Outputs.",
}
"""Remedy for an Output, by argument."""


def check_args(args: TapStackArgs) -> None:
    """Raise `ValueError` for an argument that the service or another argument does not allow."""
    service = args.service_definition()
    _check_cors(args)
    _check_authorization(args)
    _check_secrets(args)
    _check_existing(args)
    _check_apis(args)
    _check_routes(args)
    _check_without_api(args)
    StackNames(service, args.environment).check_lengths(args.settings(), has_preflights=len(args.cors_origins()) > 1)
    check_handlers(service)
    args.visibility_timeouts()
    check_code(service, {each.name: args.function_settings(each) for each in service.functions})
    check_connectivity(service, args.settings().network)
    _check_duration_alarm(args)


def _check_duration_alarm(args: TapStackArgs) -> None:
    threshold_ms = args.settings().alarms.duration_ms
    functions = args.service_definition().functions
    timeouts = [args.function_settings(function).timeout_seconds or 0 for function in functions]
    if threshold_ms and threshold_ms >= min(timeouts) * 1000:
        expected = f"less than the shortest function timeout ({min(timeouts) * 1000} ms)"
        raise invalid_value("alarms.duration_ms", threshold_ms, expected, "Lower it, or raise the timeout.")


def check_known(args: TapStackArgs) -> None:
    """Raise `ValueError` for an Output as an argument that must be known before any resource is created."""
    for name in (
        "environment_suffix",
        "environment_profile",
        "tags",
        "service",
        "split_functions",
        *SETTINGS_GROUPS,
    ):
        if is_output(getattr(args, name)):
            raise unknown_value(name, OUTPUT_REMEDIES.get(name, "Pass a plain value."))


def _check_cors(args: TapStackArgs) -> None:
    """Raise `ValueError` for CORS origins that the service does not support."""
    service, origins = args.service_definition(), args.cors_origins()
    if SITE in origins and not service.site:
        expected, remedy = f"URLs because the service {service.name} has no site", "Remove 'site'."
        raise invalid_value("api.cors_origin", args.settings().api.cors_origin, expected, remedy)
    functions = {function.name for function in service.functions}
    for preflight in functions.intersection(service.preflight_types().values() if len(origins) > 1 else ()):
        expected = f"at most one origin while {service.name} has a function {preflight!r}"
        remedy = "Rename it: the function that responds to OPTIONS for several origins needs this name."
        raise invalid_value("api.cors_origin", args.settings().api.cors_origin, expected, remedy)
    if args.settings().api.cors_credentials and (not origins or ANY in origins):
        expected = f"False while api.cors_origin is {','.join(origins)!r}"
        remedy = "Browsers send credentials only to exact origins. Set cors_origin to the origins of the pages."
        raise invalid_value("api.cors_credentials", True, expected, remedy)


def _check_apis(args: TapStackArgs) -> None:
    """Raise `ValueError` for settings that an API does not support, and for settings of APIs that conflict."""
    service, apis = args.service_definition(), args.service_definition().used_apis()
    if default := apis.get(service.api_type):
        model.check_http_settings("api", default.protocol, args.api)
        model.check_http_settings(f"service {service.name!r} settings.api", default.protocol, service.settings.api)
    protocols = {api.protocol for api in apis.values()}
    if "HTTP" in protocols and service.scopes() and args.settings().authorization.type == "API_KEY":
        remedy = "HTTP APIs have no API keys: set another type, or the protocol REST."
        raise invalid_value("authorization.type", "API_KEY", "another type with an HTTP API", remedy)


def _check_routes(args: TapStackArgs) -> None:
    """Raise `ValueError` for settings of an API that conflict with its routes or with another API."""
    service = args.service_definition()
    domains: dict[str, str] = {}
    for name, api in service.used_apis().items():
        settings, routes = args.api_settings(name), service.routes_of(name)
        check_domain(settings)
        if settings.domain_name and (other := domains.setdefault(settings.domain_name, name)) != name:
            expected = f"a domain name that {other!r} does not have"
            raise invalid_value(f"api {name!r} domain_name", settings.domain_name, expected)
        for route in routes:
            if route.throttle:
                route.throttle.within(settings)
        if api.protocol == "REST" and settings.health_route and HEALTH_PATH in {route.path for route in routes}:
            remedy = f"The service defines {HEALTH_PATH} itself."
            raise invalid_value("api.health_route", True, "False", remedy)


def _check_authorization(args: TapStackArgs) -> None:
    service, settings = args.service_definition(), args.settings()
    for authorizer in service.authorizers:
        if authorizer.uses_user_pool and settings.authorization.type != USER_POOL:
            remedy = f"Set authorization to {USER_POOL}, or set the URL of the issuer."
            raise invalid_value(
                f"authorizer {authorizer.name!r} issuer", authorizer.issuer, f"a URL without {USER_POOL}", remedy
            )
    if settings.authorization.type == USER_POOL:
        issuing = [authorizer for authorizer in service.authorizers if authorizer.uses_user_pool]
        if not service.scopes() and not issuing:
            remedy = f"No route of {service.name} requires a scope, and no authorizer has the issuer user-pool."
            raise invalid_value("authorization.type", USER_POOL, "NONE", remedy)
        has_pages = bool(settings.authorization.callback_urls or service.site)
        if not service.scopes() and not has_pages and not all(authorizer.audience for authorizer in issuing):
            remedy = "No route requires a scope, so the user pool would have no app client that requests tokens."
            raise invalid_value("authorization.callback_urls", (), "the URLs of the pages that sign in", remedy)
        if service.site and settings.site.public:
            raise invalid_value("site.public", True, f"False with {USER_POOL}", "Sign-in requires HTTPS pages.")


def _check_secrets(args: TapStackArgs) -> None:
    """Raise `ValueError`, without secret values, for secrets that are missing, unknown or not strings."""
    if not isinstance(args.secrets, Mapping):
        raise invalid_value("secrets", type(args.secrets), "a mapping of names to strings")
    definitions = {secret.name: secret for secret in args.service_definition().secrets}
    for name in sorted({*args.secrets} - {*definitions}):
        expected = f"among {', '.join(definitions)}" if definitions else "empty for this service"
        raise invalid_value("secrets", name, expected)
    for name, secret in definitions.items():
        value = args.secrets.get(name)
        if value is None and not secret.generated:
            remedy = f"Pass secrets={{{name!r}: ...}}, or run pulumi config set --secret --path secrets.{name}."
            raise invalid_value(f"secrets[{name!r}]", None, "set", remedy)
        if not isinstance(value, str | pulumi.Output | None):
            raise invalid_value(f"secrets[{name!r}]", type(value), "a string")
        if isinstance(value, str) and not 0 < len(value.encode()) <= MAX_SECRET_BYTES[secret.store]:
            expected = f"from 1 to {MAX_SECRET_BYTES[secret.store]} bytes"
            raise invalid_value(f"secrets[{name!r}] size", len(value.encode()), expected)


def _check_existing(args: TapStackArgs) -> None:
    """Raise `ValueError` for ARNs of existing resources that are missing, unknown or of another kind."""
    if not isinstance(args.existing, Mapping):
        raise invalid_value("existing", args.existing, "a mapping of names to ARNs")
    service = args.service_definition()
    kinds = {resource.name: arn_kind(resource) for resource in service.existing()}
    for name in sorted({*args.existing} - service.existing_names()):
        known = ", ".join(sorted(service.existing_names()))
        expected = f"among {known}" if known else "empty for this service"
        remedy = "The service defines existing resources with existing=True." if not known else ""
        raise invalid_value("existing", name, expected, remedy)
    for name in sorted(service.existing_names()):
        field_name, arn = f"existing[{name!r}]", args.existing.get(name)
        if not isinstance(arn, str | pulumi.Output) or arn == "":
            kind = kinds.get(name, "resource").replace("_", " ")
            remedy = f"Pass existing={{{name!r}: ...}}, or run pulumi config set --path existing.{name}."
            raise invalid_value(field_name, arn, f"the ARN of the existing {kind}", remedy)
        if isinstance(arn, str) and name in kinds:
            name_from_arn(kinds[name], field_name, arn)
        elif isinstance(arn, str) and not arn.startswith("arn:"):
            raise invalid_value(field_name, arn, "an ARN")
    arns = [arn for name, arn in args.existing.items() if isinstance(arn, str) and name in kinds]
    for arn in arns:
        if arns.count(arn) > 1:
            raise invalid_value("existing", arn, "unique", "Define the resource once, with one name.")
    if service.alarms_type in kinds and args.alarms.notification_email:
        remedy = f"Subscribe the address to the topic, or set existing of {service.alarms_type} to False."
        expected = f"unset, because the alarm topic {service.alarms_type} is an existing one"
        raise invalid_value("alarms.notification_email", args.alarms.notification_email, expected, remedy)


def _check_without_api(args: TapStackArgs) -> None:
    """Raise `ValueError` for arguments that apply only to an API that the service does not have."""
    service = args.service_definition()
    if args.api.domain_name and not service.has_api():
        expected = f"unset, because {service.name} has no routes of the API {service.api_type!r}"
        raise invalid_value("api.domain_name", args.api.domain_name, expected)
    if "REST" in {api.protocol for api in service.used_apis().values()}:
        return
    arguments = {"api.health_route": args.api.health_route, "firewall.enabled": args.settings().firewall.enabled}
    for name, value in arguments.items():
        if value:
            remedy = "Only REST APIs support it."
            raise invalid_value(name, value, f"unset, because {service.name} has no REST API", remedy)
