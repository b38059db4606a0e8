import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../src/api-client.js";
import { namedApi } from "../src/config.js";
import { explain, outcomeOf } from "../src/explain.js";
import { ago, clock, moment, plural, secondsLeft, signed, title } from "../src/format.js";
import { chain, pagerOf } from "../src/pager.js";
import { Cart } from "../src/shop/cart.js";

test("an address names the API only where a developer serves the page", () => {
  const search = "?api=http%3A%2F%2F127.0.0.1%3A4566";
  assert.equal(namedApi({ hostname: "localhost", search }), "http://127.0.0.1:4566");
  assert.equal(namedApi({ hostname: "localhost", search: "" }), null);
  assert.equal(namedApi({ hostname: "site.localhost", search }), "http://127.0.0.1:4566");
  for (const hostname of ["shop.example", "localhost.example", "evillocalhost"]) {
    assert.equal(namedApi({ hostname, search }), null);
  }
});

test("numbers and times are written for people", () => {
  const now = Date.parse("2026-05-06T12:00:00Z");
  assert.deepEqual([signed(3), signed(-1200), signed(0)], ["+3", "−1,200", "0"]);
  assert.equal(ago("2026-05-06T11:59:30.000000Z", now), "just now");
  assert.equal(ago("2026-05-06T11:45:00.000000Z", now), "15 min ago");
  assert.equal(ago("2026-05-06T09:00:00.000000Z", now), "3 h ago");
  assert.match(ago("2026-05-01T09:00:00.000000Z", now), /^May 1, /);
  assert.deepEqual([clock(0), clock(75), clock(3675)], ["0:00", "1:15", "1:01:15"]);
  assert.equal(secondsLeft("2026-05-06T12:01:00Z", now), 60);
  assert.equal(secondsLeft("2026-05-06T11:59:00Z", now), 0);
  assert.deepEqual([plural(1, "row"), plural(2000, "row")], ["1 row", "2,000 rows"]);
  assert.deepEqual([title("desk-lamp_2"), title("~")], ["Desk lamp 2", "~"]);
  assert.match(moment(now, 3600_000), /^\d\d:\d\d$/);
  assert.match(moment(now, 9 * 86_400_000), /^May \d+$/);
});

test("every error has advice", () => {
  for (const status of [400, 401, 403, 404, 429, 500, 503]) assert.ok(explain(new ApiError("No", { status })).advice);
  for (const code of ["NETWORK", "TIMEOUT"]) assert.ok(explain(new ApiError("No", { code })).advice);
  assert.deepEqual([401, 403, 404].map((status) => explain(new ApiError("No", { status })).again), ["Sign in again", "Change API key", ""]);
  const forbidden = explain(Object.assign(new ApiError("No", { status: 403 }), { credential: "token" }));
  assert.match(forbidden.advice, /does not have permission/);
  assert.deepEqual([forbidden.message, forbidden.again], ["No", "Sign in again"]);
  assert.equal(explain(new ApiError("send a valid API key in the x-api-key header", { status: 403 })).message, "");
  assert.equal(explain(new ApiError("No", { code: "constructor" })).advice, "");
  const below = explain(new ApiError("No", { status: 409, code: "BELOW_RESERVED", details: ["a"], requestId: "r" }));
  assert.deepEqual([below.again, below.details, below.requestId], ["", ["a"], "r"]);
  const unanswered = Object.assign(new ApiError("No", { code: "TIMEOUT" }), { correlationId: "c" });
  assert.equal(explain(unanswered).requestId, "c");
});

test("only an unknown outcome is reported as one, with advice that replaces the usual advice", () => {
  const texts = { failed: "Nothing was released", unknown: "It may have been released", repeat: "Try again" };
  const error = (outcomeUnknown) => Object.assign(new ApiError("No", { status: 403 }), { outcomeUnknown });
  assert.deepEqual(outcomeOf(error(false), texts), { title: "Nothing was released" });
  assert.deepEqual(outcomeOf(error(true), texts), { title: "It may have been released", advice: "Try again" });
});

const listing = (...pages) => {
  const asked = [];
  const list = async (query) => {
    asked.push(query.page_token);
    const page = pages[Number(query.page_token ?? 0)];
    if (page instanceof Error) throw pages.splice(Number(query.page_token ?? 0), 1, [1])[0];
    const next = asked.length && Number(query.page_token ?? 0) + 1;
    return { rows: page, next_page_token: next < pages.length ? String(next) : null };
  };
  return { asked, pager: pagerOf("rows", list, { page_size: 2 }) };
};

test("a pager ends with its last page", async () => {
  const { pager, asked } = listing([1, 2], [3]);
  assert.deepEqual([await pager.next(), pager.done, await pager.next(), pager.done], [[1, 2], false, [3], true]);
  assert.deepEqual(asked, [undefined, "1"]);
});

test("a page that is empty is not the end", async () => {
  const { pager } = listing([], [], [1], [], [2], []);
  const [first, second, third] = [await pager.next(), await pager.next(), pager.done];
  assert.deepEqual([first, second, third], [[1], [2], false]);
  assert.deepEqual([await pager.next(), pager.done], [[], true]);
});

test("a page that failed is asked for again", async () => {
  const { pager } = listing(new Error("offline"));
  await assert.rejects(pager.next(), /offline/);
  assert.deepEqual([pager.done, await pager.next(), pager.done], [false, [1], true]);
});

test("a chain goes on until there is enough", async () => {
  const [first, second] = [listing([], [1]), listing([2], [3])];
  const both = chain([first.pager, second.pager], 2);
  assert.deepEqual([await both.next(), both.done, await both.next(), both.done], [[1, 2], false, [3], true]);
  const none = chain([listing([]).pager, listing([]).pager]);
  assert.deepEqual([await none.next(), none.done], [[], true]);
});

test("a chain keeps what it has when a page fails", async () => {
  const both = chain([listing([1]).pager, listing(new Error("offline")).pager]);
  await assert.rejects(both.next(), /offline/);
  assert.deepEqual(await both.next(), [1, 1]);
});

function storage() {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
}

test("each addition to a cart is a reservation of its own, and survives a reload", () => {
  const place = storage();
  const cart = new Cart(place);
  const [first, second] = ["mug", "mug"].map((id) => {
    const asked = cart.request(id, 1, 15);
    cart.add(id, { reservationId: asked.reservationId, expiry: `2026-01-01T00:0${cart.lines.length}:00Z` }, 1);
    return asked.reservationId;
  });
  assert.notEqual(first, second);
  assert.match(first, /^[A-Za-z0-9._~:@-]{1,100}$/);
  const again = new Cart(place);
  const [mug] = again.products;
  assert.deepEqual([mug.quantity, mug.expiry, mug.lines.length], [2, "2026-01-01T00:00:00Z", 2]);
  again.remove(first);
  assert.deepEqual(again.products.map(({ quantity }) => quantity), [1]);
  assert.notEqual(again.request("mug", 1, 15).reservationId, second);
});

test("an addition without a response is repeated unchanged, one that was rejected is not", () => {
  const cart = new Cart(storage());
  const asked = cart.request("mug", 1, 15);
  assert.deepEqual(cart.request("mug", 1, 5), asked);
  cart.rejected("mug");
  assert.notEqual(cart.request("mug", 1, 5).reservationId, asked.reservationId);
});

test("a cart is sold as one order until it is empty", () => {
  const place = storage();
  const cart = new Cart(place);
  for (const id of ["a", "b"]) cart.add(id, { reservationId: id, expiry: "2026-01-01T00:00:00Z" }, 1);
  const { reference } = cart;
  assert.match(reference, /^order-[0-9a-f]{8}$/);
  cart.remove("a");
  const again = new Cart(place);
  assert.equal(again.reference, reference);
  again.remove("b");
  assert.notEqual(again.reference, reference);
});

for (const id of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
  test(`a product with the ID ${id} is an ordinary product`, () => {
    const place = storage();
    const request = new Cart(place).request(id, 2, 15);
    assert.match(request.reservationId, /^visit-/);
    const cart = new Cart(place);
    assert.deepEqual(cart.request(id, 1, 5), request, "after a reload");
    cart.add(id, { reservationId: request.reservationId, expiry: "2026-01-01T00:00:00Z" }, 2);
    assert.deepEqual(new Cart(place).products.map(({ product_id, quantity }) => [product_id, quantity]), [[id, 2]]);
    const next = cart.request(id, 1, 15);
    assert.notEqual(next.reservationId, request.reservationId);
    cart.rejected(id);
    assert.notEqual(cart.request(id, 1, 15).reservationId, next.reservationId);
  });
}

test("a cart that an earlier version stored keeps its lines and requests", () => {
  const place = storage();
  const line = { reservationId: "visit-1.1", product_id: "mug", quantity: 1, expiry: "2026-01-01T00:00:00Z" };
  const request = { reservationId: "visit-1.2", quantity: 1, lifetime_minutes: 15 };
  place.setItem("stock-demo-cart", JSON.stringify({ visit: "visit-1", next: 3, lines: [line], unsure: { pen: request } }));
  const cart = new Cart(place);
  assert.deepEqual([cart.lines, cart.request("pen", 5, 5)], [[line], request]);
});

test("what is no cart is an empty one", () => {
  const place = storage();
  place.setItem("stock-demo-cart", "{");
  assert.deepEqual(new Cart(place).lines, []);
});
