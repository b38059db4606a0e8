"""APIs and function URLs, which are the endpoints of routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..settings import ApiSettings, Definition, invalid_value, origins
from .validation import check_choice, check_name, duplicates, sibling_problems

if TYPE_CHECKING:
    from .function import Function
    from .triggers import Route

Protocol = Literal["REST", "HTTP"]
UrlAuth = Literal["AWS_IAM", "NONE"]
API_METRICS: Mapping[Protocol, tuple[str, ...]] = {
    "REST": ("Count", "4XXError", "5XXError", "Latency", "IntegrationLatency", "CacheHitCount", "CacheMissCount"),
    "HTTP": ("Count", "4xx", "5xx", "Latency", "IntegrationLatency", "DataProcessed"),
}
"""CloudWatch metrics of a stage. The first five of each type of API have the same meaning."""
REST_SETTINGS = ("quota_per_month", "execution_log_level", "execution_log_bodies", "log_role", "health_route")
"""Settings that only REST APIs have."""
OWN_SETTINGS = ("domain_name", "certificate_arn", "zone_id", "base_path", "disable_execute_api_endpoint")
"""Settings that each API has for itself: those of the stack apply only to the default API."""


@dataclass(frozen=True, kw_only=True)
class Api(Definition):
    """An API of a service: an API Gateway REST API or HTTP API.

    HTTP APIs cost less and have a shorter latency. They have no API keys, quotas, request validation, execution logs,
    X-Ray traces of the API, AWS WAF, or error responses in the format of the service.
    """

    name: str
    """Value of `{type}` in the name of the API, and of `Route.api` for its routes. `Service.api_type` is the name of
    the default API."""
    protocol: Protocol = "REST"
    description: str = ""
    """Default (empty): the description of the service."""
    settings: ApiSettings = field(default_factory=ApiSettings)
    """Settings of only this API, which the arguments of a `TapStack` override. The domain of an API that is not the
    default one can only be set here."""

    def __post_init__(self) -> None:
        check_name("api", self.name)
        check_choice(f"api {self.name!r} protocol", self.protocol, Protocol)
        check_http_settings(f"api {self.name!r} settings", self.protocol, self.settings)
        if self.settings.cors_credentials and origins.ANY in self.settings.cors_origins():
            remedy = "Browsers send credentials only to exact origins."
            raise invalid_value(f"api {self.name!r} settings.cors_credentials", True, "False with any origin", remedy)


def check_http_settings(owner: str, protocol: Protocol, settings: ApiSettings) -> None:
    """Raise `ValueError` for a setting of an HTTP API that has no effect."""
    for name in REST_SETTINGS if protocol == "HTTP" else ():
        if (value := getattr(settings, name)) is not None:
            raise invalid_value(f"{owner}.{name}", value, "unset for an HTTP API", "Only REST APIs have it.")


@dataclass(frozen=True, kw_only=True)
class FunctionUrl(Definition):
    """An HTTPS endpoint of a function, which serves all its routes instead of an API.

    It has no throttling, domain, access log or authorizers. Requests and responses are limited to 6 MB, and a
    request to the timeout of the function.
    """

    auth: UrlAuth = "AWS_IAM"
    """`AWS_IAM`: requests must be signed, and callers need the policy in the output `function_url_policies`.
    `NONE`: the URL is public, and the operations must authenticate requests, such as by a signature of the body."""
    cors_origin: str | None = None
    """Allowed CORS origins, separated by commas. `*` allows every origin, empty allows none. Default (None): those of
    the stack."""

    def __post_init__(self) -> None:
        check_choice("function URL auth", self.auth, UrlAuth)
        if self.cors_origin is not None and not origins.is_list(self.cors_origin):
            raise invalid_value("function URL cors_origin", self.cors_origin, origins.EXPECTED)


def endpoint_of(function: Function, route: Route, default_api: str) -> str:
    """Return the endpoint of a route: the name of its API, or of its function if that has a URL."""
    return function.name if function.url else route.api or default_api


def endpoint_problems(
    routes: Iterable[tuple[Function, Route]], apis: Mapping[str, Api], default_api: str, functions: Iterable[Function]
) -> Iterator[str]:
    """Yield an error for each invalid combination of routes, APIs and function URLs."""
    served: dict[str, list[Route]] = {}
    for function, route in routes:
        served.setdefault(endpoint_of(function, route, default_api), []).append(route)
        yield from _route_problems(function, route, apis)
    with_url = [function for function in functions if function.url]
    yield from duplicates("API or function with a URL", [*apis, *(function.name for function in with_url)])
    for function in with_url:
        if not function.routes:
            yield f"function {function.name!r} url must be None without routes, got {function.url!r}. Add a route."
    for name, api in apis.items():
        for field_name in ("cors_origin", "cors_credentials") if api.protocol == "REST" and name != default_api else ():
            if (value := getattr(api.settings, field_name)) is not None:
                remedy = "Set it in the settings of the service: functions return the headers of all REST APIs."
                yield f"api {name!r} settings.{field_name} must be unset, got {value!r}. {remedy}"
    for name in apis.keys() - served.keys() - {default_api}:
        yield f"api {name!r} must have at least one route, got none. Set api={name!r} in a route, or remove the API."
    for name, members in served.items():
        of_api = "" if name == default_api else f" of {name!r}"
        yield from duplicates(f"route{of_api}", [f"{route.method} {route.path}" for route in members])
        if name in apis and apis[name].protocol == "REST":
            yield from sibling_problems(route.path for route in members)
        else:
            yield from _pattern_problems(members)
    for function in functions:
        keys = [f"{route.method} {route.path}" for route in function.routes]
        for problem in duplicates(f"route of function {function.name!r}", keys):
            yield f"{problem} Move one of them to another function."


def _pattern_problems(routes: Iterable[Route]) -> Iterator[str]:
    """Yield an error for each route that matches the same requests as another one, with other names of parameters."""
    paths: dict[tuple[str, str], str] = {}
    for route in routes:
        if (other := paths.setdefault((route.method, route.pattern()), route.path)) != route.path:
            yield (
                f"route {route.method} {route.path} must match other requests than {route.method} {other}. The names "
                "of parameters do not distinguish routes: remove one of them."
            )


def origin_problems(apis: Iterable[Api], functions: Iterable[Function]) -> Iterator[str]:
    """Yield an error for each endpoint that allows the site of a service without a site."""
    allowed = {f"api {api.name!r} settings.cors_origin": api.settings.cors_origin for api in apis}
    allowed |= {f"function {each.name!r} url.cors_origin": each.url.cors_origin for each in functions if each.url}
    for field_name, cors_origin in allowed.items():
        if origins.SITE in origins.split(cors_origin or ""):
            yield f"{field_name} must be URLs because the service has no site, got {cors_origin!r}. Remove 'site'."


def _route_problems(function: Function, route: Route, apis: Mapping[str, Api]) -> Iterator[str]:
    label = f"route {route.method} {route.path}"
    if function.url:
        if route.api:
            yield f"{label} api must be empty because function {function.name!r} has a URL, got {route.api!r}."
        fields = {
            "key_required": route.key_required,
            "throttle": route.throttle,
            "authorizer": route.authorizer,
            "scope": route.scope if function.url.auth == "NONE" else None,
        }
        for name, value in fields.items():
            if not value:
                continue
            yield f"{label} {name} must be unset because function {function.name!r} has a URL, got {value!r}."
    elif route.api and route.api not in apis:
        remedy = "Add it to the apis of the service."
        yield f"{label} api must be one of {', '.join(apis)}, got {route.api!r}. {remedy}"
    elif route.key_required and route.api in apis and apis[route.api].protocol == "HTTP":
        yield f"{label} key_required must be False because HTTP APIs have no API keys, got True."
