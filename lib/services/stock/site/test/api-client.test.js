import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, InventoryClient, delay, isRejection } from "../src/api-client.js";

const LEVEL = { product_id: "mug", warehouse_id: "main", stock_count: 5, reserved_count: 1, available: 4 };

/** Create a client that gets its responses from a list. An item is a Response, an Error, or a function of the request. */
function createClient(responses, options = {}) {
  const requests = [];
  const delays = [];
  const fetch = async (url, request) => {
    requests.push({ url, ...request, body: request.body && JSON.parse(request.body) });
    const response = responses[Math.min(requests.length, responses.length) - 1];
    if (response instanceof Error) throw response;
    return typeof response === "function" ? response(request) : response.clone();
  };
  const sleep = async (ms) => delays.push(ms);
  const client = new InventoryClient({ baseUrl: "https://api.test/dev/", apiKey: "key", fetch, sleep, ...options });
  return { client, requests, delays };
}

const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const rejected = (status, code, more = {}) => json({ error: "No", code, requestId: "r1", details: [], ...more }, status);
const hanging = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

async function collect(iterator) {
  const items = [];
  for await (const item of iterator) items.push(item);
  return items;
}

test("a level request contains the escaped product ID and the API key", async () => {
  const { client, requests } = createClient([json(LEVEL)]);
  assert.deepEqual(await client.level("a:b@c", { warehouse_id: "north", ignored: undefined }), LEVEL);
  assert.equal(requests[0].url, "https://api.test/dev/inventory/a%3Ab%40c?warehouse_id=north");
  assert.equal(requests[0].method, "GET");
  assert.equal(requests[0].headers["x-api-key"], "key");
});

test("a request without a key has no key header, and its body is JSON", async () => {
  const { client, requests } = createClient([json(LEVEL)], { apiKey: undefined });
  await client.update("mug", { stock_count: 3, expected_version: 2, category: null });
  assert.equal("x-api-key" in requests[0].headers, false);
  assert.equal(requests[0].headers["Content-Type"], "application/json");
  assert.deepEqual(requests[0].body, { stock_count: 3, expected_version: 2, category: null });
});

test("every attempt sends a current token", async () => {
  const tokens = ["first", "second"];
  const { client, requests } = createClient([rejected(503, "BUSY"), json(LEVEL)], { apiKey: "", token: async () => tokens.shift() });
  await client.level("mug");
  assert.deepEqual(requests.map(({ headers }) => headers.Authorization), ["Bearer first", "Bearer second"]);
  assert.equal("x-api-key" in requests[0].headers, false);
});

test("a request is not sent if no token is available", async () => {
  const expired = new ApiError("Your session has expired.", { status: 401 });
  const { client, requests } = createClient([json(LEVEL)], { token: () => Promise.reject(expired) });
  await assert.rejects(client.level("mug"), expired);
  assert.equal(requests.length, 0);
});

test("all attempts of a call share a correlation ID, which the error contains", async () => {
  const { client, requests } = createClient([rejected(503, "BUSY"), new TypeError("offline")]);
  await assert.rejects(client.level("mug"), (error) => error.correlationId === requests[0].headers["X-Correlation-Id"]);
  await assert.rejects(client.level("mug"));
  const ids = requests.map(({ headers }) => headers["X-Correlation-Id"]);
  assert.match(ids[0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(ids.map((id) => ids.indexOf(id)), [0, 0, 0, 3, 3, 3]);
});

test("a read without a key has no header that requires a CORS preflight request", async () => {
  const { client, requests } = createClient([rejected(404, "NOT_FOUND")], { apiKey: "" });
  await assert.rejects(client.level("mug"), { correlationId: "" });
  assert.deepEqual(requests[0].headers, {});
});

test("every route has a method", async () => {
  const { client, requests } = createClient([json({})]);
  await client.levels({ status: "LOW_STOCK", category: "", page_size: 5 });
  await client.fullLevel("mug", { warehouse_id: "north" });
  await client.create(LEVEL);
  await client.update("mug", {});
  await client.reserve("mug", { reservationId: "r", quantity: 1 });
  await client.reserveAll({ reservationId: "r", lines: [] });
  await client.release("mug", "r");
  await client.releaseReservation("mug", "r:1");
  await client.releaseAll("r");
  await client.fulfill("mug", { reservationId: "r" });
  await client.fulfillAll({ reservationId: "r" });
  await client.movements("mug");
  await client.reservations("mug");
  await client.reconcile("mug", { repair: true });
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url.replace("https://api.test/dev", "")}`),
    [
      "GET /inventory?status=LOW_STOCK&page_size=5",
      "GET /inventory/mug/level?warehouse_id=north",
      "POST /inventory",
      "PUT /inventory/mug",
      "POST /inventory/mug/reserve",
      "POST /inventory/reserve",
      "DELETE /inventory/mug/reserve/r",
      "DELETE /inventory/mug/reservations/r%3A1",
      "DELETE /inventory/reserve/r",
      "POST /inventory/mug/fulfill",
      "POST /inventory/fulfill",
      "GET /inventory/mug/movements",
      "GET /inventory/mug/reservations",
      "POST /inventory/mug/reconcile",
    ],
  );
  assert.deepEqual(requests.at(-1).body, { repair: true });
});

test("an error contains all fields of the error response", async () => {
  const { client } = createClient([rejected(409, "INSUFFICIENT_STOCK", { error: "Too few", details: ["available 2"] })]);
  await assert.rejects(client.reserve("mug", { reservationId: "r", quantity: 3 }), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual(
      [error.message, error.status, error.code, error.details, error.requestId],
      ["Too few", 409, "INSUFFICIENT_STOCK", ["available 2"], "r1"],
    );
    return true;
  });
});

test("an error response of another format is supported", async () => {
  const forbidden = createClient([json({ message: "Forbidden" }, 403, { "x-request-id": "r2" })]).client;
  await assert.rejects(forbidden.levels(), { message: "Forbidden", code: "HTTP_403", requestId: "r2" });
  const html = createClient([new Response("<html>", { status: 400 })]).client;
  await assert.rejects(html.levels(), { message: "The service returned HTTP status 400.", status: 400 });
  const page = createClient([new Response("<html>")]).client;
  await assert.rejects(page.levels(), { code: "NOT_JSON", status: 200 });
});

test("reads are retried after server errors and network errors", async () => {
  const { client, requests, delays } = createClient([rejected(503, "BUSY"), new TypeError("offline"), json(LEVEL)]);
  assert.deepEqual(await client.level("mug"), LEVEL);
  assert.equal(requests.length, 3);
  assert.equal(delays.length, 2);
});

test("the number of attempts is limited", async () => {
  const { client, requests } = createClient([new TypeError("offline")], { attempts: 4 });
  await assert.rejects(client.level("mug"), { code: "NETWORK", status: 0 });
  assert.equal(requests.length, 4);
});

test("the delay follows the Retry-After header", async () => {
  const { client, delays } = createClient([json({}, 429, { "retry-after": "2" }), json(LEVEL)]);
  await client.level("mug");
  assert.deepEqual(delays, [2000]);
});

test("client errors are not retried", async () => {
  const { client, requests } = createClient([rejected(404, "NOT_FOUND")]);
  await assert.rejects(client.level("mug"), { code: "NOT_FOUND" });
  assert.equal(requests.length, 1);
});

const IDEMPOTENT_CALLS = {
  creation: (client, options) => client.create(LEVEL, options),
  update: (client, options) => client.update("mug", { adjustment: 1, reason: "found" }, options),
  fulfillment: (client, options) => client.fulfill("mug", { quantity: 1 }, options),
  "fulfillment of several products": (client, options) => client.fulfillAll({ lines: [] }, options),
};
for (const [name, call] of Object.entries(IDEMPOTENT_CALLS)) {
  test(`all attempts of one ${name} share an idempotency key that is unique to the call`, async () => {
    const { client, requests } = createClient([rejected(502, "BAD_GATEWAY"), json({})]);
    for (const options of [undefined, undefined, { idempotencyKey: "order-7" }]) await call(client, options);
    const [first, retry, second, third, ...rest] = requests.map(({ headers }) => headers["Idempotency-Key"]);
    assert.ok(first);
    assert.equal(retry, first);
    assert.ok(second);
    assert.notEqual(second, first);
    assert.deepEqual([third, rest], ["order-7", []]);
  });
}

test("a retried release succeeds if the first attempt lost its response", async () => {
  const { client } = createClient([new TypeError("offline"), rejected(404, "NOT_FOUND")]);
  assert.equal(await client.release("mug", "r"), undefined);
  const missing = createClient([rejected(404, "NOT_FOUND")]).client;
  await assert.rejects(missing.release("mug", "r"), { code: "NOT_FOUND" });
});

test("a missing reservation is an error unless an earlier attempt might have released it", async () => {
  const { client, requests } = createClient([rejected(429, "TOO_MANY_REQUESTS"), rejected(404, "NOT_FOUND")]);
  await assert.rejects(client.releaseReservation("mug", "r"), { code: "NOT_FOUND" });
  assert.equal(requests.length, 2);
});

const OUTCOMES = [
  { name: "an error response of the service", responses: [rejected(409, "CONFLICT")], isUnknown: false },
  { name: "a rejected credential", responses: [rejected(403, "FORBIDDEN")], isUnknown: false },
  { name: "throttling", responses: [rejected(429, "TOO_MANY_REQUESTS")], isUnknown: false },
  { name: "a server error", responses: [rejected(500, "INTERNAL_ERROR")], isUnknown: true },
  { name: "no response", responses: [new TypeError("offline")], isUnknown: true },
  { name: "a response that is not JSON", responses: [new Response("<html>")], isUnknown: true },
  { name: "a key that is rejected after an attempt without a response", responses: [new TypeError("offline"), rejected(403, "FORBIDDEN")], isUnknown: true },
  { name: "an error response of the service after an attempt without a response", responses: [new TypeError("offline"), rejected(409, "CONFLICT")], isUnknown: false },
];
for (const { name, responses, isUnknown } of OUTCOMES) {
  test(`the outcome of a change after ${name} is ${isUnknown ? "unknown" : "known"}`, async () => {
    const { client } = createClient(responses);
    await assert.rejects(client.update("mug", { stock_count: 1 }), { outcomeUnknown: isUnknown, credential: "key" });
  });
}

test("a change without a token is not sent, so its outcome is known", async () => {
  const failure = new ApiError("The sign-in service could not be reached.", { code: "NETWORK" });
  const { client, requests } = createClient([json({})], { apiKey: "", token: () => Promise.reject(failure) });
  await assert.rejects(client.update("mug", { stock_count: 1 }), { outcomeUnknown: false, credential: "token" });
  assert.equal(requests.length, 0);
});

test("only the service's own error responses prove that no attempt was processed", () => {
  const isProof = (status) => isRejection(new ApiError("No", { status }));
  assert.deepEqual([400, 404, 409].map(isProof), [true, true, true]);
  assert.deepEqual([0, 200, 401, 403, 429, 500, 503].filter(isProof), []);
});

test("a request without a response times out", async () => {
  const { client, requests } = createClient([hanging], { timeoutMs: 5, attempts: 2 });
  await assert.rejects(client.level("mug"), { code: "TIMEOUT", message: "No response within 5 ms." });
  assert.equal(requests.length, 2);
});

test("a response with an incomplete body times out", async () => {
  const stalled = ({ signal }) => ({ ok: true, status: 200, headers: new Headers(), text: () => hanging({ signal }) });
  const { client } = createClient([stalled], { timeoutMs: 5, attempts: 1 });
  await assert.rejects(client.level("mug"), { code: "TIMEOUT" });
});

test("an empty response is undefined", async () => {
  const { client } = createClient([new Response(null, { status: 204 })]);
  assert.equal(await client.releaseAll("r"), undefined);
});

test("all levels are fetched page by page, on demand", async () => {
  const pages = [
    json({ levels: [{ product_id: "a" }, { product_id: "b" }], next_page_token: "t=1" }),
    json({ levels: [{ product_id: "c" }], next_page_token: null }),
  ];
  const { client, requests } = createClient(pages);
  const levels = await collect(client.allLevels({ search: "x" }));
  assert.deepEqual(levels.map(({ product_id }) => product_id), ["a", "b", "c"]);
  assert.equal(requests[1].url, "https://api.test/dev/inventory?search=x&page_token=t%3D1");
  const partial = createClient(pages);
  for await (const level of partial.client.allLevels()) {
    assert.equal(level.product_id, "a");
    break;
  }
  assert.equal(partial.requests.length, 1);
});

test("all pages of movements and reservations are fetched", async () => {
  const movements = createClient([json({ movements: [1], next_page_token: "t" }), json({ movements: [2], next_page_token: null })]);
  assert.deepEqual(await collect(movements.client.allMovements("mug")), [1, 2]);
  const reservations = createClient([json({ reservations: [{ quantity: 2 }], next_page_token: null })]);
  assert.deepEqual(await collect(reservations.client.allReservations("mug")), [{ quantity: 2 }]);
});

test("a client without a URL is rejected", () => {
  assert.throws(() => new InventoryClient({}), /baseUrl must be the URL of the API, got undefined/);
});

test("delays grow exponentially up to a limit, with jitter", () => {
  assert.deepEqual([1, 2, 3, 9].map((attempt) => delay(attempt, 0, () => 1)), [200, 400, 800, 5000]);
  assert.equal(delay(1, 0, () => 0), 100);
  assert.equal(delay(1, 60), 5000);
});
