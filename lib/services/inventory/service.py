"""Definition of the inventory service: versioned items, an audit trail, and low-stock alerts."""

from __future__ import annotations

from dataclasses import asdict

from ...model import Function, Parameter, Schedule, Service, Topic
from ...settings import ApiSettings, FunctionSettings, Settings
from ..tags import SERVICE_TAGS
from .examples import DEMO
from .routes import change_routes, read_routes
from .schemas import SCHEMAS
from .settings import InventorySettings
from .tables import TABLES, alert_grants

HANDLER = f"{__package__}.handler.operations"


def inventory(settings: InventorySettings | None = None) -> Service:
    """Return the service with settings, such as `inventory(InventorySettings(audit_reads=False))`."""
    settings = settings or InventorySettings()
    return Service(
        name="inventory",
        title="Inventory",
        description="Items of a shop's inventory, with their versions, an audit trail and low-stock alerts.",
        name_pattern="inventory-{type}-{environment}",
        log_access="create",
        alarms_type="alerts",
        schemas=SCHEMAS,
        batches={"Batch": "items"},
        demo=DEMO,
        tables=TABLES,
        topics=(Topic(name="alerts", variable="ALERTS_TOPIC_ARN", output_prefix="sns"),),
        parameters=(
            Parameter(name="table-name", table="items"),
            Parameter(name="audit-table-name", table="audit"),
            Parameter(name="config", variable="CONFIG_PARAMETER", value=asdict(settings)),
        ),
        functions=(
            Function(
                name="api-lambda",
                handler=HANDLER,
                routes=(*change_routes(), *read_routes(settings)),
                schedules=(
                    Schedule(
                        name="send-alerts",
                        rate="rate(5 minutes)",
                        operation="send_alerts",
                        grants=alert_grants(),
                        settings=FunctionSettings(memory_mb=256, timeout_seconds=30, reserved_concurrency=1),
                    ),
                ),
            ),
        ),
        # The next run of the schedule sends the alerts of a failed run.
        dead_letters="",
        settings=Settings(
            api=ApiSettings(access_log=True, execution_log_level="INFO", metrics=True, log_role="create"),
        ),
        default_tags=SERVICE_TAGS,
    )


SERVICE = inventory()
