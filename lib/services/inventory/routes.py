"""Routes and metrics of the inventory API."""

from __future__ import annotations

from ...model import Grant, Metric, Route
from ...model.paging import page_query
from ...settings import FunctionSettings
from .schemas import CATEGORY, SKU, STATUS, VERSION
from .settings import InventorySettings
from .tables import (
    ALERTS,
    AUDIT,
    CONFIG,
    INDEXES,
    PAGE_TOKENS,
    READ_ITEM,
    SKUS,
    UPDATE_SKUS_AND_ALERTS,
    WRITE_GRANTS,
    grant_items,
)

CREATED = Metric("ItemsCreated", "Count", "Items created")
LOW = Metric("LowStock", "Count", "Items whose quantity fell to or below their threshold")


def change_routes() -> tuple[Route, ...]:
    """Return the routes that create, update and delete items."""
    settings = FunctionSettings(memory_mb=256, timeout_seconds=10, reserved_concurrency=10)
    return (
        Route(
            method="POST",
            path="/items",
            operation="create_item",
            summary="Create an item with version 1",
            body="NewItem",
            responses={201: "Item"},
            idempotent=True,
            versioned=True,
            grants=(
                grant_items("PutItem", reason="write the item, its first version, and the owner of its SKU"),
                grant_items("GetItem", reason="return the created item again for a used Idempotency-Key"),
                grant_items("UpdateItem", keys=(ALERTS,), reason="mark an alert as published"),
                *WRITE_GRANTS,
            ),
            metrics=(CREATED, LOW),
            settings=settings,
        ),
        Route(
            method="POST",
            path="/items/batch",
            operation="batch_items",
            summary="Create or update up to 25 items, each in its own transaction",
            body="Batch",
            responses={200: "BatchResults"},
            idempotent=True,
            grants=(
                READ_ITEM,
                grant_items("PutItem", reason="write versions, and owners of SKUs"),
                UPDATE_SKUS_AND_ALERTS,
                *WRITE_GRANTS,
            ),
            metrics=(CREATED, LOW),
            settings=FunctionSettings(memory_mb=512, timeout_seconds=20, reserved_concurrency=5),
        ),
        Route(
            method="PUT",
            path="/items/{itemId}",
            operation="update_item",
            summary="Update an item",
            body="ItemChanges",
            responses={200: "Item"},
            versioned=True,
            errors=(409,),
            grants=(
                READ_ITEM,
                grant_items("PutItem", reason="write a version, and the owner of a new SKU"),
                UPDATE_SKUS_AND_ALERTS,
                *WRITE_GRANTS,
            ),
            metrics=(LOW,),
            settings=settings,
        ),
        Route(
            method="DELETE",
            path="/items/{itemId}",
            operation="delete_item",
            summary="Delete an item and retain its history",
            query={"sku": {**SKU, "description": "SKU that the item must have; 404 otherwise."}},
            responses={200: "Deleted"},
            versioned=True,
            grants=(
                grant_items("GetItem", reason="read the item before it is deleted"),
                grant_items("PutItem", reason="write the version of the deletion"),
                grant_items("UpdateItem", keys=(SKUS,), reason="release its SKU"),
                AUDIT,
            ),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=5),
        ),
    )


def read_routes(settings: InventorySettings) -> tuple[Route, ...]:
    """Return the routes that read items."""
    audit = Grant(on="audit", actions=("PutItem",), reason="write an audit record of the read")
    common_grants = (audit, CONFIG) if settings.audit_reads else (CONFIG,)
    page = page_query(
        default_size=settings.default_page_size,
        max_size=settings.max_page_size,
        token_length=4096,
    )
    return (
        Route(
            method="GET",
            path="/items",
            operation="list_items",
            summary="List items in pages, newest first",
            query={"category": CATEGORY, "status": STATUS, "sku": {**SKU, "description": "SKU of one item."}, **page},
            responses={200: "ItemPage"},
            grants=(
                grant_items("Query", indexes=tuple(INDEXES), reason="list items"),
                grant_items("GetItem", reason="find an item by its SKU"),
                PAGE_TOKENS,
                *common_grants,
            ),
            settings=FunctionSettings(memory_mb=512, timeout_seconds=10, reserved_concurrency=15),
        ),
        Route(
            method="GET",
            path="/items/{itemId}",
            operation="get_item",
            summary="Get an item or one of its versions",
            query={
                "version": {**VERSION, "description": "Version to return. Default: the latest."},
                "sku": {**SKU, "description": "SKU that the latest version must have; 404 otherwise."},
            },
            responses={200: "Item"},
            versioned=True,
            grants=(grant_items("GetItem", reason="read an item"), *common_grants),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=20),
        ),
        Route(
            method="GET",
            path="/items/{itemId}/history",
            operation="get_history",
            summary="List the versions of an item in pages, newest first, also after its deletion",
            query=page,
            responses={200: "History"},
            grants=(grant_items("Query", reason="read versions"), PAGE_TOKENS, *common_grants),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=10, reserved_concurrency=5),
        ),
    )
