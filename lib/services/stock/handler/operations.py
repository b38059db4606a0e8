"""Operations of the stock service, called by routes, schedules and stream consumers."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, Callable

from ....runtime.attributes import Item, to_item
from ....runtime.errors import BadRequest, NotFound
from ....runtime.event_handler import Request, Response
from ....runtime.idempotency import Idempotency
from . import levels, listings
from .changes import Edit
from .commands import commands
from .listings import Page
from .repository import Repository
from .reservations import Booking, Caller, RequestedLine
from .sales import OrderLine, Sale

if TYPE_CHECKING:
    from ....runtime.records import StreamRecord

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 100
DEFAULT_WAREHOUSE = "main"
RESERVED_PRODUCT_IDS = (
    *("availability", "batch", "fulfill", "movements", "reservations", "reserve", "return", "transfer"),
    "warehouses",
)
"""Reserved product ids: path segments of other routes, existing or planned."""
ID = "[A-Za-z0-9][A-Za-z0-9._~:@-]{0,99}"
"""Pattern of product, warehouse and reservation IDs. They need no escaping in a URL path and are not `.` or `..`."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def start() -> None:
    """Initialize the objects that every request uses, before the first invocation."""
    commands()


def get_level(request: Request) -> Response:
    """Return the level of a product, in one warehouse or in all."""
    return _response(listings.product(_repository(), _product(request), request.query.get("warehouse_id")))


def get_availability(request: Request) -> Response:
    """Return whether a product is in stock, in one warehouse or in all, without counts."""
    return _response(listings.availability(_repository(), _product(request), request.query.get("warehouse_id")))


def list_levels(request: Request) -> Response:
    """Return a page of levels, sorted by product ID."""
    filters: dict[str, str] = {name: request.query[name] for name in ("category", "status") if name in request.query}
    return _page(
        "levels", listings.page_of_levels(_repository(), filters, request.query.get("search", ""), *_paging(request))
    )


def create_level(request: Request) -> Response:
    """Create the level of a product in a warehouse."""
    body = request.body
    if body["product_id"] in RESERVED_PRODUCT_IDS:
        raise BadRequest(f"product_id must not be a reserved path segment, got {body['product_id']!r}. Use another ID.")
    now = levels.format_timestamp(_repository().now())
    key = (body["product_id"], body.get("warehouse_id", DEFAULT_WAREHOUSE))
    threshold = body.get("threshold_level", int(os.environ["LOW_STOCK_THRESHOLD"]))
    level = levels.new_level(key, body["stock_count"], threshold, body.get("category"), now)
    response = _run(request, lambda idempotency: commands().create(level, request.actor, idempotency))
    return _response(response, 201, {"Location": f"inventory/{level.product_id}"})


def update_level(request: Request) -> Response:
    """Update the level of a product in a warehouse."""
    body = request.body
    edit = Edit(
        {name: body[name] for name in ("stock_count", "threshold_level", "category") if name in body},
        body.get("adjustment"),
        body.get("reason"),
        body.get("expected_version"),
        _timestamp(body, "expected_last_updated"),
    )
    if edit.adjustment is not None and "stock_count" in edit.values:
        raise BadRequest("adjustment must not be combined with stock_count. Set only one of them.")
    if edit.adjustment is not None and edit.reason is None:
        raise BadRequest("reason must be set if adjustment is set.")
    if edit.adjustment is None and not edit.values:
        raise BadRequest("Request body must set at least one of stock_count, adjustment, threshold_level and category.")
    product_id, warehouse_id = _product(request), body.get("warehouse_id")
    return _response(_run(request, lambda key: commands().update(product_id, warehouse_id, edit, request.actor, key)))


def reserve(request: Request) -> Response:
    """Reserve units of one product, or of all products of a cart."""
    body = request.body
    minutes = body.get("lifetime_minutes", int(os.environ["RESERVATION_MINUTES"]))
    # 128 random bits cannot be guessed, so knowledge of the ID authorizes its use.
    reservation_id = body.get("reservationId") or os.urandom(16).hex()
    lines = [line.requested for line in _lines(request) or ()]
    booking = Booking(reservation_id, lines, minutes, body.get("reference"))
    return _response(_run(request, lambda key: commands().reserve(booking, _caller(request), key)), 201)


def release(request: Request) -> Response:
    """Release a reservation of the caller, or its units of one product."""
    return _release(request, _caller(request))


def release_any(request: Request) -> Response:
    """Release the units of a product from a reservation of any caller."""
    return _release(request, Caller(request.actor))


def _release(request: Request, caller: Caller) -> Response:
    reservation_id, product_id = _path_id(request, "reservationId"), request.path.get("productId")
    reserved_at = _timestamp(request.query, "reserved_at")
    _run(request, lambda key: commands().release(reservation_id, product_id, caller, reserved_at, key))
    return Response(204)


def fulfill(request: Request) -> Response:
    """Sell the units of a reservation, or available units."""
    body = request.body
    lines = _lines(request)
    if lines is None and "reservationId" not in body:
        units = "quantity" if "productId" in request.path else "lines"
        raise BadRequest(f"Request body must set at least one of reservationId and {units}.")
    if lines is None and "warehouse_id" in body:
        raise BadRequest("quantity must be set if warehouse_id is set.")
    if "reserved_at" in body and "reservationId" not in body:
        raise BadRequest("reserved_at requires reservationId. Set both or omit reserved_at.")
    if any(line.line_id for line in lines or ()) and ("reference" not in body or "reservationId" in body):
        raise BadRequest("line_id requires reference and excludes reservationId. Change these fields or omit line_id.")
    sale = Sale(
        lines,
        body.get("reservationId"),
        request.path.get("productId"),
        body.get("reference"),
        _timestamp(body, "reserved_at"),
    )
    return _response(_run(request, lambda key: commands().fulfill(sale, _caller(request), key)))


def list_movements(request: Request) -> Response:
    """Return a page of a product's movements, newest first."""
    warehouse = request.query.get("warehouse_id")
    return _page(
        "movements", listings.page_of_movements(_repository(), _product(request), warehouse, *_paging(request))
    )


def list_reservations(request: Request) -> Response:
    """Return a page of a product's active reservation lines, sorted by expiry."""
    return _page("reservations", listings.page_of_reservations(_repository(), _product(request), *_paging(request)))


def reconcile_product(request: Request) -> Response:
    """Compare a product's levels with its reservations and movements, and repair them if `repair` is set."""
    from . import reconcile  # pylint: disable=import-outside-toplevel  # only this function needs it

    repair = request.body.get("repair", False)
    drifts = reconcile.product(_repository(), _product(request), repair, request.actor)
    documents = [drift._asdict() for drift in drifts]
    return _response({"product_id": _product(request), "repaired": bool(repair and drifts), "drifts": documents})


def reconcile_all() -> None:
    """Compare all levels with their reservations and movements, and report differences."""
    from . import reconcile  # pylint: disable=import-outside-toplevel  # only this function needs it

    reconcile.all_products(_repository())


def check_thresholds() -> None:
    """Send all alerts that are due."""
    from . import alerts  # pylint: disable=import-outside-toplevel  # only this function needs it

    alerts.send_due(_repository())


def tell_crossings(records: list[StreamRecord]) -> None:
    """Send the alerts of the changed movements."""
    from . import alerts  # pylint: disable=import-outside-toplevel  # only this function needs it

    keys: list[Item] = []
    for record in records:
        if record.key_attributes not in keys:
            keys.append(record.key_attributes)
    alerts.send(_repository(), keys)


def expire_reservations() -> None:
    """Release all expired holds."""
    from . import expiry  # pylint: disable=import-outside-toplevel  # only this function needs it

    expiry.release_expired(commands())


def _timestamp(fields: dict[str, Any], name: str) -> str | None:
    """Return a timestamp field in normalized form, or None if it is not set."""
    value = fields.get(name)
    try:
        return None if value is None else levels.normalize_timestamp(value)
    except ValueError:
        raise BadRequest(f"{name} must be a timestamp such as 2027-01-15T08:00:00Z, got {value!r}.") from None


def _repository() -> Repository:
    return commands().repository


def _caller(request: Request) -> Caller:
    return Caller(request.actor, request.owner)


def _product(request: Request) -> str:
    return _path_id(request, "productId")


def _path_id(request: Request, name: str) -> str:
    """Return an ID of the URL path. Raise `NotFound` for an invalid ID, because no resource can have it."""
    value = request.path[name]
    if not re.fullmatch(ID, value):
        raise NotFound(
            f"{name} must start with a letter or digit and have at most 100 letters, digits or . _ ~ : @ -, "
            f"got {value[:120]!r}."
        )
    return value


def _lines(request: Request) -> list[OrderLine] | None:
    """Return the requested lines: the product of the path, or the lines of the body. None if no quantity is set."""
    body = request.body
    if "productId" in request.path:
        if "quantity" not in body:
            return None
        line = RequestedLine(_product(request), body.get("warehouse_id"), body["quantity"])
        return [OrderLine(line, body.get("line_id"))]
    if "lines" not in body:
        return None
    return [
        OrderLine(RequestedLine(line["product_id"], line.get("warehouse_id"), line["quantity"]), line.get("line_id"))
        for line in body["lines"]
    ]


def _run(request: Request, command: Callable[[Idempotency | None], dict[str, Any]]) -> dict[str, Any]:
    """Run a command once per idempotency key and return its response."""
    idempotency = _idempotency(request)
    return commands().run_idempotently(idempotency, lambda: command(idempotency))


def _idempotency(request: Request) -> Idempotency | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    contents = {"path": {"M": to_item(request.path)}, "body": {"M": to_item(request.body or {})}}
    if request.query:
        contents["query"] = {"M": to_item(request.query)}
    scope, earlier_scope = f"{request.route} {request.caller}", f"{request.route} {request.actor}"
    return Idempotency(key, scope, contents, levels.service_item_key, _repository().now, earlier_scope=earlier_scope)


def _paging(request: Request) -> tuple[int, str | None]:
    return min(request.query.get("page_size", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE), request.query.get("page_token")


def _page(name: str, page: Page) -> Response:
    return _response({name: page.entries, "count": len(page.entries), "next_page_token": page.token})


def _response(document: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, _encode(document), headers or {})
