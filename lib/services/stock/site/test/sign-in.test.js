import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { SignIn } from "../src/sign-in.js";

const CONFIG = { url: "https://pool.test", client_id: "pages", scopes: ["stock-dev/read", "stock-dev/write"] };
const PAGE = "https://site.test/admin-panel.html";
const TOKENS = { access_token: "a1", refresh_token: "r1", expires_in: 900 };

/** Create a sign-in whose user pool responds from a list of status codes with bodies, or errors. */
function createSignIn(...responses) {
  const stored = new Map();
  const storage = {
    getItem: (name) => stored.get(name) ?? null,
    setItem: (name, value) => stored.set(name, value),
    removeItem: (name) => stored.delete(name),
  };
  const requests = [];
  const clock = { now: 0 };
  const fetch = async (url, { body, ...options }) => {
    requests.push([url, Object.fromEntries(body), options]);
    const response = await responses.shift();
    if (response instanceof Error) throw response;
    const [status, payload] = response;
    return new Response(JSON.stringify(payload), { status });
  };
  const signIn = new SignIn(CONFIG, PAGE, { storage, fetch, now: () => clock.now });
  return { signIn, stored, requests, clock };
}

/** Create a sign-in with tokens that expire after 900 seconds. */
async function signedIn(...responses) {
  const context = createSignIn([200, TOKENS], ...responses);
  const { searchParams } = new URL(await context.signIn.begin("#/attention"));
  const back = await context.signIn.finish(`?code=c1&state=${searchParams.get("state")}`);
  return { ...context, authorization: searchParams, back };
}

test("signing in requests the scopes and uses PKCE", async () => {
  const { signIn, requests, authorization, back, stored } = await signedIn();
  assert.equal(authorization.get("scope"), "openid stock-dev/read stock-dev/write");
  assert.deepEqual(["response_type", "client_id", "redirect_uri"].map((name) => authorization.get(name)), ["code", "pages", PAGE]);
  const [[url, { code_verifier, ...form }]] = requests;
  assert.equal(url, "https://pool.test/oauth2/token");
  assert.deepEqual(form, { client_id: "pages", grant_type: "authorization_code", code: "c1", redirect_uri: PAGE });
  assert.match(code_verifier, /^[\w-]{43}$/);
  assert.equal(authorization.get("code_challenge"), createHash("sha256").update(code_verifier).digest("base64url"));
  assert.equal(authorization.get("code_challenge_method"), "S256");
  assert.equal(back, "#/attention");
  assert.deepEqual([signIn.signedIn, [...stored.keys()]], [true, ["stock-tokens"]]);
});

test("a page that was not opened by a redirect stays signed out", async () => {
  const { signIn, requests } = createSignIn();
  assert.equal(await signIn.finish("?category=lighting"), "");
  assert.deepEqual([signIn.signedIn, requests], [false, []]);
});

test("a redirect is rejected if this tab did not start it, and can be used only once", async () => {
  const { signIn, requests } = createSignIn();
  const { searchParams } = new URL(await signIn.begin());
  await assert.rejects(signIn.finish("?code=c1&state=other"), /not started in this tab/);
  await assert.rejects(signIn.finish(`?code=c1&state=${searchParams.get("state")}`), /not started in this tab/);
  assert.deepEqual(requests, []);
});

test("an error of the sign-in page is reported", async () => {
  const finishWith = async (query) => {
    const { signIn } = createSignIn();
    const { searchParams } = new URL(await signIn.begin());
    await signIn.finish(`?state=${searchParams.get("state")}${query}`);
  };
  await assert.rejects(finishWith("&error=access_denied&error_description=not+today"), /^Error: not today$/);
  await assert.rejects(finishWith("&error=access_denied"), /access_denied/);
  await assert.rejects(finishWith(""), /canceled/);
});

test("concurrent requests refresh a token once, shortly before it expires", async () => {
  const { signIn, requests, clock, stored } = await signedIn([200, { access_token: "a2", expires_in: 900 }]);
  clock.now = 839_000;
  assert.equal(await signIn.token(), "a1");
  clock.now = 841_000;
  assert.deepEqual(await Promise.all([signIn.token(), signIn.token()]), ["a2", "a2"]);
  assert.deepEqual(requests.slice(1).map(([url, form]) => [url, form]), [
    ["https://pool.test/oauth2/token", { client_id: "pages", grant_type: "refresh_token", refresh_token: "r1" }],
  ]);
  assert.deepEqual(JSON.parse(stored.get("stock-tokens")), { access: "a2", refresh: "r1", until: 1_741_000 });
});

test("a rotated refresh token is used for the next refresh", async () => {
  const { signIn, requests, clock } = await signedIn([200, { ...TOKENS, refresh_token: "r2" }], [200, TOKENS]);
  for (clock.now of [900_000, 1_800_000]) await signIn.token();
  assert.equal(requests[2][1].refresh_token, "r2");
});

test("an expired session deletes the tokens and requires a new sign-in", async () => {
  const { signIn, clock } = await signedIn([400, { error: "invalid_grant" }]);
  clock.now = 900_000;
  await assert.rejects(signIn.token(), { status: 401, code: "SIGNED_OUT" });
  assert.equal(signIn.signedIn, false);
});

test("a failure of the sign-in service keeps the session", async () => {
  const { signIn, clock } = await signedIn([503, {}], new TypeError("offline"), [200, TOKENS]);
  clock.now = 900_000;
  await assert.rejects(signIn.token(), { status: 503 });
  await assert.rejects(signIn.token(), { status: 0, code: "NETWORK" });
  assert.equal(await signIn.token(), "a1");
});

const REVOKED = ["https://pool.test/oauth2/revoke", { client_id: "pages", token: "r1" }];

test("signing out deletes the tokens, revokes the refresh token, and returns the logout URL", async () => {
  const { signIn, requests, stored } = await signedIn([200, {}]);
  const { origin, pathname, searchParams } = new URL(signIn.signOut());
  assert.deepEqual([origin + pathname, Object.fromEntries(searchParams)], [
    "https://pool.test/logout",
    { client_id: "pages", logout_uri: PAGE },
  ]);
  assert.deepEqual([signIn.signedIn, [...stored.keys()]], [false, []]);
  const [url, form, { method, keepalive }] = requests.at(-1);
  assert.deepEqual([[url, form], method, keepalive], [REVOKED, "POST", true], "the request outlives the page");
});

test("signing out does not wait for the revocation, and ignores its failure", async () => {
  const { signIn, stored } = await signedIn(Promise.resolve(new TypeError("offline")));
  assert.match(signIn.signOut(), /\/logout\?/);
  assert.equal(stored.size, 0);
  await new Promise(setImmediate); // an unhandled rejection would fail the test
});

test("signing out with missing or unreadable tokens deletes all stored values without a revocation", async () => {
  for (const tokens of [null, "{", JSON.stringify({ access: "a1", until: 1 })]) {
    const { signIn, requests, stored } = createSignIn();
    await signIn.begin();
    if (tokens) stored.set("stock-tokens", tokens);
    assert.match(signIn.signOut(), /\/logout\?/);
    assert.deepEqual([requests, stored.size], [[], 0]);
  }
});

test("a refresh that completes after signing out stores no tokens and revokes the new one", async () => {
  const responses = deferred();
  const { signIn, requests, clock, stored } = await signedIn(responses.promise, [200, {}], [200, {}]);
  clock.now = 900_000;
  const token = signIn.token();
  signIn.signOut();
  responses.resolve([200, { ...TOKENS, refresh_token: "r2" }]);
  await assert.rejects(token, { status: 401, code: "SIGNED_OUT" });
  assert.equal(stored.size, 0);
  assert.deepEqual(requests.slice(2).map(([url, form]) => [url.split("/").at(-1), form.token]), [["revoke", "r1"], ["revoke", "r2"]]);
});

test("a refresh that fails after a new sign-in was started does not cancel it", async () => {
  const responses = deferred();
  const { signIn, clock, stored } = await signedIn(responses.promise, [200, {}]);
  clock.now = 900_000;
  const token = signIn.token();
  await signIn.begin();
  responses.resolve([400, { error: "invalid_grant" }]);
  await assert.rejects(token, { code: "SIGNED_OUT" });
  assert.deepEqual([...stored.keys()], ["stock-sign-in"]);
});

test("a new sign-in revokes the refresh token of the previous session", async () => {
  const { signIn, requests } = await signedIn([200, {}]);
  await signIn.begin();
  assert.deepEqual(requests.at(-1).slice(0, 2), REVOKED);
});

function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
