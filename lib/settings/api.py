"""REST API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from . import origins
from .base import SettingsGroup, between, boolean, invalid_value, matching, one_of, setting


@dataclass(frozen=True, kw_only=True)
class ApiSettings(SettingsGroup):
    """Settings of the REST API: stage, CORS, throttle, quota, logs and custom domain."""

    stage_name: str | None = setting(
        matching(r"[A-Za-z0-9_-]{1,128}", "1 to 128 letters, digits, '-' or '_'"), key="api_stage_name"
    )
    """Name of the stage, which is the first segment of every path."""
    cors_origin: str | None = setting((origins.is_list, origins.EXPECTED), key="cors_origin")
    """Allowed CORS origins, separated by commas. `*` allows every origin, empty allows none. A service with a site
    allows only that site unless this is set; add `site` to the list to keep it."""
    cors_credentials: bool | None = setting(boolean(), key="cors_credentials")
    """Whether pages of the allowed CORS origins can send cookies and other credentials. Requires `cors_origin` with
    exact origins instead of `*`, or a site."""
    throttle_rate_per_second: float | None = setting(
        between(0.1, 1_000_000, "requests a second"), key="throttle_rate_per_second"
    )
    """Maximum number of requests a second from all callers. API Gateway responds to others with 429."""
    throttle_burst: int | None = setting(between(1, 1_000_000, "requests"), key="throttle_burst")
    """Maximum number of requests in a burst, before the rate applies."""
    quota_per_month: int | None = setting(between(1, 2_000_000_000, "requests"), key="quota_per_month")
    """Maximum number of requests with one API key in a month."""
    access_log: bool | None = setting(boolean(), key="access_log")
    """Whether API Gateway writes an access log with a JSON line for each request. Requires `log_role`."""
    execution_log_level: Literal["OFF", "ERROR", "INFO"] | None = setting(
        one_of("OFF", "ERROR", "INFO"), key="execution_log_level"
    )
    """Level of the API Gateway execution log. Requires `log_role`."""
    execution_log_bodies: bool | None = setting(boolean(), key="execution_log_bodies")
    """Whether the execution log contains bodies and headers. For development only."""
    metrics: bool | None = setting(boolean(), key="api_metrics")
    """Whether CloudWatch has separate request, latency and error metrics for each method."""
    log_role: str | None = setting(
        matching(
            r"create|unmanaged|arn:[a-z-]+:iam::\d{12}:role/\S+", "one of create, unmanaged, or the ARN of an IAM role"
        ),
        key="api_log_role",
    )
    """Role with which API Gateway writes logs. It is a setting of the account and applies to all its APIs in a region:
    `create` creates a role and sets it, an ARN sets that role, and `unmanaged` keeps the account unchanged."""
    health_route: bool | None = setting(boolean(), key="health_route")
    """Whether API Gateway responds to `GET /health` without invoking a function."""
    domain_name: str | None = setting(
        matching(
            r"|([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
            "a domain name, such as api.example.com, or empty",
        ),
        key="domain_name",
    )
    """Custom domain name of the API. Empty disables it."""
    certificate_arn: str | None = setting(
        matching(r"|arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/\S+", "the ARN of an ACM certificate, or empty"),
        key="certificate_arn",
    )
    """ARN of the ACM certificate of `domain_name` in the region of the API. If empty, the stack creates one and
    validates it in `zone_id`."""
    zone_id: str | None = setting(
        matching(r"|Z[A-Z0-9]{1,31}", "the ID of a Route 53 hosted zone, such as Z0123456789ABC, or empty"),
        key="zone_id",
    )
    """ID of the Route 53 hosted zone for the record of `domain_name`. If empty, the stack creates no record."""
    base_path: str | None = setting(
        matching(r"[A-Za-z0-9_.-]*", "letters, digits, '-', '_' or '.', or empty"), key="base_path"
    )
    """First segment of every path under `domain_name`. Empty maps the root."""
    disable_execute_api_endpoint: bool | None = setting(boolean(), key="disable_execute_api_endpoint")
    """Whether API Gateway rejects requests to the `execute-api` endpoint of the API, which bypass `domain_name`. Every
    client must use the domain first."""

    SECTION: ClassVar[str] = "api"

    def cors_origins(self) -> tuple[str, ...]:
        """Return the allowed CORS origins, empty if `cors_origin` is unset."""
        return origins.split(self.cors_origin or "")


def check_domain(api: ApiSettings) -> None:
    """Raise `ValueError` for a domain without a certificate, and for settings that require a domain."""
    if api.domain_name and not (api.certificate_arn or api.zone_id):
        remedy = "Set zone_id or certificate_arn."
        raise invalid_value("api.domain_name", api.domain_name, "a domain with a certificate", remedy)
    for name in ("certificate_arn", "zone_id", "base_path", "disable_execute_api_endpoint"):
        if getattr(api, name) and not api.domain_name:
            remedy = f"Set domain_name, or remove {name}."
            raise invalid_value(f"api.{name}", getattr(api, name), "unset unless domain_name is set", remedy)
