"""Responses of the read operations for levels, movements and reservations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ....runtime.attributes import Item
from ....runtime.http_client import DEADLINE
from ....runtime.paging import Listing
from . import levels, movements, reservations
from .errors import level_not_found
from .repository import Repository
from .reservations import RequestedLine
from .sales import Document

MAX_EXAMINED = 5_000
"""Maximum number of movements that one request reads to fill a page: about 1.7 MB, or 420 read units."""
GROWTH = 4
"""Factor by which the limit of each further query for the same page increases."""


class Page(NamedTuple):
    """Page of a listing."""

    entries: list[Document]
    token: str | None
    """Token of the next page; None on the last one."""


def product(repository: Repository, product_id: str, warehouse_id: str | None) -> Document:
    """Return the level of a product in one warehouse, or in all. Raise `NotFound` if there is none."""
    now = repository.now()
    current = [level.as_of(now) for level in repository.levels([RequestedLine(product_id, warehouse_id, 0)]).values()]
    if not current:
        raise level_not_found(product_id, warehouse_id)
    return levels.to_response(current[0]) if warehouse_id else levels.product_to_response(current)


def availability(repository: Repository, product_id: str, warehouse_id: str | None) -> Document:
    """Return whether a product is in stock, in one warehouse or in all. Raise `NotFound` if there is no level."""
    status = product(repository, product_id, warehouse_id)["status"]
    return {
        "product_id": product_id,
        **({"warehouse_id": warehouse_id} if warehouse_id else {}),
        "in_stock": status != levels.OUT_OF_STOCK,
        "low_stock": status == levels.LOW_STOCK,
    }


def page_of_levels(
    repository: Repository, filters: Mapping[str, str], search: str, size: int, token: str | None
) -> Page:
    """Return a page of levels sorted by product ID.

    `filters` can contain `category` and `status`, `search` is a prefix of the product ID. The page contains fewer than
    `size` levels if some no longer match the filters of the index.
    """
    index, partition = levels.INDEXES[tuple(name for name in ("category", "status") if name in filters)]
    value = "#".join(filters[name] for name in ("status", "category") if name in filters) or levels.LISTING_PARTITION
    query: dict[str, Any] = {
        "TableName": repository.tables.levels,
        "IndexName": index,
        "KeyConditionExpression": "#partition = :value",
        "ExpressionAttributeNames": {"#partition": partition},
        "ExpressionAttributeValues": {":value": {"S": value}},
    }
    if search:
        query["KeyConditionExpression"] += " AND begins_with(product_id, :search)"
        query["ExpressionAttributeValues"][":search"] = {"S": search}
    listing = Listing(query, ("product_id", "warehouse_id", partition), {"levels": dict(filters), "search": search})
    items, after = _page(repository, listing, size, token)
    keys = [(item["product_id"]["S"], item["warehouse_id"]["S"]) for item in items]
    current = repository.levels_by_key(keys)
    now = repository.now()
    documents = [levels.to_response(current[key].as_of(now)) for key in keys if key in current]
    # The index is eventually consistent, and its status includes holds that have expired.
    return Page([level for level in documents if filters.items() <= level.items()], after)


def page_of_movements(
    repository: Repository, product_id: str, warehouse_id: str | None, size: int, token: str | None
) -> Page:
    """Return a page of a product's movements, newest first.

    A page of one warehouse is full unless the request reaches `MAX_EXAMINED` or its time limit. The token continues
    there. An index by warehouse would add a write to every reservation and lag behind the latest movements.
    """
    query: dict[str, Any] = {
        "TableName": repository.tables.movements,
        "KeyConditionExpression": "product_id = :product",
        "ExpressionAttributeValues": {":product": {"S": product_id}},
        "ScanIndexForward": False,
        "ConsistentRead": True,
    }
    if warehouse_id:
        query["FilterExpression"] = "warehouse_id = :warehouse"
        query["ExpressionAttributeValues"][":warehouse"] = {"S": warehouse_id}
    bound = {"movements": product_id, "warehouse": warehouse_id}
    items, after = _page(repository, Listing(query, ("product_id", "movement_id"), bound), size, token)
    if not items and not after and not token:
        raise level_not_found(product_id, warehouse_id)
    return Page([movements.to_response(item) for item in items], after)


def page_of_reservations(repository: Repository, product_id: str, size: int, token: str | None) -> Page:
    """Return a page of active reservation lines of a product, sorted by expiry.

    The page contains fewer than `size` lines if some have expired.
    """
    key = ("reservation_id", "line", "held_for", "ends")
    # Do not filter by expiry in the query: its start key must still match if that line has expired by the next page.
    items, after = _page(
        repository, Listing(repository.holds_query(product_id), key, {"held": product_id}), size, token
    )
    now = repository.now()
    lines = map(reservations.from_item, items)
    return Page([reservations.hold_to_response(line) for line in lines if line.is_active(now)], after)


def _page(repository: Repository, listing: Listing, size: int, token: str | None) -> tuple[list[Item], str | None]:
    items: list[Item] = []
    examined = 0
    request = repository.tokens.request(listing, size, token)
    while True:
        response = repository.store.call("Query", **request)
        items += response["Items"]
        examined += response["ScannedCount"]
        after = response.get("LastEvaluatedKey")
        if after is None or len(items) > size or examined >= MAX_EXAMINED or DEADLINE.is_exceeded():
            return repository.tokens.page(listing, size, {**response, "Items": items})
        limit = min(GROWTH * request["Limit"], MAX_EXAMINED - examined)
        request = {**request, "Limit": limit, "ExclusiveStartKey": after}
