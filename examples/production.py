"""The stock service with every setting that production requires, in one program."""

import pulumi
from tap_stack import (
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
    TableSettings,
    TapStack,
    TapStackArgs,
)

stock = TapStack(
    "stock",
    TapStackArgs(
        service="stock",
        environment_suffix="prod",
        function=FunctionSettings(provisioned_concurrency=2),
        table=TableSettings(replica_regions=("us-west-2",)),
        api=ApiSettings(domain_name="stock.example.com", zone_id="Z0123456789ABC", health_route=True),
        authorization=AuthorizationSettings(type="COGNITO_USER_POOLS", mfa="ON"),
        firewall=FirewallSettings(enabled=True, rate_limit=5_000),
        alarms=AlarmSettings(notification_email="oncall@example.com", runbook_url="https://wiki.example.com/stock"),
        network=NetworkSettings(vpc="create", zones=3),
        encryption=EncryptionSettings(key="create"),
        backup=BackupSettings(retention_days=35),
        rollout=RolloutSettings(strategy="Canary10Percent5Minutes"),
        cost=CostSettings(monthly_budget_usd=500.0),
    ),
)

pulumi.export("api", stock.domain_url)
pulumi.export("panel", stock.site_url)
pulumi.export("dashboard", stock.dashboard_name)
