"""Arguments of a `TapStack`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property

import pulumi

from .. import model
from ..documents import alarms as recommended
from ..model.names import check_environment_suffix
from ..model.visibility import visibility_timeouts
from ..services import SERVICES
from ..settings import (
    AlarmSettings,
    ApiSettings,
    FunctionSettings,
    Settings,
    check_tags,
    invalid_value,
    merge,
    merge_tags,
)
from ..settings.environments import ENVIRONMENTS, matching_profile, profile_name
from ..settings.origins import SITE
from .args_checks import check_args, check_known

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
        check_known(self)
        suffix = check_environment_suffix(self.environment_suffix or "dev")
        matching_profile(suffix)
        object.__setattr__(self, "environment_suffix", suffix)
        if self.environment_profile is not None and self.environment_profile not in [*ENVIRONMENTS]:
            expected = f"one of {', '.join(ENVIRONMENTS)}, or None for the profile that environment_suffix selects"
            raise invalid_value("environment_profile", self.environment_profile, expected)
        passed = self.tags.passed if isinstance(self.tags, _MergedTags) else self.tags
        object.__setattr__(self, "tags", {} if passed is None else passed)
        if not isinstance(self.tags, Mapping):
            raise invalid_value("tags", self.tags, "a mapping")
        if not isinstance(self.service, model.Service) and self.service not in SERVICES:
            raise invalid_value("service", self.service, f"one of {', '.join(SERVICES)}, or a Service")
        for name in ("split_functions", "adopt_retained"):
            if not isinstance(getattr(self, name), bool):
                raise invalid_value(name, getattr(self, name), "true or false")
        check_tags(self.all_tags)
        object.__setattr__(self, "tags", self._merged_tags())
        self.settings().check()
        check_tags(self.all_tags, with_name=self.settings().network.uses_vpc())
        check_args(self)

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
