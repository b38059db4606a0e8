"""Programs with one stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lib.settings import (
    USER_POOL,
    AlarmSettings,
    ApiSettings,
    AuthorizationSettings,
    BackupSettings,
    CostSettings,
    EncryptionSettings,
    FirewallSettings,
    FunctionSettings,
    NetworkSettings,
    RolloutSettings,
    SiteSettings,
    TableSettings,
)
from lib.tap_stack import TapStack, TapStackArgs

from .builders import GALLERY, PARCELS, full_service, market_service, queue_service


def stacked(name: str = "post", **args: Any) -> Callable[[], TapStack]:
    """Return a program with a stack. Its service is `PARCELS` by default."""
    return lambda: TapStack(name, TapStackArgs(**{"service": PARCELS, **args}))


EVERYTHING: dict[str, Any] = {
    "service": "inventory",
    "environment_suffix": "prod",
    "split_functions": True,
    "alarms": AlarmSettings(notification_email="ops@example.com"),
    "api": ApiSettings(
        domain_name="api.example.com",
        certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1",
        base_path="v1",
    ),
    "network": NetworkSettings(vpc="create", nat_gateways="one"),
}
"""Arguments of a stack with every kind of resource that the built-in services have."""
FULL_SERVICE: dict[str, Any] = {"service": full_service()}
"""Arguments of a stack with most of the other kinds of resources."""
PUBLIC_SERVICE: dict[str, Any] = {
    **FULL_SERVICE,
    "environment_suffix": "pr-7",
    "site": SiteSettings(public=True),
    "network": NetworkSettings(vpc="vpc-0a1b2c3d", private_subnet_ids=("subnet-0a1b2c3d", "subnet-0a1b2c3e")),
}
"""Arguments of a stack with the remaining kinds of resources, such as a public site and an existing network."""
PRODUCTION: dict[str, Any] = {
    **FULL_SERVICE,
    "environment_suffix": "prod",
    "function": FunctionSettings(provisioned_concurrency=5),
    "rollout": RolloutSettings(strategy="Canary10Percent5Minutes"),
    "authorization": AuthorizationSettings(type=USER_POOL, mfa="ON", callback_urls=("https://ops.example.com/",)),
    "network": NetworkSettings(vpc="create", nat_gateways="per-zone"),
    "api": ApiSettings(health_route=True, domain_name="yard.example.com", zone_id="Z0123456789ABC"),
    "firewall": FirewallSettings(enabled=True),
    "encryption": EncryptionSettings(key="create"),
    "table": TableSettings(replica_regions=("us-west-2",)),
    "backup": BackupSettings(retention_days=35),
    "cost": CostSettings(monthly_budget_usd=100.0),
}
"""Arguments of a stack with every production setting enabled."""

GALLERY_STACK: dict[str, Any] = {
    "service": GALLERY,
    "environment_suffix": "prod",
    "rollout": RolloutSettings(strategy="AllAtOnce"),
    "network": NetworkSettings(vpc="create"),
    "encryption": EncryptionSettings(key="create"),
}
"""Arguments of a stack with buckets and event buses."""

MARKET: dict[str, Any] = {
    "service": market_service(),
    "existing": {
        "orders": "arn:aws:dynamodb:us-east-1:123456789012:table/shop-orders",
        "ops": "arn:aws:sns:us-east-1:123456789012:shop-ops",
    },
    "api": ApiSettings(cors_origin="https://shop.example.com", cors_credentials=True),
    "function": FunctionSettings(architecture="arm64"),
}
"""Arguments of a stack with every kind of endpoint and authorizer, and with existing resources."""

PROGRAMS: dict[str, Callable[[], TapStack]] = {
    "items": lambda: TapStack("tap"),
    "parcels": stacked(environment_suffix="prod", alarms=AlarmSettings(notification_email="ops@example.com")),
    "inventory": stacked("shop", **EVERYTHING),
    "yard": stacked(**FULL_SERVICE),
    "open_yard": stacked(**PUBLIC_SERVICE),
    "production": stacked(**PRODUCTION),
    "gallery": stacked(**GALLERY_STACK),
    "shop": stacked(service=queue_service(), environment_suffix="prod", encryption=EncryptionSettings(key="create")),
    "market": stacked(**MARKET),
}
