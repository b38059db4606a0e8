"""The routes of the inventory API, and their metrics."""

from __future__ import annotations

from ...model import Grant, Metric, Route
from ...model.paging import page_query
from ...settings import FunctionSettings
from .schemas import CATEGORY, SKU, STATUS, VERSION
from .settings import InventorySettings
from .tables import ALERTS, AUDIT, CONFIG, INDEXES, OWN_ROWS, PAGE_TOKENS, READ_ITEM, SKUS, WRITE_GRANTS, grant_items

CREATED = Metric("ItemsCreated", "Count", "Items created")
LOW = Metric("LowStock", "Count", "Items that came to or under their threshold")


def change_routes() -> tuple[Route, ...]:
    """Return the routes that change items."""
    quick = FunctionSettings(memory_mb=256, timeout_seconds=10, reserved_concurrency=10)
    return (
        Route(
            method="POST",
            path="/items",
            operation="create_item",
            summary="Create an item, at version 1",
            body="NewItem",
            responses={201: "Item"},
            idempotent=True,
            versioned=True,
            grants=(
                grant_items("PutItem", reason="add the item, its first version, and the guard of its sku"),
                grant_items("GetItem", reason="answer a repeated Idempotency-Key with what it made"),
                grant_items("UpdateItem", keys=(ALERTS,), reason="note that an alert was sent"),
                *WRITE_GRANTS,
            ),
            metrics=(CREATED, LOW),
            settings=quick,
        ),
        Route(
            method="POST",
            path="/items/batch",
            operation="batch_items",
            summary="Create or change up to 25 items, each by itself",
            body="Batch",
            responses={200: "BatchResults"},
            idempotent=True,
            grants=(
                READ_ITEM,
                grant_items("PutItem", reason="add versions, and the guards of skus"),
                OWN_ROWS,
                *WRITE_GRANTS,
            ),
            metrics=(CREATED, LOW),
            settings=FunctionSettings(memory_mb=512, timeout_seconds=20, reserved_concurrency=5),
        ),
        Route(
            method="PUT",
            path="/items/{itemId}",
            operation="update_item",
            summary="Change an item",
            body="ItemChanges",
            responses={200: "Item"},
            versioned=True,
            errors=(409,),
            grants=(
                READ_ITEM,
                grant_items("PutItem", reason="add a version, and the guard of a new sku"),
                OWN_ROWS,
                *WRITE_GRANTS,
            ),
            metrics=(LOW,),
            settings=quick,
        ),
        Route(
            method="DELETE",
            path="/items/{itemId}",
            operation="delete_item",
            summary="Delete an item; its history stays",
            query={"sku": {**SKU, "description": "SKU that the item must have; 404 otherwise."}},
            responses={200: "Deleted"},
            versioned=True,
            grants=(
                grant_items("GetItem", reason="read what is to be deleted"),
                grant_items("PutItem", reason="add the version that says it is gone"),
                grant_items("UpdateItem", keys=(SKUS,), reason="free its sku"),
                AUDIT,
            ),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=5),
        ),
    )


def read_routes(settings: InventorySettings) -> tuple[Route, ...]:
    """Return the routes that read items."""
    audit = Grant(on="audit", actions=("PutItem",), reason="leave an audit row beside the read")
    always = (audit, CONFIG) if settings.audit_reads else (CONFIG,)
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
            summary="List items, newest first, a page at a time",
            query={"category": CATEGORY, "status": STATUS, "sku": {**SKU, "description": "SKU of one item."}, **page},
            responses={200: "ItemPage"},
            grants=(
                grant_items("Query", indexes=tuple(INDEXES), reason="list items"),
                grant_items("GetItem", reason="find an item by its sku"),
                PAGE_TOKENS,
                *always,
            ),
            settings=FunctionSettings(memory_mb=512, timeout_seconds=10, reserved_concurrency=15),
        ),
        Route(
            method="GET",
            path="/items/{itemId}",
            operation="get_item",
            summary="Read an item",
            query={
                "version": {**VERSION, "description": "Version to return. Default: the latest."},
                "sku": {**SKU, "description": "SKU that the item must have now; 404 otherwise."},
            },
            responses={200: "Item"},
            versioned=True,
            grants=(grant_items("GetItem", reason="read an item"), *always),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=20),
        ),
        Route(
            method="GET",
            path="/items/{itemId}/history",
            operation="get_history",
            summary="Every version of an item, newest first, a page at a time; also of a deleted one",
            query=page,
            responses={200: "History"},
            grants=(grant_items("Query", reason="read versions"), PAGE_TOKENS, *always),
            settings=FunctionSettings(memory_mb=256, timeout_seconds=10, reserved_concurrency=5),
        ),
    )
