"""Pulumi config, as the arguments of a `TapStack`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .service import Service
from .services import CHOICES
from .services.inventory.service import InventorySettings
from .services.stock.service import StockSettings
from .settings import AlarmSettings, ApiSettings, FunctionSettings, Layer, SiteSettings, TableSettings, refuse
from .tap_stack import TapStackArgs


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
    also: tuple[type[Layer], ...] = ()
    """Other services' options that have the same field, and are set with it."""
    read: Callable[[str], Any] = str
    description: str
    zero_says_nothing: bool = False
    """In `Pulumi.yaml` the key is an integer, which must have a default."""

    def unsaid(self, text: str | None) -> bool:
        """Whether the figure is left to the layers below; `Pulumi.yaml` must give every key a default."""
        return not text or (self.zero_says_nothing and text == "0")


def _whole(layer: type[Layer], field: str, description: str) -> Key:
    return Key(layer=layer, field=field, read=int, description=description, zero_says_nothing=True)


KEYS: Mapping[str, Key] = {
    "lambda_runtime": Key(layer=FunctionSettings, field="runtime", description="Lambda runtime, e.g. python3.13"),
    "lambda_memory_size": _whole(FunctionSettings, "memory_mb", "memory in MB"),
    "lambda_timeout_seconds": _whole(FunctionSettings, "timeout_seconds", "longest run of a function"),
    "lambda_reserved_concurrency": _whole(
        FunctionSettings, "reserved_concurrency", "executions kept for each function; -1 for none"
    ),
    "tracing": Key(layer=FunctionSettings, field="tracing", read=truth, description="X-Ray traces: true or false"),
    "log_retention_days": _whole(FunctionSettings, "log_retention_days", "how long logs are kept"),
    "dynamodb_billing_mode": Key(
        layer=TableSettings, field="billing_mode", description="PAY_PER_REQUEST or PROVISIONED"
    ),
    "dynamodb_read_capacity": _whole(TableSettings, "read_capacity", "least read units when provisioned"),
    "dynamodb_write_capacity": _whole(TableSettings, "write_capacity", "least write units when provisioned"),
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
    "throttle_burst": _whole(ApiSettings, "throttle_burst", "requests at once"),
    "api_key_required": Key(
        layer=ApiSettings, field="api_key_required", read=truth, description="every route asks for x-api-key"
    ),
    "quota_per_month": _whole(ApiSettings, "quota_per_month", "requests of one key"),
    "access_log": Key(
        layer=ApiSettings, field="access_log", read=truth, description="a line in a log for every request"
    ),
    "execution_log_level": Key(
        layer=ApiSettings,
        field="execution_log_level",
        description="what API Gateway logs of its steps: OFF, ERROR, INFO",
    ),
    "execution_log_bodies": Key(
        layer=ApiSettings,
        field="execution_log_bodies",
        read=truth,
        description="bodies and headers in the execution log",
    ),
    "api_metrics": Key(layer=ApiSettings, field="metrics", read=truth, description="CloudWatch metrics of each method"),
    "api_log_role": Key(
        layer=ApiSettings, field="log_role", description="the account's role for API logs: made, left, or an ARN"
    ),
    "domain_name": Key(layer=ApiSettings, field="domain_name", description="a domain of one's own for the API"),
    "certificate_arn": Key(
        layer=ApiSettings, field="certificate_arn", description="ACM certificate of domain_name, in the API's region"
    ),
    "base_path": Key(
        layer=ApiSettings, field="base_path", description="the first part of every path under domain_name"
    ),
    "duration_alarm_ms": _whole(AlarmSettings, "duration_ms", "average duration that is alarming"),
    "notification_email": Key(
        layer=AlarmSettings,
        field="notification_email",
        read=text_or_none,
        description="who hears of alarms, or none",
    ),
    "site_public": Key(
        layer=SiteSettings,
        field="public",
        read=truth,
        description="a site's pages from a bucket that everybody can read, over HTTP, not through CloudFront",
    ),
    "low_stock_threshold": Key(
        layer=InventorySettings,
        field="low_stock_threshold",
        also=(StockSettings,),
        read=int,
        description="inventory, stock: so many or fewer are low stock, where an item or a level has no threshold",
    ),
    "default_page_size": _whole(
        InventorySettings, "default_page_size", "inventory: items a page when a request does not say"
    ),
    "max_page_size": _whole(InventorySettings, "max_page_size", "inventory: most items a page"),
    "audit_reads": Key(
        layer=InventorySettings, field="audit_reads", read=truth, description="inventory: reads are audited, too"
    ),
    "reservation_minutes": _whole(
        StockSettings, "reservation_minutes", "stock: how long a reservation holds that does not say"
    ),
}
"""Every key that sets a figure.  Options of services, whose descriptions begin with their names, are nothing to the
others: an environment's file is for all of them."""


def args_from_config(config: pulumi.Config | None = None) -> TapStackArgs:
    """The arguments that `Pulumi.yaml`, the stack's file and `ENVIRONMENT_SUFFIX` spell out."""
    config = config or pulumi.Config()
    service = config.get("service") or "items"
    said: dict[type[Layer], dict[str, Any]] = defaultdict(dict)
    for name, key in KEYS.items():
        text = config.get(name) or ""
        if not key.unsaid(text):
            value = _read(name, key, text)
            for layer in (key.layer, *key.also):
                said[layer][key.field] = value
    tags = config.get_object("tags") or {}
    if not isinstance(tags, dict):
        raise refuse("config tags", tags, 'give an object of texts, such as {"Owner": "web-team"}')
    return TapStackArgs(
        environment_suffix=config.get("environment") or os.environ.get("ENVIRONMENT_SUFFIX") or "dev",
        service=_chosen(service, said),
        split_functions=_split(config.get("split_functions") or "false"),
        tags=tags,
        function=FunctionSettings(**said[FunctionSettings]),
        table=TableSettings(**said[TableSettings]),
        api=ApiSettings(**said[ApiSettings]),
        alarms=AlarmSettings(**said[AlarmSettings]),
        site=SiteSettings(**said[SiteSettings]),
    )


def _chosen(service: str, said: Mapping[type[Layer], Mapping[str, Any]]) -> str | Service:
    """The service by its name, or where something is chosen about it the service as chosen."""
    choice = CHOICES.get(service)
    return choice.make(choice.settings(**said[choice.settings])) if choice and choice.settings in said else service


def _split(text: str) -> bool:
    try:
        return truth(text)
    except KeyError:
        raise refuse("config split_functions", text, "give true or false") from None


def _read(name: str, key: Key, text: str) -> Any:
    possible, wanted = key.layer.CHECKS[key.field]
    try:
        value = key.read(text)
    except (ValueError, KeyError):
        value = None
    if value is None or not possible(value):
        raise refuse(f"config {name}", text, wanted)
    return value
