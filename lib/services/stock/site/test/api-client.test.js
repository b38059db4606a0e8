import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, InventoryClient, delay, isRejection } from "../src/api-client.js";

const LEVEL = { product_id: "mug", warehouse_id: "main", stock_count: 5, reserved_count: 1, available: 4 };

/** A client whose requests are answered from a list, each by a Response, an Error, or a function of the request. */
function clientOf(answers, options = {}) {
  const sent = [];
  const slept = [];
  const fetch = async (url, request) => {
    sent.push({ url, ...request, body: request.body && JSON.parse(request.body) });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? answer(request) : answer.clone();
  };
  const sleep = async (ms) => slept.push(ms);
  const client = new InventoryClient({ baseUrl: "https://api.test/dev/", apiKey: "key", fetch, sleep, ...options });
  return { client, sent, slept };
}

const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const refused = (status, code, more = {}) => json({ error: "No", code, requestId: "r1", details: [], ...more }, status);
const unanswered = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

async function collect(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

test("a level is asked for by its id, escaped, and the key goes along", async () => {
  const { client, sent } = clientOf([json(LEVEL)]);
  assert.deepEqual(await client.level("a:b@c", { warehouse_id: "north", ignored: undefined }), LEVEL);
  assert.equal(sent[0].url, "https://api.test/dev/inventory/a%3Ab%40c?warehouse_id=north");
  assert.equal(sent[0].method, "GET");
  assert.equal(sent[0].headers["x-api-key"], "key");
});

test("without a key no key is sent, and a body is JSON", async () => {
  const { client, sent } = clientOf([json(LEVEL)], { apiKey: undefined });
  await client.update("mug", { stock_count: 3, expected_version: 2, category: null });
  assert.equal("x-api-key" in sent[0].headers, false);
  assert.equal(sent[0].headers["Content-Type"], "application/json");
  assert.deepEqual(sent[0].body, { stock_count: 3, expected_version: 2, category: null });
});

test("a token is asked for before every attempt, and goes along", async () => {
  const tokens = ["first", "second"];
  const { client, sent } = clientOf([refused(503, "BUSY"), json(LEVEL)], { apiKey: "", token: async () => tokens.shift() });
  await client.level("mug");
  assert.deepEqual(sent.map(({ headers }) => headers.Authorization), ["Bearer first", "Bearer second"]);
  assert.equal("x-api-key" in sent[0].headers, false);
});

test("without a token nothing is asked", async () => {
  const ended = new ApiError("Your sign-in has ended", { status: 401 });
  const { client, sent } = clientOf([json(LEVEL)], { token: () => Promise.reject(ended) });
  await assert.rejects(client.level("mug"), ended);
  assert.equal(sent.length, 0);
});

test("all attempts of a call have one id, which its error tells", async () => {
  const { client, sent } = clientOf([refused(503, "BUSY"), new TypeError("offline")]);
  await assert.rejects(client.level("mug"), (error) => error.correlationId === sent[0].headers["X-Correlation-Id"]);
  await assert.rejects(client.level("mug"));
  const ids = sent.map(({ headers }) => headers["X-Correlation-Id"]);
  assert.match(ids[0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(ids.map((id) => ids.indexOf(id)), [0, 0, 0, 3, 3, 3]);
});

test("without a key a read has no header that a browser would ask leave for", async () => {
  const { client, sent } = clientOf([refused(404, "NOT_FOUND")], { apiKey: "" });
  await assert.rejects(client.level("mug"), { correlationId: "" });
  assert.deepEqual(sent[0].headers, {});
});

test("every route has a method", async () => {
  const { client, sent } = clientOf([json({})]);
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
    sent.map(({ method, url }) => `${method} ${url.replace("https://api.test/dev", "")}`),
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
  assert.deepEqual(sent.at(-1).body, { repair: true });
});

test("a refusal carries all that the service told", async () => {
  const { client } = clientOf([refused(409, "INSUFFICIENT_STOCK", { error: "Too few", details: ["available 2"] })]);
  await assert.rejects(client.reserve("mug", { reservationId: "r", quantity: 3 }), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual(
      [error.message, error.status, error.code, error.details, error.requestId],
      ["Too few", 409, "INSUFFICIENT_STOCK", ["available 2"], "r1"],
    );
    return true;
  });
});

test("a refusal in another shape is still readable", async () => {
  const forbidden = clientOf([json({ message: "Forbidden" }, 403, { "x-request-id": "r2" })]).client;
  await assert.rejects(forbidden.levels(), { message: "Forbidden", code: "HTTP_403", requestId: "r2" });
  const html = clientOf([new Response("<html>", { status: 400 })]).client;
  await assert.rejects(html.levels(), { message: "The service returned HTTP status 400", status: 400 });
  const page = clientOf([new Response("<html>")]).client;
  await assert.rejects(page.levels(), { code: "NOT_JSON", status: 200 });
});

test("reads are sent again after 429, 5xx and a failing network", async () => {
  const { client, sent, slept } = clientOf([refused(503, "BUSY"), new TypeError("offline"), json(LEVEL)]);
  assert.deepEqual(await client.level("mug"), LEVEL);
  assert.equal(sent.length, 3);
  assert.equal(slept.length, 2);
});

test("there is a last attempt", async () => {
  const { client, sent } = clientOf([new TypeError("offline")], { attempts: 4 });
  await assert.rejects(client.level("mug"), { code: "NETWORK", status: 0 });
  assert.equal(sent.length, 4);
});

test("the service's own pause is kept", async () => {
  const { client, slept } = clientOf([json({}, 429, { "retry-after": "2" }), json(LEVEL)]);
  await client.level("mug");
  assert.deepEqual(slept, [2000]);
});

test("a refusal that would come again is not provoked", async () => {
  const { client, sent } = clientOf([refused(404, "NOT_FOUND")]);
  await assert.rejects(client.level("mug"), { code: "NOT_FOUND" });
  assert.equal(sent.length, 1);
});

const ONCE = {
  creation: (client, options) => client.create(LEVEL, options),
  update: (client, options) => client.update("mug", { adjustment: 1, reason: "found" }, options),
  fulfilment: (client, options) => client.fulfill("mug", { quantity: 1 }, options),
  "fulfilment of several": (client, options) => client.fulfillAll({ lines: [] }, options),
};
for (const [name, call] of Object.entries(ONCE)) {
  test(`one ${name} keeps its key over its attempts, and each call has its own`, async () => {
    const { client, sent } = clientOf([refused(502, "BAD_GATEWAY"), json({})]);
    for (const options of [undefined, undefined, { idempotencyKey: "order-7" }]) await call(client, options);
    const [lost, again, second, third, ...rest] = sent.map(({ headers }) => headers["Idempotency-Key"]);
    assert.ok(lost);
    assert.equal(again, lost);
    assert.ok(second);
    assert.notEqual(second, lost);
    assert.deepEqual([third, rest], ["order-7", []]);
  });
}

test("a release whose answer was lost is done when it is sent again", async () => {
  const { client } = clientOf([new TypeError("offline"), refused(404, "NOT_FOUND")]);
  assert.equal(await client.release("mug", "r"), undefined);
  const unknown = clientOf([refused(404, "NOT_FOUND")]).client;
  await assert.rejects(unknown.release("mug", "r"), { code: "NOT_FOUND" });
});

test("a missing reservation is an error if no earlier attempt can have released it", async () => {
  const { client, sent } = clientOf([refused(429, "TOO_MANY_REQUESTS"), refused(404, "NOT_FOUND")]);
  await assert.rejects(client.releaseReservation("mug", "r"), { code: "NOT_FOUND" });
  assert.equal(sent.length, 2);
});

const OUTCOMES = [
  { name: "an error response of the service", responses: [refused(409, "CONFLICT")], isUnknown: false },
  { name: "a rejected credential", responses: [refused(403, "FORBIDDEN")], isUnknown: false },
  { name: "throttling", responses: [refused(429, "TOO_MANY_REQUESTS")], isUnknown: false },
  { name: "a server error", responses: [refused(500, "INTERNAL_ERROR")], isUnknown: true },
  { name: "no response", responses: [new TypeError("offline")], isUnknown: true },
  { name: "a response that is not JSON", responses: [new Response("<html>")], isUnknown: true },
  { name: "a key that is rejected after an attempt without a response", responses: [new TypeError("offline"), refused(403, "FORBIDDEN")], isUnknown: true },
  { name: "an error response of the service after an attempt without a response", responses: [new TypeError("offline"), refused(409, "CONFLICT")], isUnknown: false },
];
for (const { name, responses, isUnknown } of OUTCOMES) {
  test(`the outcome of a change after ${name} is ${isUnknown ? "unknown" : "that nothing was changed"}`, async () => {
    const { client } = clientOf(responses);
    await assert.rejects(client.update("mug", { stock_count: 1 }), { outcomeUnknown: isUnknown, credential: "key" });
  });
}

test("a change without a token is not sent, so its outcome is known", async () => {
  const failure = new ApiError("The sign-in service could not be reached", { code: "NETWORK" });
  const { client, sent } = clientOf([json({})], { apiKey: "", token: () => Promise.reject(failure) });
  await assert.rejects(client.update("mug", { stock_count: 1 }), { outcomeUnknown: false, credential: "token" });
  assert.equal(sent.length, 0);
});

test("only the service's own error responses prove that no attempt was processed", () => {
  const isProof = (status) => isRejection(new ApiError("No", { status }));
  assert.deepEqual([400, 404, 409].map(isProof), [true, true, true]);
  assert.deepEqual([0, 200, 401, 403, 429, 500, 503].filter(isProof), []);
});

test("no answer is a timeout", async () => {
  const { client, sent } = clientOf([unanswered], { timeoutMs: 5, attempts: 2 });
  await assert.rejects(client.level("mug"), { code: "TIMEOUT", message: "No response within 5 ms" });
  assert.equal(sent.length, 2);
});

test("a body that never ends is a timeout too", async () => {
  const stuck = ({ signal }) => ({ ok: true, status: 200, headers: new Headers(), text: () => unanswered({ signal }) });
  const { client } = clientOf([stuck], { timeoutMs: 5, attempts: 1 });
  await assert.rejects(client.level("mug"), { code: "TIMEOUT" });
});

test("an empty answer is nothing", async () => {
  const { client } = clientOf([new Response(null, { status: 204 })]);
  assert.equal(await client.releaseAll("r"), undefined);
});

test("all levels come page by page, and only as far as they are asked for", async () => {
  const pages = [
    json({ levels: [{ product_id: "a" }, { product_id: "b" }], next_page_token: "t=1" }),
    json({ levels: [{ product_id: "c" }], next_page_token: null }),
  ];
  const { client, sent } = clientOf(pages);
  const seen = await collect(client.allLevels({ search: "x" }));
  assert.deepEqual(seen.map(({ product_id }) => product_id), ["a", "b", "c"]);
  assert.equal(sent[1].url, "https://api.test/dev/inventory?search=x&page_token=t%3D1");
  const lazy = clientOf(pages);
  for await (const level of lazy.client.allLevels()) {
    assert.equal(level.product_id, "a");
    break;
  }
  assert.equal(lazy.sent.length, 1);
});

test("movements and reservations have all their pages too", async () => {
  const moved = clientOf([json({ movements: [1], next_page_token: "t" }), json({ movements: [2], next_page_token: null })]);
  assert.deepEqual(await collect(moved.client.allMovements("mug")), [1, 2]);
  const held = clientOf([json({ reservations: [{ quantity: 2 }], next_page_token: null })]);
  assert.deepEqual(await collect(held.client.allReservations("mug")), [{ quantity: 2 }]);
});

test("a client without an address is refused", () => {
  assert.throws(() => new InventoryClient({}), /baseUrl must be the URL of the API, got undefined/);
});

test("pauses double, have an end, and are not all the same", () => {
  assert.deepEqual([1, 2, 3, 9].map((attempt) => delay(attempt, 0, () => 1)), [200, 400, 800, 5000]);
  assert.equal(delay(1, 0, () => 0), 100);
  assert.equal(delay(1, 60), 5000);
});
