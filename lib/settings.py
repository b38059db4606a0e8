"""The figures a deployment can change: one class per kind of resource.

An environment's row, a service's own figures and the arguments of a `TapStack` are all `Settings`; a field that
is None says nothing, and the layer below decides.  A component given None leaves the choice to AWS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal, TypeVar

BillingMode = Literal["PAY_PER_REQUEST", "PROVISIONED"]

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""What CloudWatch Logs accepts."""

MAX_TAGS = 50

Check = tuple[Callable[[Any], bool], str]
"""Whether a value can be, and what to say of one that cannot."""


def between(low: float, high: float, unit: str = "") -> Check:
    """A number in a closed range; integers only where `low` is one."""
    kinds = (int,) if isinstance(low, int) else (int, float)
    wanted = f"give {'a whole number' if isinstance(low, int) else 'a number'} from {low} to {high} {unit}".rstrip()
    return lambda v: isinstance(v, kinds) and not isinstance(v, bool) and low <= v <= high, wanted


def one_of(*choices: object) -> Check:
    """One of a few values."""
    return lambda v: any(
        v is c or (type(v) is type(c) and v == c) for c in choices
    ), f"give one of {', '.join(map(str, choices))}"


def matching(pattern: str, wanted: str) -> Check:
    """Text of a certain form."""
    return lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None, wanted


def flag() -> Check:
    """True or False."""
    return lambda v: isinstance(v, bool), "give True or False"


def refuse(where: str, value: object, wanted: str) -> ValueError:
    """The error of every value that cannot be: the field, what it was, what to give instead."""
    return ValueError(f"{where} {value!r}: {wanted}")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What the settings classes share: checked when made, laid one over the other."""

    CHECKS: ClassVar[Mapping[str, Check]] = {}
    WHERE: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name, (possible, wanted) in self.CHECKS.items():
            value = getattr(self, name)
            if value is not None and not possible(value):
                raise refuse(f"{self.WHERE}.{name}", value, wanted)


_L = TypeVar("_L", bound=Layer)


def over(base: _L, upper: _L) -> _L:
    """`base` with whatever `upper` says."""
    said = {f.name: getattr(upper, f.name) for f in fields(upper)}
    return replace(base, **{k: v for k, v in said.items() if v is not None})


@dataclass(frozen=True, kw_only=True)
class FunctionSettings(Layer):
    """How a Lambda function runs."""

    runtime: str | None = None
    """Lambda runtime identifier, e.g. `python3.13`."""
    memory_mb: int | None = None
    """128 to 10240; processor time comes in proportion."""
    timeout_seconds: int | None = None
    """1 to 900; behind API Gateway more than 29 is never waited for."""
    reserved_concurrency: int | None = None
    """Most executions at once, kept from the account's pool; -1 reserves none."""
    tracing: bool | None = None
    """X-Ray traces of the functions and of the API's stage."""
    log_retention_days: int | None = None
    """One of CloudWatch Logs' own periods: 1, 3, 5, 7, 14, 30, 60, 90, ..."""

    WHERE: ClassVar[str] = "function"
    CHECKS: ClassVar[Mapping[str, Check]] = {
        "runtime": matching(r"python3\.\d+", "give a Lambda Python runtime, e.g. python3.13"),
        "memory_mb": between(128, 10240, "MB"),
        "timeout_seconds": between(1, 900, "seconds"),
        "reserved_concurrency": between(-1, 100_000, "(-1: none reserved)"),
        "tracing": flag(),
        "log_retention_days": one_of(*LOG_RETENTION_DAYS),
    }


@dataclass(frozen=True, kw_only=True)
class TableSettings(Layer):
    """How a DynamoDB table is paid for and kept."""

    billing_mode: BillingMode | None = None
    """On demand, or provisioned and scaled at 70 % use."""
    read_capacity: int | None = None
    """Read units of the table and of each index, when provisioned: the least that scaling leaves."""
    write_capacity: int | None = None
    """Write units, likewise."""
    max_read_capacity: int | None = None
    """The most that scaling reaches; default ten times `read_capacity`."""
    max_write_capacity: int | None = None
    """Likewise."""
    point_in_time_recovery: bool | None = None
    """Restore to any second of the last 35 days."""
    deletion_protection: bool | None = None
    """DynamoDB refuses to delete the table."""
    retain_on_delete: bool | None = None
    """`pulumi destroy` forgets the table and leaves it in the account."""

    WHERE: ClassVar[str] = "table"
    CHECKS: ClassVar[Mapping[str, Check]] = {
        "billing_mode": one_of("PAY_PER_REQUEST", "PROVISIONED"),
        "read_capacity": between(1, 40_000, "units"),
        "write_capacity": between(1, 40_000, "units"),
        "max_read_capacity": between(1, 40_000, "units"),
        "max_write_capacity": between(1, 40_000, "units"),
        "point_in_time_recovery": flag(),
        "deletion_protection": flag(),
        "retain_on_delete": flag(),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for kind in ("read", "write"):
            least, most = getattr(self, f"{kind}_capacity"), getattr(self, f"max_{kind}_capacity")
            if least and most and most < least:
                raise refuse(f"table.max_{kind}_capacity", most, f"give at least {kind}_capacity, {least}")


@dataclass(frozen=True, kw_only=True)
class ApiSettings(Layer):
    """Who may call the API, from where, how often."""

    stage_name: str | None = None
    """The stage, and so the first part of every path."""
    cors_origin: str | None = None
    """The one origin whose pages may call, or `*`; empty: none."""
    throttle_rate_per_second: float | None = None
    """Requests a second over all callers; 429 above it."""
    throttle_burst: int | None = None
    """Requests at once before the rate counts."""
    api_key_required: bool | None = None
    """Every route asks for `x-api-key`, and a usage plan counts what it does."""
    quota_per_month: int | None = None
    """Requests of one key in a month."""
    access_log: bool | None = None
    """A JSON line in CloudWatch Logs for every request; API Gateway needs a role for it, see `log_role`."""
    execution_log_level: Literal["OFF", "ERROR", "INFO"] | None = None
    """What API Gateway tells of its own steps; needs the role, too."""
    execution_log_bodies: bool | None = None
    """Bodies and headers in the execution log: for development."""
    metrics: bool | None = None
    """Count, latency and errors of each method as CloudWatch metrics of their own."""
    log_role: str | None = None
    """The role with which API Gateway writes logs, one setting for all APIs of an account in a region: `made` makes
    one and sets it, the ARN of a role sets that one, `left` leaves the account as it is."""
    domain_name: str | None = None
    """A domain of one's own; empty: none."""
    certificate_arn: str | None = None
    """The certificate of `domain_name`, from ACM in the API's region."""
    base_path: str | None = None
    """The first part of every path under `domain_name`; empty: none."""

    WHERE: ClassVar[str] = "api"
    CHECKS: ClassVar[Mapping[str, Check]] = {
        "stage_name": matching(r"[A-Za-z0-9_-]{1,128}", "give 1 to 128 letters, digits, '-' or '_'"),
        "cors_origin": matching(
            r"|\*|https?://[^/\s']+", "give '*', an origin such as https://shop.example.com (no path), or '' for none"
        ),
        "throttle_rate_per_second": between(0.1, 1_000_000, "requests a second"),
        "throttle_burst": between(1, 1_000_000, "requests"),
        "api_key_required": flag(),
        "quota_per_month": between(1, 2_000_000_000, "requests"),
        "access_log": flag(),
        "execution_log_level": one_of("OFF", "ERROR", "INFO"),
        "execution_log_bodies": flag(),
        "metrics": flag(),
        "log_role": matching(r"made|left|arn:[a-z-]+:iam::\d{12}:role/\S+", "give made, left, or the ARN of a role"),
        "domain_name": matching(
            r"|([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
            "give a name such as api.example.com, or '' for none",
        ),
        "certificate_arn": matching(
            r"|arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/\S+", "give the ARN of an ACM certificate"
        ),
        "base_path": matching(r"[A-Za-z0-9_.-]*", "give letters, digits, '-', '_' or '.', or '' for none"),
    }


@dataclass(frozen=True, kw_only=True)
class AlarmSettings(Layer):
    """When to wake somebody, and whom."""

    duration_ms: int | None = None
    """Average duration of a function over a period above which it is alarming; default 80 % of its timeout."""
    errors: int | None = None
    """Failed invocations in a period above which it is alarming."""
    throttles: int | None = None
    """Refused invocations in a period above which it is alarming."""
    period_seconds: int | None = None
    """How long a period is: a multiple of 60, for Lambda counts by the minute."""
    evaluation_periods: int | None = None
    """How many periods in a row make an alarm."""
    notification_email: str | None = None
    """Who is written to; AWS asks the address to confirm. Empty: nobody."""

    WHERE: ClassVar[str] = "alarms"
    CHECKS: ClassVar[Mapping[str, Check]] = {
        "duration_ms": between(1, 900_000, "milliseconds"),
        "errors": between(0, 1_000_000_000),
        "throttles": between(0, 1_000_000_000),
        "period_seconds": (
            lambda v: isinstance(v, int) and v in range(60, 86_401, 60),
            "give a multiple of 60 up to 86400 seconds",
        ),
        "evaluation_periods": between(1, 1440, "periods"),
        "notification_email": matching(r"|[^@\s]+@[^@\s]+\.[^@\s]+", "give one address, or '' for none"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.period_seconds or 60) * (self.evaluation_periods or 1) > 86_400:
            wanted = f"give so few that with period_seconds {self.period_seconds} they span a day at most"
            raise refuse("alarms.evaluation_periods", self.evaluation_periods, wanted)


@dataclass(frozen=True, kw_only=True)
class SiteSettings(Layer):
    """How a site's pages are served."""

    public: bool | None = None
    """A bucket that everybody can read, as a website of S3's own over HTTP, instead of a private one behind
    CloudFront."""

    WHERE: ClassVar[str] = "site"
    CHECKS: ClassVar[Mapping[str, Check]] = {"public": flag()}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every figure of a deployment."""

    function: FunctionSettings = field(default_factory=FunctionSettings)
    table: TableSettings = field(default_factory=TableSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    site: SiteSettings = field(default_factory=SiteSettings)

    def with_(self, upper: Settings) -> Settings:
        """This layer with whatever `upper` says."""
        return Settings(**{f.name: over(getattr(self, f.name), getattr(upper, f.name)) for f in fields(self)})


def check_domain(api: ApiSettings) -> None:
    """Raise ValueError for a domain without its certificate, and for what only a domain has."""
    if api.domain_name and not api.certificate_arn:
        raise refuse("api.domain_name", api.domain_name, "give certificate_arn, too: its certificate's, in ACM")
    for name in ("certificate_arn", "base_path"):
        if getattr(api, name) and not api.domain_name:
            raise refuse(f"api.{name}", getattr(api, name), "give domain_name, too, or take this out")


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise ValueError for tags that AWS would refuse."""
    if len(tags) > MAX_TAGS:
        raise refuse("tags", f"{len(tags)} of them", f"give at most {MAX_TAGS}")
    for key, value in tags.items():
        for what, text, most in (("key", key, 128), ("value", value, 256)):
            if not isinstance(text, str) or not re.fullmatch(r"[\w\s+=.:/@-]*", text) or len(text) > most:
                raise refuse(f"tags {what}", text, f"give at most {most} letters, digits, spaces or + - = . _ : / @")
        if not key or key.lower().startswith("aws:"):
            raise refuse("tags key", key, "give a name that is not empty and does not begin with aws:")
