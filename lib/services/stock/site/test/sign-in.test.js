import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { SignIn } from "../src/sign-in.js";

const ABOUT = { url: "https://pool.test", client_id: "pages", scopes: ["stock-dev/read", "stock-dev/write"] };
const PAGE = "https://site.test/admin-panel.html";
const GIVEN = { access_token: "a1", refresh_token: "r1", expires_in: 900 };

/** Somebody at a page, whose sign-in service answers from a list of statuses and bodies. */
function visitor(...answers) {
  const kept = new Map();
  const storage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
  const sent = [];
  const clock = { now: 0 };
  const fetch = async (url, { body, ...options }) => {
    sent.push([url, Object.fromEntries(body), options]);
    const answer = await answers.shift();
    if (answer instanceof Error) throw answer;
    const [status, said] = answer;
    return new Response(JSON.stringify(said), { status });
  };
  const signIn = new SignIn(ABOUT, PAGE, { storage, fetch, now: () => clock.now });
  return { signIn, kept, sent, clock };
}

/** The same, signed in at 0 for 900 s. */
async function signedIn(...answers) {
  const found = visitor([200, GIVEN], ...answers);
  const { searchParams } = new URL(await found.signIn.begin("#/attention"));
  const back = await found.signIn.finish(`?code=c1&state=${searchParams.get("state")}`);
  return { ...found, asked: searchParams, back };
}

test("the way there and back asks for the scopes, and proves who asked", async () => {
  const { signIn, sent, asked, back, kept } = await signedIn();
  assert.equal(asked.get("scope"), "openid stock-dev/read stock-dev/write");
  assert.deepEqual(["response_type", "client_id", "redirect_uri"].map((name) => asked.get(name)), ["code", "pages", PAGE]);
  const [[url, { code_verifier, ...form }]] = sent;
  assert.equal(url, "https://pool.test/oauth2/token");
  assert.deepEqual(form, { client_id: "pages", grant_type: "authorization_code", code: "c1", redirect_uri: PAGE });
  assert.match(code_verifier, /^[\w-]{43}$/);
  assert.equal(asked.get("code_challenge"), createHash("sha256").update(code_verifier).digest("base64url"));
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.equal(back, "#/attention");
  assert.deepEqual([signIn.signedIn, [...kept.keys()]], [true, ["stock-tokens"]]);
});

test("whoever is not on the way back is left alone", async () => {
  const { signIn, sent } = visitor();
  assert.equal(await signIn.finish("?category=lighting"), "");
  assert.deepEqual([signIn.signedIn, sent], [false, []]);
});

test("a way back that this tab did not begin is refused, and one that was does not count twice", async () => {
  const { signIn, sent } = visitor();
  const { searchParams } = new URL(await signIn.begin());
  await assert.rejects(signIn.finish("?code=c1&state=other"), /not started in this tab/);
  await assert.rejects(signIn.finish(`?code=c1&state=${searchParams.get("state")}`), /not started in this tab/);
  assert.deepEqual(sent, []);
});

test("what the sign-in page says went wrong is told", async () => {
  const wrong = async (said) => {
    const { signIn } = visitor();
    const { searchParams } = new URL(await signIn.begin());
    await signIn.finish(`?state=${searchParams.get("state")}${said}`);
  };
  await assert.rejects(wrong("&error=access_denied&error_description=not+today"), /^Error: not today$/);
  await assert.rejects(wrong("&error=access_denied"), /access_denied/);
  await assert.rejects(wrong(""), /canceled/);
});

test("a token is used until shortly before its end, and then replaced once for all who ask", async () => {
  const { signIn, sent, clock, kept } = await signedIn([200, { access_token: "a2", expires_in: 900 }]);
  clock.now = 839_000;
  assert.equal(await signIn.token(), "a1");
  clock.now = 841_000;
  assert.deepEqual(await Promise.all([signIn.token(), signIn.token()]), ["a2", "a2"]);
  assert.deepEqual(sent.slice(1).map(([url, form]) => [url, form]), [
    ["https://pool.test/oauth2/token", { client_id: "pages", grant_type: "refresh_token", refresh_token: "r1" }],
  ]);
  assert.deepEqual(JSON.parse(kept.get("stock-tokens")), { access: "a2", refresh: "r1", until: 1_741_000 });
});

test("a refresh token that was replaced is used the next time", async () => {
  const { signIn, sent, clock } = await signedIn([200, { ...GIVEN, refresh_token: "r2" }], [200, GIVEN]);
  for (clock.now of [900_000, 1_800_000]) await signIn.token();
  assert.equal(sent[2][1].refresh_token, "r2");
});

test("a sign-in that has ended is forgotten, and takes a new one", async () => {
  const { signIn, clock } = await signedIn([400, { error: "invalid_grant" }]);
  clock.now = 900_000;
  await assert.rejects(signIn.token(), { status: 401, code: "SIGNED_OUT" });
  assert.equal(signIn.signedIn, false);
});

test("a sign-in service that fails ends nothing", async () => {
  const { signIn, clock } = await signedIn([503, {}], new TypeError("offline"), [200, GIVEN]);
  clock.now = 900_000;
  await assert.rejects(signIn.token(), { status: 503 });
  await assert.rejects(signIn.token(), { status: 0, code: "NETWORK" });
  assert.equal(await signIn.token(), "a1");
});

const REVOKED = ["https://pool.test/oauth2/revoke", { client_id: "pages", token: "r1" }];

test("signing out deletes the tokens, revokes the refresh token, and returns the logout URL", async () => {
  const { signIn, sent, kept } = await signedIn([200, {}]);
  const { origin, pathname, searchParams } = new URL(signIn.signOut());
  assert.deepEqual([origin + pathname, Object.fromEntries(searchParams)], [
    "https://pool.test/logout",
    { client_id: "pages", logout_uri: PAGE },
  ]);
  assert.deepEqual([signIn.signedIn, [...kept.keys()]], [false, []]);
  const [url, form, { method, keepalive }] = sent.at(-1);
  assert.deepEqual([[url, form], method, keepalive], [REVOKED, "POST", true], "the request outlives the page");
});

test("signing out does not wait for the revocation, and ignores its failure", async () => {
  const { signIn, kept } = await signedIn(Promise.resolve(new TypeError("offline")));
  assert.match(signIn.signOut(), /\/logout\?/);
  assert.equal(kept.size, 0);
  await new Promise(setImmediate); // an unhandled rejection would fail the test
});

test("signing out without tokens, or with unreadable ones, revokes nothing and deletes everything", async () => {
  for (const stored of [null, "{", JSON.stringify({ access: "a1", until: 1 })]) {
    const { signIn, sent, kept } = visitor();
    await signIn.begin();
    if (stored) kept.set("stock-tokens", stored);
    assert.match(signIn.signOut(), /\/logout\?/);
    assert.deepEqual([sent, kept.size], [[], 0]);
  }
});

test("a refresh that ends after signing out stores nothing, and its token is revoked too", async () => {
  const responses = deferred();
  const { signIn, sent, clock, kept } = await signedIn(responses.promise, [200, {}], [200, {}]);
  clock.now = 900_000;
  const token = signIn.token();
  signIn.signOut();
  responses.resolve([200, { ...GIVEN, refresh_token: "r2" }]);
  await assert.rejects(token, { status: 401, code: "SIGNED_OUT" });
  assert.equal(kept.size, 0);
  assert.deepEqual(sent.slice(2).map(([url, form]) => [url.split("/").at(-1), form.token]), [["revoke", "r1"], ["revoke", "r2"]]);
});

test("a refresh that fails after a new sign-in was started does not end that one", async () => {
  const responses = deferred();
  const { signIn, clock, kept } = await signedIn(responses.promise, [200, {}]);
  clock.now = 900_000;
  const token = signIn.token();
  await signIn.begin();
  responses.resolve([400, { error: "invalid_grant" }]);
  await assert.rejects(token, { code: "SIGNED_OUT" });
  assert.deepEqual([...kept.keys()], ["stock-sign-in"]);
});

test("a new sign-in revokes the refresh token of the one before", async () => {
  const { signIn, sent } = await signedIn([200, {}]);
  await signIn.begin();
  assert.deepEqual(sent.at(-1).slice(0, 2), REVOKED);
});

function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
