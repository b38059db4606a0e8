"""DynamoDB tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import SettingsGroup, between, boolean, invalid_value, one_of, setting, unique_tuple

BillingMode = Literal["PAY_PER_REQUEST", "PROVISIONED"]
UNITS = between(1, 40_000, "units")
REGION = r"[a-z]{2,4}(-[a-z]+)+-\d"
"""Pattern of region names in every partition, such as `us-west-2`, `us-gov-east-1` and `eusc-de-east-1`."""


@dataclass(frozen=True, kw_only=True)
class TableSettings(SettingsGroup):
    """Settings of DynamoDB tables."""

    billing_mode: BillingMode | None = setting(one_of("PAY_PER_REQUEST", "PROVISIONED"), key="dynamodb_billing_mode")
    """Billing mode: `PAY_PER_REQUEST` is on demand, `PROVISIONED` uses auto scaling with a target utilization of 70
    %."""
    read_capacity: int | None = setting(UNITS, key="dynamodb_read_capacity")
    """Provisioned read capacity units of the table and of each index: the minimum of auto scaling."""
    write_capacity: int | None = setting(UNITS, key="dynamodb_write_capacity")
    """Provisioned write capacity units of the table and of each index: the minimum of auto scaling."""
    max_read_capacity: int | None = setting(UNITS, key="dynamodb_max_read_capacity")
    """Maximum read capacity units of auto scaling. Unset: ten times `read_capacity`."""
    max_write_capacity: int | None = setting(UNITS, key="dynamodb_max_write_capacity")
    """Maximum write capacity units of auto scaling. Unset: ten times `write_capacity`."""
    point_in_time_recovery: bool | None = setting(boolean(), key="point_in_time_recovery")
    """Whether point-in-time recovery is enabled, which restores a table to any second of the last 35 days."""
    deletion_protection: bool | None = setting(boolean(), key="deletion_protection")
    """Whether DynamoDB rejects the deletion of the table."""
    retain_on_delete: bool | None = setting(boolean(), key="retain_on_delete")
    """Whether `pulumi destroy` retains the table in the account and only removes it from the state."""
    replica_regions: tuple[str, ...] | None = setting(
        unique_tuple(REGION, "regions, such as us-west-2"), key="replica_regions"
    )
    """Other regions with a replica of each table."""
    existing: bool | None = setting(boolean(), key="table_existing")
    """Whether the tables exist as replicas of tables of another region. The stack then uses them and creates none."""

    SECTION: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        super().__post_init__()
        for kind in ("read", "write"):
            minimum, maximum = getattr(self, f"{kind}_capacity"), getattr(self, f"max_{kind}_capacity")
            if minimum and maximum and maximum < minimum:
                expected, remedy = f"at least {kind}_capacity, {minimum}", f"Raise it, or lower {kind}_capacity."
                raise invalid_value(f"table.max_{kind}_capacity", maximum, expected, remedy)
        if self.existing and self.replica_regions:
            expected, remedy = "empty if table.existing is true", "The stack that owns the tables creates replicas."
            raise invalid_value("table.replica_regions", self.replica_regions, expected, remedy)
