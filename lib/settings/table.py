"""DynamoDB tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import SettingsGroup, between, boolean, invalid_value, one_of, setting, unique_tuple

BillingMode = Literal["PAY_PER_REQUEST", "PROVISIONED"]
UNITS = between(1, 40_000, "units")
REGION = r"[a-z]{2,4}(-[a-z]+)+-\d"
"""Names of regions in every partition, e.g. `us-west-2`, `us-gov-east-1` and `eusc-de-east-1`."""


@dataclass(frozen=True, kw_only=True)
class TableSettings(SettingsGroup):
    """How a DynamoDB table is paid for and kept."""

    billing_mode: BillingMode | None = setting(one_of("PAY_PER_REQUEST", "PROVISIONED"), key="dynamodb_billing_mode")
    """On demand, or provisioned and scaled at 70 % use: `PAY_PER_REQUEST` or `PROVISIONED`."""
    read_capacity: int | None = setting(UNITS, key="dynamodb_read_capacity")
    """Read units of the table and of each index, when provisioned: the minimum of auto scaling."""
    write_capacity: int | None = setting(UNITS, key="dynamodb_write_capacity")
    """Write units of the table and of each index, when provisioned: the minimum of auto scaling."""
    max_read_capacity: int | None = setting(UNITS, key="dynamodb_max_read_capacity")
    """Maximum read units of auto scaling; default: ten times `read_capacity`."""
    max_write_capacity: int | None = setting(UNITS, key="dynamodb_max_write_capacity")
    """Maximum write units of auto scaling; default: ten times `write_capacity`."""
    point_in_time_recovery: bool | None = setting(boolean(), key="point_in_time_recovery")
    """Restore to any second of the last 35 days."""
    deletion_protection: bool | None = setting(boolean(), key="deletion_protection")
    """DynamoDB rejects the deletion of the table."""
    retain_on_delete: bool | None = setting(boolean(), key="retain_on_delete")
    """`pulumi destroy` removes the table from the state and retains it in the account."""
    replica_regions: tuple[str, ...] | None = setting(
        unique_tuple(REGION, "regions, such as us-west-2"), key="replica_regions"
    )
    """Other regions in which each table has a replica; none: no region."""
    existing: bool | None = setting(boolean(), key="table_existing")
    """The tables stand already, as replicas of another region's: they are used and not made."""

    SECTION: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        super().__post_init__()
        for kind in ("read", "write"):
            least, most = getattr(self, f"{kind}_capacity"), getattr(self, f"max_{kind}_capacity")
            if least and most and most < least:
                raise invalid_value(f"table.max_{kind}_capacity", most, f"at least {kind}_capacity, {least}")
        if self.existing and self.replica_regions:
            raise invalid_value("table.replica_regions", self.replica_regions, "empty if table.existing is true")
