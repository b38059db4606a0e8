"""What a `TapStack` is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property

import pulumi

from .. import model
from ..assets.lambda_archive import check_handlers
from ..documents import alarms as recommended
from ..documents.network import check_connectivity
from ..documents.rest_api import HEALTH_PATH
from ..model.names import check_environment_suffix
from ..services import SERVICES
from ..settings import (
    LAYERS,
    USER_POOL,
    AlarmSettings,
    ApiSettings,
    FunctionSettings,
    Settings,
    check_tags,
    invalid_value,
    is_output,
    merge,
    merge_tags,
    unknown_value,
)
from ..settings.environments import ENVIRONMENTS, matching_profile, profile_name
from ..settings.origins import SITE

LONGEST_BYTES = {"ssm": 4096, "secretsmanager": 65536}
"""Of a secret, by its store."""
OUTPUT_REMEDIES = {
    "environment_suffix": "Names and settings are derived from it: pass a string, e.g. pulumi.get_stack().",
    "environment_profile": "Settings are derived from it: pass a string, e.g. 'prod'.",
    "tags": "Pass a mapping, whose values can be Outputs.",
}
"""What to pass instead of an Output, by argument."""
DURATION_ALARM_SHARE = 0.8
"""The part of its timeout that a function may take on average before somebody hears of it."""


class _MergedTags(dict[str, pulumi.Input[str]]):
    """Tags merged with the default tags.

    They keep the tags that were passed, so that `dataclasses.replace` merges these with the defaults of the new
    environment and service.
    """

    def __init__(self, merged: Mapping[str, pulumi.Input[str]], passed: Mapping[str, pulumi.Input[str]]) -> None:
        super().__init__(merged)
        self.passed = passed


@dataclass(frozen=True)
class TapStackArgs(Settings):
    """What to deploy, and where it differs from its environment's row.

    `TapStackArgs()` is the items service in `dev`.  A value that cannot be raises ValueError here, before anything
    is made.
    """

    environment_suffix: str | None = "dev"
    """Part of every physical name (`dev`, `pr-123`). Default (empty or None): `dev`. If `environment_profile` is unset,
    a part of the suffix selects the profile: dev, test, staging, prod, or an alias (development, testing, stage,
    production, prd, live). Parts end at `-`, `_` and between letters and digits. The strictest profile applies if
    several match, and `dev` if none does."""
    tags: Mapping[str, pulumi.Input[str]] | None = None
    """Tags of every resource. They override the default tags of the service, also those whose keys differ only in
    case. A value can be an Output."""

    _: KW_ONLY

    environment_profile: str | None = None
    """Profile with the settings of the environment: `dev`, `test`, `staging` or `prod`. Default (None): the profile
    that `environment_suffix` selects."""
    service: str | model.Service = "items"
    """The name of a service that comes with the library, or a description of your own."""
    split_functions: bool = False
    """A function for each operation, with a role and figures of its own; their common code is in a layer."""
    adopt_retained: bool = False
    """Whether to import tables, a user pool, a backup vault and a key that exist under the names of this stack, as
    `destroy` leaves them in staging and prod, instead of rejecting the deployment."""
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict, repr=False)
    """The values of the service's secrets, by their names, which Pulumi keeps as secrets."""

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
        kinds: dict[str, type] = {**LAYERS, "tags": Mapping}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise invalid_value(name, getattr(self, name), f"a {kind.__name__}")
        if not isinstance(self.service, model.Service) and self.service not in SERVICES:
            raise invalid_value("service", self.service, f"one of {', '.join(SERVICES)}, or a Service")
        for name in ("split_functions", "adopt_retained"):
            if not isinstance(getattr(self, name), bool):
                raise invalid_value(name, getattr(self, name), "true or false")
        check_tags(self.all_tags)
        object.__setattr__(self, "tags", self._merged_tags())
        self.settings().check()
        check_tags(self.all_tags, with_name=self.settings().network.in_vpc())
        self._check_cors()
        self._check_authorization()
        self._check_secrets()
        for _, route in self.description().routes():
            if route.throttle:
                route.throttle.within(self.settings().api)
        check_handlers(self.description())
        check_connectivity(self.description(), self.settings().network)
        if self.settings().api.health_route and HEALTH_PATH in {route.path for _, route in self.description().routes()}:
            remedy = f"The service defines {HEALTH_PATH} itself."
            raise invalid_value("api.health_route", True, "False", remedy)
        alarming_ms = self.settings().alarms.duration_ms
        figures = [self.function_settings(function) for function in self.description().functions]
        shortest_ms = min(one.timeout_seconds or 0 for one in figures) * 1000
        if alarming_ms and alarming_ms >= shortest_ms:
            expected = f"less than the shortest function timeout ({shortest_ms} ms)"
            raise invalid_value("alarms.duration_ms", alarming_ms, expected)

    def _check_known(self) -> None:
        """Raise ValueError for an Output where Pulumi needs a plain value before it creates anything."""
        for name in ("environment_suffix", "environment_profile", "tags", "service", "split_functions", *LAYERS):
            if is_output(getattr(self, name)):
                raise unknown_value(name, OUTPUT_REMEDIES.get(name, "Pass a plain value."))

    def _check_cors(self) -> None:
        """Raise ValueError for CORS origins that this service or environment cannot have."""
        service, origins = self.description(), self.cors_origins()
        if SITE in origins and not service.site:
            expected, remedy = f"URLs because the service {service.name} has no site", "Remove 'site'."
            raise invalid_value("api.cors_origin", self.settings().api.cors_origin, expected, remedy)
        preflight = service.preflight_type()
        if len(origins) > 1 and preflight in {function.name for function in service.functions}:
            expected = f"at most one origin while {service.name} has a function {preflight!r}"
            remedy = (
                f"Rename the function: the one that responds to OPTIONS for several origins is called {preflight!r}."
            )
            raise invalid_value("api.cors_origin", self.settings().api.cors_origin, expected, remedy)

    def _check_authorization(self) -> None:
        service, settings = self.description(), self.settings()
        if settings.authorization.type == USER_POOL:
            if not service.scopes():
                remedy = f"No route of {service.name} requires a scope."
                raise invalid_value("authorization.type", USER_POOL, "NONE", remedy)
            if service.site and settings.site.public:
                raise invalid_value("site.public", True, f"False with {USER_POOL}", "Sign-in requires HTTPS pages.")

    def _check_secrets(self) -> None:
        """Raise ValueError, which never shows a value, for secrets that are missing, unknown, or no text."""
        if not isinstance(self.secrets, Mapping):
            raise invalid_value("secrets", type(self.secrets), "a mapping of names to strings")
        described_ones = {secret.name: secret for secret in self.description().secrets}
        for name in sorted({*self.secrets} - {*described_ones}):
            expected = f"among {', '.join(described_ones)}" if described_ones else "empty for this service"
            raise invalid_value("secrets", name, expected)
        for name, secret in described_ones.items():
            value = self.secrets.get(name)
            if value is None and not secret.generated:
                remedy = f"Pass secrets={{{name!r}: ...}}, or run pulumi config set --secret --path secrets.{name}."
                raise invalid_value(f"secrets[{name!r}]", None, "set", remedy)
            if not isinstance(value, str | pulumi.Output | None):
                raise invalid_value(f"secrets[{name!r}]", type(value), "a string")
            if isinstance(value, str) and not 0 < len(value.encode()) <= LONGEST_BYTES[secret.store]:
                expected = f"from 1 to {LONGEST_BYTES[secret.store]} bytes"
                raise invalid_value(f"secrets[{name!r}] size", len(value.encode()), expected)

    def function_settings(self, function: model.Function) -> FunctionSettings:
        """The figures of one function: the stack's, its own, and again what the arguments say.

        Where the stack reserves no concurrency, a function's own reservation counts for nothing.  Nobody waits for a
        function without routes to start.
        """
        stack, own, said = self.settings().function, function.settings, self.function
        if stack.reserved_concurrency in (None, -1):
            own = replace(own, reserved_concurrency=None)
        if not function.routes:
            stack, said = (replace(one, provisioned_concurrency=0, snap_start=False) for one in (stack, said))
        return merge(merge(stack, own), said)

    def recommended_alarms(self) -> list[model.Alarm]:
        """Return the alarms beyond the description's own: all that AWS recommends, or the one on 5xx responses alone.

        It counts the 503 of a function that AWS does not respond to, which is no error to Lambda. A description that
        turns recommended alarms off itself has none of them.
        """
        description, settings = self.description(), self.settings().alarms
        long = {one.name: self.alarm_settings(one).duration_ms or 0 for one in description.functions}
        alarms = recommended.recommended_alarms(description, settings, long)
        if settings.recommended:
            return alarms
        is_closed = description.settings.alarms.recommended is False
        return [] if is_closed else [alarm for alarm in alarms if alarm.name == recommended.SERVER_ERRORS]

    def alarm_settings(self, function: model.Function) -> AlarmSettings:
        """When to wake somebody for one function."""
        timeout = self.function_settings(function).timeout_seconds
        derived = AlarmSettings(duration_ms=int(timeout * 1000 * DURATION_ALARM_SHARE) if timeout else None)
        return merge(derived, self.settings().alarms)

    def description(self) -> model.Service:
        """The service that is meant."""
        whole = self.service if isinstance(self.service, model.Service) else SERVICES[self.service]
        return whole.split() if self.split_functions else whole

    def settings(self) -> Settings:
        """Every figure: the environment's row, the service's own on top, these arguments on top of both."""
        return self._settings

    @cached_property
    def _settings(self) -> Settings:
        profile = ENVIRONMENTS[self.profile]
        named = Settings(api=ApiSettings(stage_name=self.environment))
        if self.api.cors_origin == "*" and not profile.api.cors_origin:
            expected = f"a list of origins in {self.environment}"
            raise invalid_value("api.cors_origin", "*", expected, "Set the origins that call the API.")
        return profile.with_(named).with_(self.description().settings).with_(self)

    def cors_origins(self) -> tuple[str, ...]:
        """Return the allowed CORS origins, `site` for the service's own site.

        A service with a site allows only that one, unless the arguments or the service set `cors_origin`.
        """
        service = self.description()
        is_unset = self.api.cors_origin is None and service.settings.api.cors_origin is None
        return (SITE,) if service.site and is_unset else self.settings().api.cors_origins()

    def allocation(self) -> dict[str, str]:
        """The tags by which AWS can tell costs apart, where they are asked for or a budget counts by them."""
        cost = self.settings().cost
        is_tagged = cost.allocation_tags or cost.has_budget
        return {"Service": self.description().name, "Environment": self.environment} if is_tagged else {}

    def _merged_tags(self) -> _MergedTags:
        passed = self.all_tags
        defaults: dict[str, pulumi.Input[str]] = {**self.description().tags(self.environment)}
        return _MergedTags(merge_tags(merge_tags(defaults, passed), self.allocation()), passed)

    @property
    def all_tags(self) -> dict[str, pulumi.Input[str]]:
        """The tags, which are never None once checked."""
        return dict(self.tags or {})

    @property
    def environment(self) -> str:
        """The suffix, which is never None once checked."""
        return self.environment_suffix or "dev"

    @property
    def profile(self) -> str:
        """Name of the environment profile."""
        return self.environment_profile or profile_name(self.environment)

    @property
    def uses_default_profile(self) -> bool:
        """Whether neither `environment_profile` nor a part of the suffix selects a profile."""
        return self.environment_profile is None and matching_profile(self.environment) is None
