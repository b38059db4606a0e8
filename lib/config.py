"""Pulumi config, as the arguments of a `TapStack`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .settings import AlarmSettings, ApiSettings, FunctionSettings, Layer, TableSettings, refuse
from .tap_stack import TapStackArgs


def whole(text: str) -> int:
    """A whole number from config's text."""
    return int(text)


def truth(text: str) -> bool:
    """True or false from config's text."""
    return {"true": True, "false": False}[text.lower()]


def text_or_none(text: str) -> str:
    """Text, of which `none` is the empty one: an empty value in config says nothing."""
    return "" if text == "none" else text


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of the configuration that sets one field."""

    layer: type[Layer]
    field: str
    read: Callable[[str], Any] = str
    description: str


KEYS: Mapping[str, Key] = {
    "lambda_runtime": Key(layer=FunctionSettings, field="runtime", description="Lambda runtime, e.g. python3.13"),
    "lambda_memory_size": Key(layer=FunctionSettings, field="memory_mb", read=whole, description="memory in MB"),
    "lambda_timeout_seconds": Key(
        layer=FunctionSettings, field="timeout_seconds", read=whole, description="longest run of a function"
    ),
    "lambda_reserved_concurrency": Key(
        layer=FunctionSettings,
        field="reserved_concurrency",
        read=whole,
        description="executions kept for each function; -1 for none",
    ),
    "tracing": Key(layer=FunctionSettings, field="tracing", read=truth, description="X-Ray traces: true or false"),
    "log_retention_days": Key(
        layer=FunctionSettings, field="log_retention_days", read=whole, description="how long logs are kept"
    ),
    "dynamodb_billing_mode": Key(
        layer=TableSettings, field="billing_mode", description="PAY_PER_REQUEST or PROVISIONED"
    ),
    "dynamodb_read_capacity": Key(
        layer=TableSettings, field="read_capacity", read=whole, description="least read units when provisioned"
    ),
    "dynamodb_write_capacity": Key(
        layer=TableSettings, field="write_capacity", read=whole, description="least write units when provisioned"
    ),
    "deletion_protection": Key(
        layer=TableSettings, field="deletion_protection", read=truth, description="refuse to delete tables"
    ),
    "retain_on_delete": Key(
        layer=TableSettings, field="retain_on_delete", read=truth, description="leave tables behind on destroy"
    ),
    "api_stage_name": Key(layer=ApiSettings, field="stage_name", description="the stage of the API"),
    "cors_origin": Key(
        layer=ApiSettings,
        field="cors_origin",
        read=text_or_none,
        description="the origin whose pages may call, * or none",
    ),
    "throttle_rate_per_second": Key(
        layer=ApiSettings,
        field="throttle_rate_per_second",
        read=float,
        description="requests a second over all callers",
    ),
    "throttle_burst": Key(layer=ApiSettings, field="throttle_burst", read=whole, description="requests at once"),
    "api_key_required": Key(
        layer=ApiSettings, field="api_key_required", read=truth, description="every route asks for x-api-key"
    ),
    "quota_per_month": Key(layer=ApiSettings, field="quota_per_month", read=whole, description="requests of one key"),
    "duration_alarm_ms": Key(
        layer=AlarmSettings, field="duration_ms", read=whole, description="average duration that is alarming"
    ),
    "notification_email": Key(
        layer=AlarmSettings,
        field="notification_email",
        read=text_or_none,
        description="who hears of alarms, or none",
    ),
}
"""Every key that sets a figure."""

UNSAID = (None, "", "0")
"""What leaves a figure to the environment's row: `Pulumi.yaml` must give every key a default, and an integer one."""


def args_from_config(config: pulumi.Config | None = None) -> TapStackArgs:
    """The arguments that `Pulumi.yaml`, the stack's file and `ENVIRONMENT_SUFFIX` spell out."""
    config = config or pulumi.Config()
    said: dict[type[Layer], dict[str, Any]] = defaultdict(dict)
    for name, key in KEYS.items():
        if (text := config.get(name)) not in UNSAID:
            said[key.layer][key.field] = _read(name, key, text)
    tags = config.get_object("tags") or {}
    if not isinstance(tags, dict):
        raise refuse("config tags", tags, 'give an object of texts, such as {"Owner": "web-team"}')
    return TapStackArgs(
        environment_suffix=config.get("environment") or os.environ.get("ENVIRONMENT_SUFFIX") or "dev",
        service=config.get("service") or "items",
        tags=tags,
        function=FunctionSettings(**said[FunctionSettings]),
        table=TableSettings(**said[TableSettings]),
        api=ApiSettings(**said[ApiSettings]),
        alarms=AlarmSettings(**said[AlarmSettings]),
    )


def _read(name: str, key: Key, text: str) -> Any:
    wanted = key.layer.CHECKS[key.field][1]
    try:
        value = key.read(text)
        key.layer(**{key.field: value})
    except (ValueError, KeyError):
        raise refuse(f"config {name}", text, wanted) from None
    return value
