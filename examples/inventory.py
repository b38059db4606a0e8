"""The inventory service with its own settings, one function for each operation, and a custom domain."""

import pulumi
from tap_stack import AlarmSettings, ApiSettings, TapStack, TapStackArgs
from tap_stack.services.inventory.service import inventory
from tap_stack.services.inventory.settings import InventorySettings

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/0f6a2c1e-3b7d-4d55-9b1a-5a8a1f0c2d3e"

shop = TapStack(
    "shop",
    TapStackArgs(
        environment_suffix="shop",
        service=inventory(InventorySettings(low_stock_threshold=5, audit_reads=False)),
        split_functions=True,
        api=ApiSettings(
            domain_name="api.example.com",
            certificate_arn=CERTIFICATE,
            base_path="inventory",
            log_role="unmanaged",  # Another stack manages the role with which API Gateway writes logs.
        ),
        alarms=AlarmSettings(notification_email="stock@example.com"),
    ),
)

pulumi.export("api_url", shop.api_url)
pulumi.export("dns", {"name": "api.example.com", "points_to": shop.domain_target})
