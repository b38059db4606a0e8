"""Arguments of a `TapStack`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property

import pulumi

from .. import model
from ..assets.function_code import check_code
from ..assets.lambda_archive import check_handlers
from ..documents import alarms as recommended
from ..documents.network import check_connectivity
from ..documents.rest_api import HEALTH_PATH
from ..model.existing import arn_kind, name_from_arn
from ..model.names import check_environment_suffix, physical_name
from ..model.visibility import visibility_timeouts
from ..services import SERVICES
from ..settings import (
    SETTINGS_GROUPS,
    USER_POOL,
    AlarmSettings,
    ApiSettings,
    FunctionSettings,
    Settings,
    check_domain,
    check_tags,
    invalid_value,
    is_output,
    merge,
    merge_tags,
    unknown_value,
)
from ..settings.environments import ENVIRONMENTS, matching_profile, profile_name
from ..settings.origins import ANY, SITE

MAX_SECRET_BYTES = {"ssm": 4096, "secretsmanager": 65536}
"""Maximum size of a secret by its store."""
OUTPUT_REMEDIES = {
    "environment_suffix": "Names and settings depend on it: pass a string, such as pulumi.get_stack().",
    "environment_profile": "Settings depend on it: pass a string, such as 'prod'.",
    "tags": "Pass a mapping; only its values can be Outputs.",
}
"""Remedy for an Output, by argument."""
DURATION_ALARM_SHARE = 0.8
"""Default threshold of the duration alarm, as a fraction of the function timeout."""


class _MergedTags(dict[str, pulumi.Input[str]]):
    """Tags merged with the default tags.

    `passed` contains the tags of the arguments, which `dataclasses.replace` merges with the default tags of the new
    environment and service.
    """

    def __init__(self, merged: Mapping[str, pulumi.Input[str]], passed: Mapping[str, pulumi.Input[str]]) -> None:
        super().__init__(merged)
        self.passed = passed


@dataclass(frozen=True)
class TapStackArgs(Settings):
    """Arguments of a `TapStack`: the service, the environment, and overrides of its settings.

    `TapStackArgs()` is the items service in `dev`. Raise `ValueError` for an invalid argument, before any resource is
    created.
    """

    environment_suffix: str | None = "dev"
    """Environment suffix, which is part of every physical name (`dev`, `pr-123`). Default (empty or None): `dev`. If
    `environment_profile` is unset, a part of the suffix selects the profile: dev, test, staging, prod, or an alias
    (development, testing, stage, production, prd, live). Parts end at `-`, `_` and between letters and digits. The
    strictest profile applies if several match, and `dev` if none does."""
    tags: Mapping[str, pulumi.Input[str]] | None = None
    """Tags of every resource, which override the default tags of the service. Keys that differ only in case are the
    same tag. A value can be an Output."""

    _: KW_ONLY

    environment_profile: str | None = None
    """Profile with the settings of the environment: `dev`, `test`, `staging` or `prod`. Default (None): the profile
    that `environment_suffix` selects."""
    service: str | model.Service = "items"
    """Name of a built-in or registered service, or the definition of a custom one."""
    split_functions: bool = False
    """Whether each operation has a separate function, with its own role and settings. A layer contains their common
    code."""
    adopt_retained: bool = False
    """Whether to import tables, a user pool, a backup vault and a key that exist under the names of this stack instead
    of rejecting the deployment. `pulumi destroy` retains these resources in staging and prod."""
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict, repr=False)
    """Values of the secrets of the service, by name. Pulumi encrypts them in its state."""
    existing: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """ARNs of the resources that the service defines as existing, by name, and of those that the placeholders
    `{existing[NAME]}` of its IAM statements name. An ARN can be an Output, such as that of another stack."""

    def __post_init__(self) -> None:
        self._check_known()
        suffix = check_environment_suffix(self.environment_suffix or "dev")
        matching_profile(suffix)
        object.__setattr__(self, "environment_suffix", suffix)
        if self.environment_profile is not None and self.environment_profile not in [*ENVIRONMENTS]:
            expected = f"one of {', '.join(ENVIRONMENTS)}, or None for the profile that environment_suffix selects"
            raise invalid_value("environment_profile", self.environment_profile, expected)
        passed = self.tags.passed if isinstance(self.tags, _MergedTags) else self.tags
        object.__setattr__(self, "tags", {} if passed is None else passed)
        kinds: dict[str, type] = {**SETTINGS_GROUPS, "tags": Mapping}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise invalid_value(name, getattr(self, name), f"of type {kind.__name__}")
        if not isinstance(self.service, model.Service) and self.service not in SERVICES:
            raise invalid_value("service", self.service, f"one of {', '.join(SERVICES)}, or a Service")
        for name in ("split_functions", "adopt_retained"):
            if not isinstance(getattr(self, name), bool):
                raise invalid_value(name, getattr(self, name), "true or false")
        check_tags(self.all_tags)
        object.__setattr__(self, "tags", self._merged_tags())
        self.settings().check()
        check_tags(self.all_tags, with_name=self.settings().network.uses_vpc())
        self._check_cors()
        self._check_authorization()
        self._check_secrets()
        self._check_existing()
        self._check_without_api()
        self._check_apis()
        self._check_names()
        check_handlers(self.service_definition())
        self.visibility_timeouts()
        functions = self.service_definition().functions
        check_code(self.service_definition(), {each.name: self.function_settings(each) for each in functions})
        check_connectivity(self.service_definition(), self.settings().network)
        threshold_ms = self.settings().alarms.duration_ms
        shortest_ms = min(self.function_settings(function).timeout_seconds or 0 for function in functions) * 1000
        if threshold_ms and threshold_ms >= shortest_ms:
            expected = f"less than the shortest function timeout ({shortest_ms} ms)"
            raise invalid_value("alarms.duration_ms", threshold_ms, expected, "Lower it, or raise the timeout.")

    def _check_known(self) -> None:
        """Raise `ValueError` for an Output as an argument that must be known before any resource is created."""
        for name in (
            "environment_suffix",
            "environment_profile",
            "tags",
            "service",
            "split_functions",
            *SETTINGS_GROUPS,
        ):
            if is_output(getattr(self, name)):
                raise unknown_value(name, OUTPUT_REMEDIES.get(name, "Pass a plain value."))

    def _check_cors(self) -> None:
        """Raise `ValueError` for CORS origins that the service does not support."""
        service, origins = self.service_definition(), self.cors_origins()
        if SITE in origins and not service.site:
            expected, remedy = f"URLs because the service {service.name} has no site", "Remove 'site'."
            raise invalid_value("api.cors_origin", self.settings().api.cors_origin, expected, remedy)
        functions = {function.name for function in service.functions}
        for preflight in functions.intersection(service.preflight_types().values() if len(origins) > 1 else ()):
            expected = f"at most one origin while {service.name} has a function {preflight!r}"
            remedy = "Rename it: the function that responds to OPTIONS for several origins needs this name."
            raise invalid_value("api.cors_origin", self.settings().api.cors_origin, expected, remedy)
        if self.settings().api.cors_credentials and (not origins or ANY in origins):
            expected = f"False while api.cors_origin is {','.join(origins)!r}"
            remedy = "Browsers send credentials only to exact origins. Set cors_origin to the origins of the pages."
            raise invalid_value("api.cors_credentials", True, expected, remedy)

    def _check_apis(self) -> None:
        """Raise `ValueError` for settings that an API does not support, and for settings of APIs that conflict."""
        service, apis = self.service_definition(), self.service_definition().used_apis()
        if default := apis.get(service.api_type):
            model.check_http_settings("api", default.protocol, self.api)
            model.check_http_settings(f"service {service.name!r} settings.api", default.protocol, service.settings.api)
        protocols = {api.protocol for api in apis.values()}
        if "HTTP" in protocols and service.scopes() and self.settings().authorization.type == "API_KEY":
            remedy = "HTTP APIs have no API keys: set another type, or the protocol REST."
            raise invalid_value("authorization.type", "API_KEY", "another type with an HTTP API", remedy)
        if protocols == {"HTTP"} and self.settings().firewall.enabled:
            remedy = "AWS WAF does not support HTTP APIs: set the protocol REST, or disable the firewall."
            raise invalid_value("firewall.enabled", True, "False without a REST API", remedy)
        domains: dict[str, str] = {}
        for name, api in apis.items():
            settings, routes = self.api_settings(name), [route for _, route in service.endpoints()[name]]
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

    def _check_authorization(self) -> None:
        service, settings = self.service_definition(), self.settings()
        for authorizer in service.authorizers:
            if authorizer.uses_user_pool and settings.authorization.type != USER_POOL:
                remedy = f"Set authorization to {USER_POOL}, or set the URL of the issuer."
                raise invalid_value(
                    f"authorizer {authorizer.name!r} issuer", authorizer.issuer, f"a URL without {USER_POOL}", remedy
                )
        if settings.authorization.type == USER_POOL:
            if not service.scopes():
                remedy = f"No route of {service.name} requires a scope."
                raise invalid_value("authorization.type", USER_POOL, "NONE", remedy)
            if service.site and settings.site.public:
                raise invalid_value("site.public", True, f"False with {USER_POOL}", "Sign-in requires HTTPS pages.")

    def _check_names(self) -> None:
        """Raise `ValueError` for a name of a resource that is too long in this environment."""
        service = self.service_definition()
        types = {
            "table": [table.name for table in service.tables],
            "function": [function.name for function in service.functions],
            "topic": [topic.name for topic in service.topics],
            "rule": [schedule.name for function in service.functions for schedule in function.schedules],
            "queue": [service.dead_letters] * bool(service.dead_letters),
            "api": [f"{service.api_type}-usage-plan"],
        }
        for kind, names in types.items():
            for name in names:
                physical_name(service.name_pattern, kind, self.environment, type=name)

    def _check_secrets(self) -> None:
        """Raise `ValueError`, without secret values, for secrets that are missing, unknown or not strings."""
        if not isinstance(self.secrets, Mapping):
            raise invalid_value("secrets", type(self.secrets), "a mapping of names to strings")
        definitions = {secret.name: secret for secret in self.service_definition().secrets}
        for name in sorted({*self.secrets} - {*definitions}):
            expected = f"among {', '.join(definitions)}" if definitions else "empty for this service"
            raise invalid_value("secrets", name, expected)
        for name, secret in definitions.items():
            value = self.secrets.get(name)
            if value is None and not secret.generated:
                remedy = f"Pass secrets={{{name!r}: ...}}, or run pulumi config set --secret --path secrets.{name}."
                raise invalid_value(f"secrets[{name!r}]", None, "set", remedy)
            if not isinstance(value, str | pulumi.Output | None):
                raise invalid_value(f"secrets[{name!r}]", type(value), "a string")
            if isinstance(value, str) and not 0 < len(value.encode()) <= MAX_SECRET_BYTES[secret.store]:
                expected = f"from 1 to {MAX_SECRET_BYTES[secret.store]} bytes"
                raise invalid_value(f"secrets[{name!r}] size", len(value.encode()), expected)

    def _check_existing(self) -> None:
        """Raise `ValueError` for ARNs of existing resources that are missing, unknown or of another kind."""
        if not isinstance(self.existing, Mapping):
            raise invalid_value("existing", self.existing, "a mapping of names to ARNs")
        service = self.service_definition()
        kinds = {resource.name: arn_kind(resource) for resource in service.existing()}
        for name in sorted({*self.existing} - service.existing_names()):
            known = ", ".join(sorted(service.existing_names()))
            expected = f"among {known}" if known else "empty for this service"
            remedy = "The service defines existing resources with existing=True." if not known else ""
            raise invalid_value("existing", name, expected, remedy)
        for name in sorted(service.existing_names()):
            field_name, arn = f"existing[{name!r}]", self.existing.get(name)
            if not isinstance(arn, str | pulumi.Output) or arn == "":
                kind = kinds.get(name, "resource").replace("_", " ")
                remedy = f"Pass existing={{{name!r}: ...}}, or run pulumi config set --path existing.{name}."
                raise invalid_value(field_name, arn, f"the ARN of the existing {kind}", remedy)
            if isinstance(arn, str) and name in kinds:
                name_from_arn(kinds[name], field_name, arn)
            elif isinstance(arn, str) and not arn.startswith("arn:"):
                raise invalid_value(field_name, arn, "an ARN")
        arns = [arn for name, arn in self.existing.items() if isinstance(arn, str) and name in kinds]
        for arn in arns:
            if arns.count(arn) > 1:
                raise invalid_value("existing", arn, "unique", "Define the resource once, with one name.")
        if service.alarms_type in kinds and self.alarms.notification_email:
            remedy = f"Subscribe the address to the topic, or set existing of {service.alarms_type} to False."
            expected = f"unset, because the alarm topic {service.alarms_type} is an existing one"
            raise invalid_value("alarms.notification_email", self.alarms.notification_email, expected, remedy)

    def _check_without_api(self) -> None:
        """Raise `ValueError` for arguments that apply only to an API if the service has no routes."""
        service = self.service_definition()
        arguments = {
            "api.domain_name": self.api.domain_name,
            "api.health_route": self.api.health_route,
            "firewall.enabled": self.firewall.enabled,
        }
        for name, value in arguments.items() if not service.has_api() else ():
            if value:
                raise invalid_value(name, value, f"unset, because {service.name} has no routes and so no API")

    def function_settings(self, function: model.Function) -> FunctionSettings:
        """Return the settings of one function: stack defaults, overridden by its definition, then by the arguments.

        If the stack reserves no concurrency, the reservation of the definition is ignored. Functions without routes
        and authorizers have no provisioned concurrency and no SnapStart, because no caller waits for their start.
        """
        stack, definition, overrides = self.settings().function, function.settings, self.function
        if stack.reserved_concurrency in (None, -1):
            definition = replace(definition, reserved_concurrency=None)
        if not function.has_waiting_callers():
            stack, overrides = (
                replace(settings, provisioned_concurrency=0, snap_start=False) for settings in (stack, overrides)
            )
        return merge(merge(stack, definition), overrides)

    def recommended_alarms(self) -> list[model.Alarm]:
        """Return the alarms that AWS recommends, or only the one on 5xx responses if they are disabled.

        That alarm also counts a 503 response of a function that gets no response from AWS, which Lambda does not count
        as an error. A service definition that disables recommended alarms has none.
        """
        service, settings = self.service_definition(), self.settings().alarms
        durations_ms = {function.name: self.alarm_settings(function).duration_ms or 0 for function in service.functions}
        alarms = recommended.recommended_alarms(service, settings, durations_ms, self.visibility_timeouts())
        if settings.recommended:
            return alarms
        is_disabled = service.settings.alarms.recommended is False
        return [] if is_disabled else [alarm for alarm in alarms if alarm.name == recommended.SERVER_ERRORS]

    def visibility_timeouts(self) -> dict[str, int]:
        """Return the visibility timeout of each queue in seconds."""
        service = self.service_definition()
        timeouts = {
            function.name: self.function_settings(function).timeout_seconds or 0 for function in service.functions
        }
        return visibility_timeouts(service, timeouts)

    def alarm_settings(self, function: model.Function) -> AlarmSettings:
        """Return the alarm thresholds of one function."""
        timeout = self.function_settings(function).timeout_seconds
        derived = AlarmSettings(duration_ms=int(timeout * 1000 * DURATION_ALARM_SHARE) if timeout else None)
        return merge(derived, self.settings().alarms)

    def service_definition(self) -> model.Service:
        """Return the definition of the service, with one function for each operation if `split_functions` is set."""
        service = self.service if isinstance(self.service, model.Service) else SERVICES[self.service]
        return service.split() if self.split_functions else service

    def settings(self) -> Settings:
        """Return all settings: the environment profile, overridden by the service, then by the arguments."""
        return self._settings

    @cached_property
    def _settings(self) -> Settings:
        profile = ENVIRONMENTS[self.profile]
        service = self.service_definition()
        default = service.used_apis().get(service.api_type) or model.Api(name=service.api_type)
        # An HTTP API has the stage `$default` if no stage name is set.
        stage = Settings(api=ApiSettings(stage_name=self.environment if default.protocol == "REST" else None))
        if self.api.cors_origin == "*" and not profile.api.cors_origin:
            expected = f"a list of origins in {self.environment}"
            raise invalid_value("api.cors_origin", "*", expected, "Set the origins that call the API.")
        defined = service.settings.merged_with(Settings(api=default.settings))
        return profile.merged_with(stage).merged_with(defined).merged_with(self)

    def api_settings(self, name: str) -> ApiSettings:
        """Return the settings of an API: those of the stack, overridden by its definition, then by the arguments.

        The domain of the stack is that of the default API.
        """
        service = self.service_definition()
        if name == service.api_type:
            return self.settings().api
        api, without_own = service.used_apis()[name], dict.fromkeys(model.OWN_API_SETTINGS)
        stage_name = self.environment if api.protocol == "REST" else None
        stack = merge(ENVIRONMENTS[self.profile].api, ApiSettings(stage_name=stage_name))
        defined = merge(replace(service.settings.api, **without_own), api.settings)
        return merge(merge(stack, defined), replace(self.api, **without_own))

    def cors_origins(self) -> tuple[str, ...]:
        """Return the allowed CORS origins, `site` for the site of the service.

        A service with a site allows only that one, unless the arguments or the service set `cors_origin`. A service
        without routes has none.
        """
        service = self.service_definition()
        if not service.routes():
            return ()
        described = [api.settings for api in service.apis if api.name == service.api_type]
        is_unset = all(api.cors_origin is None for api in (self.api, service.settings.api, *described))
        return (SITE,) if service.site and is_unset else self.settings().api.cors_origins()

    def cost_allocation_tags(self) -> dict[str, str]:
        """Return the cost allocation tags, if they are enabled or a budget requires them."""
        cost = self.settings().cost
        is_tagged = cost.allocation_tags or cost.has_budget
        return {"Service": self.service_definition().name, "Environment": self.environment} if is_tagged else {}

    def _merged_tags(self) -> _MergedTags:
        passed = self.all_tags
        defaults: dict[str, pulumi.Input[str]] = {**self.service_definition().tags(self.environment)}
        return _MergedTags(merge_tags(merge_tags(defaults, passed), self.cost_allocation_tags()), passed)

    @property
    def all_tags(self) -> dict[str, pulumi.Input[str]]:
        """Tags of every resource."""
        return dict(self.tags or {})

    @property
    def environment(self) -> str:
        """Environment suffix."""
        return self.environment_suffix or "dev"

    @property
    def profile(self) -> str:
        """Name of the environment profile."""
        return self.environment_profile or profile_name(self.environment)

    @property
    def uses_default_profile(self) -> bool:
        """Whether neither `environment_profile` nor a part of the suffix selects a profile."""
        return self.environment_profile is None and matching_profile(self.environment) is None
