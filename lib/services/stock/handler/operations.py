"""The operations of the stock service."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Callable

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

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 100
DEFAULT_WAREHOUSE = "main"
NOT_PRODUCTS = (
    *("availability", "batch", "fulfill", "movements", "reservations", "reserve", "return", "transfer"),
    "warehouses",
)
"""Ids that no new product can have: segments of other paths, now or in a later release."""
ID = "[A-Za-z0-9][A-Za-z0-9._~:@-]{0,99}"
"""Products, warehouses and reservations: what needs no escaping in a path, and is not `.` or `..`."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def start() -> None:
    """Create what every request needs."""
    commands()


def get_level(request: Request) -> Response:
    """What there is of a product, in one warehouse or in all."""
    return _response(listings.product(_repository(), _product(request), request.query.get("warehouse_id")))


def get_availability(request: Request) -> Response:
    """Return whether a product is in stock, in one warehouse or in any, without counts."""
    return _response(listings.availability(_repository(), _product(request), request.query.get("warehouse_id")))


def list_levels(request: Request) -> Response:
    """A page of levels, in the order of their products."""
    narrowed: dict[str, str] = {name: request.query[name] for name in ("category", "status") if name in request.query}
    return _page(
        "levels", listings.page_of_levels(_repository(), narrowed, request.query.get("search", ""), *_paging(request))
    )


def create_level(request: Request) -> Response:
    """A product that is new, or new in a warehouse."""
    body = request.body
    if body["product_id"] in NOT_PRODUCTS:
        raise BadRequest(f"product_id {body['product_id']!r}: paths have another use for it, give a different one")
    now = levels.format_timestamp(_repository().now())
    place = (body["product_id"], body.get("warehouse_id", DEFAULT_WAREHOUSE))
    threshold = body.get("threshold_level", int(os.environ["LOW_STOCK_THRESHOLD"]))
    level = levels.created(place, body["stock_count"], threshold, body.get("category"), now)
    response = _run(request, lambda key: commands().create(level, request.actor, key))
    return _response(response, 201, {"Location": f"inventory/{level.product_id}"})


def update_level(request: Request) -> Response:
    """Other figures for a product in a warehouse."""
    body = request.body
    edit = Edit(
        {name: body[name] for name in ("stock_count", "threshold_level", "category") if name in body},
        body.get("adjustment"),
        body.get("reason"),
        body.get("expected_version"),
        _timestamp(body, "expected_last_updated"),
    )
    if edit.adjustment is not None and "stock_count" in edit.values:
        raise BadRequest("adjustment: give either this or stock_count, not both")
    if edit.adjustment is not None and edit.reason is None:
        raise BadRequest("reason: say why, where an adjustment is given")
    if edit.adjustment is None and not edit.values:
        raise BadRequest("nothing to change: give stock_count, adjustment, threshold_level or category")
    product_id, warehouse_id = _product(request), body.get("warehouse_id")
    return _response(_run(request, lambda key: commands().update(product_id, warehouse_id, edit, request.actor, key)))


def reserve(request: Request) -> Response:
    """Units of a product, or of a cart's products, held for a while."""
    body = request.body
    minutes = body.get("lifetime_minutes", int(os.environ["RESERVATION_MINUTES"]))
    # 128 random bits cannot be guessed, so that the id proves whose the reservation is.
    reservation_id = body.get("reservationId") or os.urandom(16).hex()
    lines = [line.requested for line in _lines(request) or ()]
    booking = Booking(reservation_id, lines, minutes, body.get("reference"))
    return _response(_run(request, lambda key: commands().reserve(booking, _caller(request), key)), 201)


def release(request: Request) -> Response:
    """Release what a reservation of the caller holds: all of it, or one product's."""
    return _released(request, _caller(request))


def release_any(request: Request) -> Response:
    """Release what a reservation of any caller holds of a product."""
    return _released(request, Caller(request.actor))


def _released(request: Request, caller: Caller) -> Response:
    reservation_id, product_id = _named(request, "reservationId"), request.path.get("productId")
    reserved_at = _timestamp(request.query, "reserved_at")
    _run(request, lambda key: commands().release(reservation_id, product_id, caller, reserved_at, key))
    return Response(204)


def fulfill(request: Request) -> Response:
    """What a reservation holds, or free units, sold."""
    body = request.body
    lines = _lines(request)
    if lines is None and "reservationId" not in body:
        raise BadRequest("give what is sold: a reservationId, or how many of which product")
    if lines is None and "warehouse_id" in body:
        raise BadRequest("quantity: say how many, where a warehouse_id is given")
    if "reserved_at" in body and "reservationId" not in body:
        raise BadRequest("reserved_at: names the reservation of a reservationId, send that too or leave it out")
    if any(line.line_id for line in lines or ()) and ("reference" not in body or "reservationId" in body):
        raise BadRequest(
            "line_id: tells lines of a reference apart, send a reference and no reservationId, or leave it out"
        )
    sale = Sale(
        lines,
        body.get("reservationId"),
        request.path.get("productId"),
        body.get("reference"),
        _timestamp(body, "reserved_at"),
    )
    return _response(_run(request, lambda key: commands().fulfill(sale, _caller(request), key)))


def list_movements(request: Request) -> Response:
    """A page of a product's movements, newest first."""
    warehouse = request.query.get("warehouse_id")
    return _page(
        "movements", listings.page_of_movements(_repository(), _product(request), warehouse, *_paging(request))
    )


def list_reservations(request: Request) -> Response:
    """A page of what is held of a product, what ends first first."""
    return _page("reservations", listings.page_of_reservations(_repository(), _product(request), *_paging(request)))


def reconcile_product(request: Request) -> Response:
    """What differs between a product's levels and its reservations and movements; mended if that is asked for."""
    from . import reconcile  # pylint: disable=import-outside-toplevel  # only this function needs it

    repair = request.body.get("repair", False)
    drifts = reconcile.product(_repository(), _product(request), repair, request.actor)
    told = [drift._asdict() for drift in drifts]
    return _response({"product_id": _product(request), "repaired": bool(repair and told), "drifts": told})


def reconcile_all() -> None:
    """Compare everything, and tell what differs."""
    from . import reconcile  # pylint: disable=import-outside-toplevel  # only this function needs it

    reconcile.everything(_repository())


def check_thresholds() -> None:
    """Send the alerts that are due."""
    from . import alerts  # pylint: disable=import-outside-toplevel  # only this function needs it

    alerts.sweep(_repository())


def tell_crossings(movements: list[Item]) -> None:
    """Send the alerts that movements are, by their keys."""
    from . import alerts  # pylint: disable=import-outside-toplevel  # only this function needs it

    alerts.send(_repository(), movements)


def expire_reservations() -> None:
    """Give back what was held and has ended."""
    from . import expiry  # pylint: disable=import-outside-toplevel  # only this function needs it

    expiry.sweep(commands())


def _timestamp(fields: dict[str, Any], name: str) -> str | None:
    """A time of the body or query as `levels.normalize_timestamp` writes it; None if it is not there."""
    text = fields.get(name)
    try:
        return None if text is None else levels.normalize_timestamp(text)
    except ValueError:
        raise BadRequest(f"{name} must be a time such as 2027-01-15T08:00:00Z, got {text!r}") from None


def _repository() -> Repository:
    return commands().repository


def _caller(request: Request) -> Caller:
    return Caller(request.actor, request.owner)


def _product(request: Request) -> str:
    return _named(request, "productId")


def _named(request: Request, what: str) -> str:
    """An id of the path's; one that nothing can have is nobody's."""
    found = request.path[what]
    if not re.fullmatch(ID, found):
        raise NotFound(f"no {what} {found[:120]!r}: ids are a letter or digit, then at most 99 of these or . _ ~ : @ -")
    return found


def _lines(request: Request) -> list[OrderLine] | None:
    """What is asked for: a product of the path's, or lines of the body's; None if neither says how many."""
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
    """Run a command once for each idempotency key, and return its response."""
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
    return Idempotency(key, scope, contents, levels.own_row, _repository().now, earlier_scope=earlier_scope)


def _paging(request: Request) -> tuple[int, str | None]:
    return min(request.query.get("page_size", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE), request.query.get("page_token")


def _page(name: str, page: Page) -> Response:
    return _response({name: page.found, "count": len(page.found), "next_page_token": page.token})


def _response(document: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, _encode(document), headers or {})
