"""What is told of levels, movements and reservations, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ....runtime.attributes import Item
from ....runtime.http_client import DEADLINE
from ....runtime.paging import Listing
from . import levels, movements, reservations
from .errors import missing
from .repository import Repository
from .reservations import RequestedLine
from .sales import Document

MAX_EXAMINED = 5_000
"""Maximum number of movements that one request reads to fill a page: some 1.7 MB, or 420 read units."""
GROWTH = 4
"""Factor by which each further query for the same page reads more than the one before."""


class Page(NamedTuple):
    """Part of a listing, and the token of the next; None after the last."""

    found: list[Document]
    token: str | None


def product(repository: Repository, product_id: str, warehouse_id: str | None) -> Document:
    """A product in one warehouse, or in all; `NotFound` if it is in none."""
    now = repository.now()
    found = [level.as_of(now) for level in repository.levels([RequestedLine(product_id, warehouse_id, 0)]).values()]
    if not found:
        raise missing(product_id, warehouse_id)
    return levels.to_response(found[0]) if warehouse_id else levels.summed(found)


def availability(repository: Repository, product_id: str, warehouse_id: str | None) -> Document:
    """Return whether a product is in stock, in one warehouse or in any; raise `NotFound` if it is in none."""
    status = product(repository, product_id, warehouse_id)["status"]
    return {
        "product_id": product_id,
        **({"warehouse_id": warehouse_id} if warehouse_id else {}),
        "in_stock": status != levels.OUT_OF_STOCK,
        "low_stock": status == levels.LOW_STOCK,
    }


def page_of_levels(
    repository: Repository, narrowed: Mapping[str, str], search: str, size: int, token: str | None
) -> Page:
    """Levels of a category, of a status, of both, or all, whose product begins so, in the products' order.

    A page may hold fewer, where some have just changed.
    """
    index, partition = levels.INDEXES[tuple(name for name in ("category", "status") if name in narrowed)]
    value = "#".join(narrowed[name] for name in ("status", "category") if name in narrowed) or levels.LISTED
    asked: dict[str, Any] = {
        "TableName": repository.tables.levels,
        "IndexName": index,
        "KeyConditionExpression": "#partition = :value",
        "ExpressionAttributeNames": {"#partition": partition},
        "ExpressionAttributeValues": {":value": {"S": value}},
    }
    if search:
        asked["KeyConditionExpression"] += " AND begins_with(product_id, :search)"
        asked["ExpressionAttributeValues"][":search"] = {"S": search}
    listing = Listing(asked, ("product_id", "warehouse_id", partition), {"levels": dict(narrowed), "search": search})
    keys, after = _page(repository, listing, size, token)
    places = [(row["product_id"]["S"], row["warehouse_id"]["S"]) for row in keys]
    found = repository.levels_at(places)
    now = repository.now()
    current = [levels.to_response(found[place].as_of(now)) for place in places if place in found]
    # An index may be a moment behind, and knows nothing of holds that end by themselves.
    return Page([level for level in current if narrowed.items() <= level.items()], after)


def page_of_movements(
    repository: Repository, product_id: str, warehouse_id: str | None, size: int, token: str | None
) -> Page:
    """Return a page of a product's movements, newest first.

    A page of one warehouse is full unless `MAX_EXAMINED` movements or the time are used up; its token then continues
    from there. No index serves it: every reservation would pay for one, and it would lag behind the last movements.
    """
    asked: dict[str, Any] = {
        "TableName": repository.tables.movements,
        "KeyConditionExpression": "product_id = :product",
        "ExpressionAttributeValues": {":product": {"S": product_id}},
        "ScanIndexForward": False,
        "ConsistentRead": True,
    }
    if warehouse_id:
        asked["FilterExpression"] = "warehouse_id = :warehouse"
        asked["ExpressionAttributeValues"][":warehouse"] = {"S": warehouse_id}
    bound = {"movements": product_id, "warehouse": warehouse_id}
    found, after = _page(repository, Listing(asked, ("product_id", "movement_id"), bound), size, token)
    if not found and not after and not token:
        raise missing(product_id, warehouse_id)
    return Page([movements.to_response(row) for row in found], after)


def page_of_reservations(repository: Repository, product_id: str, size: int, token: str | None) -> Page:
    """What is held of a product, what ends first first; a page may hold fewer, where some has ended."""
    key = ("reservation_id", "line", "held_for", "ends")
    # The time is no part of the query: the next page's begins with a row that may have ended by then.
    found, after = _page(
        repository, Listing(repository.holds_query(product_id), key, {"held": product_id}), size, token
    )
    now = repository.now()
    lines = map(reservations.line_of, found)
    return Page([reservations.hold_to_response(line) for line in lines if line.is_active(now)], after)


def _page(repository: Repository, listing: Listing, size: int, token: str | None) -> tuple[list[Item], str | None]:
    items: list[Item] = []
    examined = 0
    request = repository.tokens.request(listing, size, token)
    while True:
        answer = repository.store.call("Query", **request)
        items += answer["Items"]
        examined += answer["ScannedCount"]
        after = answer.get("LastEvaluatedKey")
        if after is None or len(items) > size or examined >= MAX_EXAMINED or DEADLINE.is_exceeded():
            return repository.tokens.page(listing, size, {**answer, "Items": items})
        limit = min(GROWTH * request["Limit"], MAX_EXAMINED - examined)
        request = {**request, "Limit": limit, "ExclusiveStartKey": after}
