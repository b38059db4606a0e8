"""Settings of the inventory service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...settings import SettingsGroup, between, boolean, invalid_value, setting
from .handler import repository

NUMBER_MAX = 999_999_999_999
MAX_PAGE_SIZE = repository.MAX_PAGE_SIZE


@dataclass(frozen=True, kw_only=True)
class InventorySettings(SettingsGroup):
    """Settings of the inventory service."""

    low_stock_threshold: int = setting(between(0, NUMBER_MAX), key="low_stock_threshold", default=10)
    """Default threshold of an inventory item or stock level. Stock is low at or below this number of units."""
    default_page_size: int = setting(between(1, MAX_PAGE_SIZE, "items"), key="default_page_size", default=20)
    """Default number of items on a page."""
    max_page_size: int = setting(between(1, MAX_PAGE_SIZE, "items"), key="max_page_size", default=MAX_PAGE_SIZE)
    """Maximum number of items on a page."""
    audit_reads: bool = setting(boolean(), key="audit_reads", default=True)
    """Whether reads write an audit record, which costs one write unit. It is written concurrently with the read."""

    SECTION: ClassVar[str] = "inventory"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.default_page_size > self.max_page_size:
            expected = f"at most max_page_size, {self.max_page_size}"
            raise invalid_value(f"{self.SECTION}.default_page_size", self.default_page_size, expected)
