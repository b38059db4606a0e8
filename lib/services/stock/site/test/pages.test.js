import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../src/api-client.js";
import { apiOverride } from "../src/config.js";
import { explain, outcomeOf } from "../src/explain.js";
import { ago, axisLabel, duration, plural, secondsLeft, signed, title } from "../src/format.js";
import { chainPagers, createPager } from "../src/pager.js";
import { Cart } from "../src/shop/cart.js";

test("the API URL can be overridden on loopback hosts only", () => {
  const search = "?api=http%3A%2F%2F127.0.0.1%3A4566";
  assert.equal(apiOverride({ hostname: "localhost", search }), "http://127.0.0.1:4566");
  assert.equal(apiOverride({ hostname: "localhost", search: "" }), null);
  assert.equal(apiOverride({ hostname: "site.localhost", search }), "http://127.0.0.1:4566");
  for (const hostname of ["shop.example", "localhost.example", "evillocalhost"]) {
    assert.equal(apiOverride({ hostname, search }), null);
  }
});

test("numbers and times are formatted for display", () => {
  const now = Date.parse("2026-05-06T12:00:00Z");
  assert.deepEqual([signed(3), signed(-1200), signed(0)], ["+3", "−1,200", "0"]);
  assert.equal(ago("2026-05-06T11:59:30.000000Z", now), "just now");
  assert.equal(ago("2026-05-06T11:45:00.000000Z", now), "15 min ago");
  assert.equal(ago("2026-05-06T09:00:00.000000Z", now), "3 h ago");
  assert.match(ago("2026-05-01T09:00:00.000000Z", now), /^May 1, /);
  assert.deepEqual([duration(0), duration(75), duration(3675)], ["0:00", "1:15", "1:01:15"]);
  assert.equal(secondsLeft("2026-05-06T12:01:00Z", now), 60);
  assert.equal(secondsLeft("2026-05-06T11:59:00Z", now), 0);
  assert.deepEqual([plural(1, "row"), plural(2000, "row")], ["1 row", "2,000 rows"]);
  assert.deepEqual([title("desk-lamp_2"), title("~")], ["Desk lamp 2", "~"]);
  assert.match(axisLabel(now, 3600_000), /^\d\d:\d\d$/);
  assert.match(axisLabel(now, 9 * 86_400_000), /^May \d+$/);
});

test("every error has advice", () => {
  for (const status of [400, 401, 403, 404, 429, 500, 503]) assert.ok(explain(new ApiError("No", { status })).advice);
  for (const code of ["NETWORK", "TIMEOUT"]) assert.ok(explain(new ApiError("No", { code })).advice);
  assert.deepEqual([401, 403, 404].map((status) => explain(new ApiError("No", { status })).reauthenticateLabel), ["Sign in again", "Change API key", ""]);
  const forbidden = explain(Object.assign(new ApiError("No", { status: 403 }), { credential: "token" }));
  assert.match(forbidden.advice, /does not have permission/);
  assert.deepEqual([forbidden.message, forbidden.reauthenticateLabel], ["No", "Sign in again"]);
  assert.equal(explain(new ApiError("send a valid API key in the x-api-key header", { status: 403 })).message, "");
  assert.equal(explain(new ApiError("No", { code: "constructor" })).advice, "");
  const conflict = explain(new ApiError("No", { status: 409, code: "BELOW_RESERVED", details: ["a"], requestId: "r" }));
  assert.deepEqual([conflict.reauthenticateLabel, conflict.details, conflict.requestId], ["", ["a"], "r"]);
  const timeout = Object.assign(new ApiError("No", { code: "TIMEOUT" }), { correlationId: "c" });
  assert.equal(explain(timeout).requestId, "c");
});

test("only an unknown outcome is reported as one, with advice that replaces the usual advice", () => {
  const texts = { failed: "The reservation was not released", unknown: "It may have been released", repeat: "Try again" };
  const error = (outcomeUnknown) => Object.assign(new ApiError("No", { status: 403 }), { outcomeUnknown });
  assert.deepEqual(outcomeOf(error(false), texts), { title: "The reservation was not released" });
  assert.deepEqual(outcomeOf(error(true), texts), { title: "It may have been released", advice: "Try again" });
});

const createListing = (...pages) => {
  const requested = [];
  const list = async (query) => {
    requested.push(query.page_token);
    const page = pages[Number(query.page_token ?? 0)];
    if (page instanceof Error) throw pages.splice(Number(query.page_token ?? 0), 1, [1])[0];
    const next = requested.length && Number(query.page_token ?? 0) + 1;
    return { items: page, next_page_token: next < pages.length ? String(next) : null };
  };
  return { requested, pager: createPager("items", list, { page_size: 2 }) };
};

test("a pager is done after the last page", async () => {
  const { pager, requested } = createListing([1, 2], [3]);
  assert.deepEqual([await pager.next(), pager.done, await pager.next(), pager.done], [[1, 2], false, [3], true]);
  assert.deepEqual(requested, [undefined, "1"]);
});

test("a pager skips empty pages", async () => {
  const { pager } = createListing([], [], [1], [], [2], []);
  const [first, second, third] = [await pager.next(), await pager.next(), pager.done];
  assert.deepEqual([first, second, third], [[1], [2], false]);
  assert.deepEqual([await pager.next(), pager.done], [[], true]);
});

test("a pager retries a page that failed", async () => {
  const { pager } = createListing(new Error("offline"));
  await assert.rejects(pager.next(), /offline/);
  assert.deepEqual([pager.done, await pager.next(), pager.done], [false, [1], true]);
});

test("a chained page has a minimum number of items", async () => {
  const [first, second] = [createListing([], [1]), createListing([2], [3])];
  const chained = chainPagers([first.pager, second.pager], 2);
  assert.deepEqual([await chained.next(), chained.done, await chained.next(), chained.done], [[1, 2], false, [3], true]);
  const empty = chainPagers([createListing([]).pager, createListing([]).pager]);
  assert.deepEqual([await empty.next(), empty.done], [[], true]);
});

test("chained pagers retain fetched items when a page fails", async () => {
  const chained = chainPagers([createListing([1]).pager, createListing(new Error("offline")).pager]);
  await assert.rejects(chained.next(), /offline/);
  assert.deepEqual(await chained.next(), [1, 1]);
});

function createStorage() {
  const values = new Map();
  return { getItem: (name) => values.get(name) ?? null, setItem: (name, value) => values.set(name, value) };
}

test("each item in the cart is a separate reservation that survives a reload", () => {
  const storage = createStorage();
  const cart = new Cart(storage);
  const [first, second] = ["mug", "mug"].map((id) => {
    const requested = cart.request(id, 1, 15);
    cart.add(id, { reservationId: requested.reservationId, expiry: `2026-01-01T00:0${cart.lines.length}:00Z` }, 1);
    return requested.reservationId;
  });
  assert.notEqual(first, second);
  assert.match(first, /^[A-Za-z0-9._~:@-]{1,100}$/);
  const reloaded = new Cart(storage);
  const [mug] = reloaded.products;
  assert.deepEqual([mug.quantity, mug.expiry, mug.lines.length], [2, "2026-01-01T00:00:00Z", 2]);
  reloaded.remove(first);
  assert.deepEqual(reloaded.products.map(({ quantity }) => quantity), [1]);
  assert.notEqual(reloaded.request("mug", 1, 15).reservationId, second);
});

test("a request without a response is repeated unchanged, a rejected request is not", () => {
  const cart = new Cart(createStorage());
  const requested = cart.request("mug", 1, 15);
  assert.deepEqual(cart.request("mug", 1, 5), requested);
  cart.rejected("mug");
  assert.notEqual(cart.request("mug", 1, 5).reservationId, requested.reservationId);
});

test("all items of a cart belong to one order until it is empty", () => {
  const storage = createStorage();
  const cart = new Cart(storage);
  for (const id of ["a", "b"]) cart.add(id, { reservationId: id, expiry: "2026-01-01T00:00:00Z" }, 1);
  const { reference } = cart;
  assert.match(reference, /^order-[0-9a-f]{8}$/);
  cart.remove("a");
  const reloaded = new Cart(storage);
  assert.equal(reloaded.reference, reference);
  reloaded.remove("b");
  assert.notEqual(reloaded.reference, reference);
});

for (const id of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
  test(`a product with the ID ${id} is an ordinary product`, () => {
    const storage = createStorage();
    const request = new Cart(storage).request(id, 2, 15);
    assert.match(request.reservationId, /^visit-/);
    const cart = new Cart(storage);
    assert.deepEqual(cart.request(id, 1, 5), request, "after a reload");
    cart.add(id, { reservationId: request.reservationId, expiry: "2026-01-01T00:00:00Z" }, 2);
    assert.deepEqual(new Cart(storage).products.map(({ product_id, quantity }) => [product_id, quantity]), [[id, 2]]);
    const next = cart.request(id, 1, 15);
    assert.notEqual(next.reservationId, request.reservationId);
    cart.rejected(id);
    assert.notEqual(cart.request(id, 1, 15).reservationId, next.reservationId);
  });
}

test("a cart that an earlier version stored keeps its lines and requests", () => {
  const storage = createStorage();
  const line = { reservationId: "visit-1.1", product_id: "mug", quantity: 1, expiry: "2026-01-01T00:00:00Z" };
  const request = { reservationId: "visit-1.2", quantity: 1, lifetime_minutes: 15 };
  storage.setItem("stock-demo-cart", JSON.stringify({ visit: "visit-1", next: 3, lines: [line], unsure: { pen: request } }));
  const cart = new Cart(storage);
  assert.deepEqual([cart.lines, cart.request("pen", 5, 5)], [[line], request]);
});

test("an unreadable cart is replaced by an empty cart", () => {
  const storage = createStorage();
  storage.setItem("stock-demo-cart", "{");
  assert.deepEqual(new Cart(storage).lines, []);
});
