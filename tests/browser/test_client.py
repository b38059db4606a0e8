"""The API client as a script and as a module."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from .conftest import Stock

SCRIPT = '<script src="api-client.js"></script>'
MODULE = """<script type="module">
import { InventoryClient } from "./api-client.mjs"; window.InventoryClient = InventoryClient;
</script>"""
CYCLE = """async ([baseUrl, apiKey, product_id]) => {
  const client = new InventoryClient({ baseUrl, apiKey });
  await client.create({ product_id, stock_count: 5 });
  const reservationId = `${product_id}.1`;
  await client.reserveAll({ reservationId, lines: [{ product_id, quantity: 2 }] });
  const quantities = [];
  for await (const { quantity } of client.allReservations(product_id)) quantities.push(quantity);
  await client.fulfillAll({ reservationId, reference: "order-1" });
  const types = [];
  for await (const { type } of client.allMovements(product_id, { page_size: 1 })) types.push(type);
  const { available } = await client.level(product_id);
  const error = await client.release(product_id, reservationId).catch((cause) => cause);
  const { drifts } = await client.reconcile(product_id);
  return { quantities, types, available, error: [error.status, error.code, Boolean(error.requestId)], drifts };
}"""


@pytest.mark.parametrize("tag", [SCRIPT, MODULE], ids=["script", "module"])
def test_page_reserves_and_sells_stock(visitor: Callable[..., Page], stock: Stock, category: str, tag: str) -> None:
    page = visitor()
    body = f'<!doctype html><html lang="en"><title>A page</title>{tag}</html>'
    page.route("**/page.html", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{stock.site_url}/page.html")
    product_id = category.replace(" ", "-")
    assert page.evaluate(CYCLE, [stock.api_url, stock.api_key, product_id]) == {
        "quantities": [2],
        "types": ["FULFILLED", "RESERVED", "CREATED"],
        "available": 3,
        "error": [404, "NOT_FOUND", True],
        "drifts": [],
    }
