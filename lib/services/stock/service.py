"""Service definition of the stock service: stock levels, reservations, sales and low-stock alerts."""

from __future__ import annotations

from pathlib import Path

from ...model import Service, Site, Topic
from ...settings import ApiSettings, Settings, TableSettings
from ..tags import SERVICE_TAGS
from .alarms import ALARMS
from .examples import DEMO
from .jobs import job_functions
from .routes import route_functions
from .schemas import SCHEMAS
from .settings import StockSettings
from .tables import TABLES

SITE = Path(__file__).parent / "site" / "dist"
QUOTA_PER_MONTH = 1_000_000_000
"""Monthly request quota of the API key: an average of 385 requests per second, more than a shop needs."""


def stock(settings: StockSettings | None = None) -> Service:
    """Return the service definition with settings, such as `stock(StockSettings(reservation_minutes=15))`."""
    settings = settings or StockSettings()
    return Service(
        name="stock",
        title="Stock",
        description="Stock levels of an online shop with reservations for carts, sales, and low-stock alerts.",
        name_pattern="inventory-{type}-{environment}",
        api_type="stock-api",
        alarms_type="stock-alerts",
        schemas=SCHEMAS,
        demo=DEMO,
        tables=TABLES,
        topics=(Topic(name="stock-alerts", variable="ALERTS_TOPIC_ARN"),),
        functions=(*route_functions(settings), *job_functions(settings)),
        shared_type="stock-shared",
        dead_letters="stock-dead-letters",
        alarms=ALARMS,
        site=Site(folder=SITE, type="stock-site", sign_in_pages=("", "admin-panel.html")),
        settings=Settings(
            table=TableSettings(billing_mode="PAY_PER_REQUEST"),
            api=ApiSettings(
                quota_per_month=QUOTA_PER_MONTH,
                access_log=True,
                execution_log_level="ERROR",
                metrics=True,
                log_role="create",
            ),
        ),
        default_tags=SERVICE_TAGS,
    )


SERVICE = stock()
