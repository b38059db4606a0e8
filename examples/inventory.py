"""The inventory service as a shop wants it: its own options, a function per operation, its own domain.

With the package installed, `lib` is `tap_stack`.
"""

import sys
from pathlib import Path

import pulumi

# The Pulumi CLI runs a program without the folder of the library on the module search path.
if (folder := str(Path(__file__).resolve().parents[1])) not in sys.path:
    sys.path.insert(0, folder)

from lib.services.inventory.service import inventory
from lib.services.inventory.settings import InventorySettings
from lib.settings import AlarmSettings, ApiSettings
from lib.tap_stack import TapStack, TapStackArgs

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
            log_role="left",  # somebody else looks after the role with which the account's APIs write logs
        ),
        alarms=AlarmSettings(notification_email="stock@example.com"),
    ),
)

pulumi.export("api_url", shop.api_url)
pulumi.export("dns", {"name": "api.example.com", "points_to": shop.domain_target})
